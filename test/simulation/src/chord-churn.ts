// Churn: a ring of real peers and real memberships on many hosts, in which peers join and leave, hosts crash, pause and come back, and the
// network is bad or cut, while every lane asks who owns what. Rules are asked after every change of a pointer, and at the end, when it
// has been quiet for a while, everything must be right.
import { createRandom, nextBelow, type Random } from '@chordial/actor/random';
import type { ChordPeerState } from '@chordial/chord';
import type { Figures, Rules, Scenario, Stage } from '@chordial/simulator';
import { rollRingFaults } from './ring-faults.ts';
import { addRing } from './ring-hosts.ts';
import { addPeer, type RingHostConfig } from './ring-program.ts';
import { quietFault } from './ring-quiet.ts';
import { type RingShape, shapeOf } from './ring-shape.ts';
import { RingWorld } from './ring-world.ts';

const durationMsDefault = 45_000;
/** From the last fault or deed to the end. */
const quietMs = 25_000;
const askEveryMs = 500;
/** Rules about the ring as a whole are also asked now and then, as a crash changes it without a step. */
const judgeEverySteps = 512;
/** All founders have started by then. */
const startMs = 5;
const deedConcern = 10;

function build({ simulation, durationMs, calmFromMs, clientsCount }: Stage): Rules {
  const shape = shapeOf(simulation.seed);
  const world = new RingWorld(simulation);
  const busyMs = Math.max(1_000, durationMs - quietMs);
  const dice = createRandom(simulation.seed * 16 + deedConcern);
  const laterAtMs = Array.from({ length: shape.hostsLater }, () => 500 + nextBelow(dice, busyMs / 2));
  const configs = addRing(simulation, world, { ...shape, laterAtMs, hasService: nextBelow(dice, 2) === 0, askEveryMs });
  arrangeDeeds(world, shape, configs, clientsCount, busyMs);
  const ringJudged = ({ calm: 'always', crash: 'while-enough', storm: 'never', partition: 'never' } as const)[
    shape.weather
  ];
  let steps = 0;
  return {
    invariant: () => {
      if (!world.isDirty && ++steps % judgeEverySteps !== 0) return undefined;
      if (simulation.now < startMs) return undefined;
      const broken = world.broken ?? world.fault(shape.successorsCount, ringJudged);
      if (broken !== undefined || ringJudged === 'never') return broken;
      return world.early ?? world.overlap() ?? (shape.weather === 'calm' ? world.gap() : undefined);
    },
    finish: () => {
      if (durationMs - Math.max(calmFromMs, busyMs) < quietMs - 1_000) return undefined;
      return quietFault(world, shape.successorsCount);
    },
    figures: () => ({ ...world.counts, members: world.members().length }),
  };
}

/** Peers join and leave, one deed after another, each with dice of its own so that fewer of them are the same ones. */
function arrangeDeeds(
  world: RingWorld,
  shape: RingShape,
  configs: readonly RingHostConfig[],
  count: number,
  busyMs: number,
): void {
  const { simulation } = world;
  for (let i = 0; i < count; i++) {
    const random = createRandom((simulation.seed * 16 + deedConcern) * 1_024 + i);
    simulation.at(300 + nextBelow(random, busyMs - 300), () => {
      if (nextBelow(random, 2) === 0) join(world, shape, configs, random);
      else leave(world, random);
    });
  }
}

function join(world: RingWorld, { lanesCount }: RingShape, configs: readonly RingHostConfig[], random: Random): void {
  const host = nextBelow(random, configs.length);
  addPeer(world, host, nextBelow(random, lanesCount), configs[host]!);
}

function leave(world: RingWorld, random: Random): void {
  const members = world.members();
  askLeave(world, members[nextBelow(random, Math.max(1, members.length))]);
}

/** A leave may be refused while neighbours change; the peer stays then, until it is asked again. */
export function askLeave({ hosts }: RingWorld, peer: ChordPeerState | undefined): void {
  if (peer === undefined) return;
  const { host, lane, chord } = peer.self;
  hosts[host - 1]?.lanes[lane]?.gateway.ask(chord as never, { type: 'leave-ring' } as never, () => undefined);
}

const share = (part = 0, whole = 0): string => (whole === 0 ? 'none' : `${((100 * part) / whole).toFixed(3)} %`);

export function summary({ asked, right, silent, askedOneHop, rightOneHop }: Figures): string {
  return (
    `right the first time: ${share(rightOneHop, askedOneHop)} of ${askedOneHop ?? 0} look-ups by the table of members, ` +
    `${share(right, asked)} of ${asked ?? 0} by the ring (${silent ?? 0} without an answer)`
  );
}

export const chordChurn: Scenario = {
  name: 'chord-churn',
  description:
    'peers of many hosts join, leave, crash, pause and part: one ordered ring, no key owned twice, all right after quiet',
  clientsCount: 12,
  durationMs: durationMsDefault,
  build,
  summary,
  faults: (random, durationMs, seed) => rollRingFaults(random, shapeOf(seed), durationMs - quietMs),
};
