// The answering side of repair. Each message costs a bounded amount of work and is refused while there is too much of it, so that a host that lacks
// everything cannot harm the hosts that it learns from.
import type { Outbox } from '@chordial/actor';
import { parseRingKey, type RingKey } from '@chordial/ring-key';
import { bucketsCount, type StorageFailed } from '@chordial/storage/protocol';
import type { ComparePieces, RangePiece, StoreCopies } from './protocol.ts';
import { listedCharacters, type Scanned, startScan } from './repair-scan.ts';
import { moved } from './repair-throttle.ts';
import { startHeal } from './replica-healing.ts';
import { batchOf, isFullOfBatches, isPassing, keepBatch, recordFault } from './replica-keeping.ts';
import { charactersOfAll, refuseReplica, servingMax } from './replica-reading.ts';
import type { Answering, Batch, ReplicaState } from './replica-state.ts';
import { addDigest, bucketsOf, equalSums, isLoaded, lastKeyOf, sumOf, verifyTree } from './replica-tree.ts';

export const piecesPerMessageMax = 16;
const piecesPerCut = 16;
/** Below it on both sides a listing is cheaper than cutting. */
const recordsFew = 64;
/** Of one answer. */
const scansMax = 8;
const answerCharactersMax = 15_000;
export const recordsPerMessageMax = 200;
/** Copies of coordinators under way above which repair holds back. */
const copiesUnderWayMany = 500;
const batchesMany = 8;

export function onComparePieces(state: ReplicaState, message: ComparePieces, now: number, out: Outbox): void {
  const { pieces } = message;
  if (!isLoaded(state.tree)) return refuseReplica(state, message, 'starting', 'the digests are being read', out);
  if (state.servingCount >= servingMax)
    return refuseReplica(state, message, 'busy', 'much is being compared already: ask again', out);
  const areKeys = pieces.every(([from, to]) => parseRingKey(from) !== undefined && parseRingKey(to) !== undefined);
  if (pieces.length > piecesPerMessageMax || !areKeys) {
    const sentence = `compare at most ${piecesPerMessageMax} pieces between keys at once`;
    return refuseReplica(state, message, 'invalid', sentence, out);
  }
  state.servingCount++;
  compareOn(state, { message, at: 0, scansCount: 0, characters: 0, pieces: [], listings: [] }, now, out);
}

/** Compares piece after piece until one has to be read from the store, or all are done. */
function compareOn(state: ReplicaState, answering: Answering, now: number, out: Outbox): void {
  const { message, pieces, listings } = answering;
  while (answering.at < message.pieces.length) {
    const [from, to, high, low, count] = message.pieces[answering.at++]!;
    const own = sumOf(state, from, to);
    if (own !== undefined && count >= 0 && equalSums(own, { high, low, count })) continue;
    const buckets = bucketsOf(from, to);
    const isFew = own !== undefined && own.count <= recordsFew && count >= 0 && count <= recordsFew;
    if (buckets !== undefined && buckets.count > 1 && !isFew) pieces.push(...cutSmaller(state, buckets));
    else if (answering.scansCount >= scansMax || answering.characters >= answerCharactersMax)
      pieces.push(digested(state, from, to));
    else {
      answering.scansCount++;
      startScan(state, from, to, { kind: 'answer', answering }, now, out);
      return;
    }
  }
  state.servingCount--;
  const { session, correlation, replyTo } = message;
  out.send(replyTo, { type: 'pieces-compared', session, correlation, pieces, listings });
}

function cutSmaller(state: ReplicaState, { first, count }: { first: number; count: number }): RangePiece[] {
  const width = Math.ceil(count / piecesPerCut);
  const pieces: RangePiece[] = [];
  for (let at = 0; at < count; at += width) {
    const end = Math.min(at + width, count);
    const last = (first + end - 1) % bucketsCount;
    pieces.push(digested(state, lastKeyOf((first + at - 1 + bucketsCount) % bucketsCount), lastKeyOf(last)));
  }
  return pieces;
}

/** A piece with the own digest; a count of -1 says that it is not known. */
export function digested(state: ReplicaState, from: RingKey, to: RingKey): RangePiece {
  const { high, low, count } = sumOf(state, from, to) ?? { high: 0, low: 0, count: -1 };
  return [from, to, high, low, count];
}

export function onAnswerScanned(
  state: ReplicaState,
  answering: Answering,
  { scan, end, isWhole }: Scanned,
  now: number,
  out: Outbox,
): void {
  const { from, to, listed, damaged } = scan;
  const [, , high, low, count] = answering.message.pieces[answering.at - 1]!;
  for (const name of damaged) startHeal(state, name, now, out);
  const own = { high: 0, low: 0, count: 0 };
  for (const record of listed) addDigest(own, ...record);
  if (isWhole) verifyTree(state, from, to, listed);
  if (!isWhole || count < 0 || !equalSums(own, { high, low, count })) {
    answering.listings.push([from, end, listed]);
    answering.characters += listedCharacters(listed);
    if (!isWhole) answering.pieces.push([end, to, 0, 0, -1]);
  }
  compareOn(state, answering, now, out);
}

export function onAnswerFailed(state: ReplicaState, { message }: Answering, failed: StorageFailed, out: Outbox): void {
  state.servingCount--;
  refuseReplica(state, message, failed.code, failed.sentence, out);
}

// --- copies that come ---------------------------------------------------------------------------------------------------------------

export function onStoreCopies(state: ReplicaState, message: StoreCopies, now: number, out: Outbox): void {
  const { records, replyTo, correlation } = message;
  if (isFullOfBatches(state)) {
    const trouble = 'much is being kept already: send it again';
    out.send(replyTo, { type: 'copies-stored', correlation, pauseMs: 500, trouble, skippedCount: 0 });
    return;
  }
  if (records.length > recordsPerMessageMax) {
    const trouble = `send at most ${recordsPerMessageMax} copies at once`;
    out.send(replyTo, { type: 'copies-stored', correlation, pauseMs: 0, trouble, skippedCount: 0 });
    return;
  }
  let fault = '';
  // One that cannot be kept must not keep the others from it.
  const good = records.filter((record) => {
    const one = recordFault(record);
    fault ||= one;
    return one === '';
  });
  moved(state, charactersOfAll(good), now);
  state.counts.takenCount += good.length;
  const skippedCount = records.length - good.length;
  keepBatch(state, batchOf(good, { kind: 'store-copies', message }, skippedCount, fault), now, out);
}

export function onCopiesKept(state: ReplicaState, message: StoreCopies, batch: Batch, out: Outbox): void {
  const { replyTo, correlation } = message;
  const { code, skippedCount, skippedFault } = batch;
  const skipped = skippedCount === 0 ? '' : `${skippedCount} of the copies cannot be kept: ${skippedFault}`;
  const trouble = batch.trouble === '' ? skipped : batch.trouble;
  // With a pause it is to be sent again.
  const pauseMs = isPassing(code) ? 500 : pauseMsOf(state);
  out.send(replyTo, {
    type: 'copies-stored',
    correlation,
    pauseMs: trouble === '' || isPassing(code) ? pauseMs : 0,
    trouble,
    skippedCount: batch.trouble === '' ? skippedCount : 0,
  });
}

/** How long whoever sends copies should hold back, so that those of coordinators go first. */
function pauseMsOf({ copiesUnderWay, batchesWaiting }: ReplicaState): number {
  if (copiesUnderWay > copiesUnderWayMany) return 300;
  return batchesWaiting.length > batchesMany ? 100 : 0;
}
