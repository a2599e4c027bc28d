// A sorted table of members' keys that finds a key's owner, its first successor clockwise. The first 48 bits of each key
// lie as exact doubles in one Float64Array; the leading bits choose a bucket (about half a key each when keys are
// spread evenly) and a binary search ends inside it, so a search is O(1) for hashed keys and O(log N) for the worst ones.
//
//   bucketStarts  | 0 | 0 | 2 | 3 | 3 | ... | N |      2^b + 1 entries, 2^b >= 2N
//                           |   |
//   prefixes      | p0 | p1 | p2 | ...             |   8 bytes each, ties decided by the whole string in `keys`
import { digitAt } from './interval.ts';
import type { KeyHasher } from './key-hasher.ts';
import type { RingKey } from './ring-key.ts';

const prefixBits = 48;
const bucketBitsMax = 24;

export class KeyTable {
  /** Ascending and distinct; the array that was given, which must not change. */
  readonly keys: readonly RingKey[];
  readonly #prefixes: Float64Array;
  readonly #bucketStarts: Uint32Array;
  /** Multiplying a prefix by it leaves the bucket number. */
  readonly #bucketScale: number;

  /** Takes O(N) time and about 16 to 24 bytes a key. Throws when the keys are not strictly ascending. */
  constructor(keysAscending: readonly RingKey[]) {
    const count = keysAscending.length;
    const bucketBits = Math.min(bucketBitsMax, Math.ceil(Math.log2(count + 1)) + 1);
    const bucketsCount = 2 ** bucketBits;
    this.keys = keysAscending;
    this.#bucketScale = 2 ** (bucketBits - prefixBits);
    this.#prefixes = new Float64Array(count);
    this.#bucketStarts = new Uint32Array(bucketsCount + 1);
    let bucket = 0;
    for (let i = 0; i < count; i++) {
      const key = keysAscending[i]!;
      if (i > 0 && keysAscending[i - 1]! >= key)
        throw new RangeError(`key ${i} of the table is not above the one before`);
      const prefix = keyPrefix(key);
      this.#prefixes[i] = prefix;
      const last = Math.floor(prefix * this.#bucketScale);
      while (bucket < last) this.#bucketStarts[++bucket] = i;
    }
    while (bucket < bucketsCount) this.#bucketStarts[++bucket] = count;
  }

  get count(): number {
    return this.keys.length;
  }

  /** Index of the first member at or clockwise after `key`, wrapping to 0; -1 when the table is empty. */
  ownerIndex(key: RingKey): number {
    const index = this.#lowerBound(key);
    return index < this.keys.length ? index : this.keys.length === 0 ? -1 : 0;
  }

  /** The same for a name that was just hashed; its text is made only if a member's key begins with the same 48 bits. */
  ownerIndexOf(hasher: KeyHasher): number {
    const { prefix } = hasher;
    const bucket = Math.floor(prefix * this.#bucketScale);
    let low = this.#bucketStarts[bucket]!;
    let high = this.#bucketStarts[bucket + 1]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const found = this.#prefixes[middle]!;
      if (found === prefix) return this.ownerIndex(hasher.key);
      if (found < prefix) low = middle + 1;
      else high = middle;
    }
    return low < this.keys.length ? low : this.keys.length === 0 ? -1 : 0;
  }

  /** Index of `key` itself, or -1. */
  indexOf(key: RingKey): number {
    const index = this.#lowerBound(key);
    return this.keys[index] === key ? index : -1;
  }

  /** How many keys are below `key`. */
  #lowerBound(key: RingKey): number {
    const prefix = keyPrefix(key);
    const bucket = Math.floor(prefix * this.#bucketScale);
    let low = this.#bucketStarts[bucket]!;
    let high = this.#bucketStarts[bucket + 1]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const found = this.#prefixes[middle]!;
      if (found < prefix || (found === prefix && this.keys[middle]! < key)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The first 12 of 40 digits, 48 bits, exact in a double: keys stand in the order of their prefixes, where those differ. */
export function keyPrefix(key: RingKey): number {
  let high = 0;
  for (let i = 0; i < 6; i++) high = (high << 4) | digitAt(key, i);
  let low = 0;
  for (let i = 6; i < 12; i++) low = (low << 4) | digitAt(key, i);
  return high * 0x100_0000 + low;
}
