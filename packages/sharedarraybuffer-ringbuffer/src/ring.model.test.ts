// The ring against a plain queue: any sequence of appends, reservations, publications and reads, in rings of any size that
// start anywhere (also just below position 2^32), gives the records the queue gives, and refuses only for want of room.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRing, RECORD_TOO_LONG, RING_FULL, RingReader, RingWriter } from './index.ts';
import { HEAD_WORD, slotBytes, TAIL_WORD } from './layout.ts';

type Step =
  | { readonly does: 'append'; readonly record: Uint8Array }
  | { readonly does: 'reserve'; readonly record: Uint8Array; readonly spare: number }
  | { readonly does: 'publish' }
  | { readonly does: 'read'; readonly recordsMax: number };

const record = fc.oneof(fc.uint8Array({ maxLength: 16 }), fc.uint8Array({ maxLength: 140 }));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ does: fc.constant('append' as const), record }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('reserve' as const), record, spare: fc.nat(40) }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('publish' as const) }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('read' as const), recordsMax: fc.nat(6) }) },
);
const rings = fc.record({
  capacityBytes: fc.constantFrom(64, 128, 256, 1024),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  position: fc.oneof(fc.integer({ min: -64, max: 64 }), fc.integer()).map((n) => n & ~7),
});

test('any sequence of steps gives what a queue gives', () => {
  fc.assert(
    fc.property(rings, fc.array(step, { maxLength: 120 }), ({ capacityBytes, share, position }, steps) => {
      const recordBytesMax = 1 + Math.floor(share * (capacityBytes / 2 - 9));
      const buffer = createRing({ capacityBytes, recordBytesMax });
      new Int32Array(buffer).fill(position, TAIL_WORD, TAIL_WORD + 1).fill(position, HEAD_WORD, HEAD_WORD + 1);
      const writer = new RingWriter(buffer);
      const reader = new RingReader(buffer);
      const published: Uint8Array[] = [];
      let committed: Uint8Array[] = [];
      let refusedFullCount = 0;

      function publish(): void {
        published.push(...committed);
        committed = [];
      }
      function refused(bytes: number): void {
        const held = [...published, ...committed].reduce((sum, { length }) => sum + slotBytes(length), 0);
        const padding = slotBytes(recordBytesMax) - 8 + slotBytes(bytes) - 8;
        expect(held + padding + slotBytes(bytes)).toBeGreaterThan(capacityBytes);
        expect(held).toBeGreaterThan(0);
        refusedFullCount++;
        publish();
      }
      function append(bytes: Uint8Array): void {
        if (writer.tryAppend(bytes)) committed.push(bytes);
        else if (bytes.length <= recordBytesMax) refused(bytes.length);
      }
      function reserve(bytes: Uint8Array, bytesMax: number): void {
        const start = writer.tryReserve(bytesMax);
        if (start === RING_FULL) refused(bytesMax);
        else if (start === RECORD_TOO_LONG) expect(bytesMax).toBeGreaterThan(recordBytesMax);
        if (start < 0) return;
        expect(start % 8).toBe(0);
        writer.bytes.set(bytes, start);
        writer.commit(bytes.length);
        committed.push(bytes);
      }
      function read(recordsMax: number): void {
        const seen: Uint8Array[] = [];
        const count = reader.read((slab, start, end) => seen.push(slab.slice(start, end)), recordsMax);
        expect(seen).toEqual(published.splice(0, recordsMax));
        expect(count).toBe(seen.length);
      }

      for (const next of steps) {
        if (next.does === 'append') append(next.record);
        else if (next.does === 'reserve') reserve(next.record, next.record.length + next.spare);
        else if (next.does === 'read') read(next.recordsMax);
        else {
          writer.publish();
          publish();
        }
        expect(reader.peekLength()).toBe(published[0]?.length ?? -1);
        expect(reader.isEmpty()).toBe(published.length === 0);
      }
      expect(writer.refusedFullCount).toBe(refusedFullCount);
      expect([writer.fault, reader.fault]).toEqual([undefined, undefined]);
    }),
    { numRuns: 2000 },
  );
});

test('memory overwritten at random is read as whole records or reported, and reading always ends', () => {
  const scribble = fc.record({
    word: fc.nat(HEAD_WORD + 96),
    value: fc.oneof(fc.integer(), fc.integer({ min: -9, max: 300 })),
  });
  let brokenCount = 0;
  fc.assert(
    fc.property(fc.array(record, { maxLength: 12 }), fc.array(scribble, { maxLength: 8 }), (records, scribbles) => {
      const buffer = createRing({ capacityBytes: 256, recordBytesMax: 120 });
      const writer = new RingWriter(buffer);
      const reader = new RingReader(buffer);
      const words = new Int32Array(buffer);
      for (const bytes of records) writer.tryAppend(bytes);
      writer.publish();
      for (const { word, value } of scribbles) words[word] = value;
      let visits = 0;
      const count = reader.read((slab, start, end) => {
        visits++;
        expect(start <= end && end - start <= 120 && end <= slab.length).toBe(true);
      }, 1000);
      expect(visits).toBeLessThanOrEqual(256 / 8);
      expect(count === visits || (visits === 0 && reader.fault !== undefined)).toBe(true);
      if (reader.fault !== undefined) brokenCount++;
    }),
    { numRuns: 2000 },
  );
  expect(brokenCount).toBeGreaterThan(100);
});
