// Hashes a name into a ring key octet by octet, without making a text of either: what a request costs to find its owner. One hasher is
// reused for request after request. A name of up to 55 octets is one SHA-1 block; a longer one goes to OpenSSL.
import { hash } from 'node:crypto';
import type { RingKey } from './ring-key.ts';
import { blockWords, digestBlock, digestWords } from './sha1-block.ts';

/** Padding takes one octet and the length eight. */
const octetsPerBlockMax = 64 - 9;
const octetsMax = 1_024;
const wordsCount = 5;
/** The message's length in bits; what is longer than 2^32 bits is no name. */
const lengthWord = 15;

// Local, since an imported binding is loaded anew at each use.
const block = blockWords;
const digest = digestWords;

const digitPairs = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'));

export class KeyHasher {
  readonly #octets = new Uint8Array(octetsMax);
  readonly #words = new Int32Array(wordsCount);
  #count = 0;

  /** Starts a new name. */
  clear(): void {
    this.#count = 0;
  }

  /** Adds octets to the name; false, and the name is no good, when it would be longer than 1,024. */
  add(bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#count;
    if (from + end - start > octetsMax) return false;
    const octets = this.#octets;
    for (let i = start; i < end; i++) octets[from + i - start] = bytes[i]!;
    this.#count = from + end - start;
    return true;
  }

  /** Adds the UTF-8 of a text; false as for `add`. */
  addText(text: string): boolean {
    const from = this.#count;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) {
        this.#count = from;
        const bytes = Buffer.from(text, 'utf8');
        return this.add(bytes, 0, bytes.length);
      }
      if (!this.addOctet(code)) return false;
    }
    return true;
  }

  /** Adds one octet, for instance the `@` between user and host. */
  addOctet(octet: number): boolean {
    if (this.#count === octetsMax) return false;
    this.#octets[this.#count++] = octet;
    return true;
  }

  /** Ends the name; from now on `prefix` and `key` are those of its SHA-1. */
  finish(): void {
    const octets = this.#octets;
    const count = this.#count;
    if (count > octetsPerBlockMax) {
      const digits = hash('sha1', octets.subarray(0, count), 'hex');
      for (let i = 0; i < wordsCount; i++) this.#words[i] = Number.parseInt(digits.slice(i * 8, i * 8 + 8), 16);
      return;
    }
    this.#digestBlock(octets, 0, count);
  }

  /** Hashes a name that lies in one piece, without copying it when it fits one block; false as for `add`. */
  hash(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start <= octetsPerBlockMax) {
      this.#digestBlock(bytes, start, end);
      return true;
    }
    this.clear();
    if (!this.add(bytes, start, end)) return false;
    this.finish();
    return true;
  }

  /** Packs at most 55 octets, the one bit that ends them, zeros and the length (RFC 3174 4), and hashes the block. */
  #digestBlock(bytes: Uint8Array, start: number, end: number): void {
    const count = end - start;
    const whole = count >> 2;
    let at = start;
    for (let i = 0; i < whole; i++, at += 4) {
      block[i] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    }
    let last = 0;
    while (at < end) last = (last << 8) | bytes[at++]!;
    block[whole] = ((last << 8) | 0x80) << ((3 - (count & 3)) * 8);
    for (let i = whole + 1; i < lengthWord; i++) block[i] = 0;
    block[lengthWord] = count * 8;
    digestBlock();
    const words = this.#words;
    for (let i = 0; i < wordsCount; i++) words[i] = digest[i]!;
  }

  /** The first 48 bits of the key as a number: what `KeyTable` searches by. */
  get prefix(): number {
    return (this.#words[0]! >>> 0) * 2 ** 16 + (this.#words[1]! >>> 16);
  }

  /** The key as the text that is kept and sent. */
  get key(): RingKey {
    let key = '';
    for (let i = 0; i < wordsCount; i++) {
      const word = this.#words[i]!;
      key +=
        digitPairs[word >>> 24]! +
        digitPairs[(word >>> 16) & 255]! +
        digitPairs[(word >>> 8) & 255]! +
        digitPairs[word & 255]!;
    }
    return key as RingKey;
  }
}
