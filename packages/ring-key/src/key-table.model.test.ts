// The key table against a naive model that looks at every member, with keys that differ early, late, or only in the last digit.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { betweenRightClosed } from './interval.ts';
import { KeyTable } from './key-table.ts';
import { parseRingKey, type RingKey, ringKeyFromText } from './ring-key.ts';

const pad = (text: string): RingKey => parseRingKey(text.padStart(40, '0').slice(0, 40))!;
const digit = fc.constantFrom(...'0123456789abcdef');
const digits = (length: number) => fc.array(digit, { minLength: length, maxLength: length }).map((all) => all.join(''));

/** Half of the keys share their first 48 bits, or nearly all bits, with others. */
const anyKey = fc.oneof(
  digits(40).map(pad),
  digits(28).map((tail) => pad(`abcdefabcdef${tail}`)),
  digits(2).map((tail) => pad(`${'f'.repeat(38)}${tail}`)),
  digits(2).map((tail) => pad(`${'0'.repeat(38)}${tail}`)),
);

/** The owner is the one member for which the key lies in (predecessor, member]. */
function naiveOwner(keys: readonly RingKey[], key: RingKey): number {
  return keys.findIndex((member, i) => betweenRightClosed(keys.at(i - 1)!, key, member));
}

it('finds the successor of any key in any table', () => {
  fc.assert(
    fc.property(fc.uniqueArray(anyKey, { maxLength: 60 }), fc.array(anyKey, { minLength: 20 }), (members, asked) => {
      const keys = members.sort();
      const table = new KeyTable(keys);
      expect(table.count).toBe(keys.length);
      for (const key of [...asked, ...keys]) {
        expect(table.ownerIndex(key)).toBe(naiveOwner(keys, key));
        expect(table.indexOf(key)).toBe(keys.indexOf(key));
      }
    }),
    { numRuns: 300 },
  );
});

it('works for many hashed keys, where every bucket is used', () => {
  const keys = Array.from({ length: 5_000 }, (_, i) => ringKeyFromText(`member ${i}`)).sort();
  const table = new KeyTable(keys);
  for (let i = 0; i < 2_000; i++) {
    const key = ringKeyFromText(`user ${i}`);
    const expected = keys.findIndex((member) => member >= key);
    expect(table.ownerIndex(key)).toBe(expected === -1 ? 0 : expected);
  }
});

it('an empty table owns nothing, a table of one owns everything', () => {
  const key = ringKeyFromText('anything');
  expect(new KeyTable([]).ownerIndex(key)).toBe(-1);
  expect(new KeyTable([]).indexOf(key)).toBe(-1);
  expect(new KeyTable([ringKeyFromText('alone')]).ownerIndex(key)).toBe(0);
});

it('refuses keys that are not strictly ascending, because a search in them would lie', () => {
  const [a, b] = [ringKeyFromText('a'), ringKeyFromText('b')].sort() as [RingKey, RingKey];
  expect(() => new KeyTable([b, a])).toThrow(RangeError);
  expect(() => new KeyTable([a, a])).toThrow(RangeError);
});
