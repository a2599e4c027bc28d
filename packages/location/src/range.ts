// What the peer owns. When that changes, everything is forgotten, not only what is not owned any more: whoever owned a part of it
// meanwhile, or on the other side of a partition, has written what is not known here. Each user then costs one read more.
import type { Outbox } from '@chordial/actor';
import type { RangeChanged } from '@chordial/chord/protocol';
import type { LocationState } from './state.ts';
import { forgetUsers } from './users.ts';
import { usersShareOf } from './users-share.ts';

export function onRangeChanged(state: LocationState, range: RangeChanged, out: Outbox): void {
  const before = state.range;
  const isSame =
    before?.owns === range.owns &&
    before.from === range.from &&
    before.self.key === range.self.key &&
    before.epoch === range.epoch;
  if (isSame) return;
  state.range = range;
  state.rangeChangesCount++;
  state.counts.usersForgotten += state.users?.size ?? 0;
  forgetUsers(state, out);
  // A peer that owns nothing has requests on their way: it keeps the share that it had.
  if (range.owns) state.usersShare = usersShareOf(range.from, range.self.key, state.config.usersMax);
}
