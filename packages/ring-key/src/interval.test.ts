// Intervals and arithmetic of ring keys against naive models that count in BigInt.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addPowerOfTwo, between, betweenRightClosed, distance, midpoint } from './interval.ts';
import { parseRingKey, type RingKey, ringKeyFromText } from './ring-key.ts';

const size = 1n << 160n;
const toKey = (position: bigint): RingKey => parseRingKey((position % size).toString(16).padStart(40, '0'))!;
const toPosition = (key: RingKey): bigint => BigInt(`0x${key}`);

/** Positions all over the ring, and clusters at both ends where wrapping and carrying happen. */
const anyPosition = fc.oneof(
  fc.bigInt(0n, size - 1n),
  fc.bigInt(0n, 8n),
  fc.bigInt(size - 8n, size - 1n),
  fc.integer({ min: 0, max: 159 }).map((exponent) => (1n << BigInt(exponent)) - 1n),
);
const anyKey = anyPosition.map(toKey);

/** Walks clockwise from a: x is met before b. A full turn is meant when a == b. */
function naiveBetween(a: bigint, x: bigint, b: bigint): boolean {
  const toX = (x - a + size) % size;
  const toB = a === b ? size : (b - a + size) % size;
  return toX > 0n && toX < toB;
}

describe('intervals', () => {
  it('between is the open clockwise interval', () => {
    fc.assert(
      fc.property(anyPosition, anyPosition, anyPosition, (a, x, b) => {
        expect(between(toKey(a), toKey(x), toKey(b))).toBe(naiveBetween(a, x, b));
      }),
    );
  });

  it('betweenRightClosed adds the right end, and is the whole ring when the ends are equal', () => {
    fc.assert(
      fc.property(anyPosition, anyPosition, anyPosition, (a, x, b) => {
        expect(betweenRightClosed(toKey(a), toKey(x), toKey(b))).toBe(naiveBetween(a, x, b) || x === b || a === b);
      }),
    );
    const alone = ringKeyFromText('alone');
    expect(betweenRightClosed(alone, alone, alone)).toBe(true);
    expect(between(alone, alone, alone)).toBe(false);
  });

  it('of two neighbours exactly one owns a key', () => {
    fc.assert(
      fc.property(anyKey, anyKey, anyKey, (a, x, b) => {
        fc.pre(a !== b);
        expect(betweenRightClosed(a, x, b)).not.toBe(betweenRightClosed(b, x, a));
      }),
    );
  });
});

describe('arithmetic', () => {
  it('addPowerOfTwo adds modulo 2^160', () => {
    fc.assert(
      fc.property(anyPosition, fc.integer({ min: 0, max: 159 }), (position, exponent) => {
        expect(addPowerOfTwo(toKey(position), exponent)).toBe(toKey(position + (1n << BigInt(exponent))));
      }),
      { numRuns: 1_000 },
    );
    expect(addPowerOfTwo(toKey(size - 1n), 0)).toBe(toKey(0n));
    expect(() => addPowerOfTwo(toKey(0n), 160)).toThrow(RangeError);
  });

  it('distance counts clockwise steps', () => {
    fc.assert(
      fc.property(anyPosition, anyPosition, (a, b) => {
        expect(toKey(a + distance(toKey(a), toKey(b)))).toBe(toKey(b));
        expect(distance(toKey(a), toKey(b)) < size).toBe(true);
      }),
    );
  });

  it('midpoint is half way along the clockwise arc', () => {
    fc.assert(
      fc.property(anyKey, anyKey, (a, b) => {
        const middle = midpoint(a, b);
        const arc = a === b ? size : distance(a, b);
        expect(distance(a, middle)).toBe(arc / 2n);
        expect(middle).toBe(toKey(toPosition(a) + arc / 2n));
      }),
    );
  });
});

describe('keys', () => {
  it('are SHA-1 (FIPS 180-4, the example "abc")', () => {
    expect(ringKeyFromText('abc')).toBe('a9993e364706816aba3e25717850c26c9cd0d89d');
  });

  it('are parsed only from 40 lower-case hexadecimal digits', () => {
    const key = ringKeyFromText('sip:alice@example.com');
    expect(parseRingKey(key)).toBe(key);
    for (const bad of [
      '',
      key.slice(1),
      `${key}0`,
      key.toUpperCase(),
      `${key.slice(1)}g`,
      `${key.slice(1)}\n`,
      `${key}\n`,
    ]) {
      expect(parseRingKey(bad)).toBeUndefined();
    }
  });

  it('order as strings as they do as numbers', () => {
    fc.assert(
      fc.property(anyPosition, anyPosition, (a, b) => {
        expect(toKey(a) < toKey(b)).toBe(a < b);
      }),
    );
  });
});
