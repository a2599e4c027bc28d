// Giving a range away: its taker's host is made the same, then the taker is told (`range-given`) and the range released. From the first moment
// on whatever is put there must reach the taker's host too; a copy that did not, before it was told, makes the comparison begin again; after
// it was told, the put is not acknowledged. A taker that is silent gets the range all the same, and finds out by asking around.
//
//   hand-range --> settling --(own range settled)--> comparing --range-repaired--> given + released --(no more owned)--> over
import type { Address, Outbox } from '@chordial/actor';
import { hostOf } from '@chordial/actor/shell';
import type { HandRange } from '@chordial/chord/protocol';
import { betweenRightClosed, type RingKey } from '@chordial/ring-key';
import { ask, urgentMax, wakeAgain } from './coordinator-repair.ts';
import type { CoordinatorState } from './coordinator-state.ts';
import { addTaker } from './operations-put.ts';
import type { RangeGiven } from './protocol.ts';

export interface Handing {
  request: HandRange;
  /** Of the taker. */
  readonly host: number;
  /** Correlation of the comparison under way, or 0. */
  comparison: number;
  readonly startedAt: number;
  /** The taker was told that it has everything. */
  isGiven: boolean;
  /** 0 until the range was released. */
  releasedAt: number;
  /** Something was put that the taker's host may not have. */
  isMissingCopies: boolean;
}

/** At a time; with another one the oldest is released as it is. */
export const handingsMax = 256;
/** How long a range is held back that is not settled itself. */
const heldMsMax = 10_000;
/** How long a comparison may take that makes progress, with the time that it waits for its turn. */
const comparingMsMax = 60_000;
/** What is put after the release follows, until the range is not owned any more, or nothing comes of it. */
const followingMs = 5_000;
const followingMsMax = 30_000;

export function onHandRange(state: CoordinatorState, request: HandRange, now: number, out: Outbox): void {
  const { from, to, target, replyTo } = request;
  const known = state.handings.find(
    ({ request: other }) =>
      other.replyTo === replyTo && other.from === from && other.to === to && other.target === target,
  );
  if (known !== undefined) {
    known.request = request;
    if (known.releasedAt > 0) tell(known, out);
    return;
  }
  const handing: Handing = {
    request,
    host: hostOf(target),
    comparison: 0,
    startedAt: now,
    isGiven: false,
    releasedAt: 0,
    isMissingCopies: false,
  };
  const count = state.handings.push(handing);
  if (count > handingsMax) release(state, state.handings[0]!, false, now, out);
  for (let operation = state.oldest; operation !== undefined; operation = operation.later)
    if (betweenRightClosed(from, operation.key, to)) addTaker(state, operation, out);
  goOn(state, handing, now, out);
  wakeAgain(state, now, out);
}

/** The newest handing of a range with `key` to another host. */
export function takerOf({ handings, config }: CoordinatorState, key: RingKey): Handing | undefined {
  for (let i = handings.length - 1; i >= 0; i--) {
    const handing = handings[i]!;
    const { from, to } = handing.request;
    if (handing.host !== config.host && betweenRightClosed(from, key, to)) return handing;
  }
  return undefined;
}

/** The newest handing by which a range with `key` was released, to whomever. */
export function givenAway({ handings }: CoordinatorState, key: RingKey): Handing | undefined {
  return handings.findLast(
    ({ releasedAt, request: { from, to } }) => releasedAt > 0 && betweenRightClosed(from, key, to),
  );
}

/** Nobody waits for a taker whose host was lost. */
export function takersLost(state: CoordinatorState, lost: readonly number[], now: number, out: Outbox): void {
  for (const handing of state.handings.slice()) {
    if (!lost.includes(handing.host)) continue;
    if (handing.releasedAt > 0) remove(state, handing);
    else release(state, handing, false, now, out);
  }
}

/** What is due of ranges that are given away. */
export function lookAfterHandings(state: CoordinatorState, now: number, out: Outbox): void {
  for (const handing of state.handings.slice()) {
    const { releasedAt, startedAt } = handing;
    const range = state.ranges.find(handing.request.to);
    const age = now - (releasedAt > 0 ? releasedAt : startedAt);
    if (releasedAt > 0) {
      if (age >= followingMsMax || (age >= followingMs && range === undefined)) remove(state, handing);
    } else if (age >= comparingMsMax || (age >= heldMsMax && range?.unsettled !== undefined)) {
      release(state, handing, false, now, out);
    } else goOn(state, handing, now, out);
  }
}

function goOn(state: CoordinatorState, handing: Handing, now: number, out: Outbox): void {
  if (handing.comparison !== 0 || handing.releasedAt > 0) return;
  const { from, to } = handing.request;
  const range = state.ranges.find(to);
  // Not ours any more: whoever has it knows better.
  if (range === undefined) return release(state, handing, false, now, out);
  if (range.unsettled !== undefined) return;
  // Another lane of this host has the same store.
  if (handing.host === state.config.host) return release(state, handing, true, now, out);
  if (state.urgentCount >= urgentMax) return;
  handing.isMissingCopies = false;
  handing.comparison = ask(state, 'hand', undefined, from, to, [handing.host], handing, now, out);
}

export function handingRepaired(
  state: CoordinatorState,
  handing: Handing,
  same: readonly number[],
  now: number,
  out: Outbox,
): void {
  handing.comparison = 0;
  if (handing.releasedAt > 0) return;
  if (!same.includes(handing.host)) release(state, handing, false, now, out);
  else if (handing.isMissingCopies) goOn(state, handing, now, out);
  else release(state, handing, true, now, out);
}

function release(state: CoordinatorState, handing: Handing, isGiven: boolean, now: number, out: Outbox): void {
  handing.isGiven = isGiven;
  handing.releasedAt = now;
  if (isGiven) state.counts.handed++;
  else {
    state.counts.handingsGivenUp++;
    remove(state, handing);
  }
  tell(handing, out);
}

function tell({ request, isGiven }: Handing, out: Outbox): void {
  const { from, to, target, replyTo, correlation } = request;
  if (isGiven) out.send(target as Address<unknown> as Address<RangeGiven>, { type: 'range-given', from, to });
  out.send(replyTo, { type: 'range-released', correlation });
}

function remove({ handings }: CoordinatorState, handing: Handing): void {
  const index = handings.indexOf(handing);
  if (index >= 0) handings.splice(index, 1);
}
