// The group commit of a journal: writes that wait while an append is under way share the next one. What is written is applied to the records
// in memory, and answered, when the disk has it; so readers never see what may not last, and a write that failed has changed nothing.
import type { Outbox } from '@chordial/actor';
import type { DiskFailed } from '@chordial/actor/protocol';
import { beginNewFile, onSwitchDone } from './journal-files.ts';
import { applyChanges, type Change, entryOf, removalOf } from './journal-frames.ts';
import { isExpired, partEnd } from './journal-range.ts';
import { beginAdoption, wantCompaction } from './journal-snapshot.ts';
import {
  answer,
  type Commit,
  type CommitItem,
  charactersOf,
  fail,
  fileName,
  type JournalState,
  retryMs,
  setTrouble,
  troubleOf,
  type Write,
  wakeAt,
  wallClock,
  writeFile,
} from './journal-state.ts';
import { onImportFailed, onImportWritten } from './journal-transfer.ts';
import type { StorageFailureCode, StorageJob } from './protocol.ts';

const batchBytesMax = 1_048_576;
const batchJobsMax = 4_096;
const writesMax = 10_000;
const charactersWaitingMax = 64_000_000;
/** How exactly deadlines of waiting writes are kept. */
const deadlineStepMs = 100;

const charactersIn = (write: Write): number => {
  if (write.kind !== 'records') return 0;
  if (write.job.type === 'write-record') return charactersOf(write.job);
  return write.job.records.reduce((sum, record) => sum + charactersOf(record), 0);
};

/** Takes a write in, or refuses it when too many wait. */
export function addWrite(state: JournalState, write: Write, now: number, out: Outbox): void {
  const characters = charactersIn(write);
  const isTooMuch = state.writes.length >= writesMax || state.charactersWaiting + characters > charactersWaitingMax;
  if (isTooMuch && write.kind !== 'import') {
    fail(write.job, 'busy', 'too many writes wait for the disk: try again a little later', out);
    return;
  }
  if (write.kind === 'records' && state.records.bytes > (state.config.bytesMax ?? 2 ** 32)) {
    const isRemoval = write.job.type === 'write-records' && write.job.records.length === 0;
    if (!isRemoval) {
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
  state.charactersWaiting += characters;
  commitNext(state, now, out);
  if (write.dueAt < Number.POSITIVE_INFINITY && state.writes.length > 0) wakeAt(state, now + deadlineStepMs, now, out);
}

/** Begins what can be begun: a batch of writes, or a change of files that must come before. */
export function commitNext(state: JournalState, now: number, out: Outbox): void {
  if (state.commit !== undefined || (state.phase !== 'open' && state.phase !== 'memory')) return;
  if (state.phase === 'memory') {
    commitInMemory(state, now, out);
    return;
  }
  if (beginAdoption(state, now, out)) return;
  if (state.compactionWanted || (state.needsFile && state.writes.length > 0)) {
    beginNewFile(state, out);
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
  if (state.writes.length > 0) wakeAt(state, now, now, out);
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
    if (items.length >= batchJobsMax || (items.length > 0 && write.kind !== 'records')) break;
    taken++;
    state.charactersWaiting -= charactersIn(write);
    if (write.dueAt <= now && write.kind !== 'import') {
      fail(write.job, 'deadline', 'its time was over before it began', out);
      continue;
    }
    const item = itemOf(state, write, now);
    items.push(item);
    if (!add(item.changes) || write.kind !== 'records') break;
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
    if (write.kind === 'records') {
      answer(write.job, { type: 'records-written', correlation: write.job.correlation }, out);
    } else if (write.kind === 'import') {
      onImportWritten(state, changes.length, now, out);
    } else {
      write.removedCount += removedCount;
      if (end === write.job.to) {
        const { correlation } = write.job;
        answer(write.job, { type: 'range-deleted', correlation, recordsCount: write.removedCount }, out);
      } else {
        write.from = end!;
        // Begun: no deadline and no cancelling any more.
        write.dueAt = Number.POSITIVE_INFINITY;
        state.writes.push(write);
      }
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
    for (const { write } of commit.items) failWrite(state, write, code, sentence, out);
  } else if (commit.reason === 'new-file') {
    state.needsFile = true;
    state.compactionWanted = false;
    state.compactionAt = now + retryMs;
    const { writes } = state;
    state.writes = [];
    state.charactersWaiting = 0;
    for (const write of writes) failWrite(state, write, code, sentence, out);
  } else {
    state.compactionAt = now + retryMs;
  }
  wakeAt(state, now + retryMs, now, out);
  commitNext(state, now, out);
}

function failWrite(state: JournalState, write: Write, code: StorageFailureCode, sentence: string, out: Outbox): void {
  if (write.kind === 'import') onImportFailed(state, code, sentence, out);
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
    state.charactersWaiting -= charactersIn(write);
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
  state.charactersWaiting -= charactersIn(write);
  fail(write.job, 'cancelled', 'it was cancelled before it began', out);
  return true;
}

const hasBegun = (write: Write): boolean => write.kind === 'range' && write.from !== write.job.from;
