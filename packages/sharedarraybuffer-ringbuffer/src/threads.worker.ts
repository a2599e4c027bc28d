// The threads of threads.test.ts. A worker plays one role on the rings it is given and answers once, when it is done.
// Record n of a stream has a length and bytes that follow from n alone, so the reader knows what must arrive.

import { parentPort, workerData } from 'node:worker_threads';
import { Doorbell } from './doorbell.ts';
import { RingReader } from './reader.ts';
import { RingWriter } from './writer.ts';

export type Role =
  | {
      readonly plays: 'writer' | 'reader';
      readonly ring: SharedArrayBuffer;
      readonly bell: SharedArrayBuffer;
      readonly records: number;
    }
  | {
      readonly plays: 'echo';
      readonly waits: 'sync' | 'async';
      readonly rounds: number;
      readonly there: Way;
      readonly back: Way;
    };
type Way = { readonly ring: SharedArrayBuffer; readonly bell: SharedArrayBuffer };
export type Done = {
  readonly records: number;
  readonly bytes: number;
  readonly checksum: number;
  readonly note: string;
};

/** A wake-up that is lost shows as a wait of this length with a record in the ring; generous, because machines stall. */
export const STALL_MS = 20_000;

/** 0 to 63 bytes mostly, up to 1,023 now and then. */
export function lengthOf(n: number): number {
  const mixed = Math.imul(n ^ (n >>> 15), 0x2c1b3c6d) >>> 8;
  return (mixed & 0xff00) === 0 ? mixed >>> 14 : mixed & 63;
}

function byteOf(n: number, index: number): number {
  return (Math.imul(n, 0x9e3779b1) >>> 11) + index * 7;
}

function fold(checksum: number, byte: number): number {
  return Math.imul(checksum ^ byte, 0x01000193);
}

function write(ring: RingWriter, records: number): Done {
  let bytes = 0;
  let checksum = 0;
  for (let n = 0; n < records; n++) {
    const length = lengthOf(n);
    let start = ring.tryReserve(length);
    while (start < 0) {
      if (ring.fault !== undefined) throw new Error(`broken for the writer: ${ring.fault.kind}`);
      start = ring.tryReserve(length);
    }
    for (let index = 0; index < length; index++) {
      const byte = byteOf(n, index) & 255;
      ring.bytes[start + index] = byte;
      checksum = fold(checksum, byte);
    }
    ring.commit(length);
    bytes += length;
    if ((n & 15) === 0) ring.publish();
  }
  ring.publish();
  return { records, bytes, checksum, note: `refused when full ${ring.refusedFullCount} times` };
}

function read(ring: RingReader, records: number): Done {
  let n = 0;
  let bytes = 0;
  let checksum = 0;
  let sleepsCount = 0;
  function visit(slab: Uint8Array, start: number, end: number): void {
    if (end - start !== lengthOf(n)) throw new Error(`record ${n} has ${end - start} bytes, not ${lengthOf(n)}`);
    for (let at = start; at < end; at++) {
      const byte = slab[at]!;
      if (byte !== (byteOf(n, at - start) & 255)) throw new Error(`record ${n} differs at byte ${at - start}`);
      checksum = fold(checksum, byte);
    }
    bytes += end - start;
    n++;
  }
  while (n < records) {
    const count = ring.read(visit, 1000);
    if (count < 0) throw new Error(`broken for the reader: ${ring.fault?.kind}`);
    if (count === 0) {
      sleepsCount++;
      if (ring.waitSync(STALL_MS) === 'timed-out') throw new Error(`nothing came after record ${n}`);
    }
  }
  return { records: n, bytes, checksum, note: `slept ${sleepsCount} times` };
}

/** One record there, one back, each end asleep while the other works: every round needs its wake-up. */
export async function echo(
  incoming: Way,
  outgoing: Way,
  waits: 'sync' | 'async',
  rounds: number,
  begins: boolean,
): Promise<Done> {
  const reader = new RingReader(incoming.ring, new Doorbell(incoming.bell));
  const writer = new RingWriter(outgoing.ring, new Doorbell(outgoing.bell));
  const record = new Uint8Array(4);
  const number = new Uint32Array(record.buffer);
  let received = 0;
  let wokenCount = 0;
  function visit(slab: Uint8Array, start: number): void {
    if (new DataView(slab.buffer, start).getUint32(0, true) !== received)
      throw new Error(`round ${received} is out of order`);
    received++;
  }
  for (let round = 0; round < rounds; round++) {
    number[0] = round;
    if (begins) {
      writer.tryAppend(record);
      if (writer.publish()) wokenCount++;
    }
    while (received <= round) {
      // A short spin of varying length lets the other thread publish before, during and after the announcement of sleep.
      for (let spin = (round * 37) % 200; spin > 0 && reader.isEmpty(); spin--);
      if (reader.read(visit, 10) > 0) continue;
      const reason = waits === 'sync' ? reader.waitSync(STALL_MS) : await reader.waitAsync(STALL_MS);
      if (reason === 'timed-out') throw new Error(`wake-up lost in round ${round}`);
    }
    if (!begins) {
      writer.tryAppend(record);
      if (writer.publish()) wokenCount++;
    }
  }
  return { records: received, bytes: received * 4, checksum: wokenCount, note: `woke the other ${wokenCount} times` };
}

async function play(role: Role): Promise<Done> {
  switch (role.plays) {
    case 'writer':
      return write(new RingWriter(role.ring, new Doorbell(role.bell)), role.records);
    case 'reader':
      return read(new RingReader(role.ring, new Doorbell(role.bell)), role.records);
    case 'echo': {
      // A pending waitAsync does not keep this worker alive, an open port does.
      parentPort!.ref();
      parentPort!.on('message', () => {});
      const done = await echo(role.there, role.back, role.waits, role.rounds, false);
      parentPort!.unref();
      return done;
    }
  }
}

if (parentPort !== null && (workerData as Role | undefined)?.plays !== undefined) {
  parentPort.postMessage(await play(workerData as Role));
}
