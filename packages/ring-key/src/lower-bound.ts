// The search in a list that is sorted by key and used too seldom, or changed too often, to make a `KeyTable` of it.
import type { RingKey } from './ring-key.ts';

/** Index of the first at or clockwise after `key`; the count when there is none before the end. O(log N) comparisons of texts. */
export function lowerBound(sorted: readonly { readonly key: RingKey }[], key: RingKey): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]!.key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
