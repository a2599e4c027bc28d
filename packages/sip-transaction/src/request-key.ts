// What makes two requests one transaction (RFC 3261 17.2.3), as octets that are equal exactly if the requests match. With a
// branch that begins with the magic cookie: branch, sent-by and method. Without (RFC 2543): Request-URI, To tag, From tag,
// Call-ID, CSeq and the whole topmost Via.
import type { Peek } from '@chordial/sip-parser';

/** `z9hG4bK` in lower case. */
const COOKIE = [122, 57, 104, 103, 52, 98, 107] as const;
const WITH_COOKIE = 1;
const WITHOUT_COOKIE = 2;

export class RequestKey {
  bytes: Uint8Array = new Uint8Array(1024);
  length = 0;
  hash = 0;
  readonly #seed: number;

  /** `seed` is not known outside, so that nobody can choose branches that collide. */
  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  read(peek: Peek): void {
    const { bytes, via } = peek;
    const size = peek.bodyStart - peek.start + 16;
    if (this.bytes.length < size) this.bytes = new Uint8Array(2 * size);
    this.length = 0;
    if (hasCookie(peek)) {
      this.#putByte(WITH_COOKIE);
      this.#putByte(via.port >>> 8);
      this.#putByte(via.port & 255);
      this.#put(bytes, via.hostStart, via.hostEnd);
      this.#put(bytes, via.branchStart, via.branchEnd);
      this.#put(bytes, peek.methodStart, peek.methodEnd);
    } else {
      this.#putByte(WITHOUT_COOKIE);
      this.#put(bytes, peek.requestUri.start, peek.requestUri.end);
      this.#put(bytes, peek.to.tagStart, peek.to.tagEnd);
      this.#put(bytes, peek.from.tagStart, peek.from.tagEnd);
      this.#put(bytes, peek.callIdStart, peek.callIdEnd);
      this.#put(bytes, peek.cseqLineStart, peek.cseqMethodEnd);
      this.#put(bytes, via.start, via.end);
    }
    this.hash = this.#hashed();
  }

  #putByte(octet: number): void {
    this.bytes[this.length++] = octet;
  }

  /** A part and its end; NUL occurs in no part. */
  #put(from: Uint8Array, start: number, end: number): void {
    const { bytes } = this;
    let at = this.length;
    for (let i = start; i < end; i++) bytes[at++] = from[i]!;
    bytes[at++] = 0;
    this.length = at;
  }

  #hashed(): number {
    const { bytes, length } = this;
    let hash = this.#seed;
    for (let i = 0; i < length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
    return hash ^ (hash >>> 13);
  }
}

/** RFC 3261 8.1.1.7: branches of this RFC begin with the cookie. */
function hasCookie(peek: Peek): boolean {
  const { bytes, via } = peek;
  if (via.branchEnd - via.branchStart <= COOKIE.length) return false;
  for (let i = 0; i < COOKIE.length; i++) {
    const octet = bytes[via.branchStart + i]!;
    if (octet !== COOKIE[i] && (octet | 32) !== COOKIE[i]) return false;
  }
  return true;
}
