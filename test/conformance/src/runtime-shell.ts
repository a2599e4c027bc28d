// The runtime behind the suite's interface: worker threads, sockets and a disk, in a directory of its own.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIdentity, type Host, type HostIdentity, startHost } from '@chordial/runtime';
import type { RingPlace } from './programs/ring-node.ts';
import {
  patienceMs,
  type Report,
  type RunningHost,
  type RunningMember,
  type RunningRing,
  type ShellUnderTest,
} from './shell.ts';

const pollMs = 5;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const runtimeShell: ShellUnderTest = {
  name: 'runtime',
  async start(url, config, lanesCount): Promise<RunningHost> {
    const directory = await mkdtemp(join(tmpdir(), 'conformance-'));
    const reports: Report[] = [];
    const events: string[] = [];
    const host = await startHost({
      program: url.href,
      config,
      lanesCount,
      seed: 1,
      directory,
      onReport: (lane, message) => {
        reports.push({ lane, message: message as Report['message'] });
      },
      onEvent: ({ sentence }) => {
        events.push(sentence);
      },
    });
    return {
      reports,
      until: async (isDone) => {
        const deadline = performance.now() + patienceMs;
        while (!isDone(reports)) {
          if (performance.now() > deadline) {
            throw new Error(`did not happen: ${JSON.stringify([reports.slice(-20), events.slice(-5)])}`);
          }
          await pause(pollMs);
        }
      },
      settle: pause,
      ask: (lane, to, message) => host.ask(lane, to, message),
      killLane: (lane) => host.killLane(lane),
      stop: async () => {
        await host.stop();
        await rm(directory, { recursive: true });
      },
    };
  },
  async startRing(url, hostsCount, lanesCount): Promise<RunningRing> {
    const directory = await mkdtemp(join(tmpdir(), 'conformance-'));
    const token = randomBytes(24).toString('base64url');
    const places: (RingPlace & { readonly identity: HostIdentity })[] = [];
    for (let host = 1; host <= hostsCount; host++) {
      const identity = await createIdentity();
      const port = await freePort();
      places.push({ host, address: '127.0.0.1', port, fingerprint: identity.fingerprint, identity });
    }
    const ring = places.map(({ host, address, port, fingerprint }) => ({ host, address, port, fingerprint }));
    const events: string[] = [];
    const stops: (() => Promise<void>)[] = [];
    const members: RunningMember[] = [];
    for (const { host: number, address, port, identity } of places) {
      const reports: Report[] = [];
      let running: Host | undefined;
      const start = async (): Promise<void> => {
        running = await startHost({
          program: url.href,
          config: { ring },
          lanesCount,
          seed: number,
          host: number,
          ring: { ringName: 'conformance', token, identity, listen: { address, port } },
          directory: join(directory, String(number)),
          onReport: (lane, message) => {
            reports.push({ lane, message: message as Report['message'] });
          },
          onEvent: ({ sentence }) => {
            events.push(`${number}: ${sentence}`);
          },
        });
      };
      const kill = async (): Promise<void> => {
        await running?.stop();
        running = undefined;
      };
      await start();
      stops.push(kill);
      members.push({ reports, ask: (lane, to, message) => running!.ask(lane, to, message), kill, start });
    }
    return {
      members,
      until: async (isDone) => {
        const deadline = performance.now() + patienceMs;
        while (!isDone()) {
          if (performance.now() > deadline) {
            const last = members.map(({ reports }) => reports.slice(-5));
            throw new Error(`did not happen: ${JSON.stringify([last, events.slice(-5)])}`);
          }
          await pause(pollMs);
        }
      },
      settle: pause,
      stop: async () => {
        await Promise.all(stops.map((stop) => stop()));
        await rm(directory, { recursive: true });
      },
    };
  },
};

/** A port that nobody has now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
