// The pieces of a range lie end to end, cover it exactly, and all but the first and the last consist of whole buckets.
import { betweenRightClosed, parseRingKey, type RingKey } from '@chordial/ring-key';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { piecesOf } from './repair-pieces.ts';
import { bucketsOf } from './replica-tree.ts';

/** Few buckets, so that ends meet, and their first, last and middle keys. */
const anyKey = fc
  .record({
    bucket: fc.constantFrom('0000', '0001', '0002', '7fff', '8000', 'fffe', 'ffff'),
    rest: fc.constantFrom('0'.repeat(36), `${'0'.repeat(35)}1`, '8'.repeat(36), `${'f'.repeat(35)}e`, 'f'.repeat(36)),
  })
  .map(({ bucket, rest }) => parseRingKey(bucket + rest)!);

it('cuts any range at the ends of buckets', () => {
  fc.assert(
    fc.property(anyKey, anyKey, fc.array(anyKey, { minLength: 10 }), (from, to, keys) => {
      const pieces = piecesOf(from, to);
      const holding = (key: RingKey) => pieces.filter((piece) => betweenRightClosed(piece.from, key, piece.to)).length;
      for (const key of [...keys, from, to]) expect(holding(key)).toBe(betweenRightClosed(from, key, to) ? 1 : 0);
      pieces.forEach((piece, i) => {
        if (i > 0) expect(piece.from).toBe(pieces[i - 1]!.to);
        const isAtEnd = i === 0 || i === pieces.length - 1;
        const buckets = bucketsOf(piece.from, piece.to);
        if (!isAtEnd) expect(buckets).toBeDefined();
        // No piece of whole buckets passes the end of the ring.
        if (buckets !== undefined) expect(buckets.first).toBeLessThanOrEqual(buckets.last);
      });
      expect(pieces.length).toBeLessThanOrEqual(4);
    }),
    { numRuns: 3_000 },
  );
});
