// Expired records leave the store, and the digests with them, by the store's own clock; no other host is asked or told.
import type { Outbox } from '@chordial/actor';
import { bucketOf, type ExpiredDropped } from '@chordial/storage/protocol';
import { askStore } from './replica-jobs.ts';
import { mapName, type ReplicaState } from './replica-state.ts';
import { doubt, recordGone } from './replica-tree.ts';

const expiryMs = 1_000;
const recordsPerDrop = 1_000;

export function dropExpired(state: ReplicaState, now: number, out: Outbox): void {
  if (state.isExpiring || now < state.expiryAt) return;
  state.isExpiring = true;
  state.expiryAt = now + expiryMs;
  askStore(state, { type: 'drop-expired', recordsMax: recordsPerDrop }, { kind: 'expire' }, now, out);
}

export function onExpiredDropped(state: ReplicaState, { dropped, hasMore }: ExpiredDropped, now: number, out: Outbox) {
  state.isExpiring = false;
  state.counts.expiredCount += dropped.length;
  for (const [table, key, version] of dropped) {
    const name = mapName(table, key);
    // A write that is under way takes the digest of what it found away itself, or has not found it.
    if (state.busy.has(name)) doubt(state, bucketOf(key));
    else recordGone(state, table, key, version);
    if (state.cache.get(name)?.record.version === version) state.cache.delete(name);
  }
  if (!hasMore) return;
  state.expiryAt = now;
  dropExpired(state, now, out);
}

export function onExpiryFailed(state: ReplicaState): void {
  state.isExpiring = false;
}
