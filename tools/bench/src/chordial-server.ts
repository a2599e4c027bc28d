// Chordial as a user runs it: the command, from its build, told to speak JSON.
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LaneReport } from '@chordial/runtime';
import { type Started, type StartOptions, start } from './server-process.ts';

const command = fileURLToPath(new URL('../../../apps/chordial/bin/chordial.js', import.meta.url));
const upMsMax = 120_000;

export interface ChordialServer extends Started {
  readonly port: number;
  /** From the start of the process to the event "up". */
  readonly startMs: number;
  status(): Promise<{ readonly lanes: readonly LaneReport[] }>;
  lookup(uri: string): Promise<{ readonly bindings: readonly object[] }>;
}

export interface ChordialOptions extends StartOptions {
  readonly peers: number;
  readonly lanes: number | 'auto';
  /** Every record is on disk before it is acknowledged, in a directory of its own that goes with the server. */
  readonly isDurable?: boolean;
}

/** A port that nobody uses now. */
export async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

export async function startChordial({ peers, lanes, core, isDurable }: ChordialOptions): Promise<ChordialServer> {
  const port = await freePort();
  const control = `127.0.0.1:${await freePort()}`;
  const beganAt = performance.now();
  const listen = ['--listen', `udp:127.0.0.1:${port}`, '--control', control, '--domain', 'example.com'];
  const size = ['--peers', String(peers), '--lanes', String(lanes), '--json'];
  const directory = isDurable === true ? mkdtempSync(join(tmpdir(), 'chordial-bench-')) : undefined;
  const data = directory === undefined ? [] : ['--data', directory];
  const started = start([process.execPath, command, 'up', ...listen, ...size, ...data], { core });
  await untilUp(started);
  const ask = async (path: string) => {
    const response = await fetch(`http://${control}${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  return {
    ...started,
    stop: async () => {
      await started.stop();
      if (directory !== undefined) rmSync(directory, { recursive: true });
    },
    port,
    startMs: performance.now() - beganAt,
    status: async () => (await ask('/api/status')) as { lanes: LaneReport[] },
    lookup: async (uri) => (await ask(`/api/lookup?uri=${encodeURIComponent(uri)}`)) as { bindings: object[] },
  };
}

async function untilUp({ child, complaints, stop }: Started): Promise<void> {
  const lines = createInterface({ input: child.stdout! });
  const up = new Promise<void>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`chordial ${why}\n${complaints()}`));
    const late = setTimeout(() => fail(`was not up after ${upMsMax / 1_000} s`), upMsMax);
    child.once('exit', (code) => fail(`ended with code ${code} before it was up`));
    lines.on('line', (line) => {
      if ((JSON.parse(line) as { event: string }).event === 'up') {
        clearTimeout(late);
        resolve();
      }
    });
  });
  try {
    await up;
  } catch (fault) {
    await stop();
    throw fault;
  }
}
