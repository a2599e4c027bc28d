// The records of a journal in memory, in the order of (key, table): 65,536 buckets by the first 16 bits of the key, each a small sorted
// array, allocated when the first record comes, with its digest kept as records come and go. A heap knows which one expires first.
//
//   pages[key bits 0..7] -> buckets[key bits 8..15] -> [entry, entry, ...] by (key, table)
import type { RingKey } from '@chordial/ring-key';
import { bucketOf, digestOf } from './digest.ts';

/** What is kept of a record; never changed, but for its place in the heap. */
export interface Entry {
  readonly table: number;
  readonly key: RingKey;
  readonly name: string;
  readonly version: string;
  readonly value: string;
  /** Wall-clock milliseconds since 1970; 0 for never. */
  readonly expiresAt: number;
  /** Bytes that it takes in the journal. */
  readonly bytes: number;
  /** Its index in the heap; -1 outside. */
  heapAt: number;
}

interface Page {
  recordsCount: number;
  readonly buckets: (Entry[] | undefined)[];
  /** High and low word of each bucket. */
  readonly digests: Uint32Array;
}

const pageBuckets = 256;
/** Orders behind every table of a key. */
export const afterAllTables = 256;

export class JournalRecords {
  recordsCount = 0;
  bytes = 0;
  readonly #pages: (Page | undefined)[] = [];
  readonly #heap: Entry[] = [];

  clear(): void {
    this.recordsCount = 0;
    this.bytes = 0;
    this.#pages.length = 0;
    this.#heap.length = 0;
  }

  get(table: number, key: RingKey): Entry | undefined {
    const bucket = this.#bucket(bucketOf(key));
    if (bucket === undefined) return undefined;
    const found = bucket[placeIn(bucket, key, table)];
    return found !== undefined && found.key === key && found.table === table ? found : undefined;
  }

  put(entry: Entry): void {
    const number = bucketOf(entry.key);
    let page = this.#pages[number >>> 8];
    if (page === undefined) {
      page = { recordsCount: 0, buckets: new Array(pageBuckets), digests: new Uint32Array(pageBuckets * 2) };
      this.#pages[number >>> 8] = page;
    }
    const bucket = page.buckets[number & 255];
    if (bucket === undefined) {
      page.buckets[number & 255] = [entry];
      this.#counted(page, number, entry, 1);
    } else {
      const at = placeIn(bucket, entry.key, entry.table);
      const found = bucket[at];
      if (found !== undefined && found.key === entry.key && found.table === entry.table) {
        bucket[at] = entry;
        this.#counted(page, number, found, -1);
        this.#leaveHeap(found);
      } else {
        bucket.splice(at, 0, entry);
      }
      this.#counted(page, number, entry, 1);
    }
    if (entry.expiresAt > 0) this.#joinHeap(entry);
  }

  remove(table: number, key: RingKey): boolean {
    const number = bucketOf(key);
    const page = this.#pages[number >>> 8];
    const bucket = page?.buckets[number & 255];
    if (page === undefined || bucket === undefined) return false;
    const at = placeIn(bucket, key, table);
    const found = bucket[at];
    if (found === undefined || found.key !== key || found.table !== table) return false;
    this.#counted(page, number, found, -1);
    this.#leaveHeap(found);
    if (bucket.length > 1) bucket.splice(at, 1);
    else page.buckets[number & 255] = undefined;
    if (page.recordsCount === 0) this.#pages[number >>> 8] = undefined;
    return true;
  }

  /** Calls `visit` for what stands behind (key, table), in order, while it returns true. False when it was stopped. Nothing may change meanwhile. */
  visitAfter(key: string, table: number, visit: (entry: Entry) => boolean): boolean {
    const first = key === '' ? 0 : bucketOf(key as RingKey);
    for (let pageAt = first >>> 8; pageAt < this.#pages.length; pageAt++) {
      const page = this.#pages[pageAt];
      if (page === undefined) continue;
      const start = pageAt === first >>> 8 ? first & 255 : 0;
      for (let bucketAt = start; bucketAt < pageBuckets; bucketAt++) {
        const bucket = page.buckets[bucketAt];
        if (bucket === undefined) continue;
        const isFirst = pageAt * pageBuckets + bucketAt === first && key !== '';
        for (let i = isFirst ? placeIn(bucket, key, table + 1) : 0; i < bucket.length; i++) {
          if (!visit(bucket[i]!)) return false;
        }
      }
    }
    return true;
  }

  /** The first bucket from `from` on that has records. */
  nextBucket(from: number): number | undefined {
    for (let pageAt = from >>> 8; pageAt < this.#pages.length; pageAt++) {
      const page = this.#pages[pageAt];
      if (page === undefined) continue;
      for (let at = pageAt === from >>> 8 ? from & 255 : 0; at < pageBuckets; at++) {
        if (page.buckets[at] !== undefined) return pageAt * pageBuckets + at;
      }
    }
    return undefined;
  }

  /** Of a bucket that has records. */
  digest(bucket: number): readonly [bucket: number, high: number, low: number, recordsCount: number] {
    const page = this.#pages[bucket >>> 8]!;
    const at = (bucket & 255) * 2;
    return [bucket, page.digests[at]!, page.digests[at + 1]!, page.buckets[bucket & 255]!.length];
  }

  entriesOf(bucket: number): readonly Entry[] {
    return this.#bucket(bucket) ?? [];
  }

  /** The one that expires first. */
  get soonest(): Entry | undefined {
    return this.#heap[0];
  }

  /** A sentence about what is wrong, for the simulator. */
  fault(): string | undefined {
    let count = 0;
    for (const page of this.#pages) count += page?.recordsCount ?? 0;
    if (count !== this.recordsCount) return `the journal counts ${this.recordsCount} records and has ${count}`;
    return this.#heap.length > count ? 'more records expire than there are' : undefined;
  }

  #bucket(number: number): Entry[] | undefined {
    return this.#pages[number >>> 8]?.buckets[number & 255];
  }

  #counted(page: Page, number: number, entry: Entry, by: 1 | -1): void {
    const [high, low] = digestOf(entry.table, entry.key, entry.version);
    const at = (number & 255) * 2;
    page.digests[at]! ^= high;
    page.digests[at + 1]! ^= low;
    page.recordsCount += by;
    this.recordsCount += by;
    this.bytes += by * entry.bytes;
  }

  #joinHeap(entry: Entry): void {
    this.#heap.push(entry);
    this.#rise(entry, this.#heap.length - 1);
  }

  #leaveHeap(entry: Entry): void {
    const at = entry.heapAt;
    if (at < 0) return;
    entry.heapAt = -1;
    const last = this.#heap.pop()!;
    if (last === entry) return;
    this.#rise(last, at);
    this.#sink(last, last.heapAt);
  }

  #rise(entry: Entry, from: number): void {
    let at = from;
    while (at > 0) {
      const parent = this.#heap[(at - 1) >>> 1]!;
      if (parent.expiresAt <= entry.expiresAt) break;
      this.#place(parent, at);
      at = (at - 1) >>> 1;
    }
    this.#place(entry, at);
  }

  #sink(entry: Entry, from: number): void {
    let at = from;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= this.#heap.length) break;
      if (child + 1 < this.#heap.length && this.#heap[child + 1]!.expiresAt < this.#heap[child]!.expiresAt) child++;
      const smaller = this.#heap[child]!;
      if (smaller.expiresAt >= entry.expiresAt) break;
      this.#place(smaller, at);
      at = child;
    }
    this.#place(entry, at);
  }

  #place(entry: Entry, at: number): void {
    this.#heap[at] = entry;
    entry.heapAt = at;
  }
}

/** The index of the first entry that is not before (key, table). */
function placeIn(bucket: readonly Entry[], key: string, table: number): number {
  let low = 0;
  let high = bucket.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = bucket[middle]!;
    if (entry.key < key || (entry.key === key && entry.table < table)) low = middle + 1;
    else high = middle;
  }
  return low;
}
