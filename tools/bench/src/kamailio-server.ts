// Debian's Kamailio as the peer of the comparison: one UDP child, bindings in memory, no TCP, no logging, stateless replies.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './chordial-server.ts';
import { familyOf } from './process-figures.ts';
import { type Started, type StartOptions, start } from './server-process.ts';

const places = ['/usr/sbin/kamailio', '/usr/local/sbin/kamailio'];
const modules = ['sl', 'pv', 'usrloc', 'registrar', 'siputils', 'textops', 'maxfwd'];
const settleMs = 1_000;

export interface KamailioServer extends Started {
  readonly port: number;
  readonly pids: readonly number[];
  readonly version: string;
}

const configText = (port: number): string => `#!KAMAILIO
debug=0
log_stderror=no
fork=yes
children=1
disable_tcp=yes
dns=no
rev_dns=no
auto_aliases=no
alias="example.com"
listen=udp:127.0.0.1:${port}
${modules.map((name) => `loadmodule "${name}.so"`).join('\n')}
modparam("usrloc", "db_mode", 0)
modparam("usrloc", "hash_size", 14)
request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  if (is_method("REGISTER")) { save("location"); exit; }
  sl_send_reply("405", "Method Not Allowed");
}
`;

/** Starts it, or says why not. */
export async function startKamailio({ core }: StartOptions): Promise<KamailioServer | string> {
  const program = places.find((place) => existsSync(place));
  if (program === undefined) return 'kamailio is not installed (Debian: apt-get install kamailio)';
  const version =
    execFileSync(program, ['-v'], { encoding: 'utf8' }).split('\n', 1)[0]?.replace('version: ', '').trim() ?? '';
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'chordial-bench-kamailio-'));
  const config = join(directory, 'kamailio.cfg');
  writeFileSync(config, configText(port));
  const memory = ['-m', '1024', '-M', '64'];
  const started = start([program, '-f', config, ...memory, '-DD', '-E', '-w', directory, '-Y', directory], { core });
  await sleep(settleMs);
  const stop = async () => {
    await started.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  if (started.child.exitCode !== null) {
    await stop();
    return `kamailio ended with code ${started.child.exitCode}: ${started.complaints()}`;
  }
  return { ...started, port, pids: familyOf(started.pid), version, stop };
}
