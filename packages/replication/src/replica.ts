// The replica of a host stands before its store and keeps the copies of records that the coordinators of any host send it. It merges what comes with
// what is there, makes ranges the same as on other hosts (`repair-session.ts`), hands on what it holds for others, and heals what is damaged.
// Source: DeCandia et al., *Dynamo: Amazon's Highly Available Key-value Store*, SOSP 2007, sections 4.4 to 4.7.
import type { Birth, Outbox, Received } from '@chordial/actor';
import type { MessageRefused } from '@chordial/actor/protocol';
import { createRandom, nextBelow } from '@chordial/actor/random';
import type { StorageFailed, StorageJob } from '@chordial/storage/protocol';
import type { ReplicaMessage } from './protocol.ts';
import { RecordCache } from './replica-cache.ts';
import { dropExpired, onExpiredDropped, onExpiryFailed } from './replica-expiry.ts';
import { onHealKept, tellHealing } from './replica-healing.ts';
import { lostJobs, storeFailure, takeJob } from './replica-jobs.ts';
import { beginBatches, onEntriesFailed, onEntriesRead, onEntriesWritten, onStoreCopy } from './replica-keeping.ts';
import {
  onFetchCopies,
  onFetchCopy,
  onFetchFailed,
  onFetchRead,
  onServeFailed,
  onServeRead,
} from './replica-reading.ts';
import { initRing, onRingChanged, watchRing } from './replica-ring.ts';
import type { ReplicaConfig, ReplicaState } from './replica-state.ts';
import { initTree, onBucketsDigested, onDigestsFailed, readDigests } from './replica-tree.ts';

const tickMs = 1_000;

export function initReplica(config: ReplicaConfig, birth: Birth<ReplicaMessage>, out: Outbox): ReplicaState {
  const random = createRandom(birth.seed);
  const state: ReplicaState = {
    config,
    self: birth.self,
    random,
    // Answers to an earlier life are for nobody.
    correlation: 1 + nextBelow(random, 2 ** 40),
    jobs: new Map(),
    asked: new Map(),
    busy: new Map(),
    copiesUnderWay: 0,
    cache: new RecordCache(),
    tree: initTree(),
    batchesRunning: 0,
    batchesWaiting: [],
    batchesDone: [],
    servingCount: 0,
    ring: initRing(),
    repairs: new Set(),
    sessions: new Map(),
    sessionsWaiting: [],
    hints: new Map(),
    hintsNew: [],
    hintsCount: 0,
    hintSerial: 0,
    heals: new Map(),
    healing: { toldAt: birth.now, healedTold: 0, lostCount: 0 },
    allowance: 0,
    allowedAt: birth.now,
    timer: 0,
    timerAt: 0,
    expiryAt: birth.now,
    isExpiring: false,
    holding: { since: new Map(), nextAt: birth.now, offer: undefined },
    counts: {
      keptCount: 0,
      fetchedCount: 0,
      refusedCount: 0,
      sentCount: 0,
      takenCount: 0,
      healedCount: 0,
      releasedCount: 0,
      expiredCount: 0,
      hintedCount: 0,
      lostJobsCount: 0,
    },
  };
  watchRing(state, birth.now, out);
  readDigests(state, birth.now, out);
  setTick(state, birth.now, out);
  return state;
}

export function stepReplica(state: ReplicaState, { now, message }: Received<ReplicaMessage>, out: Outbox): void {
  switch (message.type) {
    case 'store-copy':
      onStoreCopy(state, message, now, out);
      break;
    case 'fetch-copy':
      onFetchCopy(state, message, now, out);
      break;
    case 'fetch-copies':
      onFetchCopies(state, message, now, out);
      break;
    case 'ring-changed':
      onRingChanged(state, message);
      break;
    case 'repair-due':
      state.timer = 0;
      onRepairDue(state, now, out);
      break;
    case 'records-read': {
      const job = takeJob(state, message.correlation);
      if (job?.kind === 'read') onEntriesRead(state, job.entries, message, now, out);
      else if (job?.kind === 'fetch') onFetchRead(state, job, message, now, out);
      else if (job?.kind === 'serve') onServeRead(state, job.message, message, now, out);
      break;
    }
    case 'records-written': {
      const job = takeJob(state, message.correlation);
      if (job?.kind === 'write') onEntriesWritten(state, job.entries, now, out);
      break;
    }
    case 'buckets-digested':
      if (takeJob(state, message.correlation)?.kind === 'digest') onBucketsDigested(state, message);
      break;
    case 'expired-dropped':
      if (takeJob(state, message.correlation)?.kind === 'expire') onExpiredDropped(state, message, now, out);
      break;
    case 'storage-failed':
      onStorageFailed(state, message, now, out);
      break;
    case 'message-refused':
      onMessageRefused(state, message, now, out);
      break;
    default:
      break;
  }
  settle(state, now, out);
}

function onStorageFailed(state: ReplicaState, failed: StorageFailed, now: number, out: Outbox): void {
  const job = takeJob(state, failed.correlation);
  if (job === undefined) return;
  switch (job.kind) {
    case 'read':
    case 'write':
      return onEntriesFailed(state, job.entries, job.kind === 'write', failed, now, out);
    case 'fetch':
      return onFetchFailed(state, job, failed, out);
    case 'serve':
      return onServeFailed(state, job.message, failed, out);
    case 'digest':
      return onDigestsFailed(state, now);
    case 'expire':
      return onExpiryFailed(state);
    default:
      return;
  }
}

/** The store, or the way to another lane, has no room: a job fails, and all else is sent again by its timer. */
function onMessageRefused(state: ReplicaState, { to, message }: MessageRefused, now: number, out: Outbox): void {
  if ((to as number) !== state.config.store) return;
  const { correlation } = message as StorageJob;
  onStorageFailed(state, storeFailure(correlation, 'busy', 'the store has too much to do: try again'), now, out);
}

function onRepairDue(state: ReplicaState, now: number, out: Outbox): void {
  for (const failed of lostJobs(state, now)) onStorageFailed(state, failed, now, out);
  watchRing(state, now, out);
  dropExpired(state, now, out);
  tellHealing(state, now, out);
}

/** At the end of each step: what became possible by it. */
function settle(state: ReplicaState, now: number, out: Outbox): void {
  for (let batch = state.batchesDone.shift(); batch !== undefined; batch = state.batchesDone.shift()) {
    const { from, trouble } = batch;
    if (from.kind === 'heal') onHealKept(state, from.name, trouble);
  }
  beginBatches(state, now, out);
  readDigests(state, now, out);
  setTick(state, now, out);
}

function setTick(state: ReplicaState, now: number, out: Outbox): void {
  if (state.timer !== 0) return;
  state.timerAt = now + tickMs;
  state.timer = out.setTimer(tickMs, { type: 'repair-due' });
}
