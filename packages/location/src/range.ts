// What the peer owns. When that changes, everything is forgotten, not only what is not owned any more: whoever owned a part of it
// meanwhile, or on the other side of a partition, has written what is not known here. And for a moment nothing is cached, as writes that
// the owner before had under way may end after the first read here. Each user then costs one read more.
import type { Outbox } from '@chordial/actor';
import type { RangeChanged } from '@chordial/chord/protocol';
import { betweenRightClosed, type RingKey } from '@chordial/ring-key';
import type { LocationState } from './state.ts';
import { forgetUsers } from './users.ts';
import { usersShareOf } from './users-share.ts';

/** Longer than a write is under way. */
export const settleMs = 5_000;

export function onRangeChanged(state: LocationState, range: RangeChanged, now: number, out: Outbox): void {
  const before = state.range;
  const isSame =
    before?.owns === range.owns &&
    before.from === range.from &&
    before.self.key === range.self.key &&
    before.epoch === range.epoch;
  if (isSame) return;
  state.range = range;
  state.rangeChangesCount++;
  state.cacheFrom = now + settleMs;
  state.counts.usersForgotten += state.users?.size ?? 0;
  forgetUsers(state, out);
  // A peer that owns nothing has requests on their way: it keeps the share that it had.
  if (range.owns) state.usersShare = usersShareOf(range.from, range.self.key, state.config.usersMax);
}

/** A lane's store serves all peers of the lane, so a stray request is answered; but others change that user. */
export function isOwned({ range }: LocationState, key: RingKey): boolean {
  return range === undefined || (range.owns && betweenRightClosed(range.from, key, range.self.key));
}
