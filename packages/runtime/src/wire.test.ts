// The wire: any message of a registered shape arrives as it was sent, in at most the bytes that were announced, and what
// stands beside it in memory is not touched.

import { makeAddress, type Typed } from '@chordial/actor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { typeHash, Wire, wireMemory } from './wire.ts';

const to = makeAddress<Typed>(0, 3, 77, 5);
const from = makeAddress<never>(0, 255, 2 ** 20 - 1, 255);
const words = {
  plain: [1, 'a', 'b', 'c'],
  viewed: [2, 'a', 'bytes', 'start', 'end', 'b'],
  empty: [3],
} as const;

function roundTrip(message: Typed) {
  const wire = new Wire();
  wire.register(words);
  const size = wire.sizeMax(message);
  const offset = 24;
  const bytes = Buffer.alloc(offset + size + 16, 0xee);
  const memory = wireMemory(bytes);
  const length = wire.encode(memory, offset, to, from, message);
  expect(length).toBeLessThanOrEqual(size);
  expect([...bytes.subarray(0, offset), ...bytes.subarray(offset + length)].every((byte) => byte === 0xee)).toBe(true);
  expect([Wire.readTo(memory, offset), Wire.readFrom(memory, offset)]).toEqual([to, from]);
  return wire.decode(memory, offset, offset + length);
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme-ascii', minLength: 200, maxLength: 700 }),
  fc.string({ unit: 'grapheme', minLength: 60, maxLength: 300 }),
);
const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.maxSafeInteger(),
  fc.constantFrom(-0, Number.NaN, 2 ** 31, -(2 ** 31)),
);
const scalar = fc.oneof(
  number,
  text,
  fc.boolean(),
  fc.constantFrom(undefined, null),
  fc.bigInt(-(2n ** 63n), 2n ** 63n),
);
// Nested, msgpackr sends -0 as 0; no field of ours tells them apart.
const inner = fc.oneof(number, text, fc.boolean(), fc.constant(null)).map((value) => (value === 0 ? 0 : value));
const nested = fc.oneof(
  fc.array(inner, { maxLength: 5 }),
  fc.dictionary(
    fc.string({ minLength: 1, maxLength: 9 }).filter((key) => key !== '__proto__'),
    inner,
    { maxKeys: 4, noNullPrototype: true },
  ),
  fc.array(fc.record({ key: text, list: fc.array(inner, { maxLength: 3 }) }), { maxLength: 3 }),
);
const field = fc.oneof(scalar, nested);

describe('a message arrives as it was sent', () => {
  test('with any values in its fields', () => {
    fc.assert(
      fc.property(field, field, field, (a, b, c) => {
        const message = { type: 'plain', a, b, c };
        expect(roundTrip(message)).toEqual(message);
        if (typeof a === 'number') expect(Object.is((roundTrip(message) as unknown as typeof message).a, a)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test('with a byte view, of which only the bytes within travel', () => {
    const slice = fc.tuple(fc.uint8Array({ maxLength: 2_000 }), fc.nat(2_000), fc.nat(2_000));
    fc.assert(
      fc.property(slice, field, field, ([bytes, one, other], a, b) => {
        const [start, end] = [one % (bytes.length + 1), other % (bytes.length + 1)].toSorted((x, y) => x - y) as [
          number,
          number,
        ];
        const seen = roundTrip({ type: 'viewed', bytes, start, end, a, b } as Typed);
        const got = seen as unknown as { bytes: Uint8Array; start: number; end: number; a: unknown; b: unknown };
        expect([...got.bytes.subarray(got.start, got.end)]).toEqual([...bytes.subarray(start, end)]);
        expect([got.a, got.b]).toEqual([a, b]);
      }),
      { numRuns: 500 },
    );
  });

  test('without fields', () => {
    expect(roundTrip({ type: 'empty' })).toEqual({ type: 'empty' });
  });
});

test('bytes nested in a field outlive the memory they came in', () => {
  const wire = new Wire();
  wire.register(words);
  const message = { type: 'plain', a: { digest: Uint8Array.of(1, 2, 3) }, b: 1, c: 1 };
  const memory = wireMemory(Buffer.alloc(wire.sizeMax(message)));
  const length = wire.encode(memory, 0, to, from, message);
  const got = wire.decode(memory, 0, length) as unknown as typeof message;
  memory.bytes.fill(9);
  expect([...got.a.digest]).toEqual([1, 2, 3]);
});

test('a view with its ends swapped or beyond its bytes takes no byte that is not there', () => {
  for (const [start, end] of [
    [3, 1],
    [0, 100],
  ] as const) {
    const wire = new Wire();
    wire.register(words);
    const message = { type: 'viewed', a: 1, b: 2, bytes: Uint8Array.of(1, 2, 3, 4), start, end } as Typed;
    const memory = wireMemory(Buffer.alloc(wire.sizeMax(message)));
    const length = wire.encode(memory, 0, to, from, message);
    const got = wire.decode(memory, 0, length) as unknown as { start: number; end: number };
    expect(got.end - got.start).toBe(start < end ? 4 : 0);
  }
});

test('a type that nobody registered is not sent, and not understood', () => {
  const wire = new Wire();
  expect(() => wire.sizeMax({ type: 'plain' })).toThrow(/'plain' crosses lanes/);
  const record = wireMemory(Buffer.alloc(64));
  record.view.setUint32(16, typeHash('plain'), true);
  expect(wire.decode(record, 0, 64)).toBeUndefined();
});

test('one type has one shape, whichever behaviour registers it', () => {
  const wire = new Wire();
  wire.register({ plain: [1, 'a', 'b', 'c'] });
  wire.register({ plain: [9, 'a', 'b', 'c'] });
  expect(() => wire.register({ plain: [1, 'a', 'c', 'b'] })).toThrow(/one shape/);
});
