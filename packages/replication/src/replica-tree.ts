// Keeps the digests true. They are read from the store by pages at the start and kept by adding and taking away with each write; a bucket that changed
// while it was read, or whose record before a write is not known for sure, is doubtful and is read again. A doubtful bucket equals none.
import type { Outbox } from '@chordial/actor';
import { parseRingKey, type RingKey } from '@chordial/ring-key';
import { type BucketsDigested, bucketOf, bucketsCount, digestOf, type StoredRecord } from '@chordial/storage/protocol';
import { type DigestSum, HashTree } from './hash-tree.ts';
import { askStore } from './replica-jobs.ts';
import type { ListedRecord, ReplicaState, TreeState } from './replica-state.ts';

const bucketsPerPage = 1_024;
/** Between buckets that are read again, as one that is written all the time stays in doubt. */
const rereadMs = 20;
const retryMs = 500;

export const initTree = (): TreeState => ({
  tree: new HashTree(),
  loadedBelow: 0,
  doubtful: new Set(),
  writing: new Map(),
  reading: undefined,
  rereadAt: 0,
  failedAt: -Infinity,
});

export const isLoaded = ({ loadedBelow }: TreeState): boolean => loadedBelow === bucketsCount;

/** Reads the next page, or a bucket that is in doubt; one at a time. */
export function readDigests(state: ReplicaState, now: number, out: Outbox): void {
  const { tree } = state;
  if (tree.reading !== undefined || now - tree.failedAt < retryMs) return;
  const [doubtful] = tree.doubtful;
  if (isLoaded(tree) && (doubtful === undefined || now < tree.rereadAt)) return;
  tree.rereadAt = now + rereadMs;
  const first = isLoaded(tree) ? doubtful! : tree.loadedBelow;
  // A page has so many buckets with records, and may reach far.
  const bucketsMax = isLoaded(tree) ? 1 : bucketsPerPage;
  const count = isLoaded(tree) ? 1 : bucketsCount - first;
  const touched = new Set<number>();
  for (const bucket of tree.writing.keys()) if (bucket >= first && bucket < first + count) touched.add(bucket);
  tree.reading = { first, count, touched };
  askStore(state, { type: 'digest-buckets', first, bucketsMax }, { kind: 'digest' }, now, out);
}

export function onBucketsDigested(state: ReplicaState, { buckets, next }: BucketsDigested): void {
  const { tree } = state;
  const { reading } = tree;
  tree.reading = undefined;
  if (reading === undefined) return;
  const { first, count, touched } = reading;
  const end = Math.min(Math.max(next, first + 1), first + count);
  const listed = new Map(buckets.map(([bucket, high, low, recordsCount]) => [bucket, { high, low, recordsCount }]));
  for (let bucket = first; bucket < end; bucket++) {
    const { high, low, recordsCount } = listed.get(bucket) ?? { high: 0, low: 0, recordsCount: 0 };
    tree.tree.set(bucket, high, low, recordsCount);
    if (touched.has(bucket)) tree.doubtful.add(bucket);
    else tree.doubtful.delete(bucket);
  }
  if (tree.loadedBelow === first) tree.loadedBelow = end;
}

/** The store could not say: another try follows at the next tick. */
export function onDigestsFailed({ tree }: ReplicaState, now: number): void {
  tree.reading = undefined;
  tree.failedAt = now;
}

export function writeBegins({ tree }: ReplicaState, bucket: number): void {
  tree.writing.set(bucket, (tree.writing.get(bucket) ?? 0) + 1);
  touch(tree, bucket);
}

/** A write is over: `before` was replaced by `after`. */
export function writeEnds(
  { tree }: ReplicaState,
  bucket: number,
  before: StoredRecord | undefined,
  after: StoredRecord | undefined,
): void {
  const left = (tree.writing.get(bucket) ?? 1) - 1;
  if (left === 0) tree.writing.delete(bucket);
  else tree.writing.set(bucket, left);
  touch(tree, bucket);
  if (bucket >= tree.loadedBelow) return;
  if (before !== undefined) tree.tree.remove(bucket, digestOf(before.table, before.key, before.version));
  if (after !== undefined) tree.tree.add(bucket, digestOf(after.table, after.key, after.version));
}

/** A write failed. */
export function writeFails(state: ReplicaState, bucket: number): void {
  writeEnds(state, bucket, undefined, undefined);
}

/** A record is gone from the store. */
export function recordGone({ tree }: ReplicaState, table: number, key: RingKey, version: string): void {
  const bucket = bucketOf(key);
  touch(tree, bucket);
  if (bucket < tree.loadedBelow) tree.tree.remove(bucket, digestOf(table, key, version));
}

export function doubt({ tree }: ReplicaState, bucket: number): void {
  if (bucket < tree.loadedBelow) tree.doubtful.add(bucket);
}

function touch({ reading }: TreeState, bucket: number): void {
  if (reading !== undefined && bucket >= reading.first && bucket < reading.first + reading.count)
    reading.touched.add(bucket);
}

// --- pieces of the ring -----------------------------------------------------------------------------------------------------------

const bucketEnd = 'f'.repeat(36);

/** The last key of a bucket; of -1 that of the last one. */
export const lastKeyOf = (bucket: number): RingKey =>
  parseRingKey(((bucket + bucketsCount) % bucketsCount).toString(16).padStart(4, '0') + bucketEnd)!;

export const isBucketEnd = (key: RingKey): boolean => key.endsWith(bucketEnd);

/** The first and last bucket of (from, to]; undefined when it does not consist of whole buckets. */
export function bucketsOf(from: RingKey, to: RingKey): { first: number; last: number; count: number } | undefined {
  if (!isBucketEnd(from) || !isBucketEnd(to)) return undefined;
  const first = (bucketOf(from) + 1) % bucketsCount;
  const last = bucketOf(to);
  return { first, last, count: ((last - first + bucketsCount) % bucketsCount) + 1 };
}

/** The digest of (from, to]; undefined where that is not known. */
export function sumOf({ tree }: ReplicaState, from: RingKey, to: RingKey): DigestSum | undefined {
  const buckets = bucketsOf(from, to);
  if (buckets === undefined || !isLoaded(tree)) return undefined;
  for (const bucket of tree.doubtful) if (isAmong(buckets, bucket)) return undefined;
  return tree.tree.sum(buckets.first, buckets.last);
}

const isAmong = ({ first, last }: { first: number; last: number }, bucket: number): boolean =>
  first <= last ? bucket >= first && bucket <= last : bucket >= first || bucket <= last;

/** What the store was found to have in whole buckets, against the tree: where they differ the tree is in doubt. */
export function verifyTree(state: ReplicaState, from: RingKey, to: RingKey, listed: readonly ListedRecord[]): void {
  const buckets = bucketsOf(from, to);
  if (buckets === undefined || !isLoaded(state.tree)) return;
  const sums = new Map<number, DigestSum>();
  for (const [table, key, version] of listed) {
    const bucket = bucketOf(key);
    const sum = sums.get(bucket) ?? { high: 0, low: 0, count: 0 };
    addDigest(sum, table, key, version);
    sums.set(bucket, sum);
  }
  for (let i = 0; i < buckets.count; i++) {
    const bucket = (buckets.first + i) % bucketsCount;
    if (state.tree.writing.has(bucket)) continue;
    const known = state.tree.tree.sum(bucket, bucket);
    if (!equalSums(known, sums.get(bucket) ?? { high: 0, low: 0, count: 0 })) doubt(state, bucket);
  }
}

export function addDigest(sum: DigestSum, table: number, key: RingKey, version: string): void {
  const [high, low] = digestOf(table, key, version);
  sum.high = (sum.high ^ high) >>> 0;
  sum.low = (sum.low ^ low) >>> 0;
  sum.count++;
}

export const equalSums = (a: DigestSum, b: DigestSum): boolean =>
  a.count === b.count && a.high === b.high && a.low === b.low;
