// Halving a largest arc keeps the busiest at twice the mean; among equal arcs those between other hosts come first.
import { createRandom } from '@chordial/actor/random';
import { distance, parseRingKey, type RingKey, ringKeyFromText } from '@chordial/ring-key';
import { describe, expect, it } from 'vitest';
import { middleOfLargestArc } from './arcs.ts';
import { createEstimator, noteRoundTrip, timeoutMs } from './round-trip.ts';

const loadOf = (keys: readonly RingKey[]): number => {
  const arcs = keys.map((key, i) => Number(distance(keys.at(i - 1)!, key)) / 2 ** 160);
  return arcs.reduce((most, arc) => Math.max(most, arc), 0) * keys.length;
};
const key = (digit: string): RingKey => parseRingKey(digit.padEnd(40, '0'))!;

describe('the middle of a largest arc', () => {
  it('grows a ring of one to any size with at most twice the mean', () => {
    const random = createRandom(1);
    const keys = [ringKeyFromText('first')];
    for (let count = 2; count <= 300; count++) {
      keys.push(middleOfLargestArc(keys, () => false, random));
      keys.sort();
      expect(new Set(keys).size).toBe(count);
      if (count > 2) expect(loadOf(keys)).toBeLessThanOrEqual(2.000_001);
    }
  });

  it('is drawn among equals, first where no own peer is at an end', () => {
    const keys = ['0', '4', '8', 'c'].map(key);
    const drawn = new Set<string>();
    for (let seed = 0; seed < 100; seed++) drawn.add(middleOfLargestArc(keys, () => false, createRandom(seed)));
    expect([...drawn].toSorted()).toEqual(['2', '6', 'a', 'e'].map(key));
    for (let seed = 0; seed < 20; seed++) {
      expect(middleOfLargestArc(keys, (end) => end === key('0'), createRandom(seed))).not.toBe(key('2'));
    }
  });
});

describe('the time-out (RFC 6298)', () => {
  it('is the longest before a sample, R + 4 * R/2 after the first, and stays within its limits', () => {
    const estimator = createEstimator();
    expect(timeoutMs(estimator)).toBe(1_000);
    noteRoundTrip(estimator, 200);
    expect(timeoutMs(estimator)).toBe(600);
    for (let i = 0; i < 50; i++) noteRoundTrip(estimator, 1);
    expect(timeoutMs(estimator)).toBe(300);
    for (let i = 0; i < 50; i++) noteRoundTrip(estimator, 5_000);
    expect(timeoutMs(estimator)).toBe(1_000);
  });

  it('of a way without a sample is that of all ways together, once they have a few', () => {
    const all = createEstimator();
    for (let i = 0; i < 7; i++) noteRoundTrip(all, 2);
    expect(timeoutMs(createEstimator(), all)).toBe(1_000);
    noteRoundTrip(all, 2);
    expect(timeoutMs(createEstimator(), all)).toBe(300);
    const own = createEstimator();
    noteRoundTrip(own, 200);
    expect(timeoutMs(own, all)).toBe(600);
  });

  it('rises with the spread of round trips', () => {
    const steady = createEstimator();
    const jumpy = createEstimator();
    for (let i = 0; i < 40; i++) {
      noteRoundTrip(steady, 250);
      noteRoundTrip(jumpy, i % 2 === 0 ? 150 : 350);
    }
    expect(timeoutMs(jumpy)).toBeGreaterThan(timeoutMs(steady) + 200);
  });
});
