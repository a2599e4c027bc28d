// The doorbell by itself, in one thread: who is woken, when ringing costs nothing, and how a wait ends.

import { expect, test } from 'vitest';
import { createDoorbell, createRing, Doorbell, RingReader, RingWriter } from './index.ts';

function pair() {
  const buffer = createDoorbell();
  return { sleeper: new Doorbell(buffer), ringer: new Doorbell(buffer) };
}

test('ringing a thread that is awake wakes nobody', () => {
  const { sleeper, ringer } = pair();
  expect(ringer.ring()).toBe(false);
  sleeper.prepareToSleep();
  sleeper.cancel();
  expect(ringer.ring()).toBe(false);
});

test('one sleep is ended by one ring; a second ringer finds the sleeper awake', () => {
  const { sleeper, ringer } = pair();
  sleeper.prepareToSleep();
  expect(ringer.ring()).toBe(true);
  expect(ringer.ring()).toBe(false);
  expect(sleeper.waitSync()).toBe('rung');
});

test('a ring between the announcement and the wait ends the wait at once, in both forms', async () => {
  const { sleeper, ringer } = pair();
  sleeper.prepareToSleep();
  ringer.ring();
  expect(await sleeper.waitAsync()).toBe('rung');
  expect(sleeper.waitSync()).toBe('rung');
});

test('a wait ends by its timeout, and leaves nobody to ring', async () => {
  const { sleeper, ringer } = pair();
  sleeper.prepareToSleep();
  expect(sleeper.waitSync(1)).toBe('timed-out');
  expect(ringer.ring()).toBe(false);
  sleeper.prepareToSleep();
  const keepAlive = setTimeout(() => {}, 60_000);
  expect(await sleeper.waitAsync(1)).toBe('timed-out');
  clearTimeout(keepAlive);
  expect(ringer.ring()).toBe(false);
});

test('a pending wait is one promise, however often it is asked for, and cancel ends it', async () => {
  const { sleeper } = pair();
  sleeper.prepareToSleep();
  const pending = sleeper.waitAsync();
  expect(sleeper.waitAsync()).toBe(pending);
  sleeper.cancel();
  expect(await pending).toBe('rung');
});

test('several rings share one doorbell, and a batch rings it once', async () => {
  const { sleeper, ringer } = pair();
  const buffers = [1, 2, 3].map(() => createRing({ capacityBytes: 256, recordBytesMax: 8 }));
  const writers = buffers.map((buffer) => new RingWriter(buffer, ringer));
  const readers = buffers.map((buffer) => new RingReader(buffer));
  sleeper.prepareToSleep();
  expect(readers.every((reader) => reader.isEmpty())).toBe(true);
  const pending = sleeper.waitAsync();
  const rung = writers.map((writer) => {
    writer.tryAppend(Uint8Array.of(1));
    writer.tryAppend(Uint8Array.of(2));
    return writer.publish();
  });
  expect(rung).toEqual([true, false, false]);
  expect(writers[0]?.publish()).toBe(false);
  expect(await pending).toBe('rung');
  expect(readers.map((reader) => reader.read(() => {}, 10))).toEqual([2, 2, 2]);
});

test('a reader with something to read does not sleep, nor does one whose ring is broken', async () => {
  const { sleeper, ringer } = pair();
  const buffer = createRing({ capacityBytes: 256, recordBytesMax: 8 });
  const reader = new RingReader(buffer, sleeper);
  new RingWriter(buffer, ringer).tryWrite(Uint8Array.of(1));
  expect(reader.waitSync()).toBe('rung');
  expect(await reader.waitAsync()).toBe('rung');
  reader.read(() => {}, 1);
  expect(reader.waitSync(1)).toBe('timed-out');
  new Int32Array(buffer)[32] = 3;
  expect(reader.waitSync()).toBe('rung');
  expect(() => new RingReader(createRing({ capacityBytes: 64, recordBytesMax: 8 })).waitSync()).toThrow(
    'without a doorbell',
  );
});

test('a buffer that is no doorbell is refused', () => {
  expect(() => new Doorbell(new SharedArrayBuffer(128))).toThrow();
  expect(() => new Doorbell(new SharedArrayBuffer(4))).toThrow();
});
