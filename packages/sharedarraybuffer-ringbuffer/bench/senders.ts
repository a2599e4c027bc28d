// The sending side of each contender: writes stamped copies of one prepared record for a given time, waits until the worker has
// seen the last, and gives records a second. Senders never have more in flight than a ring holds.

import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { RingBuffer } from 'ringbuf.js';
import { createDoorbell, createRing, Doorbell, RingWriter } from 'sharedarraybuffer-ringbuffer';
import { CAPACITY_BYTES, type Contender, LAST, type Round, type Setup, stamp } from './record.ts';

const BATCH_RECORDS = 64;

type Sender = {
  readonly contender: Contender;
  readonly run: (seconds: number) => Promise<number>;
  readonly stop: () => Promise<number>;
};

export async function createSender(contender: Contender, recordBytes: number): Promise<Sender> {
  const data =
    contender === 'ringbuf.js'
      ? RingBuffer.getStorageForCapacity(CAPACITY_BYTES, Uint8Array)
      : createRing({ capacityBytes: CAPACITY_BYTES, recordBytesMax: recordBytes });
  const setup: Setup = { contender, data, bell: createDoorbell(), progress: new SharedArrayBuffer(4), recordBytes };
  const worker = new Worker(new URL('./receiver.worker.ts', import.meta.url), { workerData: setup });
  await once(worker, 'message');
  const send = { ring: sendRing, 'ring-copied': sendRing, postMessage: sendMessages, 'ringbuf.js': sendRingbuf }[
    contender
  ](setup, worker);

  async function run(seconds: number): Promise<number> {
    const over = once(worker, 'message') as Promise<[{ arrivedCount: number }]>;
    const begin = performance.now();
    worker.postMessage('begin' satisfies Round);
    const sentCount = await send(begin + seconds * 1000);
    const [{ arrivedCount }] = await over;
    if (arrivedCount !== sentCount) throw new Error(`${contender}: sent ${sentCount}, arrived ${arrivedCount}`);
    return arrivedCount / ((performance.now() - begin) / 1000);
  }
  return { contender, run, stop: () => worker.terminate() };
}

type Send = (deadline: number) => Promise<number>;

function prepare(recordBytes: number): Uint8Array {
  return Uint8Array.from({ length: recordBytes }, (_, index) => 32 + (index % 95));
}

function sendRing({ data, bell, recordBytes }: Setup): Send {
  const writer = new RingWriter(data, new Doorbell(bell));
  const record = prepare(recordBytes);
  return async (deadline) => {
    let sentCount = 0;
    while (performance.now() < deadline) {
      for (let n = 0; n < BATCH_RECORDS; n++) {
        stamp(record, 0, recordBytes, sentCount);
        if (!writer.tryAppend(record)) break;
        sentCount++;
      }
      writer.publish();
    }
    stamp(record, 0, recordBytes, LAST);
    while (!writer.tryWrite(record));
    return sentCount;
  };
}

function sendRingbuf({ data, recordBytes }: Setup): Send {
  const ring = new RingBuffer(data, Uint8Array);
  const frame = new Uint8Array(recordBytes + 4);
  frame.set(prepare(recordBytes), 4);
  new Uint32Array(frame.buffer, 0, 1)[0] = recordBytes;
  return async (deadline) => {
    let sentCount = 0;
    while (performance.now() < deadline) {
      for (let n = 0; n < BATCH_RECORDS && ring.available_write() >= frame.length; n++) {
        stamp(frame, 4, frame.length, sentCount++);
        ring.push(frame, frame.length);
      }
    }
    stamp(frame, 4, frame.length, LAST);
    while (ring.available_write() < frame.length);
    ring.push(frame, frame.length);
    return sentCount;
  };
}

function sendMessages({ progress, recordBytes }: Setup, worker: Worker): Send {
  const arrived = new Int32Array(progress);
  const record = prepare(recordBytes);
  const inFlightMax = Math.floor(CAPACITY_BYTES / recordBytes);
  return async (deadline) => {
    let sentCount = 0;
    Atomics.store(arrived, 0, 0);
    while (performance.now() < deadline) {
      for (let n = 0; n < BATCH_RECORDS && sentCount - Atomics.load(arrived, 0) < inFlightMax; n++) {
        stamp(record, 0, recordBytes, sentCount++);
        worker.postMessage(record);
      }
      if (sentCount - Atomics.load(arrived, 0) >= inFlightMax) await setImmediate();
    }
    stamp(record, 0, recordBytes, LAST);
    worker.postMessage(record);
    return sentCount;
  };
}
