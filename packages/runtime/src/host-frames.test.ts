// Frames come out as they went in, however the stream is cut, and a length is judged before memory is taken.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameReader, frameOf } from './host-frames.ts';

test('any frames, cut anywhere, arrive whole and in order', () => {
  const frames = fc.array(fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 200 })), { maxLength: 12 });
  fc.assert(
    fc.property(frames, fc.infiniteStream(fc.integer({ min: 1, max: 90 })), (sent, cuts) => {
      const stream = Buffer.concat(sent.map(([kind, body]) => frameOf(kind, Buffer.from(body))));
      const reader = new FrameReader(202);
      const got: [number, Uint8Array][] = [];
      for (let at = 0; at < stream.length; ) {
        const { value: length } = cuts.next();
        const fault = reader.read(Buffer.from(stream.subarray(at, at + length)), (kind, _flags, memory, start, end) => {
          got.push([kind, new Uint8Array(memory.bytes.subarray(start, end))]);
          return true;
        });
        expect(fault).toBeUndefined();
        at += length;
      }
      expect(got).toEqual(sent);
    }),
    { numRuns: 500 },
  );
});

test.for([0, 1, 11, 2 ** 32 - 1])('a length of %d is refused as soon as it is read', (length) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(length);
  const reader = new FrameReader(10);
  expect(reader.read(bytes.subarray(0, 3), () => true)).toBeUndefined();
  expect(reader.read(bytes.subarray(3), () => true)).toMatch(`a frame of ${length} bytes, where 2 to 10`);
});

test('after the one that says stop nothing is passed on', () => {
  const kinds: number[] = [];
  const reader = new FrameReader(10);
  reader.read(Buffer.concat([frameOf(1), frameOf(2), frameOf(3)]), (kind) => kinds.push(kind) < 2);
  expect(kinds).toEqual([1, 2]);
});
