// Reads a file of a journal piece by piece. A frame whose checksum is wrong is passed over, by looking for the next one that is whole; where none
// follows in a file that was open at the end, that is a torn append, which nobody was told of: the file ends before it.
import {
  type Change,
  changesIn,
  frameBytesMax,
  frameHeaderBytes,
  frameMagic,
  frameSum,
  wordAt,
} from './journal-frames.ts';

export class JournalReader {
  /** Up to here every frame is known: whole, or passed over because a whole one follows. */
  validBytes = 0;
  damagedCount = 0;
  /** Where the next piece begins in the file. */
  offset = 0;
  readonly #salt: number;
  #rest = new Uint8Array(0);
  /** Place of `#rest` in the file. */
  #restAt = 0;
  #isLost = false;

  constructor(salt: number) {
    this.#salt = salt;
  }

  /** Calls `apply` for each whole frame; with `isLast` no more bytes follow. */
  feed(bytes: Uint8Array, start: number, end: number, isLast: boolean, apply: (changes: Change[]) => void): void {
    this.offset += end - start;
    const all = new Uint8Array(this.#rest.length + end - start);
    all.set(this.#rest);
    all.set(bytes.subarray(start, end), this.#rest.length);
    let at = 0;
    while (at < all.length) {
      const length = this.#frameLength(all, at, isLast);
      if (length === 'more') break;
      const changes = length > 0 ? changesIn(all, at + frameHeaderBytes, at + length) : undefined;
      if (changes === undefined) {
        this.#isLost = true;
        at++;
        continue;
      }
      if (this.#isLost) this.damagedCount++;
      this.#isLost = false;
      apply(changes);
      at += length;
      this.validBytes = this.#restAt + at;
    }
    this.#rest = all.slice(at);
    this.#restAt += at;
  }

  /** Bytes at the end that are no whole frame. */
  get tornBytes(): number {
    return this.offset - this.validBytes;
  }

  /** The length of the frame at `at`, 0 where there is none, `more` where that cannot be known yet. */
  #frameLength(all: Uint8Array, at: number, isLast: boolean): number | 'more' {
    const left = all.length - at;
    if (left < frameHeaderBytes) return isLast ? 0 : 'more';
    if (wordAt(all, at) !== frameMagic) return 0;
    const length = wordAt(all, at + 4) + frameHeaderBytes;
    if (length > frameBytesMax) return 0;
    if (length > left) return isLast ? 0 : 'more';
    const sum = frameSum(all, at + frameHeaderBytes, at + length, this.#salt, this.#restAt + at);
    return sum === wordAt(all, at + 8) ? length : 0;
  }
}
