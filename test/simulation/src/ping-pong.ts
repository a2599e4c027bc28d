// Ping-pong: clients count, a server of two lanes keeps the counts on disk. Small enough to read in a sitting, yet it needs every
// part of the simulator, so it proves that each fault is real. Its variant `ping-pong-hasty` has a planted mistake (it
// acknowledges before the write is durable) which the simulator has to find and to shrink to one fault.
import type { Random } from '@chordial/actor/random';
import { type FaultPlan, type Rules, rollFaults, type Scenario, type Stage } from '@chordial/simulator';
import { type ClientLog, ledgerClient } from './ledger-client.ts';
import { ledgerServer } from './ledger-server.ts';

const lanesCount = 2;
/** After this long without faults every client must have been served again. */
const calmMsMin = 10_000;

function build({ simulation, clientsCount, durationMs, calmFromMs }: Stage, isHasty: boolean): Rules {
  const server = simulation.addHost({ program: ledgerServer, config: { isHasty }, lanesCount, name: 'server' });
  const logs = Array.from({ length: clientsCount }, (_, client): ClientLog => {
    const log = { acknowledged: 0 };
    simulation.addClient(ledgerClient, { client, server: server.address, everyMs: 20, log }, `client-${client}`);
    return log;
  });
  const whenCalm: number[] = [];
  simulation.at(calmFromMs, () => whenCalm.push(...logs.map((log) => log.acknowledged)));
  return {
    finish: () => {
      if (durationMs - calmFromMs < calmMsMin) return undefined;
      const starved = logs.findIndex((log, client) => log.acknowledged <= whenCalm[client]!);
      return starved < 0 ? undefined : `client ${starved} was not served again after the faults were over`;
    },
  };
}

function faults(random: Random, durationMs: number): FaultPlan {
  const plan = rollFaults(random, {
    kinds: [
      'lose',
      'duplicate',
      'reorder',
      'delay',
      'partition',
      'pause-host',
      'pause-lane',
      'crash-host',
      'kill-lane',
      'skew-clock',
      'fill-link',
      'fill-disk',
      'lock-disk',
    ],
    hosts: [0],
    lanesCount,
    withinMs: Math.max(1_000, durationMs - calmMsMin - 1_000),
    everyMs: 2_000,
    durationMsMax: 3_000,
  });
  // Whoever loses the only disk may lose what was written; this server has one.
  return plan.map((fault) => (fault.kind === 'crash-host' ? { ...fault, disk: 'kept' } : fault));
}

const scenario = (name: string, description: string, isHasty: boolean): Scenario => ({
  name,
  description,
  clientsCount: 8,
  build: (stage) => build(stage, isHasty),
  faults,
});

export const pingPong = scenario(
  'ping-pong',
  'clients count, a server keeps the counts: nothing acknowledged is lost, whatever fails',
  false,
);
export const pingPongHasty = scenario(
  'ping-pong-hasty',
  'the same with a planted mistake (acknowledges too early): must fail',
  true,
);
