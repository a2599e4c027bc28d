// Two real threads: ten million records checked byte by byte, wake-ups of a sleeper that must not be lost, and a writer that
// is killed in the middle of its work.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { createDoorbell, createRing, RingReader } from './index.ts';
import { type Done, echo, lengthOf, type Role, STALL_MS } from './threads.worker.ts';

const TEST_MS = 120_000;

function start(role: Role): Worker {
  return new Worker(new URL('./threads.worker.ts', import.meta.url), { workerData: role });
}

async function play(role: Role): Promise<Done> {
  const [done] = await once(start(role), 'message');
  return done as Done;
}

function way() {
  return { ring: createRing({ capacityBytes: 1 << 12, recordBytesMax: 1024 }), bell: createDoorbell() };
}

test('10 million records of 0 to 1,023 bytes arrive whole, in order, once', { timeout: TEST_MS }, async () => {
  const records = 10_000_000;
  const shared = {
    ring: createRing({ capacityBytes: 1 << 16, recordBytesMax: 1024 }),
    bell: createDoorbell(),
    records,
  };
  const [sent, received] = await Promise.all([
    play({ plays: 'writer', ...shared }),
    play({ plays: 'reader', ...shared }),
  ]);
  expect(received.records).toBe(records);
  expect(received.bytes).toBe(sent.bytes);
  expect(received.checksum).toBe(sent.checksum);
  console.log(`stress: ${records} records, ${sent.bytes} bytes; writer ${sent.note}; reader ${received.note}`);
});

test.for(['sync', 'async'] as const)(
  'no wake-up is lost over 50,000 rounds of %s sleep',
  { timeout: TEST_MS },
  async (waits) => {
    const rounds = 50_000;
    const there = way();
    const back = way();
    const other = play({ plays: 'echo', waits, rounds, there, back });
    const [ours, theirs] = await Promise.all([echo(back, there, 'async', rounds, true), other]);
    expect([ours.records, theirs.records]).toEqual([rounds, rounds]);
    // If nobody ever slept, the rounds would have shown nothing.
    expect(ours.checksum).toBeGreaterThan(rounds / 100);
    expect(theirs.checksum).toBeGreaterThan(rounds / 100);
  },
);

test('what a writer published before it was killed is whole, and nothing else is seen', {
  timeout: TEST_MS,
}, async () => {
  for (let kill = 0; kill < 10; kill++) {
    const { ring, bell } = way();
    const writer = start({ plays: 'writer', ring, bell, records: 2 ** 31 - 1 });
    const reader = new RingReader(ring);
    let n = 0;
    const visit = (slab: Uint8Array, begin: number, end: number) => {
      if (end - begin !== lengthOf(n)) throw new Error(`record ${n} is torn in ${slab.length}`);
      n++;
    };
    const deadline = Date.now() + STALL_MS;
    while (n < 1000 + kill * 777 && Date.now() < deadline) reader.read(visit, 100);
    await writer.terminate();
    expect(n).toBeGreaterThanOrEqual(1000 + kill * 777);
    while (reader.read(visit, 100) > 0);
    expect([reader.fault, reader.isEmpty()]).toEqual([undefined, true]);
  }
});
