// The planner of places: halves a largest arc each time, says how even the ring will be, and is the same everywhere.
import { distance, ringKeyFromText } from '@chordial/ring-key';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { loneHostRing, ringOfKeys } from '../bench/ring-on-one-lane.ts';
import { loadOf } from './founding.ts';
import { planPlacement } from './planning.ts';

const hashed = (count: number, name = 'peer') =>
  Array.from({ length: count }, (_, i) => ringKeyFromText(`${name} ${i}`));

it('states the load that its ring has, keys apart from each other, for any members', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 200 }), fc.nat(), (before, count, seed) => {
      const members = hashed(before);
      const plan = planPlacement(members, count, seed);
      expect(plan.keys).toHaveLength(count);
      const all = [...members, ...plan.keys].sort();
      expect(new Set(all).size).toBe(all.length);
      const ring = ringOfKeys(all, all.length > 1 ? 1 : 0);
      expect(plan.loadMaxToMean).toBeCloseTo(loadOf(ring), 9);
      expect(planPlacement(members, count, seed)).toEqual(plan);
    }),
  );
});

it('each takes the middle of an arc that is then the largest: naive model', () => {
  const members = hashed(7);
  const all = [...members];
  for (const key of planPlacement(members, 30, 1).keys) {
    const largest = loadOf(ringOfKeys(all.toSorted(), 1)) / all.length;
    all.push(key);
    const sorted = all.toSorted();
    const at = sorted.indexOf(key);
    const arc = Number(distance(sorted.at(at - 1)!, sorted[(at + 1) % sorted.length]!)) / 2 ** 160;
    expect(arc).toBeCloseTo(largest, 12);
  }
});

it('makes the unfair ring of 128 hashed keys fair, and keeps a founding ring within 2', () => {
  const unfair = loadOf(ringOfKeys(hashed(128).toSorted(), 1));
  expect(unfair).toBeGreaterThan(4);
  expect(planPlacement(hashed(128), 896).loadMaxToMean).toBeLessThan(2.1);
  for (const count of [1, 40, 64, 100]) {
    const members = loneHostRing(64).members.map(({ key }) => key);
    expect(planPlacement(members, count).loadMaxToMean).toBeLessThanOrEqual(2);
  }
});

it('another seed decides otherwise between equal arcs; nothing is planned for nobody', () => {
  const members = loneHostRing(64).members.map(({ key }) => key);
  expect(planPlacement(members, 20, 1).keys).not.toEqual(planPlacement(members, 20, 2).keys);
  expect(planPlacement([], 0)).toEqual({ keys: [], loadMaxToMean: 0 });
  expect(planPlacement([], 1).loadMaxToMean).toBe(1);
});
