// What the peer owns, and what becomes of the rest: records outside the range stay for a time of grace, so that a false alarm (a host
// that stood still, a newcomer that dies) loses nothing, and are then dropped, some users a step. The share of users follows.
import type { Outbox } from '@chordial/actor';
import type { RangeChanged } from '@chordial/chord/protocol';
import { betweenRightClosed, ringKeyFromText } from '@chordial/ring-key';
import { noBindings } from './record.ts';
import type { LocationState, UserRecord } from './state.ts';
import { forgetUsers, keepBindings } from './users.ts';
import { usersShareOf } from './users-share.ts';

const GRACE_MS = 30_000;

export function onRangeChanged(state: LocationState, range: RangeChanged, now: number, out: Outbox): void {
  const before = state.range;
  state.range = range;
  if (state.config.store !== undefined) {
    onStoredRangeChanged(state, before, range, out);
    return;
  }
  const share = ownShare(state);
  // What is to be dropped still counts among the users: newcomers must not pay for it.
  state.usersShare = state.users === undefined ? share : Math.max(state.usersShare, share);
  if (state.users !== undefined) dropLater(state, now, out);
}

/**
 * Everything is forgotten, not only what is not owned any more: whoever owned a part of it meanwhile, or on the other side of a partition,
 * has written what is not known here. Each user costs one read more.
 */
function onStoredRangeChanged(
  state: LocationState,
  before: RangeChanged | undefined,
  range: RangeChanged,
  out: Outbox,
): void {
  const isSame =
    before?.owns === range.owns &&
    before.from === range.from &&
    before.self.key === range.self.key &&
    before.epoch === range.epoch;
  if (isSame) return;
  state.counts.usersDropped += state.users?.size ?? 0;
  forgetUsers(state, out);
  state.rangeChangesCount++;
  state.usersShare = ownShare(state);
}

/** Starts the time of grace again. */
export function dropLater(state: LocationState, now: number, out: Outbox): void {
  if (state.range === undefined) return;
  state.dropAt = now + (state.config.graceMs ?? GRACE_MS);
  state.dropping = undefined;
  if (state.dropTimer === 0) wake(state, now, out);
}

export function onDropDue(state: LocationState, now: number, out: Outbox): void {
  const { users } = state;
  if (state.dropAt === 0) return;
  state.dropTimer = 0;
  if (now < state.dropAt && users !== undefined) {
    wake(state, now, out);
    return;
  }
  if (users !== undefined && !sweep(state, users, now, out)) {
    wake(state, now, out);
    return;
  }
  state.dropAt = 0;
  state.dropping = undefined;
  state.usersShare = ownShare(state);
}

/** Looks at some more users; true when all have been looked at. A map's iterator bears changes of the map. */
function sweep(state: LocationState, users: Map<string, UserRecord>, now: number, out: Outbox): boolean {
  state.dropping ??= users.values();
  for (let i = 0; i < state.config.usersPerSweepMax; i++) {
    const { value: user, done } = state.dropping.next();
    if (done === true) return true;
    if (isOwned(state, user.aor)) continue;
    state.counts.usersDropped++;
    keepBindings(state, user.aor, noBindings, '', now, out);
  }
  return false;
}

/** A peer that owns nothing is about to be handed something, or will take over: it keeps the share that it had. */
function ownShare({ range, usersShare, config }: LocationState): number {
  return range?.owns === true ? usersShareOf(range.from, range.self.key, config.usersMax) : usersShare;
}

function isOwned({ range }: LocationState, aor: string): boolean {
  return range?.owns === true && betweenRightClosed(range.from, ringKeyFromText(aor), range.self.key);
}

function wake(state: LocationState, now: number, out: Outbox): void {
  state.dropTimer = out.setTimer(Math.max(0, state.dropAt - now), { type: 'drop-due' });
}
