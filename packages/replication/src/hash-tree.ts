// The digests of the 65,536 buckets of the ring, and their sums over any run of buckets, with which two hosts find where they differ (the Merkle
// trees of *Dynamo*, 4.7; Merkle 1987). A digest is an exclusive or, so that a record is added and taken away alike. 3 x 4 bytes a bucket,
// allocated with the first record.
//
//   level 0   65,536 buckets   | b0 | b1 | ... | b15 | b16 ...
//   level 1    4,096 sums      |         s0          |  s1 ...
//   level 2      256 sums      |  of 16 sums of level 1  ...
import { bucketsCount, type RecordDigest } from '@chordial/storage/protocol';

const fanOutBits = 4;
const levelsCount = 3;

/** The sum of a run of buckets. */
export interface DigestSum {
  high: number;
  low: number;
  count: number;
}

interface Level {
  readonly highs: Uint32Array;
  readonly lows: Uint32Array;
  readonly counts: Uint32Array;
}

export class HashTree {
  #levels: readonly Level[] | undefined;
  #count = 0;

  /** Of all records. */
  get recordsCount(): number {
    return this.#count;
  }

  add(bucket: number, digest: RecordDigest): void {
    this.#change(bucket, digest[0], digest[1], 1);
  }

  remove(bucket: number, digest: RecordDigest): void {
    // What was never added would make the count wrap: a bucket without records stays as it is, and is found to differ.
    if (this.#levels === undefined || this.#levels[0]!.counts[bucket] === 0) return;
    this.#change(bucket, digest[0], digest[1], -1);
  }

  /** Puts the digest of a bucket in place of what was known of it. */
  set(bucket: number, high: number, low: number, count: number): void {
    if (this.#levels === undefined && count === 0) return;
    const [{ highs, lows, counts }] = this.#allocated();
    this.#change(bucket, highs[bucket]! ^ high, lows[bucket]! ^ low, count - counts[bucket]!);
  }

  /** The sum of the buckets first to last, both included; around the end of the ring when first > last. */
  sum(first: number, last: number): DigestSum {
    const sum = { high: 0, low: 0, count: 0 };
    if (first > last) {
      this.#addRun(first, bucketsCount, sum);
      this.#addRun(0, last + 1, sum);
    } else this.#addRun(first, last + 1, sum);
    sum.high >>>= 0;
    sum.low >>>= 0;
    return sum;
  }

  clear(): void {
    this.#levels = undefined;
    this.#count = 0;
  }

  #addRun(start: number, end: number, sum: DigestSum): void {
    const levels = this.#levels;
    if (levels === undefined) return;
    let at = start;
    while (at < end) {
      let level = 0;
      // The longest run that begins here and does not pass the end.
      while (level + 1 < levelsCount && isWhole(at, level + 1) && at + widthOf(level + 1) <= end) level++;
      const { highs, lows, counts } = levels[level]!;
      const index = at >>> (level * fanOutBits);
      sum.high ^= highs[index]!;
      sum.low ^= lows[index]!;
      sum.count += counts[index]!;
      at += widthOf(level);
    }
  }

  #change(bucket: number, high: number, low: number, count: number): void {
    this.#count += count;
    let index = bucket;
    for (const { highs, lows, counts } of this.#allocated()) {
      highs[index]! ^= high;
      lows[index]! ^= low;
      counts[index]! += count;
      index >>>= fanOutBits;
    }
  }

  #allocated(): readonly [Level, ...Level[]] {
    this.#levels ??= Array.from({ length: levelsCount }, (_, level) => {
      const length = bucketsCount >>> (level * fanOutBits);
      return { highs: new Uint32Array(length), lows: new Uint32Array(length), counts: new Uint32Array(length) };
    });
    return this.#levels as readonly [Level, ...Level[]];
  }
}

const widthOf = (level: number): number => 1 << (level * fanOutBits);
const isWhole = (at: number, level: number): boolean => (at & (widthOf(level) - 1)) === 0;
