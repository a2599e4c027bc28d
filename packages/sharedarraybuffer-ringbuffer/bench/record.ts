// What both threads of the benchmark agree on: the contenders, the record and its proof of arrival.
// A record carries its number in the first four bytes and again, inverted, in the last four; the receiver checks both.

export const CONTENDERS = ['ring', 'ring-copied', 'postMessage', 'ringbuf.js'] as const;
export type Contender = (typeof CONTENDERS)[number];

export const CAPACITY_BYTES = 2 ** 20;

/** One worker per contender; `data` is the memory of its ring, `bell` of its doorbell, `progress` counts what arrived. */
export type Setup = {
  readonly contender: Contender;
  readonly data: SharedArrayBuffer;
  readonly bell: SharedArrayBuffer;
  readonly progress: SharedArrayBuffer;
  readonly recordBytes: number;
};

/** Sent by main before a round and by the worker after it; the first record of a round has the number 0. */
export type Round = 'begin' | { readonly arrivedCount: number };

/** The number of the record that ends a round. */
export const LAST = 0xffffffff;

export function stamp(bytes: Uint8Array, start: number, end: number, number: number): void {
  bytes[start] = number;
  bytes[start + 1] = number >>> 8;
  bytes[start + 2] = number >>> 16;
  bytes[start + 3] = number >>> 24;
  bytes[end - 4] = ~number;
  bytes[end - 3] = ~number >>> 8;
  bytes[end - 2] = ~number >>> 16;
  bytes[end - 1] = ~number >>> 24;
}

/** The number of the record, or an exception: a benchmark of a ring that loses bytes is worth nothing. */
export function unstamp(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start]! | (bytes[start + 1]! << 8) | (bytes[start + 2]! << 16) | (bytes[start + 3]! << 24);
  const last = bytes[end - 4]! | (bytes[end - 3]! << 8) | (bytes[end - 2]! << 16) | (bytes[end - 1]! << 24);
  if (first !== ~last) throw new Error(`record torn: begins with ${first}, ends with ${~last}`);
  return first >>> 0;
}
