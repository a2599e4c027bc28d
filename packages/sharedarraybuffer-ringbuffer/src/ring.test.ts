// The edges of the ring, one sentence per test: wrap-around, refusal, reservations, and memory that something else wrote over.

import { describe, expect, test } from 'vitest';
import { createRing, RECORD_TOO_LONG, RING_BROKEN, RING_FULL, RingReader, RingWriter, ringFault } from './index.ts';
import { HEAD_WORD, HEADER_BYTES, SLAB_WORD, TAIL_WORD } from './layout.ts';

const text = (length: number, first = 0) => Uint8Array.from({ length }, (_, index) => first + index);

function ends(capacityBytes: number, recordBytesMax: number, position = 0) {
  const buffer = createRing({ capacityBytes, recordBytesMax });
  const words = new Int32Array(buffer);
  words[TAIL_WORD] = position;
  words[HEAD_WORD] = position;
  return { buffer, words, writer: new RingWriter(buffer), reader: new RingReader(buffer) };
}

function drain(reader: RingReader, recordsMax = 1000): number[][] {
  const records: number[][] = [];
  reader.read((bytes, start, end) => records.push([...bytes.subarray(start, end)]), recordsMax);
  return records;
}

describe('records', () => {
  test('come out whole and in order, an empty record among them', () => {
    const { writer, reader } = ends(256, 100);
    const records = [text(5), text(0), text(100, 7), text(8)];
    for (const record of records) expect(writer.tryWrite(record)).toBe(true);
    expect(reader.peekLength()).toBe(5);
    expect(drain(reader)).toEqual(records.map((record) => [...record]));
    expect(reader.isEmpty()).toBe(true);
    expect(reader.peekLength()).toBe(-1);
  });

  test('are invisible until they are published, all at once', () => {
    const { writer, reader } = ends(256, 100);
    writer.tryAppend(text(3));
    writer.tryAppend(text(4));
    expect(reader.isEmpty()).toBe(true);
    expect(drain(reader)).toEqual([]);
    writer.publish();
    expect(drain(reader)).toHaveLength(2);
  });

  test('start at every place of the slab and cross position 2^32, padding where they do not fit before the end', () => {
    for (let position = -256; position < 256; position += 8) {
      const { writer, reader } = ends(128, 56, position);
      for (let round = 0; round < 20; round++) {
        const record = text((round * 11) % 57, round);
        expect(writer.tryWrite(record)).toBe(true);
        expect(drain(reader)).toEqual([[...record]]);
      }
    }
  });

  test('of the greatest length always find room in an empty ring', () => {
    for (let position = 0; position < 64; position += 8) {
      const { writer, reader } = ends(64, 24, position);
      expect(writer.tryWrite(text(24))).toBe(true);
      expect(drain(reader)).toEqual([[...text(24)]]);
    }
  });

  test('are limited per read by recordsMax', () => {
    const { writer, reader } = ends(256, 8);
    for (let n = 0; n < 5; n++) writer.tryWrite(text(1, n));
    expect(drain(reader, 0)).toEqual([]);
    expect(drain(reader, 2)).toEqual([[0], [1]]);
    expect(drain(reader, 9)).toEqual([[2], [3], [4]]);
  });

  test('are consumed by a visitor that throws, which leaves the ring usable', () => {
    const { writer, reader } = ends(256, 8);
    writer.tryWrite(text(1, 1));
    writer.tryWrite(text(1, 2));
    const visitor = () => {
      throw new Error('visitor failed');
    };
    expect(() => reader.read(visitor, 9)).toThrow('visitor failed');
    expect(drain(reader)).toEqual([[2]]);
  });

  test('survive their writer: a new end goes on where the old one published', () => {
    const { buffer, writer, reader } = ends(256, 8);
    writer.tryWrite(text(1, 1));
    writer.tryAppend(text(1, 2));
    const next = new RingWriter(buffer);
    next.tryWrite(text(1, 3));
    expect(drain(reader, 1)).toEqual([[1]]);
    expect(drain(new RingReader(buffer))).toEqual([[3]]);
  });
});

describe('a full ring', () => {
  test('refuses, counts, overwrites nothing, and takes records again once the reader has read', () => {
    const { writer, reader } = ends(128, 56);
    expect([1, 2, 3, 4, 5].map((first) => writer.tryWrite(text(24, first)))).toEqual([true, true, true, true, false]);
    expect(writer.tryReserve(0)).toBe(RING_FULL);
    expect(writer.refusedFullCount).toBe(2);
    expect(drain(reader, 1)).toEqual([[...text(24, 1)]]);
    expect(writer.tryWrite(text(25))).toBe(false);
    expect(writer.tryWrite(text(24, 6))).toBe(true);
    expect(drain(reader)).toEqual([2, 3, 4, 6].map((first) => [...text(24, first)]));
  });

  test('shows what was appended before the refusal, so the reader can make room', () => {
    const { writer, reader } = ends(64, 24);
    while (writer.tryAppend(text(24)));
    expect(drain(reader)).toHaveLength(2);
  });

  test('is not what a record over recordBytesMax meets: that is refused for ever, and counted apart', () => {
    const { writer, reader } = ends(256, 100);
    expect(writer.tryWrite(text(101))).toBe(false);
    for (const bytes of [101, 1e9, Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      expect(writer.tryReserve(bytes)).toBe(RECORD_TOO_LONG);
    }
    expect([writer.refusedTooLongCount, writer.refusedFullCount]).toEqual([6, 0]);
    expect(reader.isEmpty()).toBe(true);
  });
});

describe('a reservation', () => {
  test('is filled in place, and may be committed shorter or forgotten', () => {
    const { writer, reader } = ends(256, 100);
    writer.bytes.set(text(50, 100), writer.tryReserve(50));
    writer.bytes.set(text(10), writer.tryReserve(100));
    writer.commit(10);
    writer.publish();
    expect(drain(reader)).toEqual([[...text(10)]]);
  });

  test('cannot be committed twice, longer than granted, or at all when none was granted', () => {
    const { writer } = ends(256, 100);
    expect(() => writer.commit(0)).toThrow();
    writer.tryReserve(10);
    for (const bytes of [11, -1, 0.5, Number.NaN]) expect(() => writer.commit(bytes)).toThrow();
    writer.commit(10);
    expect(() => writer.commit(0)).toThrow();
  });
});

describe('a broken ring', () => {
  test('is told by ringFault before an end is built, with the byte', () => {
    const { buffer, words } = ends(256, 100);
    expect(ringFault(buffer)).toBeUndefined();
    expect(ringFault(new SharedArrayBuffer(1024))).toEqual({ kind: 'not-a-ring', at: 0 });
    expect(ringFault(new SharedArrayBuffer(13))).toEqual({ kind: 'wrong-size', at: 0 });
    for (const [word, kind, value] of [
      [1, 'wrong-version', 9],
      [2, 'wrong-size', 512],
      [3, 'wrong-size', 121],
      [TAIL_WORD, 'index-out-of-bounds', 4],
      [HEAD_WORD, 'index-out-of-bounds', 1],
    ] as const) {
      const before = words[word]!;
      words[word] = value;
      expect(ringFault(buffer)).toEqual({ kind, at: word * 4 });
      expect(() => new RingReader(buffer)).toThrow(kind);
      words[word] = before;
    }
  });

  test('is reported by read for a tail out of bounds, and stays broken', () => {
    for (const tail of [264, -8, 12]) {
      const { words, reader } = ends(256, 100);
      words[TAIL_WORD] = tail;
      expect(reader.isEmpty()).toBe(false);
      expect(reader.read(() => expect.unreachable(), 10)).toBe(RING_BROKEN);
      expect(reader.fault).toEqual({ kind: 'index-out-of-bounds', at: TAIL_WORD * 4 });
      words[TAIL_WORD] = 0;
      expect(reader.read(() => expect.unreachable(), 10)).toBe(RING_BROKEN);
      expect([reader.peekLength(), reader.isEmpty()]).toEqual([-1, false]);
    }
  });

  test('is reported by the writer for a head out of bounds', () => {
    for (const head of [128, -8, 4]) {
      const { words, writer } = ends(64, 24);
      words[HEAD_WORD] = head;
      while (writer.tryAppend(text(24)));
      expect(writer.fault).toEqual({ kind: 'index-out-of-bounds', at: HEAD_WORD * 4 });
      words[HEAD_WORD] = 0;
      expect(writer.tryReserve(1)).toBe(RING_BROKEN);
      expect([writer.refusedFullCount, writer.tryWrite(text(0))]).toEqual([0, false]);
    }
  });

  test('is reported for any word of a record header, after the records before it', () => {
    for (const word of [SLAB_WORD + 4, SLAB_WORD + 5]) {
      for (const value of [-1, 0, 1, 99, 101, 2 ** 31 - 1, -(2 ** 31)]) {
        const { words, writer, reader } = ends(256, 100);
        writer.tryWrite(text(8));
        writer.tryWrite(text(50));
        words[word] = value;
        expect(drain(reader)).toHaveLength(1);
        expect(reader.read(() => expect.unreachable(), 10)).toBe(RING_BROKEN);
        expect(reader.fault).toEqual({ kind: 'record-broken', at: HEADER_BYTES + 16 });
      }
    }
  });
});

test('options that contradict each other are refused before memory is taken', () => {
  for (const [capacityBytes, recordBytesMax] of [
    [63, 1],
    [2 ** 30 + 1, 1],
    [64.5, 1],
    [Number.NaN, 1],
    [64, 25],
    [64, 0],
    [64, 1.5],
  ] as const) {
    expect(() => createRing({ capacityBytes, recordBytesMax })).toThrow(/must be an integer/);
  }
  expect(ends(65, 56).writer.capacityBytes).toBe(128);
});
