// libosip2 as a contender: a small C program, compiled here when gcc and the headers are there, that is told on its standard input
// how many messages to parse and answers with nanoseconds.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Contender } from './contenders.ts';
import type { RegisterSet } from './register.ts';

const source = fileURLToPath(new URL('osip.c', import.meta.url));

export function osipContender(set: RegisterSet): Contender | undefined {
  if (!existsSync('/usr/include/osipparser2/osip_parser.h') || spawnSync('gcc', ['--version']).status !== 0) {
    console.log('skipped: libosip2, because gcc or the headers of Debian libosip2-dev are missing');
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'chordial-osip-'));
  const program = join(folder, 'osip');
  const compiled = spawnSync('gcc', ['-O2', '-o', program, source, '-losipparser2'], { encoding: 'utf8' });
  if (compiled.status !== 0) {
    console.log(`skipped: libosip2, because gcc failed: ${compiled.stderr.split('\n')[0]}`);
    rmSync(folder, { recursive: true });
    return undefined;
  }
  writeFileSync(join(folder, 'messages'), set.bytes);
  const child = spawn(program, [join(folder, 'messages')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    name: 'libosip2',
    async run(count) {
      child.stdin.write(`${count}\n`);
      const line = await lines.next();
      if (line.done === true) throw new Error('the libosip2 program stopped, because it did not read a message');
      return Number(line.value);
    },
    stop() {
      child.stdin.end();
      rmSync(folder, { recursive: true });
    },
  };
}
