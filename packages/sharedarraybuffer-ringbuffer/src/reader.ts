// The reading end. A batch is visited in place, without a copy and without allocation per record; the writer's tail is cached and
// loaded again when it is reached, and the head is stored once for all that was read until then. Nothing in the memory is
// trusted: index, length and seal are checked before use, and a ring found broken stays broken.

import { assert } from './assert.ts';
import type { Doorbell, WakeReason } from './doorbell.ts';
import {
  assertRing,
  CAPACITY_WORD,
  HEAD_WORD,
  HEADER_BYTES,
  PADDING,
  RECORD_HEADER_BYTES,
  RECORD_MAX_WORD,
  RING_BROKEN,
  type RingFault,
  SEAL,
  SLAB_WORD,
  slotBytes,
  TAIL_WORD,
} from './layout.ts';

/** Sees one record: `bytes[start]` to before `bytes[end]`, valid only during the visit; copy what must outlive it. */
export type RecordVisitor = (bytes: Uint8Array<SharedArrayBuffer>, start: number, end: number) => void;

export class RingReader {
  /** The whole shared buffer, the first argument of every visit. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly capacityBytes: number;
  readonly recordBytesMax: number;
  /** Set once the ring was found broken; every later read returns RING_BROKEN. */
  fault: RingFault | undefined;

  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #doorbell: Doorbell | undefined;
  #head: number;
  #released: number;
  #tailSeen: number;
  #reading = false;

  /** `doorbell`: needed by waitSync and waitAsync only. Throws on a buffer in which ringFault finds a fault. */
  constructor(buffer: SharedArrayBuffer, doorbell?: Doorbell) {
    assertRing(buffer);
    this.bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
    this.capacityBytes = this.#words[CAPACITY_WORD]!;
    this.recordBytesMax = this.#words[RECORD_MAX_WORD]!;
    this.#doorbell = doorbell;
    this.#head = Atomics.load(this.#words, HEAD_WORD);
    this.#released = this.#head;
    this.#tailSeen = this.#head;
  }

  /**
   * Visits up to `recordsMax` records, oldest first, and returns how many; 0 when empty, RING_BROKEN (< 0) when broken and
   * nothing was visited before. A visitor that throws has consumed its record. It must not call read itself.
   */
  read(visitor: RecordVisitor, recordsMax: number): number {
    assert(!this.#reading, 'a visitor must not read from the ring that it visits');
    this.#reading = true;
    let count = 0;
    try {
      while (count < recordsMax) {
        const length = this.#front();
        if (length < 0) break;
        const start = HEADER_BYTES + (this.#head & (this.capacityBytes - 1)) + RECORD_HEADER_BYTES;
        this.#head = (this.#head + slotBytes(length)) | 0;
        count++;
        visitor(this.bytes, start, start + length);
      }
    } finally {
      this.#reading = false;
      this.#release();
    }
    return count === 0 && this.fault !== undefined ? RING_BROKEN : count;
  }

  /** The length of the next record in bytes, or -1 when there is none (empty, or broken: see `fault`). */
  peekLength(): number {
    return this.#front();
  }

  /** False when read has something to say: a record, or that the ring is broken. */
  isEmpty(): boolean {
    return this.fault === undefined && this.#head === this.#tailSeen && this.#head === this.#loadTail();
  }

  /** Sleeps, with the thread, until something is published; 'rung' at once if something is there. */
  waitSync(timeoutMs?: number): WakeReason {
    const doorbell = this.#bell();
    doorbell.prepareToSleep();
    if (this.isEmpty()) return doorbell.waitSync(timeoutMs);
    doorbell.cancel();
    return 'rung';
  }

  /** Sleeps, while the event loop goes on, until something is published. Does not keep a Node process alive. */
  waitAsync(timeoutMs?: number): Promise<WakeReason> {
    const doorbell = this.#bell();
    doorbell.prepareToSleep();
    if (this.isEmpty()) return doorbell.waitAsync(timeoutMs);
    doorbell.cancel();
    return Promise.resolve('rung');
  }

  /** Steps over padding to the next record and returns its length, or -1. */
  #front(): number {
    for (;;) {
      if (this.#head === this.#tailSeen && !this.#more()) return -1;
      const index = this.#head & (this.capacityBytes - 1);
      const word = SLAB_WORD + (index >> 2);
      const length = this.#words[word]!;
      const sealed = (length ^ this.#head ^ SEAL) === this.#words[word + 1];
      const publishedBytes = (this.#tailSeen - this.#head) | 0;
      if (length >= 0 && length <= this.recordBytesMax) {
        const slot = slotBytes(length);
        if (sealed && slot <= publishedBytes && index + slot <= this.capacityBytes) return length;
        return this.#break('record-broken', word * 4);
      }
      const paddingBytes = this.capacityBytes - index;
      // Padding is published together with the record behind it, so it never reaches the tail.
      if (length !== PADDING || !sealed || paddingBytes >= publishedBytes)
        return this.#break('record-broken', word * 4);
      this.#head = (this.#head + paddingBytes) | 0;
    }
  }

  /** At the end of what is known: frees what was read, then asks the writer for more. */
  #more(): boolean {
    if (this.fault !== undefined) return false;
    this.#release();
    const tail = this.#loadTail();
    const publishedBytes = (tail - this.#head) >>> 0;
    if (publishedBytes > this.capacityBytes || (tail & 7) !== 0) {
      this.#break('index-out-of-bounds', TAIL_WORD * 4);
      return false;
    }
    this.#tailSeen = tail;
    return publishedBytes > 0;
  }

  #release(): void {
    if (this.#released === this.#head) return;
    this.#released = this.#head;
    Atomics.store(this.#words, HEAD_WORD, this.#head);
  }

  #loadTail(): number {
    return Atomics.load(this.#words, TAIL_WORD);
  }

  /** Remembers the fault, and forgets what was known to be published so that every later call ends in #more. */
  #break(kind: RingFault['kind'], at: number): -1 {
    this.fault = { kind, at };
    this.#tailSeen = this.#head;
    return -1;
  }

  #bell(): Doorbell {
    assert(this.#doorbell !== undefined, 'a reader that waits was built without a doorbell');
    return this.#doorbell;
  }
}
