// Against a search that looks at each.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lowerBound } from './lower-bound.ts';
import type { RingKey } from './ring-key.ts';

it('finds the first that is not below the key, as looking at each does', () => {
  const keys = fc.array(fc.integer({ min: 0, max: 15 }), { maxLength: 20 });
  fc.assert(
    fc.property(keys, fc.integer({ min: 0, max: 15 }), (numbers, wanted) => {
      const keyOf = (number: number): RingKey => number.toString(16).repeat(40) as RingKey;
      const sorted = numbers.toSorted((a, b) => a - b).map((number) => ({ key: keyOf(number) }));
      const first = sorted.findIndex(({ key }) => key >= keyOf(wanted));
      expect(lowerBound(sorted, keyOf(wanted))).toBe(first < 0 ? sorted.length : first);
    }),
  );
});
