// Records on a ring of several hosts, with the real stores on simulated disks, while hosts crash with and without their disks, lanes die, disks fill
// and networks part. Acknowledged writes are on enough disks at that moment; after a quiet time groups hold the same and nothing is lost.
import { createRandom, nextBelow } from '@chordial/actor/random';
import type { Figures, Rules, Scenario, Stage } from '@chordial/simulator';
import { askLeave } from './chord-churn.ts';
import { RecordWorld } from './record-world.ts';
import { rollReplicationFaults } from './replication-faults.ts';
import { addStoringHosts } from './replication-hosts.ts';
import { addStoringPeer } from './replication-program.ts';
import { replicationFault } from './replication-quiet.ts';
import { replicationShapeOf } from './replication-shape.ts';
import { RingWorld } from './ring-world.ts';

const durationMsDefault = 60_000;
/** From the last fault or deed to the end. */
const quietMs = 25_000;
/** Owners are judged so soon after what they own, or know of it, has changed, and all the same now and then. */
const settledMs = 20;
const settledEveryMs = 1_000;
/** The first voter of ordered tables has taken others in by then. */
const votersMs = 15_000;
const deedConcern = 14;

function build({ simulation, durationMs, calmFromMs, clientsCount }: Stage): Rules {
  const shape = replicationShapeOf(simulation.seed);
  const ring = new RingWorld(simulation);
  const world = new RecordWorld(ring, shape);
  const busyMs = Math.max(1_000, durationMs - quietMs);
  const dice = createRandom(simulation.seed * 16 + deedConcern);
  const laterAtMs = Array.from({ length: shape.hostsLater }, () => 500 + nextBelow(dice, busyMs / 2));
  const configs = addStoringHosts(world, shape, laterAtMs);
  for (let i = 0; i < Math.min(clientsCount, shape.deedsCount); i++) {
    const random = createRandom((simulation.seed * 16 + deedConcern) * 1_024 + i);
    simulation.at(1_000 + nextBelow(random, busyMs - 1_000), () => {
      const members = ring.members();
      const host = nextBelow(random, configs.length);
      if (nextBelow(random, 2) === 0) addStoringPeer(world, host, nextBelow(random, shape.lanesCount), configs[host]!);
      else askLeave(ring, members[nextBelow(random, Math.max(1, members.length))]);
    });
  }
  simulation.at(votersMs, () => {
    world.hasVoters = world.disksLost === 0;
  });
  simulation.at(busyMs, () => {
    world.isBusy = false;
  });
  world.areReadsJudged = shape.weather === 'calm' || (shape.weather === 'crash' && shape.downMax === 1);
  if (world.areReadsJudged) judgeSettled(world);
  return {
    invariant: () => world.broken,
    finish: () => {
      if (durationMs - Math.max(calmFromMs, busyMs) < quietMs - 1_000) return undefined;
      return replicationFault(world);
    },
    figures: () => ({ ...world.counts }),
  };
}

function judgeSettled(world: RecordWorld, judgedAt = 0): void {
  const { simulation } = world;
  simulation.after(settledMs, () => {
    const isDue = world.isOwningChanged || simulation.now - judgedAt >= settledEveryMs;
    if (isDue) world.broken ??= world.settledFault();
    judgeSettled(world, isDue ? simulation.now : judgedAt);
  });
}

function summary({
  acknowledged,
  put,
  remove,
  get,
  got,
  withSiblings,
  disksAsked,
  settledAsked,
  ...refused
}: Figures): string {
  const reasons = Object.entries(refused).map(([reason, count]) => `${count} ${reason}`);
  return (
    `${acknowledged ?? 0} of ${(put ?? 0) + (remove ?? 0)} writes acknowledged (${disksAsked ?? 0} looked for on disks, ${settledAsked ?? 0} owners), ` +
    `${got ?? 0} of ${get ?? 0} reads answered, ${withSiblings ?? 0} with siblings; refused: ${reasons.join(', ')}`
  );
}

export const replication: Scenario = {
  name: 'replication',
  description:
    'records on several hosts, while hosts, lanes, disks and networks fail: nothing acknowledged is lost, all copies are the same after quiet',
  clientsCount: 12,
  durationMs: durationMsDefault,
  build,
  summary,
  faults: (random, durationMs, seed) => rollReplicationFaults(random, replicationShapeOf(seed), durationMs - quietMs),
};
