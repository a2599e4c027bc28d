// A session makes a range the same here and on one other host. It compares digests of ever smaller pieces, then listings; what the other host has
// and this one lacks is fetched, what it lacks is sent, and what both changed is fetched, merged and sent. Four messages or jobs at a time.
import type { Outbox } from '@chordial/actor';
import { betweenRightClosed } from '@chordial/ring-key';
import type { RecordName, StoredRecord } from '@chordial/storage/protocol';
import type {
  CopiesFetched,
  CopiesStored,
  CopyRefused,
  PiecesCompared,
  RangePiece,
  ReplicaMessage,
} from './protocol.ts';
import { digested, piecesPerMessageMax } from './repair-answers.ts';
import { askReplica } from './repair-asking.ts';
import { pieceOf } from './repair-pieces.ts';
import { type Scanned, startScan } from './repair-scan.ts';
import type { Session } from './repair-state.ts';
import { mayMove, moved } from './repair-throttle.ts';
import { startHeal } from './replica-healing.ts';
import { askStore } from './replica-jobs.ts';
import { batchOf, isPassing, keepBatch, noteSkipped, recordFault } from './replica-keeping.ts';
import { charactersOfAll, fittingRecords } from './replica-reading.ts';
import { type Batch, type ListedRecord, mapName, type ReplicaState } from './replica-state.ts';
import { addDigest, bucketsOf, equalSums, sumOf, verifyTree } from './replica-tree.ts';
import { compareVersions } from './versions.ts';

/** Messages and jobs of a session that are under way at a time. */
const windowMax = 4;
/** Jobs of the own store for all sessions, so that a copy of a coordinator does not wait behind many. */
const workingMax = 12;
const namesPerQuestion = 100;
/** Names to be fetched or sent above which nothing more is compared. */
const namesMany = 1_000;
/** Pieces are gone into one after another. */
const piecesMax = 10_000;
/** A host that refuses so often without an answer between cannot take part. */
const refusalsMax = 240;
const refusedPauseMs = 250;

/** Does what there is to do, as far as the window and the allowance let it. */
export function pump(state: ReplicaState, session: Session, now: number, out: Outbox): void {
  if (session.trouble !== '' || now < session.pausedUntil) return;
  while (session.asked + session.working < windowMax) {
    const hasAllowance = mayMove(state, now);
    const mayWork = workingCount(state) < workingMax;
    if (session.pushes.length > 0 && hasAllowance && mayWork) readPushes(state, session, now, out);
    else if (session.fetches.length > 0 && hasAllowance) fetchSome(state, session, now, out);
    else if (session.pushes.length + session.fetches.length > namesMany) return;
    else if (session.listings.length > 0 && mayWork) readListed(state, session, now, out);
    else if (session.pieces.length > 0 && mayWork) comparePieces(state, session, now, out);
    else return;
  }
}

function workingCount({ sessions }: ReplicaState): number {
  let count = 0;
  for (const { working } of sessions.values()) count += working;
  return count;
}

export const isDone = (session: Session): boolean =>
  session.trouble !== '' ||
  (session.asked + session.working + session.pushes.length + session.fetches.length === 0 &&
    session.listings.length + session.pieces.length === 0);

function ask(
  state: ReplicaState,
  session: Session,
  question: Parameters<typeof askReplica>[3],
  now: number,
  out: Outbox,
) {
  session.asked++;
  askReplica(state, session.host, { kind: 'session', session: session.id }, question, now, out);
}

// --- comparing --------------------------------------------------------------------------------------------------------------------

function comparePieces(state: ReplicaState, session: Session, now: number, out: Outbox): void {
  const pieces: RangePiece[] = [];
  while (pieces.length < piecesPerMessageMax) {
    const piece = session.pieces.pop();
    if (piece === undefined) break;
    const { from, to, measured } = piece;
    if (measured !== undefined) pieces.push([from, to, measured.high, measured.low, measured.count]);
    else if (bucketsOf(from, to) !== undefined) pieces.push(digested(state, from, to));
    else {
      session.working++;
      startScan(state, from, to, { kind: 'measure', session: session.id, theirs: [] }, now, out);
      break;
    }
  }
  if (pieces.length > 0) ask(state, session, { type: 'compare-pieces', session: session.id, pieces }, now, out);
}

/** A piece of a bucket was read: its digest, or none where there is too much in it. */
export function onMeasured(state: ReplicaState, session: Session, { scan, isWhole }: Scanned): void {
  session.working--;
  const { from, to, listed } = scan;
  const sum = { high: 0, low: 0, count: 0 };
  for (const record of listed) addDigest(sum, ...record);
  if (isWhole) verifyTree(state, from, to, listed);
  session.pieces.push({ from, to, measured: isWhole ? sum : { high: 0, low: 0, count: -1 } });
}

export function onPiecesCompared(state: ReplicaState, session: Session, { pieces, listings }: PiecesCompared): void {
  for (const [from, to, high, low, count] of pieces) {
    const own = sumOf(state, from, to);
    if (session.isOneWay && own?.count === 0) continue;
    if (own === undefined || count < 0 || !equalSums(own, { high, low, count })) session.pieces.push(pieceOf(from, to));
  }
  session.listings.push(...listings);
  // Only who lies has so many.
  if (session.pieces.length > piecesMax) session.trouble ||= `host ${session.host} compares without end`;
}

function readListed(state: ReplicaState, session: Session, now: number, out: Outbox): void {
  const [from, to, theirs] = session.listings.pop()!;
  session.working++;
  startScan(state, from, to, { kind: 'compare', session: session.id, theirs }, now, out);
}

/** Both listings of (from, end] are here. */
export function onListed(
  state: ReplicaState,
  session: Session,
  { scan, end, isWhole }: Scanned,
  theirs: readonly ListedRecord[],
  now: number,
  out: Outbox,
): void {
  session.working--;
  const { from, to, listed, damaged } = scan;
  const own = new Map(listed.map((record) => [mapName(record[0], record[1]), record]));
  const later: ListedRecord[] = [];
  for (const record of theirs) {
    const [table, key, version] = record;
    if (!isWhole && !betweenRightClosed(from, key, end)) {
      later.push(record);
      continue;
    }
    const name = mapName(table, key);
    const mine = own.get(name);
    own.delete(name);
    if (mine === undefined) fetchLater(session, [table, key]);
    else if (mine[2] !== version) settleDifference(session, [table, key], mine[2], version);
  }
  for (const [table, key] of own.values()) session.pushes.push([table, key]);
  if (isWhole) verifyTree(state, from, to, listed);
  else session.listings.push([end, to, later]);
  for (const [table, key] of damaged)
    if (!theirs.some((record) => record[0] === table && record[1] === key)) startHeal(state, [table, key], now, out);
}

function settleDifference(session: Session, name: RecordName, mine: string, theirs: string): void {
  const order = compareVersions(mine, theirs);
  if (order === 'covers' || (order === 'concurrent' && session.isOneWay)) session.pushes.push(name);
  else if (order === 'covered') fetchLater(session, name);
  else if (order === 'concurrent') {
    session.merging.add(mapName(...name));
    session.fetches.push(name);
  }
}

function fetchLater(session: Session, name: RecordName): void {
  if (!session.isOneWay) session.fetches.push(name);
}

// --- taking -----------------------------------------------------------------------------------------------------------------------

function fetchSome(state: ReplicaState, session: Session, now: number, out: Outbox): void {
  const names = session.fetches.splice(-namesPerQuestion);
  ask(state, session, { type: 'fetch-copies', names }, now, out);
}

export function onCopiesFetched(
  state: ReplicaState,
  session: Session,
  names: readonly RecordName[],
  { records }: CopiesFetched,
  now: number,
  out: Outbox,
): void {
  const asked = new Map(names.map((name, i) => [mapName(...name), i]));
  const good: StoredRecord[] = [];
  let last = -1;
  for (const record of records) {
    const fault = recordFault(record);
    if (fault !== '') {
      noteSkipped(state, 1, fault);
      continue;
    }
    const index = asked.get(mapName(record.table, record.key));
    if (index === undefined) continue;
    last = Math.max(last, index);
    good.push(record);
  }
  // What comes after the last one did not fit; what is missing before it is gone, and so is all when nothing comes.
  if (last >= 0) session.fetches.push(...names.slice(last + 1));
  else for (const name of names) session.merging.delete(mapName(...name));
  moved(state, charactersOfAll(good), now);
  session.takenCount += good.length;
  state.counts.takenCount += good.length;
  session.working++;
  const from = { kind: 'session', session: session.id } as const;
  keepBatch(state, batchOf(good, from), now, out);
}

export function onFetchedKept(state: ReplicaState, session: Session, batch: Batch, now: number): void {
  const { records, trouble, code, skippedCount, skippedFault } = batch;
  session.working--;
  noteSkipped(state, skippedCount, skippedFault);
  if (trouble !== '' && isPassing(code)) {
    // Perhaps some are kept: all are fetched again.
    session.pausedUntil = now + refusedPauseMs;
    session.fetches.push(...records.map(({ table, key }) => [table, key] as const));
    countRefusal(session, `the own store: ${trouble}`);
    return;
  }
  if (trouble !== '') session.trouble = `the own store keeps nothing: ${trouble}`;
  for (const { table, key } of records)
    if (session.merging.delete(mapName(table, key))) session.pushes.push([table, key]);
}

// --- sending ----------------------------------------------------------------------------------------------------------------------

function readPushes(state: ReplicaState, session: Session, now: number, out: Outbox): void {
  const names = session.pushes.splice(-namesPerQuestion);
  session.working++;
  askStore(state, { type: 'read-records', names }, { kind: 'push', session: session.id, names }, now, out);
}

export function onPushesRead(
  state: ReplicaState,
  session: Session,
  records: readonly (StoredRecord | undefined)[],
  now: number,
  out: Outbox,
): void {
  session.working--;
  const { fitting, others } = fittingRecords(records);
  session.pushes.push(...others);
  if (fitting.length === 0) return;
  moved(state, charactersOfAll(fitting), now);
  session.sentCount += fitting.length;
  state.counts.sentCount += fitting.length;
  ask(state, session, { type: 'store-copies', records: fitting }, now, out);
}

export function onCopiesStored(
  state: ReplicaState,
  session: Session,
  message: ReplicaMessage,
  { pauseMs, trouble, skippedCount }: CopiesStored,
  now: number,
): void {
  if (pauseMs > 0) session.pausedUntil = now + Math.min(pauseMs, 5_000);
  if (trouble === '') return;
  if (pauseMs > 0) refused(session, message, trouble);
  else if (skippedCount > 0) noteSkipped(state, skippedCount, `host ${session.host}: ${trouble}`);
  else session.trouble = `host ${session.host} keeps nothing: ${trouble}`;
}

// --- refusals -----------------------------------------------------------------------------------------------------------------------

export function onSessionRefused(
  session: Session,
  message: ReplicaMessage,
  { code, sentence }: CopyRefused,
  now: number,
) {
  session.pausedUntil = now + refusedPauseMs;
  if (code === 'invalid') session.trouble = `host ${session.host} refuses: ${sentence}`;
  else refused(session, message, sentence);
}

/** What was asked is asked again later. */
function refused(session: Session, message: ReplicaMessage, sentence: string): void {
  countRefusal(session, `host ${session.host} refuses: ${sentence}`);
  if (message.type === 'compare-pieces')
    for (const [from, to] of message.pieces) session.pieces.push(pieceOf(from, to));
  else if (message.type === 'fetch-copies') session.fetches.push(...message.names);
  else if (message.type === 'store-copies')
    for (const { table, key } of message.records) session.pushes.push([table, key]);
}

function countRefusal(session: Session, sentence: string): void {
  session.refusalsCount++;
  if (session.refusalsCount > refusalsMax) session.trouble = sentence;
}
