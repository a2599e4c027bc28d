// The writing end. Records are laid down behind the published tail, where the reader does not look, and one store of the tail
// publishes all of them: a batch costs one atomic store and at most one wake-up. The reader's head is cached, and loaded
// again only when the cached one leaves no room. A full ring refuses; nothing unread is ever overwritten.

import { assert } from './assert.ts';
import type { Doorbell } from './doorbell.ts';
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

/** tryReserve: no room until the reader has read on. Declare what follows: drop and count, or stop your source. */
export const RING_FULL = -1;
/** tryReserve: longer than recordBytesMax; it would be refused for ever, so do not try again. */
export const RECORD_TOO_LONG = -2;

export class RingWriter {
  /** The whole shared buffer; a reserved record starts at the offset that tryReserve returned. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly capacityBytes: number;
  readonly recordBytesMax: number;
  /** Set once the ring was found broken; every later call refuses. */
  fault: RingFault | undefined;
  /** Refusals so far, by cause. */
  refusedFullCount = 0;
  refusedTooLongCount = 0;

  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #doorbell: Doorbell | undefined;
  #tail: number;
  #published: number;
  #headSeen: number;
  #reservedBytes = -1;
  #reservedIndex = 0;

  /** `doorbell`: the one its reader sleeps by, if it ever sleeps. Throws on a buffer in which ringFault finds a fault. */
  constructor(buffer: SharedArrayBuffer, doorbell?: Doorbell) {
    assertRing(buffer);
    this.bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
    this.capacityBytes = this.#words[CAPACITY_WORD]!;
    this.recordBytesMax = this.#words[RECORD_MAX_WORD]!;
    this.#doorbell = doorbell;
    this.#tail = Atomics.load(this.#words, TAIL_WORD);
    this.#published = this.#tail;
    this.#headSeen = Atomics.load(this.#words, HEAD_WORD);
  }

  /** Writes and publishes one record. False: refused, and counted by cause (full, too long), or the ring is broken. */
  tryWrite(record: Uint8Array): boolean {
    if (!this.tryAppend(record)) return false;
    this.publish();
    return true;
  }

  /** Writes one record that the reader sees after the next publish. False: refused, as in tryWrite. */
  tryAppend(record: Uint8Array): boolean {
    const start = this.tryReserve(record.length);
    if (start < 0) return false;
    this.bytes.set(record, start);
    this.commit(record.length);
    return true;
  }

  /**
   * Room for a record of up to `bytesMax` bytes: its offset in `bytes`, or RING_FULL, RECORD_TOO_LONG, RING_BROKEN (all < 0).
   * Fill it, then commit. A reservation that was not committed is forgotten by the next. A refusal for want of
   * room publishes what is committed, so that the reader can make room.
   */
  tryReserve(bytesMax: number): number {
    if (!(bytesMax >= 0 && bytesMax <= this.recordBytesMax)) {
      this.refusedTooLongCount++;
      return RECORD_TOO_LONG;
    }
    const slot = slotBytes(bytesMax);
    const index = this.#tail & (this.capacityBytes - 1);
    const toEnd = this.capacityBytes - index;
    const wanted = slot <= toEnd ? slot : toEnd + slot;
    if (wanted > this.capacityBytes - ((this.#tail - this.#headSeen) | 0) && !this.#roomAfterLoad(wanted)) {
      if (this.fault !== undefined) return RING_BROKEN;
      this.refusedFullCount++;
      this.publish();
      return RING_FULL;
    }
    this.#reservedBytes = bytesMax;
    this.#reservedIndex = slot <= toEnd ? index : 0;
    return HEADER_BYTES + this.#reservedIndex + RECORD_HEADER_BYTES;
  }

  /** Ends the reserved record at `bytesCount` bytes, at most what was reserved. Not yet published. */
  commit(bytesCount: number): void {
    assert(
      bytesCount >= 0 && bytesCount <= this.#reservedBytes && Number.isInteger(bytesCount),
      'commit takes an integer up to what the last tryReserve granted, once',
    );
    const index = this.#tail & (this.capacityBytes - 1);
    if (this.#reservedIndex !== index) {
      this.#seal(index, PADDING);
      this.#tail = (this.#tail + this.capacityBytes - index) | 0;
    }
    this.#seal(this.#reservedIndex, bytesCount);
    this.#tail = (this.#tail + slotBytes(bytesCount)) | 0;
    this.#reservedBytes = -1;
  }

  /** Shows all committed records to the reader at once. True: the reader slept, and was woken by the doorbell. */
  publish(): boolean {
    if (this.#published === this.#tail) return false;
    this.#published = this.#tail;
    Atomics.store(this.#words, TAIL_WORD, this.#tail);
    return this.#doorbell?.ring() ?? false;
  }

  #seal(index: number, length: number): void {
    const word = SLAB_WORD + (index >> 2);
    this.#words[word] = length;
    this.#words[word + 1] = length ^ this.#tail ^ SEAL;
  }

  /** The slow half of tryReserve: the cached head left no room, so ask the reader's. */
  #roomAfterLoad(wanted: number): boolean {
    if (this.fault !== undefined) return false;
    const head = Atomics.load(this.#words, HEAD_WORD);
    const usedBytes = (this.#tail - head) >>> 0;
    if (usedBytes > this.capacityBytes || (head & 7) !== 0) {
      this.fault = { kind: 'index-out-of-bounds', at: HEAD_WORD * 4 };
      // From now on no cached head leaves room, so every later call comes here.
      this.#headSeen = (this.#tail - this.capacityBytes) | 0;
      return false;
    }
    this.#headSeen = head;
    return wanted <= this.capacityBytes - usedBytes;
  }
}
