// The table of owned ranges against a list that is searched from end to end.
import { betweenRightClosed, type RingKey } from '@chordial/ring-key';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { at, memberAt } from './coordinator.fixture.ts';
import { type OwnedRange, RangeTable } from './ranges.ts';

/** Keys that differ early and late. */
const anyKey = fc
  .tuple(fc.constantFrom('0', '8', 'f'), fc.constantFrom('0', '7'), fc.nat(3))
  .map(([first, second, last]) => `${first}${second}${'0'.repeat(36)}${last}0`.slice(0, 40) as RingKey);

it('a key is found in the range that holds it, whatever ranges came and went', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyKey, fc.boolean()), { maxLength: 30 }),
      fc.array(anyKey, { minLength: 10, maxLength: 10 }),
      (changes, keys) => {
        const table = new RangeTable();
        const model = new Map<RingKey, OwnedRange>();
        for (const [key, comes] of changes) {
          const known = model.get(key);
          if (known !== undefined) {
            table.remove(known);
            model.delete(key);
          }
          if (!comes) continue;
          const self = { ...memberAt('1', 1), key, chord: (1_000 + model.size + changes.length) as never };
          const chord = (Number.parseInt(key.slice(0, 2), 16) * 1_000 + Number.parseInt(key.slice(36), 16)) as never;
          model.set(key, table.add({ ...self, chord }, key, 1));
        }
        expect(table.fault).toBeUndefined();
        expect(table.count).toBe(model.size);
        // Ranges that touch one another: each begins where the one before ends.
        const sorted = [...model.values()].sort((a, b) => (a.self.key < b.self.key ? -1 : 1));
        sorted.forEach((range, i) => {
          range.from = sorted.at(i - 1)!.self.key;
        });
        for (const key of [...keys, at('1'), at('c')]) {
          const holds = sorted.filter(({ from, self }) => betweenRightClosed(from, key, self.key));
          expect(holds.length).toBe(sorted.length === 0 ? 0 : 1);
          expect(table.find(key)).toBe(holds[0]);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});
