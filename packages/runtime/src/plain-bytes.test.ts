// Bytes that reach a core are plain: a slice of them is a copy, whatever the shell does with the memory afterwards.
import { makeAddress, type Typed } from '@chordial/actor';
import { expect, test } from 'vitest';
import { plainBytes } from './plain-bytes.ts';
import { Wire, wireMemory } from './wire.ts';

test('a slice is a copy, the memory is shared', () => {
  const buffer = Buffer.from('one two');
  const bytes = plainBytes(buffer);
  const kept = bytes.slice(0, 3);
  buffer.fill(0);
  expect(Buffer.from(kept).toString()).toBe('one');
  expect(bytes[4]).toBe(0);
});

test('a byte view from another lane is plain', () => {
  const wire = new Wire();
  wire.register({ parcel: [1, 'bytes', 'start', 'end'] });
  const memory = wireMemory(Buffer.alloc(256));
  const parcel = { type: 'parcel', bytes: Buffer.from('SIP'), start: 0, end: 3 };
  const length = wire.encode(memory, 0, makeAddress<Typed>(0, 1, 40), makeAddress<never>(0, 0, 40), parcel);
  const received = wire.decode(memory, 0, length) as unknown as typeof parcel;
  expect(received.bytes.constructor).toBe(Uint8Array);
  const kept = received.bytes.slice(received.start, received.end);
  memory.bytes.fill(0);
  expect(Buffer.from(kept).toString()).toBe('SIP');
});
