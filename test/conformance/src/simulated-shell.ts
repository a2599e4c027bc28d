// The simulator behind the suite's interface: time passes only while the suite waits.
import type { LaneProgram, Typed } from '@chordial/actor';
import { Simulation } from '@chordial/simulator';
import type { RingConfig } from './programs/ring-node.ts';
import {
  patienceMs,
  type Report,
  type RunningHost,
  type RunningMember,
  type RunningRing,
  type ShellUnderTest,
} from './shell.ts';

export const simulatedShell: ShellUnderTest = {
  name: 'simulator',
  async start(url, config, lanesCount): Promise<RunningHost> {
    const { default: program } = (await import(url.href)) as { default: LaneProgram<unknown> };
    const simulation = new Simulation({ seed: 1, actorFailures: 'supervised' });
    const reports: Report[] = [];
    const host = simulation.addHost({
      program,
      config,
      lanesCount,
      onReport: (lane, message) => {
        reports.push({ lane, message: structuredClone(message) as Report['message'] });
      },
    });
    const fail = (sentence: string): Error =>
      new Error(
        `${sentence}: ${simulation.violation?.sentence ?? JSON.stringify([reports.slice(-20), host.failures.slice(0, 3)])}`,
      );
    return {
      reports,
      until: async (isDone) => {
        if (!simulation.runUntil(() => isDone(reports), patienceMs)) throw fail('did not happen');
      },
      settle: async (ms) => {
        simulation.run(simulation.now + ms);
        if (simulation.violation !== undefined) throw fail('broke');
      },
      ask: async (_, to, message) => {
        const answer = simulation.ask(host, to, message);
        if (answer === undefined) throw fail(`no answer to '${message.type}'`);
        return answer;
      },
      killLane: (lane) => host.replaceLane(lane, 100),
      stop: async () => {},
    };
  },
  async startRing(url, hostsCount, lanesCount): Promise<RunningRing> {
    const { default: program } = (await import(url.href)) as { default: LaneProgram<RingConfig> };
    const simulation = new Simulation({ seed: 1, actorFailures: 'supervised' });
    const ring = Array.from({ length: hostsCount }, (_, index) => ({
      host: index + 1,
      address: `10.0.0.${index + 1}`,
      port: 7_070,
      fingerprint: `key of host ${index + 1}`,
    }));
    const fail = (sentence: string): Error => new Error(`${sentence}: ${simulation.violation?.sentence ?? ''}`);
    const members = ring.map(({ host: number, port: ringPort, address, fingerprint }): RunningMember => {
      const reports: Report[] = [];
      const onReport = (lane: number, message: Typed): void => {
        reports.push({ lane, message: structuredClone(message) as Report['message'] });
      };
      const place = { number, ringPort, address, fingerprint };
      const host = simulation.addHost({ program, config: { ring }, lanesCount, ...place, onReport });
      return {
        reports,
        ask: async (_, to, message) => {
          const answer = simulation.ask(host, to, message);
          if (answer === undefined) throw fail(`no answer to '${message.type}'`);
          return answer;
        },
        kill: async () => host.stop(),
        start: async () => host.start(),
      };
    });
    return {
      members,
      until: async (isDone) => {
        if (!simulation.runUntil(isDone, patienceMs)) throw fail('did not happen');
      },
      settle: async (ms) => {
        simulation.run(simulation.now + ms);
        if (simulation.violation !== undefined) throw fail('broke');
      },
      stop: async () => {},
    };
  },
};
