// Chordial as a user runs it: the command, from its build, told to speak JSON.
import { createSocket } from 'node:dgram';
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
}

/** A port that nobody uses now. */
export async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

export async function startChordial({ peers, lanes, core }: ChordialOptions): Promise<ChordialServer> {
  const port = await freePort();
  const control = `127.0.0.1:${await freePort()}`;
  const beganAt = performance.now();
  const listen = ['--listen', `udp:127.0.0.1:${port}`, '--control', control, '--domain', 'example.com'];
  const size = ['--peers', String(peers), '--lanes', String(lanes), '--json'];
  const started = start([process.execPath, command, 'up', ...listen, ...size], { core });
  await untilUp(started);
  const ask = async (path: string) => {
    const response = await fetch(`http://${control}${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  return {
    ...started,
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
