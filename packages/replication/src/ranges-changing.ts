// What the peers of the lane say of their ranges, and whoever had them before. A range that grows is unsettled in what it gained, unless its
// giver has said that this host has all records of it, and went on to give whatever was put since.
import type { Address, Outbox } from '@chordial/actor';
import type { ChordMessage, PointersRead, RangeChanged, RingChanged } from '@chordial/chord/protocol';
import { between, betweenRightClosed, parseRingKey, type RingKey } from '@chordial/ring-key';
import { lookAt, unsettle, wakeAgain } from './coordinator-repair.ts';
import type { CoordinatorState, Given } from './coordinator-state.ts';
import type { RangeGiven } from './protocol.ts';
import type { OwnedRange } from './ranges.ts';

/** A giver goes on to give for longer than that, as long as it owns the range. */
const givenMsMax = 5_000;
const givensMax = 4_096;

export function onRangeChanged(state: CoordinatorState, message: RangeChanged, now: number, out: Outbox): void {
  const { self, owns, from, epoch } = message;
  const { ranges } = state;
  let range = ranges.of(self.chord);
  if (range !== undefined && (!owns || range.self.key !== self.key)) {
    ranges.remove(range);
    state.unsettled.delete(range);
    state.drifting.delete(range);
    range = undefined;
  }
  if (!owns) return;
  if (range === undefined) return gain(state, ranges.add(self, from, epoch), self.key, now, out);
  const before = range.from;
  const isContested = range.epoch !== epoch;
  range.self = self;
  range.epoch = epoch;
  if (before === from) {
    // Somebody else has owned it as well, without this peer, and yielded: what was put there may be missing here.
    if (isContested) unsettle(state, range, self.key, now, out);
    return;
  }
  range.from = from;
  ranges.version++;
  if (between(from, before, self.key)) return gain(state, range, range.unsettled?.to ?? before, now, out);
  if (range.unsettled === undefined || betweenRightClosed(from, range.unsettled.to, self.key)) return;
  range.unsettled = undefined;
  state.unsettled.delete(range);
}

/** A coordinator that was started again has not heard what the peers of its lane own: they say it only when it changes. */
export function askPeers(state: CoordinatorState, { members }: RingChanged, out: Outbox): void {
  const { config, ranges } = state;
  for (const { host, lane, chord } of members) {
    if (host !== config.host || lane !== config.lane || ranges.of(chord) !== undefined) continue;
    const replyTo = state.self as Address<unknown> as Address<ChordMessage>;
    out.send(chord, { type: 'read-pointers', replyTo, correlation: 0, versionKnown: 0 });
  }
}

export function onPointersRead(state: CoordinatorState, message: PointersRead, now: number, out: Outbox): void {
  const { self, owns, ownedFrom: from, epoch } = message;
  onRangeChanged(state, { type: 'range-changed', self, owns, from, epoch }, now, out);
}

/** The range gained (from, to]. */
function gain(state: CoordinatorState, range: OwnedRange, to: RingKey, now: number, out: Outbox): void {
  const given = state.givens.get(to);
  state.givens.delete(to);
  if (given === undefined || now - given.at > givenMsMax || !holds(given, range.from, to))
    return unsettle(state, range, to, now, out);
  range.unsettled = undefined;
  state.unsettled.delete(range);
  lookAt(state, range, now, out);
  wakeAgain(state, now, out);
}

/** Whether (given.from, to] holds all of (from, to]. */
const holds = (given: Given, from: RingKey, to: RingKey): boolean =>
  given.from === from || given.from === to || (from !== to && between(given.from, from, to));

export function onRangeGiven(state: CoordinatorState, { from, to }: RangeGiven, now: number, out: Outbox): void {
  if (parseRingKey(from) === undefined || parseRingKey(to) === undefined) return;
  const given = { from, at: now };
  const range = state.ranges.find(to);
  if (range?.unsettled?.to === to && holds(given, range.from, to)) {
    range.unsettled = undefined;
    state.unsettled.delete(range);
    state.counts.settled++;
    lookAt(state, range, now, out);
    wakeAgain(state, now, out);
    return;
  }
  const { givens } = state;
  givens.delete(to);
  for (const [key, { at }] of givens) {
    if (givens.size < givensMax && now - at <= givenMsMax) break;
    givens.delete(key);
  }
  givens.set(to, given);
}
