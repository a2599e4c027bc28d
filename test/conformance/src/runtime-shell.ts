// The runtime behind the suite's interface: worker threads, sockets and a disk, in a directory of its own.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHost } from '@chordial/runtime';
import { patienceMs, type Report, type RunningHost, type ShellUnderTest } from './shell.ts';

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
};
