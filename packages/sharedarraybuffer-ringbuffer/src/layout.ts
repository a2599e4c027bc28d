// The memory of one ring: a header of three lines, each 128 bytes because the prefetcher of common processors pulls
// pairs of 64-byte cache lines, so that the writer's and the reader's index never share what they invalidate; then the slab.
//
//   byte 0      identity, written once by createRing
//               +0 magic 'RING'   +4 version   +8 capacityBytes   +12 recordBytesMax   (u32 each, byte order of the machine)
//   byte 128    +0 tail: the end of what is published; only the writer stores it
//   byte 256    +0 head: the begin of what is not read; only the reader stores it
//   byte 384    slab, capacityBytes (a power of two)
//               | length i32 | seal i32 | bytes ... | 0 to 7 unused |   a record starts at a multiple of 8
//               | -1         | seal i32 | ... to the end of slab    |   padding: the next record starts at slab byte 0
//
// tail and head are positions: they count bytes for ever, modulo 2^32, and `position & (capacityBytes - 1)` is the place in
// the slab; tail - head is what the ring holds. seal = length ^ position ^ SEAL, so a record of an earlier lap, or any
// word that something else wrote over it, is not taken for a record.

import { assert } from './assert.ts';

const MAGIC = 0x52494e47;
const VERSION = 1;
export const SEAL = 0x5ea1_c0de | 0;
export const PADDING = -1;

const MAGIC_WORD = 0;
const VERSION_WORD = 1;
export const CAPACITY_WORD = 2;
export const RECORD_MAX_WORD = 3;
export const TAIL_WORD = 32;
export const HEAD_WORD = 64;
export const HEADER_BYTES = 384;
export const SLAB_WORD = HEADER_BYTES / 4;
export const RECORD_HEADER_BYTES = 8;

/** 1 GiB: tail - head must stay apart from "the reader ran ahead" in 32-bit arithmetic. */
const CAPACITY_BYTES_MAX = 2 ** 30;
const CAPACITY_BYTES_MIN = 64;

/** `recordBytesMax`: at most capacityBytes / 2 - 8, so that the longest record finds room wherever the ring stands. */
export type RingOptions = { readonly capacityBytes: number; readonly recordBytesMax: number };

/** What is wrong with a ring's memory, and `at` which byte of the buffer it was seen. */
export type RingFault = {
  readonly kind: 'not-a-ring' | 'wrong-version' | 'wrong-size' | 'index-out-of-bounds' | 'record-broken';
  readonly at: number;
};

/** tryReserve and read: something else wrote into the ring's memory; see `fault`. Make a new ring. */
export const RING_BROKEN = -3;

/** The slab bytes of a record with its header, rounded up to a multiple of 8. */
export function slotBytes(recordBytes: number): number {
  return (recordBytes + RECORD_HEADER_BYTES + 7) & ~7;
}

/**
 * Allocates a ring. Hand the returned buffer to both threads (`workerData`, `postMessage`; as data, not in the transfer list).
 * `capacityBytes` (64 to 2^30) is rounded up to a power of two. Throws when the options contradict each other.
 */
export function createRing({ capacityBytes, recordBytesMax }: RingOptions): SharedArrayBuffer {
  assert(
    Number.isInteger(capacityBytes) && capacityBytes >= CAPACITY_BYTES_MIN && capacityBytes <= CAPACITY_BYTES_MAX,
    `capacityBytes must be an integer from ${CAPACITY_BYTES_MIN} to ${CAPACITY_BYTES_MAX}, not ${capacityBytes}`,
  );
  const capacity = 2 ** Math.ceil(Math.log2(capacityBytes));
  assert(
    Number.isInteger(recordBytesMax) && recordBytesMax >= 1 && recordBytesMax <= capacity / 2 - RECORD_HEADER_BYTES,
    `recordBytesMax must be an integer from 1 to ${capacity / 2 - RECORD_HEADER_BYTES} in a ring of ${capacity} bytes, not ${recordBytesMax}`,
  );
  const buffer = new SharedArrayBuffer(HEADER_BYTES + capacity);
  const words = new Int32Array(buffer);
  words[VERSION_WORD] = VERSION;
  words[CAPACITY_WORD] = capacity;
  words[RECORD_MAX_WORD] = recordBytesMax;
  Atomics.store(words, MAGIC_WORD, MAGIC);
  return buffer;
}

/** Says what is wrong with the header of a buffer that should be a ring, or undefined. Never throws. */
export function ringFault(buffer: SharedArrayBuffer): RingFault | undefined {
  if (buffer.byteLength < HEADER_BYTES + CAPACITY_BYTES_MIN || buffer.byteLength % 4 !== 0) {
    return { kind: 'wrong-size', at: 0 };
  }
  const words = new Int32Array(buffer);
  if (words[MAGIC_WORD] !== MAGIC) return { kind: 'not-a-ring', at: MAGIC_WORD * 4 };
  if (words[VERSION_WORD] !== VERSION) return { kind: 'wrong-version', at: VERSION_WORD * 4 };
  const capacity = words[CAPACITY_WORD]!;
  const powerOfTwo = capacity > 0 && (capacity & (capacity - 1)) === 0;
  if (!powerOfTwo || capacity !== buffer.byteLength - HEADER_BYTES)
    return { kind: 'wrong-size', at: CAPACITY_WORD * 4 };
  const recordMax = words[RECORD_MAX_WORD]!;
  if (recordMax < 1 || recordMax > capacity / 2 - RECORD_HEADER_BYTES) {
    return { kind: 'wrong-size', at: RECORD_MAX_WORD * 4 };
  }
  if ((Atomics.load(words, TAIL_WORD) & 7) !== 0) return { kind: 'index-out-of-bounds', at: TAIL_WORD * 4 };
  if ((Atomics.load(words, HEAD_WORD) & 7) !== 0) return { kind: 'index-out-of-bounds', at: HEAD_WORD * 4 };
  return undefined;
}

/** `ringFault` for an end that is about to be built: an end on a buffer that is no ring is our own mistake. */
export function assertRing(buffer: SharedArrayBuffer): void {
  const fault = ringFault(buffer);
  assert(
    fault === undefined,
    `this buffer is not a ring: ${fault?.kind} at byte ${fault?.at} (ringFault tells beforehand)`,
  );
}
