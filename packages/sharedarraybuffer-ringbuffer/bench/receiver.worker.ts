// The receiving thread of one contender: waits for 'begin', takes records until the last, checks each, reports how many.

import { parentPort, workerData } from 'node:worker_threads';
import { RingBuffer } from 'ringbuf.js';
import { Doorbell, RingReader } from 'sharedarraybuffer-ringbuffer';
import { LAST, type Round, type Setup, unstamp } from './record.ts';

const { contender, data, bell, progress, recordBytes } = workerData as Setup;
const port = parentPort!;
const arrived = new Int32Array(progress);
const BATCH_RECORDS_MAX = 256;

let expected = 0;
let done = false;

function take(bytes: Uint8Array, start: number, end: number): void {
  const number = unstamp(bytes, start, end);
  if (number === LAST) {
    done = true;
    return;
  }
  if (number !== expected) throw new Error(`expected record ${expected}, got ${number}`);
  expected++;
}

function finish(): void {
  port.postMessage({ arrivedCount: expected } satisfies Round);
  expected = 0;
  done = false;
}

function receiveRing(copied: boolean): void {
  const reader = new RingReader(data, new Doorbell(bell));
  const own = new Uint8Array(recordBytes);
  const visit = copied
    ? (bytes: Uint8Array, start: number, end: number) => {
        own.set(bytes.subarray(start, end));
        take(own, 0, end - start);
      }
    : take;
  port.on('message', () => {
    while (!done) {
      const count = reader.read(visit, BATCH_RECORDS_MAX);
      if (count < 0) throw new Error(`ring broken: ${reader.fault?.kind}`);
      if (count === 0) reader.waitSync();
    }
    finish();
  });
}

/** ringbuf.js moves bytes: the framing is a length before each record, and it has no wake-up, so an idle reader polls. */
function receiveRingbuf(): void {
  const ring = new RingBuffer(data, Uint8Array);
  const frame = new Uint8Array(recordBytes + 4);
  const length = new Uint32Array(frame.buffer, 0, 1);
  port.on('message', () => {
    while (!done) {
      if (ring.available_read() < 4) continue;
      ring.pop(frame, 4);
      ring.pop(frame, length[0]!, 4);
      take(frame, 4, 4 + length[0]!);
    }
    finish();
  });
}

function receiveMessages(): void {
  port.on('message', (message: Round | Uint8Array) => {
    if (!(message instanceof Uint8Array)) return;
    take(message, 0, message.length);
    if (done) finish();
    else Atomics.store(arrived, 0, expected);
  });
}

if (contender === 'postMessage') receiveMessages();
else if (contender === 'ringbuf.js') receiveRingbuf();
else receiveRing(contender === 'ring-copied');
port.postMessage('begin' satisfies Round);
