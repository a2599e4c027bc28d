// Every part of an address comes back out of it, and no two places or lives share one.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  actorsPerLaneMax,
  generationOf,
  generationsMax,
  hostOf,
  hostsMax,
  indexOf,
  laneOf,
  lanesMax,
  makeAddress,
  nobody,
  placeOf,
} from './address.ts';

const parts = fc.record({
  host: fc.nat(hostsMax - 1),
  lane: fc.nat(lanesMax - 1),
  index: fc.nat(actorsPerLaneMax - 1),
  generation: fc.nat(generationsMax - 1),
});

test('host, lane, index and generation come back', () => {
  fc.assert(
    fc.property(parts, ({ host, lane, index, generation }) => {
      const address = makeAddress(host, lane, index, generation);
      expect(Number.isSafeInteger(address)).toBe(true);
      expect([hostOf(address), laneOf(address), indexOf(address), generationOf(address)]).toEqual([
        host,
        lane,
        index,
        generation,
      ]);
    }),
  );
});

test('two addresses have one place exactly when host and lane agree', () => {
  fc.assert(
    fc.property(parts, parts, fc.boolean(), (a, b, sameLane) => {
      if (sameLane) Object.assign(b, { host: a.host, lane: a.lane });
      const same = a.host === b.host && a.lane === b.lane;
      const [first, second] = [a, b].map((p) => placeOf(makeAddress(p.host, p.lane, p.index, p.generation)));
      expect(first === second).toBe(same);
    }),
  );
});

test('the highest address is a safe integer and the lowest is nobody', () => {
  const highest = makeAddress(hostsMax - 1, lanesMax - 1, actorsPerLaneMax - 1, generationsMax - 1);
  expect(highest).toBe(2 ** 52 - 1);
  expect(makeAddress(0, 0, 0)).toBe(nobody);
});

test('a generation wraps', () => {
  expect(makeAddress(1, 2, 3, generationsMax + 4)).toBe(makeAddress(1, 2, 3, 4));
});

test.each([
  [-1, 0, 0],
  [hostsMax, 0, 0],
  [0, -1, 0],
  [0, lanesMax, 0],
  [0, 0, -1],
  [0, 0, actorsPerLaneMax],
])('host %i, lane %i, index %i is refused', (host, lane, index) => {
  expect(() => makeAddress(host, lane, index)).toThrow('is within');
});
