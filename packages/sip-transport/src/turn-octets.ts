// Room for octets that live until the end of a turn, which is how long a sent message may point to them. All steps of a
// turn have the same `now`, so when time has moved on the same chunk is used again from its start; a turn that needs more
// than a chunk gets another one, and what was sent keeps pointing to the old.

const CHUNK_BYTES = 65_536;

export class TurnOctets {
  chunk: Uint8Array = new Uint8Array(CHUNK_BYTES);
  #used = 0;
  #now = -1;

  /** Makes room for `length` octets in `chunk` and returns where it begins. */
  reserve(now: number, length: number): number {
    if (now !== this.#now) {
      this.#now = now;
      this.#used = 0;
    }
    if (this.#used + length > this.chunk.length) {
      this.chunk = new Uint8Array(Math.max(CHUNK_BYTES, length));
      this.#used = 0;
    }
    return this.#used;
  }

  /** Keeps the octets up to `end` until the end of the turn; what was reserved after them is free again. */
  keep(end: number): void {
    this.#used = end;
  }

  /** Copies `bytes[start, end)` and returns where the copy begins. */
  copy(now: number, bytes: Uint8Array, start: number, end: number): number {
    const at = this.reserve(now, end - start);
    const { chunk } = this;
    for (let i = start; i < end; i++) chunk[at + i - start] = bytes[i]!;
    this.#used = at + end - start;
    return at;
  }
}
