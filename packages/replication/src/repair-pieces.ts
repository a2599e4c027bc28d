// What a range is compared by: its whole buckets, whose digests are in the tree, and what is left of a bucket at either end.
import { betweenRightClosed, type RingKey } from '@chordial/ring-key';
import { bucketOf } from '@chordial/storage/protocol';
import type { Piece } from './repair-state.ts';
import { isBucketEnd, lastKeyOf } from './replica-tree.ts';

const wholeRing = lastKeyOf(-1);

/** (from, to], cut at the first and the last end of a bucket in it, and at the end of the ring. */
export function piecesOf(from: RingKey, to: RingKey): Piece[] {
  if (from === to) return [pieceOf(wholeRing, wholeRing)];
  const firstEnd = isBucketEnd(from) ? from : lastKeyOf(bucketOf(from));
  const lastEnd = isBucketEnd(to) ? to : lastKeyOf(bucketOf(to) - 1);
  // No end of a bucket lies within, or the only one is at an end of the range.
  const isWithin = (key: RingKey): boolean => key === from || betweenRightClosed(from, key, to);
  if (!isWithin(firstEnd) || !isWithin(lastEnd) || isTurnedRound(from, firstEnd, lastEnd)) return [pieceOf(from, to)];
  const pieces: Piece[] = [];
  if (firstEnd !== from) pieces.push(pieceOf(from, firstEnd));
  if (firstEnd !== lastEnd) {
    const passesEnd = firstEnd > lastEnd && firstEnd !== wholeRing && lastEnd !== wholeRing;
    if (passesEnd) pieces.push(pieceOf(firstEnd, wholeRing), pieceOf(wholeRing, lastEnd));
    else pieces.push(pieceOf(firstEnd, lastEnd));
  }
  if (lastEnd !== to) pieces.push(pieceOf(lastEnd, to));
  return pieces;
}

/** Whether the last end comes before the first one, clockwise from `from`. */
const isTurnedRound = (from: RingKey, firstEnd: RingKey, lastEnd: RingKey): boolean =>
  firstEnd !== lastEnd && lastEnd !== from && firstEnd !== from && betweenRightClosed(from, lastEnd, firstEnd);

export const pieceOf = (from: RingKey, to: RingKey): Piece => ({ from, to, measured: undefined });
