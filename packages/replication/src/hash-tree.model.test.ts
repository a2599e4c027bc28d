// The tree against sums made anew from all records.
import { ringKeyFromText } from '@chordial/ring-key';
import { bucketOf, digestOf } from '@chordial/storage/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HashTree } from './hash-tree.ts';

/** Many in neighbouring buckets, some anywhere. */
const anyBucket = fc.oneof(fc.nat(600), fc.nat(65_535), fc.constantFrom(0, 15, 16, 255, 256, 65_535));
const anyRecord = fc.record({ bucket: anyBucket, version: fc.string() });

it('the sum of any run of buckets is that of its records, whatever was added, taken away and put in place', () => {
  fc.assert(
    fc.property(
      fc.array(anyRecord, { maxLength: 60 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      fc.array(anyBucket, { maxLength: 5 }),
      anyBucket,
      anyBucket,
      (records, removed, replaced, first, last) => {
        const tree = new HashTree();
        let kept = records.map(({ bucket, version }) => ({
          bucket,
          digest: digestOf(1, ringKeyFromText(version), version),
        }));
        for (const { bucket, digest } of kept) tree.add(bucket, digest);
        for (const i of removed) {
          const [gone] = kept.splice(i % Math.max(kept.length, 1), 1);
          if (gone !== undefined) tree.remove(gone.bucket, gone.digest);
        }
        for (const bucket of replaced) {
          const digest = digestOf(2, ringKeyFromText(String(bucket)), 'put');
          tree.set(bucket, digest[0], digest[1], 1);
          kept = [...kept.filter((one) => one.bucket !== bucket), { bucket, digest }];
        }
        const isIn = (bucket: number) =>
          first <= last ? bucket >= first && bucket <= last : bucket >= first || bucket <= last;
        const sum = { high: 0, low: 0, count: 0 };
        for (const { bucket, digest } of kept) {
          if (!isIn(bucket)) continue;
          sum.high = (sum.high ^ digest[0]) >>> 0;
          sum.low = (sum.low ^ digest[1]) >>> 0;
          sum.count++;
        }
        expect(tree.sum(first, last)).toEqual(sum);
        expect(tree.recordsCount).toBe(kept.length);
      },
    ),
    { numRuns: 1_000 },
  );
});

it('an empty tree sums to nothing and stays empty when something unknown is taken away', () => {
  const tree = new HashTree();
  tree.remove(5, [1, 2]);
  tree.set(7, 0, 0, 0);
  expect(tree.sum(0, 65_535)).toEqual({ high: 0, low: 0, count: 0 });
  tree.add(bucketOf(ringKeyFromText('a')), [1, 2]);
  tree.remove(3, [4, 4]);
  expect(tree.sum(0, 65_535)).toEqual({ high: 1, low: 2, count: 1 });
  tree.clear();
  expect(tree.recordsCount).toBe(0);
});
