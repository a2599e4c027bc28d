// Records between versions: whatever fields the writer and the reader know, the reader gets those both know, the rest undefined and the byte view
// whole. And records that are lies: no length in them is believed, nothing throws, nothing large is allocated.

import { makeAddress, type Typed } from '@chordial/actor';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { expect, test } from 'vitest';
import { frameOf, kindMessage } from './host-frames.ts';
import { countAt, foreignBit, recordHeaderBytes, tagPacked } from './record-format.ts';
import { typeHash, Wire, type WireMemory, wireMemory } from './wire.ts';

const to = makeAddress<Typed>(7, 3, 77, 5);
const from = makeAddress<never>(65_535, 255, 2 ** 20 - 1, 255);
const allFields = ['a', 'b', 'c', 'd', 'e', 'f'];

const wireOf = (count: number, hasView: boolean) => {
  const wire = new Wire();
  wire.register({ m: [1, ...allFields.slice(0, count), ...(hasView ? ['bytes', 'start', 'end'] : [])] });
  return wire;
};

function encode(wire: Wire, message: Typed): WireMemory {
  const memory = wireMemory(Buffer.alloc(wire.sizeMax(message)));
  const length = wire.encode(memory, 0, to, from, message);
  return wireMemory(Buffer.from(memory.bytes.subarray(0, length)));
}

const inner = fc.oneof(
  fc.integer(),
  fc.string({ maxLength: 300 }),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 20 }),
);
const value = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.boolean(),
  fc.constantFrom(undefined, null),
  fc.array(inner, { maxLength: 20 }),
  fc.array(fc.record({ key: fc.string(), far: fc.maxSafeInteger(), list: fc.array(inner, { maxLength: 4 }) }), {
    maxLength: 20,
  }),
);
/** As JSON, bytes as lists of numbers, absent as null. */
const plain = (shown: unknown): unknown =>
  JSON.parse(
    JSON.stringify(shown ?? null, (_, each) => {
      if (each instanceof Uint8Array) return [...each];
      if (each?.type === 'Buffer' && Array.isArray(each.data)) return each.data;
      return each === 0 ? 0 : each;
    }),
  );

test('a message is the same to every version, as far as that version goes', () => {
  fc.assert(
    fc.property(
      fc.nat(6),
      fc.nat(6),
      fc.boolean(),
      fc.array(value, { minLength: 6, maxLength: 6 }),
      fc.uint8Array({ maxLength: 300 }),
      (written, known, hasView, values, bytes) => {
        const fields = Object.fromEntries(allFields.slice(0, written).map((name, i) => [name, values[i]]));
        const message = { type: 'm', ...fields, ...(hasView ? { bytes, start: 0, end: bytes.length } : {}) };
        const memory = encode(wireOf(written, hasView), message as Typed);
        const got = wireOf(known, hasView).decodeForeign(memory, 0, memory.bytes.length) as unknown as Record<
          string,
          unknown
        >;
        expect(typeof got).toBe('object');
        for (const [i, name] of allFields.entries()) {
          expect(plain(got[name])).toEqual(i < Math.min(written, known) ? plain(values[i]) : null);
        }
        if (!hasView) return;
        expect((got.bytes as Uint8Array).subarray(got.start as number, got.end as number)).toEqual(bytes);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('a record of another host is judged the same when it came through the ring of another lane', () => {
  const wire = wireOf(3, false);
  const memory = encode(wire, { type: 'm', a: 1, b: 'two', c: [3] } as Typed);
  memory.bytes[countAt]! |= foreignBit;
  expect(wire.decode(memory, 0, memory.bytes.length)).toEqual({ type: 'm', a: 1, b: 'two', c: [3] });
  expect(wireOf(2, false).decode(memory, 0, memory.bytes.length)).toEqual({ type: 'm', a: 1, b: 'two' });
  expect(wire.decode(memory, 0, memory.bytes.length - 1)).toBeUndefined();
});

test('a type that is not known is told from one that is not whole', () => {
  const memory = encode(wireOf(1, false), { type: 'm', a: 1 } as Typed);
  expect(new Wire().decodeForeign(memory, 0, memory.bytes.length)).toBe('unknown');
  expect(wireOf(1, false).decodeForeign(memory, 0, memory.bytes.length - 1)).toBe('faulty');
});

test('cut or changed anywhere, a record is a message or faulty, and never an exception', () => {
  const message = {
    type: 'm',
    a: 1,
    b: 0.5,
    c: 'text',
    d: { deep: [1, { x: 'y' }] },
    e: [1, 2, 3],
    bytes: Uint8Array.of(1),
    start: 0,
    end: 1,
  };
  const wire = wireOf(5, true);
  const whole = encode(wire, message as Typed);
  for (let end = recordHeaderBytes; end < whole.bytes.length - 1; end++)
    expect(wire.decodeForeign(whole, 0, end)).toBe('faulty');
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
      const bytes = Buffer.from(whole.bytes);
      for (const [at, byte] of changes) bytes[countAt + (at % (bytes.length - countAt))] = byte;
      const got = wire.decodeForeign(wireMemory(bytes), 0, bytes.length);
      expect(['faulty', 'object']).toContain(typeof got === 'string' ? got : typeof got);
    }),
    { numRuns: 5_000 },
  );
});

const packedRecord = (packed: Buffer): WireMemory => {
  const bytes = Buffer.alloc(recordHeaderBytes + 5 + packed.length);
  bytes.writeUInt32LE(typeHash('m'), 16);
  bytes[countAt] = 1;
  bytes[recordHeaderBytes] = tagPacked;
  bytes.writeUInt32LE(packed.length, recordHeaderBytes + 1);
  bytes.set(packed, recordHeaderBytes + 5);
  return wireMemory(bytes);
};

test.for([
  ['an array of 2^32 elements', Buffer.of(0xdd, 0xff, 0xff, 0xff, 0xff, 1)],
  ['a map of 2^32 entries', Buffer.of(0xdf, 0xff, 0xff, 0xff, 0xff, 1, 1)],
  ['a text of 4 GB', Buffer.of(0xdb, 0xff, 0xff, 0xff, 0xff, 0x61)],
  ['bytes of 4 GB', Buffer.of(0xc6, 0xff, 0xff, 0xff, 0xff, 0x61)],
  ['arrays 100,000 deep', Buffer.concat([Buffer.alloc(100_000, 0x91), Buffer.of(1)])],
  ['an extension type', Buffer.of(0xd4, 0x70, 1)],
  ['a byte that begins nothing', Buffer.of(0xc1)],
  ['two values for one', Buffer.of(1, 2)],
  ['nothing', Buffer.alloc(0)],
] as const)('nested: %s', ([_, packed]) => {
  const memory = packedRecord(packed);
  expect(wireOf(1, false).decodeForeign(memory, 0, memory.bytes.length)).toBe('faulty');
});

test('what msgpackr writes of plain data passes', () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: false, maxDepth: 5 }), (shown) => {
      const json = plain(shown === undefined ? null : JSON.parse(JSON.stringify(shown ?? null) ?? 'null'));
      const memory = packedRecord(new Packr({ useRecords: false, moreTypes: false }).pack({ json, absent: undefined }));
      expect(wireOf(1, false).decodeForeign(memory, 0, memory.bytes.length)).toMatchObject({ type: 'm' });
    }),
  );
  expect(frameOf(kindMessage).length).toBe(6);
});
