// A circular byte store of records in the order in which they were written; the oldest is dropped first. It starts small,
// doubles while it may, and then the caller drops the oldest to make room. A record is contiguous:
//
//   | slot 4 | size 4 | data ... up to a multiple of 8 |      slot -1 fills the end before a wrap
//
//   0 .. tail: free (or the youngest, after a wrap) · tail: the oldest record · head: where the next one begins
import { assert } from '@chordial/actor';

const HEADER_BYTES = 8;
const WRAP = -1;

const sizeOf = (length: number): number => (HEADER_BYTES + length + 7) & ~7;

export class RecordRing {
  bytes: Uint8Array;
  /** Records, and fillers before a wrap. */
  count = 0;
  #words: Int32Array;
  #head = 0;
  #tail = 0;
  #used = 0;
  readonly #bytesMax: number;

  /** Both sizes are powers of two. */
  constructor(bytesInitial: number, bytesMax: number) {
    assert((bytesInitial & (bytesInitial - 1)) === 0, 'the size of a record ring is a power of two');
    this.bytes = new Uint8Array(bytesInitial);
    this.#words = new Int32Array(this.bytes.buffer as ArrayBuffer);
    this.#bytesMax = bytesMax;
  }

  get usedBytes(): number {
    return this.#used;
  }
  get canGrow(): boolean {
    return this.bytes.length * 2 <= this.#bytesMax;
  }

  /** Whether a record of `length` octets could be written if there were no other. */
  couldFit(length: number): boolean {
    return sizeOf(length) <= this.#bytesMax;
  }

  /** Whether a record of `length` octets can be written now. */
  fits(length: number): boolean {
    const size = sizeOf(length);
    const room = this.bytes.length - this.#head;
    if (this.#used === 0) return size <= this.bytes.length;
    if (this.#head > this.#tail) return size <= room || size <= this.#tail;
    return size <= this.#tail - this.#head;
  }

  /** After `fits`: where the data of the next record goes. Write there, then `commit`. */
  open(length: number): number {
    if (this.#used === 0) {
      this.#head = 0;
      this.#tail = 0;
    }
    const room = this.bytes.length - this.#head;
    if (sizeOf(length) > room) {
      this.#words[this.#head >> 2] = WRAP;
      this.#words[(this.#head >> 2) + 1] = room;
      this.#used += room;
      this.count++;
      this.#head = 0;
    }
    return this.#head + HEADER_BYTES;
  }

  /** The record opened last holds `length` octets (no more than were asked for) and belongs to `slot`. */
  commit(slot: number, length: number): void {
    const size = sizeOf(length);
    this.#words[this.#head >> 2] = slot;
    this.#words[(this.#head >> 2) + 1] = size;
    this.#used += size;
    this.count++;
    this.#head += size;
    if (this.#head === this.bytes.length) this.#head = 0;
  }

  /** The slot of the oldest record; negative when it is a filler. Only while `count` > 0. */
  get oldestSlot(): number {
    return this.#words[this.#tail >> 2]!;
  }
  get oldestOffset(): number {
    return this.#tail + HEADER_BYTES;
  }

  dropOldest(): void {
    const size = this.#words[(this.#tail >> 2) + 1]!;
    this.#used -= size;
    this.count--;
    this.#tail += size;
    if (this.#tail === this.bytes.length) this.#tail = 0;
  }

  /** Twice the room. All records are copied as they lie, oldest first, and `moved` hears where the data of each went. */
  grow(moved: (slot: number, offsetBefore: number, offset: number) => void): void {
    const { bytes } = this;
    const tail = this.#tail;
    const untilEnd = Math.min(this.#used, bytes.length - tail);
    this.bytes = new Uint8Array(bytes.length * 2);
    this.bytes.set(bytes.subarray(tail, tail + untilEnd));
    this.bytes.set(bytes.subarray(0, this.#used - untilEnd), untilEnd);
    this.#words = new Int32Array(this.bytes.buffer as ArrayBuffer);
    this.#tail = 0;
    this.#head = this.#used;
    for (let at = 0; at < this.#used; at += this.#words[(at >> 2) + 1]!) {
      const before = at < untilEnd ? tail + at : at - untilEnd;
      if (this.#words[at >> 2] !== WRAP) moved(this.#words[at >> 2]!, before + HEADER_BYTES, at + HEADER_BYTES);
    }
  }
}
