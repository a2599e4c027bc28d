// Two lanes' ends of the same link memory in one thread: order, refusal when full, whole messages, and a lane that comes back to
// rings that outlived it.

import { makeAddress, type Typed } from '@chordial/actor';
import { createDoorbell, createRing, Doorbell } from 'sharedarraybuffer-ringbuffer';
import { expect, test } from 'vitest';
import { type LinkMemory, Links } from './links.ts';
import { Wire } from './wire.ts';

interface Parcel extends Typed {
  readonly n: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

function memoryFor(lanesCount: number, capacityBytes = 4_096, recordBytesMax = 1_024): LinkMemory {
  const lanes = Array.from({ length: lanesCount }, (_, lane) => lane);
  const ring = (from: number, to: number) => (from === to ? undefined : createRing({ capacityBytes, recordBytesMax }));
  return {
    rings: lanes.map((from) => lanes.map((to) => ring(from, to))),
    doorbells: lanes.map(() => createDoorbell()),
  };
}

function end(lane: number, memory: LinkMemory) {
  const wire = new Wire();
  wire.register({ parcel: [1, 'n', 'bytes', 'start', 'end'] });
  const got: Parcel[] = [];
  const links = new Links(lane, memory, wire, (_to, _from, message) => got.push(message as Parcel));
  return { links, got };
}

const at = (lane: number) => makeAddress<Typed>(0, lane, 16);
const from = makeAddress<never>(0, 0, 16);
const parcel = (n: number, length = 40): Parcel => ({
  type: 'parcel',
  n,
  bytes: new Uint8Array(length).fill(n),
  start: 0,
  end: length,
});
const numbers = (got: readonly Parcel[]) => got.map(({ n }) => n);

test('messages are seen after publish, whole and in order', () => {
  const memory = memoryFor(3);
  const sender = end(0, memory);
  const receiver = end(2, memory);
  for (let n = 1; n <= 20; n++) expect(sender.links.post(at(2), from, parcel(n))).toBe(true);
  expect([receiver.links.drain(), receiver.links.isEmpty]).toEqual([0, true]);
  sender.links.publish();
  expect([receiver.links.isEmpty, receiver.links.drain(), receiver.links.isEmpty]).toEqual([false, 20, true]);
  expect(numbers(receiver.got)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  for (const { n, bytes, start, end: stop } of receiver.got) {
    expect([...bytes.subarray(start, stop)]).toEqual(new Array(40).fill(n));
  }
});

test('views stay what they were until the turn ends, although the ring is written again', () => {
  const memory = memoryFor(2);
  const sender = end(0, memory);
  const receiver = end(1, memory);
  // Far more than the arena holds at first, so that it is replaced in the middle.
  for (let round = 0; round < 1_000; round++) {
    for (let n = 0; n < 3; n++) sender.links.post(at(1), from, parcel((round + n) % 256, 900));
    sender.links.publish();
    receiver.links.drain();
  }
  expect(receiver.got).toHaveLength(3_000);
  for (const { n, bytes, start, end: stop } of receiver.got) {
    expect(bytes.subarray(start, stop).every((byte) => byte === n)).toBe(true);
  }
});

test('a full ring refuses and counts, and what was refused is the newest', () => {
  const memory = memoryFor(2);
  const sender = end(0, memory);
  const receiver = end(1, memory);
  let accepted = 0;
  while (sender.links.post(at(1), from, parcel(accepted))) accepted++;
  expect(accepted).toBeGreaterThan(10);
  expect(sender.links.counts).toMatchObject({ sent: accepted, refused: 1 });
  receiver.links.drain();
  expect(numbers(receiver.got)).toEqual(Array.from({ length: accepted }, (_, i) => i));
  expect(sender.links.post(at(1), from, parcel(7))).toBe(true);
});

test('a message longer than a record, and a lane that does not exist, are refused', () => {
  const sender = end(0, memoryFor(2));
  expect(sender.links.post(at(1), from, parcel(1, 5_000))).toBe(false);
  expect(sender.links.post(at(9), from, parcel(1))).toBe(false);
  expect(sender.links.post(at(0), from, parcel(1))).toBe(false);
  expect(sender.links.counts.refused).toBe(3);
});

test('a new receiver finds what the dead one did not take; a new sender goes on, without what was not published', () => {
  const memory = memoryFor(2);
  const sender = end(0, memory);
  const dead = end(1, memory);
  for (let n = 1; n <= 3; n++) sender.links.post(at(1), from, parcel(n));
  sender.links.publish();
  dead.links.drain();
  sender.links.post(at(1), from, parcel(4));
  sender.links.publish();
  sender.links.post(at(1), from, parcel(5));
  const receiver = end(1, memory);
  const senderNext = end(0, memory);
  senderNext.links.post(at(1), from, parcel(6));
  senderNext.links.publish();
  receiver.links.drain();
  expect(numbers(receiver.got)).toEqual([4, 6]);
});

test.for(['asleep', 'awake'] as const)('a lane that died %s is rung as soon as its successor sleeps', async (state) => {
  const memory = memoryFor(2);
  const dead = new Doorbell(memory.doorbells[1]!);
  if (state === 'asleep') dead.prepareToSleep();
  else dead.cancel();
  const sender = end(0, memory);
  const receiver = end(1, memory);
  sender.links.post(at(1), from, parcel(1));
  sender.links.publish();
  receiver.links.doorbell.prepareToSleep();
  expect(receiver.links.isEmpty).toBe(false);
  receiver.links.doorbell.cancel();
  receiver.links.drain();
  receiver.links.doorbell.prepareToSleep();
  const woken = receiver.links.doorbell.waitAsync(20_000);
  sender.links.post(at(1), from, parcel(2));
  sender.links.publish();
  expect(await woken).toBe('rung');
});

test('a type that the receiver does not know is counted, and the rest goes on', () => {
  const memory = memoryFor(2);
  const sender = end(0, memory);
  const got: Typed[] = [];
  const receiver = new Links(1, memory, new Wire(), (_to, _from, message) => got.push(message));
  sender.links.post(at(1), from, parcel(1));
  sender.links.publish();
  expect([receiver.drain(), receiver.counts.unknown, got]).toEqual([1, 1, []]);
});

test('memory that something else wrote over ends the lane with a sentence, not with an endless turn', () => {
  const memory = memoryFor(2);
  const sender = end(0, memory);
  sender.links.post(at(1), from, parcel(1));
  sender.links.publish();
  const receiver = end(1, memory);
  const words = new Int32Array(memory.rings[0]![1]!);
  words.fill(-1, words.length - 1_024);
  expect(() => receiver.links.drain()).toThrow(/link from another lane is whole/);
});
