// Messages cut out of a byte stream (RFC 3261 18.3): each ends where its Content-Length says. Chunks go into one buffer
// that is never larger than one message at its limits and one piece of a chunk.
//
//   buffer   | given out | message: headers, blank line, body | next ...| free |
//                        #start                               #end

import { ParseError } from './errors.ts';
import { bodyLength } from './frame-length.ts';
import { limits } from './limits.ts';
import { CR, LF } from './octets.ts';

const firstCapacity = 4096;

export interface FramerOptions {
  readonly headersBytesMax?: number;
  readonly bodyBytesMax?: number;
  /** Take a missing Content-Length as 0; by default it is an error, since nothing says where the message ends. */
  readonly missingLengthIsZero?: boolean;
}

export type Frame =
  /** The octets of one message: a copy, ready for `peek` or `parseMessage`. */
  | { readonly type: 'message'; readonly bytes: Uint8Array }
  /** A double CRLF between messages, to be answered by a single one (RFC 5626 4.4.1). */
  | { readonly type: 'keep-alive' }
  /** The stream is lost: close the connection. Every later call gives the same. */
  | { readonly type: 'broken'; readonly error: ParseError };

export class StreamFramer {
  readonly #headersBytesMax: number;
  readonly #bodyBytesMax: number;
  readonly #missingLengthIsZero: boolean;
  #buffer = new Uint8Array(firstCapacity);
  #start = 0;
  #end = 0;
  /** How far the search for the blank line has come, so that no octet is searched twice. */
  #searched = 0;
  /** Octets of the message at #start once its headers are read; 0 before. */
  #messageBytes = 0;
  /** Empty lines seen since the last message, in pairs. */
  #oddEmptyLine = false;
  #broken: ParseError | undefined = undefined;

  constructor(options: FramerOptions = {}) {
    this.#headersBytesMax = options.headersBytesMax ?? limits.headersBytesMax;
    this.#bodyBytesMax = options.bodyBytesMax ?? limits.messageBytesMax;
    this.#missingLengthIsZero = options.missingLengthIsZero ?? false;
  }

  /** Octets held that belong to no frame given out yet. */
  get pendingBytes(): number {
    return this.#end - this.#start;
  }

  /** Takes a chunk and gives every frame that is complete with it. The chunk may be reused afterwards. */
  feed(chunk: Uint8Array): readonly Frame[] {
    const frames: Frame[] = [];
    // In pieces no larger than the headers may be, so that the buffer stays bounded whatever the size of the chunk.
    for (let at = 0; at < chunk.length && this.#broken === undefined; at += this.#headersBytesMax) {
      this.#append(chunk.subarray(at, at + this.#headersBytesMax));
      this.#cut(frames);
    }
    if (this.#broken !== undefined) frames.push({ type: 'broken', error: this.#broken });
    return frames;
  }

  #append(piece: Uint8Array): void {
    const pending = this.pendingBytes;
    if (this.#end + piece.length > this.#buffer.length) {
      const needed = pending + piece.length;
      const target =
        needed <= this.#buffer.length ? this.#buffer : new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
      target.set(this.#buffer.subarray(this.#start, this.#end));
      this.#buffer = target;
      this.#searched -= this.#start;
      this.#start = 0;
      this.#end = pending;
    }
    this.#buffer.set(piece, this.#end);
    this.#end += piece.length;
  }

  #cut(frames: Frame[]): void {
    for (;;) {
      if (this.#messageBytes === 0) {
        this.#takeEmptyLines(frames);
        if (!this.#readHeaders()) return;
      }
      if (this.pendingBytes < this.#messageBytes) return;
      frames.push({ type: 'message', bytes: this.#buffer.slice(this.#start, this.#start + this.#messageBytes) });
      this.#start += this.#messageBytes;
      this.#searched = this.#start;
      this.#messageBytes = 0;
    }
  }

  #takeEmptyLines(frames: Frame[]): void {
    while (this.pendingBytes >= 2 && this.#buffer[this.#start] === CR && this.#buffer[this.#start + 1] === LF) {
      this.#start += 2;
      this.#searched = Math.max(this.#searched, this.#start);
      this.#oddEmptyLine = !this.#oddEmptyLine;
      if (!this.#oddEmptyLine) frames.push({ type: 'keep-alive' });
    }
  }

  /** Whether the headers of the message at #start are complete; sets #messageBytes. */
  #readHeaders(): boolean {
    const bodyStart = this.#findBodyStart();
    const headersBytes = (bodyStart < 0 ? this.#end : bodyStart) - this.#start;
    if (headersBytes > this.#headersBytesMax)
      return this.#lose('header', `the headers are longer than ${this.#headersBytesMax} octets`, 513);
    if (bodyStart < 0) return false;
    const length = bodyLength(this.#buffer, this.#start, bodyStart);
    if (length instanceof ParseError) {
      this.#broken = length;
      return false;
    }
    if (length < 0 && !this.#missingLengthIsZero)
      return this.#lose('Content-Length', 'this header is missing, and a stream has no other end of message');
    if (length > this.#bodyBytesMax)
      return this.#lose('Content-Length', `the body is longer than ${this.#bodyBytesMax} octets`, 513);
    this.#oddEmptyLine = false;
    this.#messageBytes = headersBytes + Math.max(0, length);
    return true;
  }

  #findBodyStart(): number {
    const buffer = this.#buffer;
    for (let p = this.#searched; p + 3 < this.#end; p++) {
      if (buffer[p] === CR && buffer[p + 1] === LF && buffer[p + 2] === CR && buffer[p + 3] === LF) return p + 4;
    }
    this.#searched = Math.max(this.#start, this.#end - 3);
    return -1;
  }

  #lose(field: string, sentence: string, status = 400): false {
    this.#broken = new ParseError(field, 0, sentence, status, 'message');
    return false;
  }
}
