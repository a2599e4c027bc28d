// Exports and imports of a journal, one at a time, a piece at a time beside the service. An export has what stood in the store when it began. An
// import reads its file twice: the first time it only looks whether all of it is whole, the second time it adds what the store has not.
import type { Outbox } from '@chordial/actor';
import type { DiskFailed, FileRead } from '@chordial/actor/protocol';
import { type ExportedRecord, endLine, headerLine, lineCharactersMax, parseLine, recordLine } from './export-file.ts';
import { jobFault } from './job-fault.ts';
import { entryOf } from './journal-frames.ts';
import { isExpired } from './journal-range.ts';
import type { Entry } from './journal-records.ts';
import {
  answer,
  diskCorrelation,
  fail,
  type JournalState,
  type Transfer,
  troubleOf,
  wallClock,
  writeFile,
} from './journal-state.ts';
import type { ExportStore, ImportStore, StorageFailureCode } from './protocol.ts';

const transfersMax = 16;
const pieceCharacters = 262_144;
const newline = 10;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function addTransfer(
  state: JournalState,
  job: ExportStore | ImportStore,
  dueAt: number,
  now: number,
  out: Outbox,
): void {
  const { disk } = state.config;
  if (disk === undefined) {
    fail(job, 'invalid', 'this store is kept in memory only and has no files: start the host with --data DIR', out);
    return;
  }
  if (job.file.startsWith(`${disk.file}-`) || job.file.startsWith(`${disk.file}.`)) {
    fail(job, 'invalid', `names that begin with ${disk.file} are the store's own: choose another`, out);
    return;
  }
  if (state.transfers.length >= transfersMax) {
    fail(job, 'busy', 'too many exports and imports wait: try again a little later', out);
    return;
  }
  state.transfers.push(newTransfer(job, dueAt));
  if (state.transfers.length === 1) beginTransfer(state, now, out);
}

const newTransfer = (job: ExportStore | ImportStore, dueAt: number): Transfer => ({
  job,
  dueAt,
  correlation: 0,
  recordsCount: 0,
  bytes: 0,
  entries: [],
  at: 0,
  isChecked: false,
  rest: new Uint8Array(0),
  lines: { count: 0, isEnded: false },
});

function beginTransfer(state: JournalState, now: number, out: Outbox): void {
  let transfer = state.transfers[0];
  while (transfer !== undefined && transfer.dueAt <= now) {
    fail(transfer.job, 'deadline', 'its time was over before it began', out);
    state.transfers.shift();
    transfer = state.transfers[0];
  }
  if (transfer === undefined) return;
  if (transfer.job.type === 'import-store') {
    readPiece(state, transfer, out);
    return;
  }
  const entries: Entry[] = [];
  const wallNow = wallClock(state, now);
  state.records.visitAfter('', 0, (entry) => {
    if (!isExpired(entry, wallNow)) entries.push(entry);
    return true;
  });
  transfer.entries = entries;
  writePiece(state, transfer, out);
}

function writePiece(state: JournalState, transfer: Transfer, out: Outbox): void {
  const isFirst = transfer.bytes === 0;
  let text = isFirst ? headerLine(wallClock(state, state.now)) : '';
  while (transfer.at < transfer.entries.length && text.length < pieceCharacters) {
    const { table, key, name, version, value, expiresAt } = transfer.entries[transfer.at++]!;
    text += recordLine({ table, key, name, version, value, expires: expiresAt });
  }
  transfer.lines.isEnded = transfer.at === transfer.entries.length;
  if (transfer.lines.isEnded) text += endLine(transfer.entries.length);
  const bytes = encoder.encode(text);
  transfer.bytes += bytes.length;
  const type = isFirst ? 'replace-file' : 'append-file';
  transfer.correlation = writeFile(state, type, transfer.job.file, bytes, bytes.length, out);
}

export function onTransferWritten(state: JournalState, transfer: Transfer, now: number, out: Outbox): void {
  if (!transfer.lines.isEnded) {
    writePiece(state, transfer, out);
    return;
  }
  const { job, bytes } = transfer;
  const recordsCount = transfer.entries.length;
  answer(job, { type: 'store-exported', correlation: job.correlation, file: job.file, recordsCount, bytes }, out);
  endTransfer(state, now, out);
}

function readPiece(state: JournalState, transfer: Transfer, out: Outbox): void {
  const correlation = diskCorrelation(state, out);
  transfer.correlation = correlation;
  out.send(state.config.disk!.port, {
    type: 'read-file',
    replyTo: state.self,
    correlation,
    file: transfer.job.file,
    offset: transfer.bytes,
    bytesMax: pieceCharacters,
  });
}

/** Returns records to be added; the caller commits them. */
export function onTransferRead(
  state: JournalState,
  transfer: Transfer,
  piece: FileRead,
  now: number,
  out: Outbox,
): Entry[] | undefined {
  transfer.bytes += piece.end - piece.start;
  const isLast = piece.start === piece.end;
  const records = linesIn(transfer, piece, isLast);
  if (typeof records === 'string') {
    fail(transfer.job, 'invalid', `${transfer.job.file} was not imported: ${records}`, out);
    endTransfer(state, now, out);
    return undefined;
  }
  if (transfer.isChecked && records.length > 0) return records;
  if (!isLast) {
    readPiece(state, transfer, out);
  } else if (transfer.isChecked) {
    finishImport(state, transfer, now, out);
  } else {
    transfer.isChecked = true;
    transfer.bytes = 0;
    transfer.lines = { count: 0, isEnded: false };
    readPiece(state, transfer, out);
  }
  return undefined;
}

/** The records of the whole lines that are there now, or what is wrong. */
function linesIn(transfer: Transfer, { bytes, start, end }: FileRead, isLast: boolean): Entry[] | string {
  const all = new Uint8Array(transfer.rest.length + end - start);
  all.set(transfer.rest);
  all.set(bytes.subarray(start, end), transfer.rest.length);
  const entries: Entry[] = [];
  let at = 0;
  for (let next = all.indexOf(newline, at); next >= 0; next = all.indexOf(newline, at)) {
    const fault = onLine(transfer, decoder.decode(all.subarray(at, next)), entries);
    if (fault !== undefined) return fault;
    at = next + 1;
  }
  transfer.rest = all.slice(at);
  if (transfer.rest.length > lineCharactersMax) return 'a line is too long: this is not a file of exported records';
  if (isLast && !transfer.lines.isEnded) return 'the file is cut short, or is not there: take another copy';
  if (isLast && transfer.rest.length > 0) return 'the file goes on after its end: take another copy';
  return entries;
}

function onLine(transfer: Transfer, line: string, entries: Entry[]): string | undefined {
  const { lines } = transfer;
  const parsed = parseLine(line);
  if (parsed.kind === 'fault') return parsed.sentence;
  if (lines.isEnded) return 'the file goes on after its end: take another copy';
  if ((parsed.kind === 'header') !== (lines.count === 0)) return 'this is not a file of exported records';
  lines.count++;
  if (parsed.kind === 'end') {
    if (parsed.recordsCount !== lines.count - 2) return 'records are missing in the file: take another copy';
    lines.isEnded = true;
  }
  if (parsed.kind !== 'record') return undefined;
  const fault = recordFault(parsed.record);
  if (fault === undefined) entries.push(entryOf({ ...parsed.record, ttlMs: 0 }, parsed.record.expires));
  return fault;
}

function recordFault(record: ExportedRecord): string | undefined {
  if (!(Number.isSafeInteger(record.expires) && record.expires >= 0)) return 'the time of an expiry is no whole number';
  const records = [{ ...record, ttlMs: 0 }];
  return jobFault({ type: 'write-records', replyTo: 0 as never, correlation: 0, withinMs: 0, records, removals: [] });
}

export function onImportWritten(state: JournalState, addedCount: number, out: Outbox): void {
  const transfer = state.transfers[0]!;
  transfer.recordsCount += addedCount;
  readPiece(state, transfer, out);
}

export function onImportFailed(state: JournalState, code: StorageFailureCode, sentence: string, out: Outbox): void {
  const transfer = state.transfers.shift()!;
  const { recordsCount } = transfer;
  fail(transfer.job, code, `${sentence} ${recordsCount} records were added before; the import can be repeated.`, out);
  // The next one waits for the timer that follows every failure.
}

function finishImport(state: JournalState, { job, recordsCount }: Transfer, now: number, out: Outbox): void {
  answer(job, { type: 'store-imported', correlation: job.correlation, recordsCount }, out);
  endTransfer(state, now, out);
}

export function onTransferFailed(state: JournalState, failure: DiskFailed, now: number, out: Outbox): void {
  const { code, sentence } = troubleOf(failure);
  fail(state.transfers[0]!.job, code, sentence, out);
  endTransfer(state, now, out);
}

function endTransfer(state: JournalState, now: number, out: Outbox): void {
  state.transfers.shift();
  beginTransfer(state, now, out);
}

/** Begins the first one when nothing is under way. */
export function resumeTransfers(state: JournalState, now: number, out: Outbox): void {
  const isUnderWay = state.transfers[0] !== undefined && state.transfers[0].correlation !== 0;
  if (!isUnderWay) beginTransfer(state, now, out);
}

/** Whether there was such a one that had not begun. */
export function cancelTransfer(state: JournalState, isMeant: (job: Transfer['job']) => boolean, out: Outbox): boolean {
  const at = state.transfers.findIndex(({ job, correlation }) => correlation === 0 && isMeant(job));
  const [transfer] = at < 0 ? [] : state.transfers.splice(at, 1);
  if (transfer === undefined) return false;
  fail(transfer.job, 'cancelled', 'it was cancelled before it began', out);
  return true;
}
