// What a coordinator asks the replica of its host to look after: ranges that came without their records (urgent: reads ask everybody until then),
// ranges whose group changed (drift), and each range with its group about once a minute (anti-entropy). Few at a time, the rest waits in
// order; one timer, which is not set where nothing is to be done. Work per step is bounded whatever the number of ranges.
//
//   range-changed --> unsettled --repair-range (urgent)--> settled --ring-changed--> drifting --repair-range--> same everywhere
import type { Outbox } from '@chordial/actor';
import { nextFloat } from '@chordial/actor/random';
import type { RingChanged } from '@chordial/chord/protocol';
import { changeRing, isInRing, stayedSince } from './coordinator-ring.ts';
import { type CoordinatorState, isAlone, type Repair } from './coordinator-state.ts';
import { type Handing, handingRepaired, lookAfterHandings, takersLost } from './handing.ts';
import { hostsLost } from './operations.ts';
import type { RangeRepaired, RepairDue } from './protocol.ts';
import { type OwnedRange, refreshRange, setSame, strangersOf } from './ranges.ts';

/** Repairs at a time for which somebody waits, and others. */
export const urgentMax = 16;
const calmMax = 4;
/** Ranges looked at in one step. */
const looksMax = 256;
const stepMs = 25;
const busyMs = 100;
const handingMs = 250;
const watchMs = 1_000;
/** In case the membership was started again, and has forgotten who watches. */
const rewatchMs = 60_000;
/** A repair that is not answered for so long is over, and for so long, told once more: the replica may have been started anew. */
const repairMsMax = 60_000;
const tellAgainMs = 5_000;
const silentMs = 1_000;
const driftAgainMs = 4_000;

const repairDue: RepairDue = { type: 'repair-due' };

const wakeMsMin = 1;

/** Sets the timer, or moves it forward. */
export function wakeAt(state: CoordinatorState, at: number, now: number, out: Outbox): void {
  if (state.repairTimer !== 0) {
    if (state.repairAt <= at) return;
    out.clearTimer(state.repairTimer);
  }
  state.repairAt = at;
  // Never at once: what is due at `at` may not be over yet by what rounding leaves of a difference, and would be looked at for ever.
  state.repairTimer = out.setTimer(Math.max(wakeMsMin, at - now), repairDue);
}

export function watchRing(state: CoordinatorState, now: number, out: Outbox): void {
  state.watchedAt = now;
  out.send(state.config.membership, { type: 'watch-ring', replyTo: state.self });
  wakeAt(state, now + (state.ring.generation === 0 ? watchMs : rewatchMs), now, out);
}

export function onRingChanged(state: CoordinatorState, message: RingChanged, now: number, out: Outbox): void {
  const { ring, ranges, config } = state;
  const isFirst = ring.generation === 0;
  const { generation } = ring;
  const lost = changeRing(ring, message);
  if (ring.generation === generation) return;
  if (lost.length > 0) {
    takersLost(state, lost, now, out);
    hostsLost(state, lost, now, out);
  }
  if (ranges.count === 0) return;
  if (state.walkLeft === 0) state.walkAt = now + (isFirst ? 0 : config.gatherMs);
  state.walkLeft = ranges.count;
  wakeAt(state, state.unsettled.size > 0 ? now : state.walkAt, now, out);
}

export function onRepairDue(state: CoordinatorState, now: number, out: Outbox): void {
  state.repairTimer = 0;
  if (now - state.watchedAt >= (state.ring.generation === 0 ? watchMs : rewatchMs)) watchRing(state, now, out);
  if (state.ring.generation === 0) return wakeAt(state, state.watchedAt + watchMs, now, out);
  for (const [correlation, repair] of state.repairs) {
    if (now - repair.startedAt >= repairMsMax) repaired(state, correlation, [], now, out);
    else if (now - repair.toldAt >= tellAgainMs) tellOf(state, correlation, repair, now, out);
  }
  walk(state, now, out);
  askUrgent(state, now, out);
  askCalm(state, now, out);
  compareSome(state, now, out);
  lookAfterHandings(state, now, out);
  wakeAgain(state, now, out);
}

export function wakeAgain(state: CoordinatorState, now: number, out: Outbox): void {
  wakeAt(state, state.watchedAt + rewatchMs, now, out);
  if (state.walkLeft > 0) wakeAt(state, Math.max(state.walkAt, now + stepMs), now, out);
  if (state.unsettled.size > 0 || state.drifting.size > 0) wakeAt(state, now + busyMs, now, out);
  if (state.handings.length > 0) wakeAt(state, now + handingMs, now, out);
  if (state.repairs.size > 0) wakeAt(state, now + watchMs, now, out);
  if (state.ranges.count > 0 && !isAlone(state)) wakeAt(state, Math.max(state.entropyAt, now + stepMs), now, out);
}

/** After a change of the ring each range is looked at, some in each step. */
function walk(state: CoordinatorState, now: number, out: Outbox): void {
  if (state.walkLeft === 0 || now < state.walkAt) return;
  const count = Math.min(looksMax, state.walkLeft, state.ranges.count);
  for (let i = 0; i < count; i++) lookAt(state, nextRange(state), now, out);
  state.walkLeft = state.ranges.count === 0 ? 0 : state.walkLeft - count;
}

function nextRange(state: CoordinatorState): OwnedRange {
  const index = state.walkNext < state.ranges.count ? state.walkNext : 0;
  state.walkNext = index + 1;
  return state.ranges.at(index);
}

/** Whether a range is settled, and whether its group drifts, as the ring is now. */
export function lookAt(state: CoordinatorState, range: OwnedRange, now: number, out: Outbox): void {
  refreshRange(range, state.ring, state.config.host, state.hostsCount);
  if (range.unsettled !== undefined && state.ring.generation > 0 && unaskedOf(range).length === 0)
    settle(state, range, now, out);
  if (strangersOf(range, state.copiesCount).length === 0) state.drifting.delete(range);
  else if (!state.drifting.has(range)) state.drifting.set(range, now);
}

// --- taking over -----------------------------------------------------------------------------------------------------------------

/** Of the neighbourhood, those that were not made the same since the range came. */
function unaskedOf({ hosts, unsettled }: OwnedRange): readonly number[] {
  return hosts.filter((host, i) => i > 0 && !unsettled!.same.includes(host));
}

function settle(state: CoordinatorState, range: OwnedRange, now: number, out: Outbox): void {
  const { to, same } = range.unsettled!;
  if (to === range.self.key) for (const host of range.hosts) setSame(range, host, same.includes(host));
  range.unsettled = undefined;
  state.unsettled.delete(range);
  state.counts.settled++;
  if (state.handings.length > 0) lookAfterHandings(state, now, out);
}

/** Nothing is known of (from, to] of the range: others are asked, unless there are none. */
export function unsettle(
  state: CoordinatorState,
  range: OwnedRange,
  to: OwnedRange['from'],
  now: number,
  out: Outbox,
): void {
  range.unsettled = { to, same: [], correlation: 0, askAt: now };
  state.unsettled.add(range);
  lookAt(state, range, now, out);
  if (range.unsettled !== undefined && state.ring.generation > 0 && state.urgentCount < urgentMax)
    askToSettle(state, range, now, out);
  wakeAgain(state, now, out);
}

function askUrgent(state: CoordinatorState, now: number, out: Outbox): void {
  let looks = Math.min(looksMax, state.unsettled.size);
  for (const range of state.unsettled) {
    if (looks-- === 0 || state.urgentCount >= urgentMax) break;
    state.unsettled.delete(range);
    state.unsettled.add(range);
    lookAt(state, range, now, out);
    if (range.unsettled?.correlation === 0 && range.unsettled.askAt <= now) askToSettle(state, range, now, out);
  }
}

function askToSettle(state: CoordinatorState, range: OwnedRange, now: number, out: Outbox): void {
  const unsettled = range.unsettled!;
  const { from } = range;
  unsettled.correlation = ask(state, 'settle', range, from, unsettled.to, unaskedOf(range), undefined, now, out);
}

// --- drift and anti-entropy --------------------------------------------------------------------------------------------------------

/** A host of the group does not have what it should. */
export function noteStranger(state: CoordinatorState, range: OwnedRange, host: number, now: number, out: Outbox): void {
  const place = range.hosts.indexOf(host);
  if (place >= state.copiesCount || !state.ranges.has(range)) return;
  setSame(range, host, false);
  if (place <= 0 || state.drifting.has(range)) return;
  state.drifting.set(range, now + silentMs);
  wakeAt(state, now + silentMs, now, out);
}

function askCalm(state: CoordinatorState, now: number, out: Outbox): void {
  let looks = Math.min(looksMax, state.drifting.size);
  for (const [range, askAt] of state.drifting) {
    if (looks-- === 0 || state.calmCount >= calmMax) break;
    state.drifting.delete(range);
    state.drifting.set(range, askAt);
    if (askAt > now || range.isRepairing || range.unsettled !== undefined) continue;
    lookAt(state, range, now, out);
    if (state.drifting.has(range)) compare(state, range, strangersOf(range, state.copiesCount), now, out);
  }
}

/** Anti-entropy, spread over the minute: some ranges in each step, so that all have had their turn in `entropyMs`. */
function compareSome(state: CoordinatorState, now: number, out: Outbox): void {
  const { ranges, config } = state;
  if (ranges.count === 0 || isAlone(state) || now < state.entropyAt) return;
  const everyMs = config.entropyMs / ranges.count;
  const turns = Math.ceil(stepMs / everyMs);
  for (let i = 0; i < turns && state.calmCount < calmMax; i++) {
    const index = state.entropyNext < ranges.count ? state.entropyNext : 0;
    state.entropyNext = index + 1;
    const range = ranges.at(index);
    refreshRange(range, state.ring, config.host, state.hostsCount);
    const others = range.hosts.slice(1, state.copiesCount);
    if (others.length > 0 && !range.isRepairing && range.unsettled === undefined)
      compare(state, range, others, now, out);
  }
  state.entropyAt = now + everyMs * turns * (0.75 + nextFloat(state.random) / 2);
}

function compare(state: CoordinatorState, range: OwnedRange, hosts: readonly number[], now: number, out: Outbox): void {
  range.isRepairing = true;
  ask(state, 'group', range, range.from, range.self.key, hosts, undefined, now, out);
}

// --- questions and answers ---------------------------------------------------------------------------------------------------------

/** Asks the own replica to make (from, to] the same with these hosts; returns the question's correlation. */
export function ask(
  state: CoordinatorState,
  kind: Repair['kind'],
  range: OwnedRange | undefined,
  from: OwnedRange['from'],
  to: OwnedRange['from'],
  hosts: readonly number[],
  handing: Handing | undefined,
  now: number,
  out: Outbox,
): number {
  const correlation = state.repairNext++;
  const { generation } = state.ring;
  const repair: Repair = { kind, range, handing, from, to, hosts, generation, startedAt: now, toldAt: now };
  state.repairs.set(correlation, repair);
  if (kind === 'group') state.calmCount++;
  else state.urgentCount++;
  state.counts.repairs++;
  tellOf(state, correlation, repair, now, out);
  return correlation;
}

function tellOf(state: CoordinatorState, correlation: number, repair: Repair, now: number, out: Outbox): void {
  const { kind, from, to, hosts } = repair;
  repair.toldAt = now;
  const isUrgent = kind !== 'group';
  out.send(state.config.replica, { type: 'repair-range', from, to, hosts, isUrgent, replyTo: state.self, correlation });
}

export function onRangeRepaired(state: CoordinatorState, message: RangeRepaired, now: number, out: Outbox): void {
  const { correlation, same, sentCount, takenCount } = message;
  if (!state.repairs.has(correlation)) return;
  state.counts.sent += sentCount;
  state.counts.taken += takenCount;
  repaired(state, correlation, same, now, out);
}

/** A repair is over, or was not answered at all. */
export function repaired(
  state: CoordinatorState,
  correlation: number,
  same: readonly number[],
  now: number,
  out: Outbox,
): void {
  const repair = state.repairs.get(correlation);
  if (repair === undefined) return;
  state.repairs.delete(correlation);
  if (repair.kind === 'group') state.calmCount--;
  else state.urgentCount--;
  // One that was lost meanwhile and is back has missed something since.
  const staying = same.filter((host) => stayedSince(state.ring, host, repair.generation));
  const { kind, range, handing } = repair;
  if (range !== undefined && kind === 'group') {
    range.isRepairing = false;
    if (state.ranges.has(range)) groupRepaired(state, repair, range, staying, now, out);
  } else if (range !== undefined && range.unsettled?.correlation === correlation) {
    const { unsettled } = range;
    unsettled.correlation = 0;
    unsettled.askAt = staying.length > 0 ? now : now + silentMs;
    if (repair.from === range.from) unsettled.same = [...unsettled.same, ...staying];
    if (state.ranges.has(range)) lookAt(state, range, now, out);
  } else if (handing !== undefined) handingRepaired(state, handing, same, now, out);
  askUrgent(state, now, out);
  if (state.handings.length > 0) lookAfterHandings(state, now, out);
  askCalm(state, now, out);
  wakeAgain(state, now, out);
}

function groupRepaired(
  state: CoordinatorState,
  { hosts }: Repair,
  range: OwnedRange,
  staying: readonly number[],
  now: number,
  out: Outbox,
): void {
  refreshRange(range, state.ring, state.config.host, state.hostsCount);
  for (const host of hosts) setSame(range, host, staying.includes(host));
  lookAt(state, range, now, out);
  if (!state.drifting.has(range)) return;
  // Silent hosts are not asked again at once.
  const isSilent = hosts.some((host) => isInRing(state.ring, host) && !staying.includes(host));
  state.drifting.set(range, isSilent ? now + driftAgainMs * (1 + nextFloat(state.random)) : now);
}
