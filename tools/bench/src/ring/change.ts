// How long a living ring takes to know of one change: a host that joins, a host that dies in silence. Times are virtual milliseconds from
// the first step of the joiner's actors, or from the crash, looked at every millisecond.
import { createRandom, nextBelow } from '@chordial/actor/random';
import { LivingRing, type RingHost } from './living-ring.ts';
import type { SimulatedNetwork } from './networks.ts';

export interface JoinTimes {
  /** Until every other host lists the joiner, and the joiner lists all. */
  readonly allKnowMs: number;
  /** Until the peers before and after the joiner point to it. */
  readonly neighboursMs: number;
  /** Until the joiner owns its range. */
  readonly ownsMs: number;
}

export interface FailureTimes {
  /** Until the first host leaves the dead one out of its list: how long detection takes. */
  readonly firstKnowsMs: number;
  /** Until no host lists it any more. */
  readonly allKnowMs: number;
  /** Until no predecessor, successor list or finger names it. */
  readonly pointersMs: number;
  /** Until its range has an owner again. */
  readonly ownedMs: number;
}

export interface Changes {
  readonly join: JoinTimes;
  readonly failure: FailureTimes;
}

const settleMsMax = 60_000;
const watchMsMax = 60_000;
const quietMs = 5_000;

/** One ring of `peersCount` founders, joined by one more, and left again by one of the founders. */
export function measureChanges(peersCount: number, network: SimulatedNetwork, seed: number): Changes {
  const dice = createRandom(seed * 7 + peersCount);
  const ring = new LivingRing(peersCount, network, seed);
  ring.settle(settleMsMax);
  // Changes fall anywhere between the ticks of timers.
  ring.pass(quietMs + nextBelow(dice, 1_000));
  const join = measureJoin(ring, ring.hosts[nextBelow(dice, peersCount)]!);
  ring.settle(settleMsMax);
  ring.pass(quietMs + nextBelow(dice, 1_000));
  const failure = measureFailure(ring, ring.hosts[nextBelow(dice, peersCount)]!);
  ring.settle(settleMsMax);
  return { join, failure };
}

function measureJoin(ring: LivingRing, through: RingHost): JoinTimes {
  const others = ring.living;
  const joiner = ring.join(through);
  const { number } = joiner;
  const count = others.length + 1;
  const isKnown = (host: RingHost): boolean => host.lists(number);
  const [allKnowMs, joinerKnowsMs, ownsMs, beforeMs, afterMs] = watch(ring, () => joiner.bornAt, [
    untilEach(others, isKnown),
    () => joiner.members.length === count && joiner.lists(number),
    () => joiner.peer?.phase === 'member' && joiner.peer.owns,
    () => others.some(({ peer }) => peer?.successors[0]?.host === number),
    () => others.some(({ peer }) => peer?.predecessor.host === number),
  ]) as [number, number, number, number, number];
  return {
    allKnowMs: Math.max(allKnowMs, joinerKnowsMs),
    neighboursMs: Math.max(beforeMs, afterMs),
    ownsMs,
  };
}

function measureFailure(ring: LivingRing, victim: RingHost): FailureTimes {
  const { number } = victim;
  const { predecessor } = victim.peer!;
  victim.host.stop(false, true);
  const diedAt = ring.simulation.now;
  const others = ring.living;
  const ownsItsRange = ({ peer }: RingHost): boolean => peer?.owns === true && peer.ownedFrom === predecessor.key;
  const [firstKnowsMs, allKnowMs, pointersMs, ownedMs] = watch(ring, () => diedAt, [
    () => others.some((host) => !host.lists(number)),
    untilEach(others, (host) => !host.lists(number)),
    untilEach(others, (host) => !host.pointsTo(number)),
    () => others.some(ownsItsRange),
  ]) as [number, number, number, number];
  return { firstKnowsMs, allKnowMs, pointersMs, ownedMs };
}

/** True as soon as `holds` was true of every host, if not of all at one time. Looks only at those that it did not hold of yet. */
export function untilEach<T>(hosts: readonly T[], holds: (host: T) => boolean): () => boolean {
  let left = hosts;
  return () => {
    left = left.filter((host) => !holds(host));
    return left.length === 0;
  };
}

/** For each condition the milliseconds since `beganAt` at which it held first. */
function watch(ring: LivingRing, beganAt: () => number, conditions: readonly (() => boolean)[]): number[] {
  const times = new Array<number>(conditions.length).fill(-1);
  for (let passed = 0; passed < watchMsMax; passed++) {
    ring.pass(1);
    conditions.forEach((holds, i) => {
      if (times[i]! < 0 && holds()) times[i] = ring.simulation.now - beganAt();
    });
    if (!times.includes(-1)) return times;
  }
  throw new Error(`after ${watchMsMax} ms a change is not known: ${times.map((time) => (time < 0 ? 'never' : time))}`);
}
