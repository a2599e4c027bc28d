// The group commit of a journal: writes that wait while an append is under way share the next one. What is written is applied to the records
// in memory, and answered, when the disk has it; so readers never see what may not last, and a write that failed has changed nothing.
import type { Outbox } from '@chordial/actor';
import type { DiskFailed } from '@chordial/actor/protocol';
import { beginNewFile, hasTooManyFiles, onSwitchDone } from './journal-files.ts';
import { applyChanges, type Change, entryOf, removalOf } from './journal-frames.ts';
import { isExpired, partEnd } from './journal-range.ts';
import { carryOutRead } from './journal-reads.ts';
import { beginAdoption, beginSnapshot, wantCompaction } from './journal-snapshot.ts';
import {
  answer,
  type Commit,
  type CommitItem,
  fail,
  fileName,
  type JournalState,
  jobsMax,
  retryMs,
  setTrouble,
  troubleOf,
  type Write,
  wakeAt,
  wallClock,
  writeFile,
} from './journal-state.ts';
import { onImportFailed, onImportWritten } from './journal-transfer.ts';
import { charactersIn, enter, leave } from './journal-waiting.ts';
import type { StorageFailureCode, StorageJob, WriteRecord, WriteRecords } from './protocol.ts';

const batchBytesMax = 1_048_576;
const batchJobsMax = 4_096;
const charactersWaitingMax = 64_000_000;
const bytesMax = 2 ** 32;
/** How exactly deadlines of waiting writes are kept. */
const deadlineStepMs = 100;

/** Takes a job in, or refuses it when too many wait. */
export function addWrite(state: JournalState, write: Write, now: number, out: Outbox): void {
  if (write.kind !== 'import') {
    const isTooMuch =
      state.writes.length >= (state.config.jobsMax ?? jobsMax) ||
      state.charactersWaiting + charactersIn(write) > charactersWaitingMax;
    if (isTooMuch) {
      fail(write.job, 'busy', 'too many jobs wait for the disk: try again a little later', out);
      return;
    }
    if (write.kind === 'records' && isFull(state, write.job)) {
      fail(
        write.job,
        'full',
        'the store has as many bytes of records as it may have: raise bytesMax or add hosts',
        out,
      );
      return;
    }
  }
  state.writes.push(write);
  enter(state, write);
  if (state.phase === 'memory') {
    // At the end of the turn, so that what came with it can be cancelled as with a disk; the timer is for a full mailbox.
    if (state.writes.length === 1) out.send(state.self, { type: 'store-due' });
    wakeAt(state, now + deadlineStepMs, now, out);
    return;
  }
  commitNext(state, now, out);
  if (write.dueAt < Number.POSITIVE_INFINITY && state.writes.length > 0) wakeAt(state, now + deadlineStepMs, now, out);
}

function isFull(state: JournalState, job: WriteRecord | WriteRecords): boolean {
  const isRemoval = job.type === 'write-records' && job.records.length === 0;
  return !isRemoval && state.records.bytes > (state.config.bytesMax ?? bytesMax);
}

/** Begins what can be begun: a batch of writes, or a change of files that must come before. */
export function commitNext(state: JournalState, now: number, out: Outbox): void {
  if (state.commit !== undefined || (state.phase !== 'open' && state.phase !== 'memory')) return;
  if (state.phase === 'memory') {
    commitInMemory(state, now, out);
    return;
  }
  if (beginAdoption(state, now, out)) return;
  if (hasTooManyFiles(state) && state.snapshot === undefined && now >= state.compactionAt)
    beginSnapshot(state, now, out);
  if (state.compactionWanted || (state.needsFile && state.writes.length > 0)) {
    const refusal = beginNewFile(state, out);
    if (refusal === undefined) return;
    setTrouble(state, refusal, out);
    state.compactionWanted = false;
    failWaiting(state, 'failed', refusal, now, out);
    return;
  }
  if (state.writes.length === 0) return;
  const file = state.files.at(-1)!;
  const { writer } = state;
  writer.clear();
  const items = takeBatch(state, now, out, (changes) => {
    if (changes.length > 0) writer.frame(changes, file.salt, file.bytes + writer.length);
    return writer.length < batchBytesMax;
  });
  if (items.length === 0) return;
  if (writer.length === 0) {
    finishItems(state, items, now, out);
    commitNext(state, now, out);
    return;
  }
  const correlation = writeFile(state, 'append-file', fileName(state, file.slot), writer.bytes, writer.length, out);
  state.commit = { kind: 'append', correlation, items, bytes: writer.length };
}

function commitInMemory(state: JournalState, now: number, out: Outbox): void {
  const items = takeBatch(state, now, out, () => true);
  finishItems(state, items, now, out);
  if (state.writes.length > 0) out.send(state.self, { type: 'store-due' });
}

/** Takes writes off the queue while `add` has room. A range or an import stands alone, as what it does depends on what is there. */
function takeBatch(
  state: JournalState,
  now: number,
  out: Outbox,
  add: (changes: readonly Change[]) => boolean,
): CommitItem[] {
  const items: CommitItem[] = [];
  let taken = 0;
  for (const write of state.writes) {
    const isAlone = write.kind === 'range' || write.kind === 'import';
    if (items.length >= batchJobsMax || (items.length > 0 && isAlone)) break;
    taken++;
    if (write.dueAt <= now && write.kind !== 'import') {
      leave(state, write);
      fail(write.job, 'deadline', 'its time was over before it began', out);
      continue;
    }
    const item = itemOf(state, write, now);
    items.push(item);
    if (!add(item.changes) || isAlone) break;
  }
  state.writes.splice(0, taken);
  return items;
}

function itemOf(state: JournalState, write: Write, now: number): CommitItem {
  const wallNow = wallClock(state, now);
  if (write.kind === 'range') {
    const { from, job } = write;
    const end = partEnd(state.records, from, job.to);
    return { write, changes: [{ kind: 'range', table: job.table, from, to: end }], end };
  }
  if (write.kind === 'import') {
    const isMissing = (table: number, key: (typeof write.records)[number]['key']): boolean => {
      const found = state.records.get(table, key);
      return found === undefined || isExpired(found, wallNow);
    };
    const missing = write.records.filter((entry) => !isExpired(entry, wallNow) && isMissing(entry.table, entry.key));
    return { write, changes: missing.map((entry) => ({ kind: 'put', entry })), end: undefined };
  }
  if (write.kind === 'read') return { write, changes: [], end: undefined };
  const { job } = write;
  const sentAt = wallClock(state, write.cameAt);
  const put = (record: Parameters<typeof entryOf>[0]): Change => {
    const expiresAt = record.ttlMs === 0 ? 0 : sentAt + Math.ceil(record.ttlMs);
    return { kind: 'put', entry: entryOf(record, expiresAt) };
  };
  const changes = job.type === 'write-record' ? [put(job)] : [...job.records.map(put), ...job.removals.map(removalOf)];
  return { write, changes, end: undefined };
}

/** Applies what is durable and answers. */
function finishItems(state: JournalState, items: readonly CommitItem[], now: number, out: Outbox): void {
  const wallNow = wallClock(state, now);
  for (const { write, changes, end } of items) {
    const removedCount = applyChanges(state.records, changes, wallNow);
    if (write.kind === 'range') {
      write.removedCount += removedCount;
      if (end !== write.job.to) {
        // The rest comes next, before what was written later. It has begun: no deadline and no cancelling any more.
        write.from = end!;
        write.dueAt = Number.POSITIVE_INFINITY;
        state.writes.unshift(write);
        continue;
      }
    }
    leave(state, write);
    if (write.kind === 'import') {
      onImportWritten(state, changes.length, out);
    } else if (write.kind === 'read') {
      carryOutRead(state, write.job, write.dueAt, now, out);
    } else if (write.kind === 'range') {
      const { correlation } = write.job;
      answer(write.job, { type: 'range-deleted', correlation, recordsCount: write.removedCount }, out);
    } else {
      answer(write.job, { type: 'records-written', correlation: write.job.correlation }, out);
    }
  }
}

/** The disk has done what the commit waited for. */
export function onCommitDone(state: JournalState, commit: Commit, now: number, out: Outbox): void {
  if (commit.kind === 'switch') {
    onSwitchDone(state, commit, now, out);
  } else {
    state.commit = undefined;
    state.files.at(-1)!.bytes += commit.bytes;
    finishItems(state, commit.items, now, out);
    wantCompaction(state, now);
  }
  if (state.commit === undefined) setTrouble(state, '', out);
  commitNext(state, now, out);
}

export function onCommitFailed(
  state: JournalState,
  commit: Commit,
  failure: DiskFailed,
  now: number,
  out: Outbox,
): void {
  state.commit = undefined;
  const { code, sentence } = troubleOf(failure);
  if (code !== 'busy') setTrouble(state, sentence, out);
  if (commit.kind === 'append') {
    // What of it reached the file is not known: it is cut off there.
    state.needsFile = true;
    for (const { write } of commit.items) failWrite(state, write, code, sentence, now, out);
  } else if (commit.reason === 'new-file') {
    state.needsFile = true;
    state.compactionWanted = false;
    state.compactionAt = now + retryMs;
    failWaiting(state, code, sentence, now, out);
  } else {
    state.compactionAt = now + retryMs;
  }
  wakeAt(state, now + retryMs, now, out);
  commitNext(state, now, out);
}

function failWaiting(state: JournalState, code: StorageFailureCode, sentence: string, now: number, out: Outbox): void {
  const { writes } = state;
  state.writes = [];
  for (const write of writes) failWrite(state, write, code, sentence, now, out);
}

function failWrite(
  state: JournalState,
  write: Write,
  code: StorageFailureCode,
  sentence: string,
  now: number,
  out: Outbox,
): void {
  leave(state, write);
  if (write.kind === 'import') onImportFailed(state, code, sentence, out);
  else if (write.kind === 'read') carryOutRead(state, write.job, write.dueAt, now, out);
  else fail(write.job, code, sentence, out);
}

/** Fails writes whose time is over before they began. */
export function dropLateWrites(state: JournalState, now: number, out: Outbox): void {
  let waitsOn = false;
  state.writes = state.writes.filter((write) => {
    if (write.kind === 'import' || write.dueAt > now) {
      waitsOn ||= write.dueAt < Number.POSITIVE_INFINITY;
      return true;
    }
    leave(state, write);
    fail(write.job, 'deadline', 'its time was over before it began', out);
    return false;
  });
  if (waitsOn) wakeAt(state, now + deadlineStepMs, now, out);
}

/** Whether there was such a write that had not begun. */
export function cancelWrite(state: JournalState, isMeant: (job: StorageJob) => boolean, out: Outbox): boolean {
  const at = state.writes.findIndex((write) => write.kind !== 'import' && isMeant(write.job) && !hasBegun(write));
  const write = state.writes[at];
  if (write === undefined || write.kind === 'import') return false;
  state.writes.splice(at, 1);
  leave(state, write);
  fail(write.job, 'cancelled', 'it was cancelled before it began', out);
  return true;
}

const hasBegun = (write: Write): boolean => write.kind === 'range' && write.from !== write.job.from;
