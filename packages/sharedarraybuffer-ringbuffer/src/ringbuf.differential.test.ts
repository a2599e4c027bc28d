// Beside ringbuf.js, a ring of bytes by other hands: the same records, framed by a length before each, go through both in
// the same random interleaving of writes and reads, and come out as the same bytes.

import fc from 'fast-check';
import { RingBuffer } from 'ringbuf.js';
import { expect, test } from 'vitest';
import { createRing, RingReader, RingWriter } from './index.ts';

/** The other ring: 2 bytes of length, then the record. Takes what ours takes, because it is given room for it. */
class FramedRingbuf {
  readonly #ring = new RingBuffer(RingBuffer.getStorageForCapacity(2048, Uint8Array), Uint8Array);

  write(record: Uint8Array): void {
    const frame = Uint8Array.of(record.length & 255, record.length >> 8, ...record);
    expect(this.#ring.push(frame, frame.length)).toBe(frame.length);
  }

  read(): Uint8Array | undefined {
    const length = new Uint8Array(2);
    if (this.#ring.pop(length, 2) === 0) return undefined;
    const record = new Uint8Array(length[0]! + length[1]! * 256);
    expect(this.#ring.pop(record, record.length)).toBe(record.length);
    return record;
  }
}

test('both rings carry the same records in the same order', () => {
  const write = fc.uint8Array({ maxLength: 300 });
  const read = fc.integer({ min: 1, max: 5 });
  fc.assert(
    fc.property(fc.array(fc.oneof(write, read), { maxLength: 200 }), (steps) => {
      const buffer = createRing({ capacityBytes: 1024, recordBytesMax: 300 });
      const writer = new RingWriter(buffer);
      const reader = new RingReader(buffer);
      const other = new FramedRingbuf();
      const check = (slab: Uint8Array, start: number, end: number) =>
        expect(slab.slice(start, end)).toEqual(other.read());
      for (const step of steps) {
        if (typeof step === 'number') reader.read(check, step);
        else if (writer.tryWrite(step)) other.write(step);
      }
      reader.read(check, 1000);
      expect(other.read()).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});
