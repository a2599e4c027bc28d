// An index is never given twice at a time, and its address comes back as late as can be.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { actorsPerLaneMax, generationsMax, wellKnownMax } from './address.ts';
import { IndexPool, indicesRestingMin } from './index-pool.ts';

test('indices that are held are distinct and not well-known', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ takes: fc.nat(3_000), frees: fc.nat(6_000) }), { maxLength: 12 }), (rounds) => {
      const pool = new IndexPool();
      const held = new Set<number>();
      let isBroken = false;
      for (const { takes, frees } of rounds) {
        for (let i = 0; i < takes; i++) {
          const index = pool.take();
          isBroken ||= held.has(index) || index < wellKnownMax;
          held.add(index);
        }
        for (const index of [...held].slice(0, frees)) {
          pool.free(index);
          held.delete(index);
        }
      }
      expect(isBroken).toBe(false);
    }),
    { numRuns: 25 },
  );
});

test('one short life after another sees a million lives before an address repeats', () => {
  const pool = new IndexPool();
  const take = (): number => {
    const index = pool.take();
    pool.free(index);
    return pool.generationOf(index) * actorsPerLaneMax + index;
  };
  const first = take();
  let lives = 1;
  while (take() !== first) lives++;
  expect(lives).toBe(indicesRestingMin * generationsMax);
});

test('a lane that is full gives resting indices, then fails in words, and lives on', () => {
  const pool = new IndexPool();
  const taken = actorsPerLaneMax - wellKnownMax;
  for (let i = 0; i < taken; i++) pool.take();
  expect(() => pool.take()).toThrow('a lane holds at most 1,048,544 actors');
  pool.free(500);
  expect(pool.take()).toBe(500);
  expect(pool.generationOf(500)).toBe(1);
  expect(() => pool.take()).toThrow('a lane holds');
});

test('a well-known index is not taken back', () => {
  const pool = new IndexPool();
  pool.free(16);
  expect(pool.take()).toBe(wellKnownMax);
  expect(pool.generationOf(16)).toBe(0);
});
