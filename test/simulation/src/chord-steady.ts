// A large ring in everyday churn: 128 peers on 32 hosts, whose peers live 600 s on average. Some leave as planned, and hosts are killed
// and come back, now and then without a last word. What is measured is how many look-ups are right the first time.
import { createRandom, nextBelow, nextFloat } from '@chordial/actor/random';
import type { FaultPlan, Rules, Scenario, Stage } from '@chordial/simulator';
import { askLeave, summary } from './chord-churn.ts';
import { addRing } from './ring-hosts.ts';
import { addPeer } from './ring-program.ts';
import { quietFault } from './ring-quiet.ts';
import { RingWorld } from './ring-world.ts';

interface Size {
  readonly hostsCount: number;
  readonly peersCount: number;
}
const successorsCount = 16;
const lifeMs = 600_000;
const durationMsDefault = 300_000;
const quietMs = 20_000;
const askEveryMs = 100;
const warmUpMs = 3_000;
const deedConcern = 10;
/** Of the peers' deaths, so many in ten are those of their host; the others leave as planned and another peer joins. */
const hostDeathsInTen = 5;
/** Of the hosts' deaths, one in so many is silent: power is lost, and no machine answers for the process. */
const silentOneIn = 4;
const rightShareMin = 0.999;

/** Times of a Poisson process with this mean distance. */
function timesOf(seed: number, meanMs: number, untilMs: number): number[] {
  const random = createRandom(seed);
  const times: number[] = [];
  for (let at = warmUpMs; ; ) {
    at -= Math.log(1 - nextFloat(random)) * meanMs;
    if (at >= untilMs) return times;
    times.push(at);
  }
}

function build({ simulation, durationMs }: Stage, { hostsCount, peersCount }: Size): Rules {
  const world = new RingWorld(simulation);
  const spec = { hostsCount, laterAtMs: [], lanesCount: 1, peersCount, successorsCount, hasService: true, askEveryMs };
  const configs = addRing(simulation, world, spec);
  const random = createRandom(simulation.seed * 16 + deedConcern);
  const busyMs = durationMs - quietMs;
  // Counted when everybody knows everybody, as on any day but the first.
  simulation.at(warmUpMs, () => {
    for (const name of Object.keys(world.counts) as (keyof typeof world.counts)[]) world.counts[name] = 0;
  });
  const leaveEveryMs = lifeMs / peersCount / (1 - hostDeathsInTen / 10);
  for (const at of timesOf(simulation.seed * 2, leaveEveryMs, busyMs)) {
    simulation.at(at, () => {
      const members = world.members();
      askLeave(world, members[nextBelow(random, members.length)]);
      const host = nextBelow(random, hostsCount);
      addPeer(world, host, 0, configs[host]!);
    });
  }
  return {
    invariant: () =>
      world.isDirty && simulation.now > 5 ? (world.broken ?? world.fault(successorsCount, 'while-enough')) : undefined,
    finish: () => {
      const broken = durationMs < 2 * quietMs ? undefined : quietFault(world, successorsCount);
      return broken ?? (durationMs < durationMsDefault ? undefined : tooManyWrong(world));
    },
    figures: () => ({ ...world.counts }),
  };
}

function tooManyWrong({ counts }: RingWorld): string | undefined {
  const share = Math.min(counts.right / counts.asked, counts.rightOneHop / counts.askedOneHop);
  return share >= rightShareMin ? undefined : `${(share * 100).toFixed(3)} % of the look-ups are right the first time`;
}

function faults(durationMs: number, seed: number, { hostsCount }: Size): FaultPlan {
  const everyMs = lifeMs / hostsCount / (hostDeathsInTen / 10);
  const random = createRandom(seed * 16 + deedConcern + 1);
  return timesOf(seed * 2 + 1, everyMs, durationMs - quietMs - 10_000).map((at) => ({
    kind: 'crash-host',
    at,
    host: nextBelow(random, hostsCount),
    durationMs: 1_000 + nextBelow(random, 5_000),
    disk: 'kept',
    silent: nextBelow(random, silentOneIn) === 0,
  }));
}

const steadyOf = (name: string, size: Size): Scenario => ({
  name,
  description: `${size.peersCount} peers of ${size.hostsCount} hosts live 600 s on average: at least 99.9 % of all look-ups are right the first time`,
  clientsCount: 1,
  durationMs: durationMsDefault,
  build: (stage) => build(stage, size),
  summary,
  faults: (_, durationMs, seed) => faults(durationMs, seed, size),
});

export const chordSteady = steadyOf('chord-steady', { hostsCount: 32, peersCount: 128 });
/** The size at which the simulator's speed is stated. */
export const chordSteady64 = steadyOf('chord-steady-64', { hostsCount: 16, peersCount: 64 });
