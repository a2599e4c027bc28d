// The core of the journal store: the storage words over the disk port, or in memory only. Everything is kept in memory and read from there; the
// disk has a journal of the changes, and now and then a snapshot. What each part does is said in its file; here messages are told apart.
import type { Address, Birth, Outbox, Received } from '@chordial/actor';
import type { DiskEvent } from '@chordial/actor/protocol';
import { isFromHere, jobFault } from './job-fault.ts';
import { addWrite, cancelWrite, commitNext, dropLateWrites, onCommitDone, onCommitFailed } from './journal-commit.ts';
import { beginLoading, onLoadingFailed, onLoadingRead } from './journal-loading.ts';
import { carryOutRead, describe } from './journal-reads.ts';
import { onPieceFailed, onPieceWritten } from './journal-snapshot.ts';
import {
  answer,
  diskMsMax,
  fail,
  type JournalConfig,
  type JournalState,
  jobsMax,
  newState,
  retryMs,
  wakeAt,
  wallClock,
} from './journal-state.ts';
import {
  addTransfer,
  cancelTransfer,
  onTransferFailed,
  onTransferRead,
  onTransferWritten,
  resumeTransfers,
} from './journal-transfer.ts';
import { mustWait } from './journal-waiting.ts';
import type { CancelJob, DropExpired, ExpiredDropped, StorageJob, StorageMessage } from './protocol.ts';

const droppedPerJobMax = 10_000;
/** How exactly deadlines of jobs that wait for the journal to be read are kept. */
const earlyStepMs = 100;

export function initJournal(config: JournalConfig, birth: Birth<StorageMessage>, out: Outbox): JournalState {
  const state = newState(config, birth);
  if (state.phase === 'loading') beginLoading(state, out);
  return state;
}

export function stepJournal(state: JournalState, received: Received<StorageMessage>, out: Outbox): void {
  const { message, now } = received;
  if (!isFromHere(state.self, received)) return;
  state.now = now;
  switch (message.type) {
    case 'disk-done':
    case 'file-read':
    case 'disk-failed':
      onDiskEvent(state, message, now, out);
      break;
    case 'store-due':
      onStoreDue(state, now, out);
      break;
    case 'cancel-job':
      onCancelJob(state, message, out);
      break;
    default:
      onJob(state, message, now, out);
  }
}

/** `cameAt` is when the time that its records have left was counted. */
function onJob(state: JournalState, job: StorageJob, now: number, out: Outbox, cameAt = now): void {
  const fault = jobFault(job);
  if (fault !== undefined) {
    fail(job, 'invalid', fault, out);
    return;
  }
  const dueAt = job.withinMs === 0 ? Number.POSITIVE_INFINITY : now + job.withinMs;
  if (job.type === 'describe-store' && (state.phase === 'broken' || state.phase === 'loading')) {
    answer(job, describe(state, job.correlation), out);
  } else if (state.phase === 'broken') {
    fail(job, 'failed', state.trouble, out);
  } else if (state.phase !== 'loading') {
    carryOut(state, job, { dueAt, cameAt }, now, out);
  } else if (state.early.length >= (state.config.jobsMax ?? jobsMax)) {
    fail(job, 'busy', 'the store still reads its journal, and too many jobs wait for it', out);
  } else {
    state.early.push({ job, dueAt, cameAt });
    if (job.withinMs > 0) wakeAt(state, now + earlyStepMs, now, out);
  }
}

function carryOut(
  state: JournalState,
  job: StorageJob,
  times: { readonly dueAt: number; readonly cameAt: number },
  now: number,
  out: Outbox,
): void {
  const { dueAt } = times;
  switch (job.type) {
    case 'write-record':
    case 'write-records':
      addWrite(state, { kind: 'records', job, ...times }, now, out);
      break;
    case 'delete-range':
      addWrite(state, { kind: 'range', job, dueAt, from: job.from, removedCount: 0 }, now, out);
      break;
    case 'drop-expired':
      answer(job, dropExpired(state, job, wallClock(state, now)), out);
      break;
    case 'import-store':
      addTransfer(state, job, dueAt, now, out);
      break;
    default:
      if (mustWait(state, job)) addWrite(state, { kind: 'read', job, dueAt }, now, out);
      else carryOutRead(state, job, dueAt, now, out);
  }
}

/** Nothing is written: an expired record of the journal is left out when that is read, by its own time. */
function dropExpired(state: JournalState, { correlation, recordsMax }: DropExpired, wallNow: number): ExpiredDropped {
  const dropped: ExpiredDropped['dropped'][number][] = [];
  const max = Math.min(recordsMax, droppedPerJobMax);
  const isDue = (): boolean => (state.records.soonest?.expiresAt ?? Number.POSITIVE_INFINITY) <= wallNow;
  while (dropped.length < max && isDue()) {
    const { table, key, version } = state.records.soonest!;
    dropped.push([table, key, version]);
    state.records.remove(table, key);
  }
  return { type: 'expired-dropped', correlation, dropped, hasMore: isDue() };
}

function onCancelJob(state: JournalState, { replyTo, correlation }: CancelJob, out: Outbox): void {
  const isMeant = (job: StorageJob): boolean =>
    job.correlation === correlation && (job.replyTo as Address<never>) === (replyTo as Address<never>);
  const at = state.early.findIndex(({ job }) => isMeant(job));
  if (at >= 0) {
    const [early] = state.early.splice(at, 1);
    fail(early!.job, 'cancelled', 'it was cancelled before it began', out);
    return;
  }
  if (!cancelWrite(state, isMeant, out)) cancelTransfer(state, isMeant, out);
}

/** Each part knows its own request by its correlation; answers to a former life, and to files that were emptied, are nobody's. */
function onDiskEvent(state: JournalState, event: DiskEvent, now: number, out: Outbox): void {
  const { correlation } = event;
  state.asked.delete(correlation);
  const { loading, commit, snapshot } = state;
  const [transfer] = state.transfers;
  if (loading?.correlation === correlation) {
    if (event.type === 'file-read') {
      onLoadingRead(state, loading, event, now, out);
    } else if (event.type === 'disk-failed') {
      onLoadingFailed(state, event, now, out);
      failEarly(state, out);
    }
    if (state.phase !== 'loading') carryOutEarly(state, now, out);
  } else if (commit?.correlation === correlation) {
    if (event.type === 'disk-failed') onCommitFailed(state, commit, event, now, out);
    else onCommitDone(state, commit, now, out);
  } else if (snapshot?.correlation === correlation) {
    if (event.type === 'disk-failed') onPieceFailed(state, event, now, out);
    else onPieceWritten(state, snapshot, now, out);
    commitNext(state, now, out);
  } else if (transfer?.correlation === correlation) {
    if (event.type === 'disk-failed') {
      onTransferFailed(state, event, now, out);
    } else if (event.type === 'disk-done') {
      onTransferWritten(state, transfer, now, out);
    } else {
      const records = onTransferRead(state, transfer, event, now, out);
      const dueAt = Number.POSITIVE_INFINITY;
      if (records !== undefined) addWrite(state, { kind: 'import', records, dueAt }, now, out);
    }
  }
}

function carryOutEarly(state: JournalState, now: number, out: Outbox): void {
  const { early } = state;
  state.early = [];
  for (const { job, dueAt, cameAt } of early) {
    if (dueAt <= now) fail(job, 'deadline', 'its time was over before it began', out);
    else onJob(state, dueAt === Number.POSITIVE_INFINITY ? job : { ...job, withinMs: dueAt - now }, now, out, cameAt);
  }
}

function failEarly(state: JournalState, out: Outbox): void {
  for (const { job } of state.early) fail(job, 'failed', state.trouble, out);
  state.early = [];
}

/** Deadlines of what waits, and everything that was put off. */
function onStoreDue(state: JournalState, now: number, out: Outbox): void {
  // In memory the store sends itself the same word at the end of a turn.
  if (now >= state.timerAt) state.timer = 0;
  for (const [correlation, askedAt] of state.asked) {
    if (now < askedAt + diskMsMax) {
      wakeAt(state, askedAt + diskMsMax, now, out);
      break;
    }
    const sentence = 'the disk does not answer';
    onDiskEvent(state, { type: 'disk-failed', correlation, code: 'ETIMEDOUT', sentence }, now, out);
  }
  if (state.phase === 'loading') {
    if (state.loading === undefined) beginLoading(state, out);
    const late = state.early.filter(({ dueAt }) => dueAt <= now);
    state.early = state.early.filter(({ dueAt }) => dueAt > now);
    for (const { job } of late) fail(job, 'deadline', 'its time was over before it began', out);
    if (state.early.some(({ dueAt }) => dueAt < Number.POSITIVE_INFINITY)) wakeAt(state, now + earlyStepMs, now, out);
    return;
  }
  dropLateWrites(state, now, out);
  resumeTransfers(state, now, out);
  commitNext(state, now, out);
  if (now < state.compactionAt) wakeAt(state, Math.min(state.compactionAt, now + retryMs), now, out);
}

export function journalInvariants(state: JournalState): string | undefined {
  if (state.phase === 'open' && state.commit === undefined && state.writes.length > 0 && state.timer === 0) {
    return 'writes wait and nothing is under way';
  }
  const isIdle = state.writes.length === 0 && state.commit === undefined;
  if (isIdle && (state.charactersWaiting !== 0 || state.keysWaiting.size > 0 || state.rangesWaiting > 0)) {
    return 'something waits for a commit and no write is there';
  }
  return state.records.fault();
}
