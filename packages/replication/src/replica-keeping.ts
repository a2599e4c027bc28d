// Keeping copies: what a copy makes together with what is there is written, and whoever sent it is told after the commit. Copies of one name are
// kept one after another; those that come while one is being written are merged and written together. Nothing is written that the store
// has already.
import type { Outbox } from '@chordial/actor';
import { parseRingKey } from '@chordial/ring-key';
import {
  bucketOf,
  nameCharactersMax,
  type RecordName,
  type RecordsRead,
  type StoredRecord,
  valueCharactersMax,
} from '@chordial/storage/protocol';
import type { CopyRefused, StoreCopy } from './protocol.ts';
import { aliveRecord } from './replica-cache.ts';
import { askStore } from './replica-jobs.ts';
import {
  type Batch,
  copiesUnderWayMax,
  type Entry,
  mapName,
  type Party,
  type ReplicaState,
  type Waiting,
} from './replica-state.ts';
import { doubt, writeBegins, writeEnds, writeFails } from './replica-tree.ts';
import { copyFault, isCrowded, type Losses, mergedCopy, siblingsCountOf } from './versions.ts';

/** Batches of repair at the store at a time, so that a single copy is not behind many. */
export const batchesRunningMax = 3;
export const batchesWaitingMax = 64;
/** Of one batch in one job. */
const recordsPerWriteMax = 200;

export interface Failure {
  readonly code: string;
  readonly sentence: string;
}

export function onStoreCopy(state: ReplicaState, message: StoreCopy, now: number, out: Outbox): void {
  const { table, key, name, version, value, ttlMs, replyTo, correlation, hintFor } = message;
  const record: StoredRecord = { table, key, name, version, value, ttlMs };
  const fault = recordFault(record);
  const party: Party = { kind: 'copy', replyTo, correlation, hintFor };
  if (fault !== '') return refuse(state, party, { code: 'invalid', sentence: fault }, out);
  if (state.copiesUnderWay >= copiesUnderWayMax)
    return refuse(state, party, { code: 'busy', sentence: 'too many copies are being kept: try again' }, out);
  state.copiesUnderWay++;
  keep(state, [{ record, party }], now, out);
}

/** An empty sentence for a record that can be kept. */
export function recordFault(record: StoredRecord): string {
  if (typeof record !== 'object' || record === null) return 'a record has fields';
  const { table, key, name, value } = record;
  if (!(Number.isInteger(table) && table >= 1 && table <= 255)) return 'a table is 1 to 255';
  if (typeof key !== 'string' || parseRingKey(key) === undefined) return 'a key is 40 lower-case hexadecimal digits';
  if (typeof name !== 'string' || name.length > nameCharactersMax)
    return `a name is a text of at most ${nameCharactersMax} characters`;
  const fault = copyFault(record);
  if (fault !== '') return fault;
  if (value.length > valueCharactersMax)
    return `a value has at most ${valueCharactersMax} characters with its siblings`;
  return name.isWellFormed() && value.isWellFormed() ? '' : 'a text has half a surrogate pair: write bytes as base64';
}

/** Begins with the copies whose names are free; the others wait for theirs. */
function keep(
  state: ReplicaState,
  copies: readonly { record: StoredRecord; party: Party }[],
  now: number,
  out: Outbox,
) {
  const entries: Entry[] = [];
  for (const { record, party } of copies) {
    const name = mapName(record.table, record.key);
    const waiting = state.busy.get(name);
    if (waiting !== undefined) {
      waiting.push({ record, party });
      continue;
    }
    state.busy.set(name, []);
    entries.push(entryOf(name, [{ record, party }]));
  }
  for (let i = 0; i < entries.length; i += recordsPerWriteMax)
    begin(state, entries.slice(i, i + recordsPerWriteMax), now, out);
}

/** All of one name. */
const entryOf = (name: string, parties: readonly [Waiting, ...Waiting[]]): Entry => ({
  name,
  table: parties[0].record.table,
  key: parties[0].record.key,
  bucket: bucketOf(parties[0].record.key),
  parties,
  stored: undefined,
  isRead: false,
  isDamaged: false,
  after: undefined,
  expiresAt: 0,
});

function begin(state: ReplicaState, entries: readonly Entry[], now: number, out: Outbox): void {
  const unread: RecordName[] = [];
  for (const entry of entries) {
    if (entry.isRead) continue;
    entry.stored = state.cache.get(entry.name);
    entry.isRead = entry.stored !== undefined;
    if (!entry.isRead) unread.push([entry.table, entry.key]);
  }
  if (unread.length === 0) write(state, entries, now, out);
  else askStore(state, { type: 'read-records', names: unread }, { kind: 'read', entries }, now, out);
}

export function onEntriesRead(
  state: ReplicaState,
  entries: readonly Entry[],
  { records, damaged }: RecordsRead,
  now: number,
  out: Outbox,
): void {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  for (const record of records) {
    if (record === undefined) continue;
    const entry = byName.get(mapName(record.table, record.key));
    if (entry !== undefined) entry.stored = { record, expiresAt: record.ttlMs === 0 ? 0 : now + record.ttlMs };
  }
  for (const [table, key] of damaged) {
    const entry = byName.get(mapName(table, key));
    if (entry !== undefined) entry.isDamaged = true;
  }
  for (const entry of entries) entry.isRead = true;
  write(state, entries, now, out);
}

function write(state: ReplicaState, entries: readonly Entry[], now: number, out: Outbox): void {
  const written: Entry[] = [];
  for (const entry of entries) {
    const current = entry.stored === undefined ? undefined : aliveRecord(entry.stored, now);
    const after = mergeParties(state, entry, current, out);
    entry.after = after;
    if (after === undefined || after === current) {
      finish(state, entry, undefined, now, out);
      continue;
    }
    entry.expiresAt = after.ttlMs === 0 ? 0 : now + after.ttlMs;
    writeBegins(state, entry.bucket);
    written.push(entry);
  }
  const [first] = written;
  if (first === undefined) return;
  const job = { kind: 'write', entries: written } as const;
  if (written.length === 1) askStore(state, { type: 'write-record', ...first.after! }, job, now, out);
  else {
    const records = written.map(({ after }) => after!);
    askStore(state, { type: 'write-records', records, removals: [] }, job, now, out);
  }
}

/** What all copies that came for a name make together with what is there. Whose write would take another's room is refused. */
function mergeParties(state: ReplicaState, entry: Entry, current: StoredRecord | undefined, out: Outbox) {
  let after = current;
  const kept: Waiting[] = [];
  for (const waiting of entry.parties) {
    const { record, party } = waiting;
    losses.count = 0;
    const next = after === undefined ? record : mergedCopy(after, record, losses);
    const isMerged = next !== after && next !== record;
    if (isMerged && party.kind === 'copy' && (losses.count > 0 || takesRoom(after!, record, next))) {
      state.copiesUnderWay--;
      refuse(state, party, { code: 'siblings', sentence: siblingsSentence }, out);
      continue;
    }
    state.counts.siblingsLostCount += losses.count;
    noteSkipped(state, losses.count, lossesSentence);
    after = next;
    kept.push(waiting);
  }
  entry.parties = kept;
  return after;
}
const losses: Losses = { count: 0 };
const lossesSentence =
  'a record has more values beside each other than it may, or longer ones, and the oldest are gone: see siblingsLostCount of the replica';
const siblingsSentence =
  'too many values stand beside each other in this record, or too long ones: get it, merge them, and put that with its context';

/** Whether a write leaves less room than there must be for what another part of the ring may have written meanwhile. */
const takesRoom = (before: StoredRecord, written: StoredRecord, after: StoredRecord): boolean =>
  siblingsCountOf(written) === 1 &&
  isCrowded(after) &&
  (siblingsCountOf(after) > siblingsCountOf(before) || after.value.length > before.value.length);

export function onEntriesWritten(state: ReplicaState, entries: readonly Entry[], now: number, out: Outbox): void {
  for (const entry of entries) {
    writeEnds(state, entry.bucket, entry.stored?.record, entry.after);
    // Of a damaged record nobody knows which digest it had.
    if (entry.isDamaged) {
      state.counts.healedCount++;
      doubt(state, entry.bucket);
    }
    state.cache.put(entry.name, entry.after!, entry.expiresAt);
    finish(state, entry, undefined, now, out);
  }
}

/** A read or a write of these failed. */
export function onEntriesFailed(
  state: ReplicaState,
  entries: readonly Entry[],
  isWrite: boolean,
  failure: Failure,
  now: number,
  out: Outbox,
): void {
  for (const entry of entries) {
    if (!isWrite) continue;
    writeFails(state, entry.bucket);
    // It may have been written all the same.
    if (failure.code !== 'unavailable') continue;
    state.cache.delete(entry.name);
    doubt(state, entry.bucket);
    entry.isRead = false;
  }
  // One record that the store does not take must not keep the others from it.
  if (failure.code === 'invalid' && entries.length > 1) for (const entry of entries) begin(state, [entry], now, out);
  else for (const entry of entries) finish(state, entry, failure, now, out);
}

/** Tells whoever waits, and begins with what came for the name meanwhile. */
function finish(state: ReplicaState, entry: Entry, failure: Failure | undefined, now: number, out: Outbox): void {
  for (const { party } of entry.parties) {
    if (party.kind === 'batch') batchStep(state, party.batch, failure);
    else {
      state.copiesUnderWay--;
      if (failure === undefined) stored(state, entry, party, out);
      else refuse(state, party, failure, out);
    }
  }
  releaseName(state, entry.name, now, out);
}

export function releaseName(state: ReplicaState, name: string, now: number, out: Outbox): void {
  const waiting = state.busy.get(name);
  const [first, ...others] = waiting ?? [];
  if (first === undefined) {
    state.busy.delete(name);
    return;
  }
  state.busy.set(name, []);
  begin(state, [entryOf(name, [first, ...others])], now, out);
}

function stored(state: ReplicaState, entry: Entry, party: Extract<Party, { kind: 'copy' }>, out: Outbox): void {
  const { correlation, replyTo, hintFor } = party;
  const { host } = state.config;
  state.counts.keptCount++;
  if (hintFor !== 0 && hintFor !== host) state.hintsNew.push([hintFor, entry.name, [entry.table, entry.key]]);
  out.send(replyTo, { type: 'copy-stored', correlation, host, version: entry.after!.version });
}

function refuse(
  state: ReplicaState,
  { replyTo, correlation }: Extract<Party, { kind: 'copy' }>,
  { code, sentence }: Failure,
  out: Outbox,
): void {
  state.counts.refusedCount++;
  const refused: CopyRefused = { type: 'copy-refused', correlation, host: state.config.host, code, sentence };
  out.send(replyTo, refused);
}

/** Whether what the store refuses now it may take soon. */
export const isPassing = (code: string): boolean =>
  code === 'busy' || code === 'deadline' || code === 'unavailable' || code === 'cancelled';

// --- batches ----------------------------------------------------------------------------------------------------------------------

export const batchOf = (
  records: readonly StoredRecord[],
  from: Batch['from'],
  skippedCount = 0,
  fault = '',
): Batch => ({
  records,
  left: records.length,
  trouble: '',
  code: '',
  skippedCount,
  skippedFault: fault,
  from,
});

/** So many copies were left out of repair, and the operator hears of it. */
export function noteSkipped({ counts, healing }: ReplicaState, count: number, fault: string): void {
  counts.skippedCount += count;
  if (count > 0) healing.skippedFault = fault;
}

/** Keeps records that came together, after those that came before; `batchesDone` has it when it is over. */
export function keepBatch(state: ReplicaState, batch: Batch, now: number, out: Outbox): void {
  if (batch.records.length === 0) {
    state.batchesDone.push(batch);
    return;
  }
  if (state.batchesRunning >= batchesRunningMax) {
    state.batchesWaiting.push(batch);
    return;
  }
  state.batchesRunning++;
  const party: Party = { kind: 'batch', batch };
  keep(
    state,
    batch.records.map((record) => ({ record, party })),
    now,
    out,
  );
}

export const isFullOfBatches = ({ batchesWaiting }: ReplicaState): boolean =>
  batchesWaiting.length >= batchesWaitingMax;

/** Once a step: batches that may begin now. */
export function beginBatches(state: ReplicaState, now: number, out: Outbox): void {
  while (state.batchesRunning < batchesRunningMax) {
    const batch = state.batchesWaiting.shift();
    if (batch === undefined) return;
    keepBatch(state, batch, now, out);
  }
}

function batchStep(state: ReplicaState, batch: Batch, failure: Failure | undefined): void {
  if (failure?.code === 'invalid') {
    batch.skippedCount++;
    batch.skippedFault = failure.sentence;
  } else if (failure !== undefined) {
    batch.trouble = failure.sentence;
    batch.code = failure.code;
  }
  if (--batch.left > 0) return;
  state.batchesRunning--;
  state.batchesDone.push(batch);
}
