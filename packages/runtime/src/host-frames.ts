// The stream between two hosts, cut into frames. What stands in a frame is named by its kind; a length is judged before memory is taken for
// it. A frame that lies whole in what the socket gave is passed on where it lies, any other is put together in memory of its own.
//
//   | length u32, of what follows | kind u8 | flags u8 | body |
import { type WireMemory, wireMemory } from './wire.ts';

export const frameHeaderBytes = 6;
/** A record may not be longer than a lane's ring takes. */
export const recordBytesMax = 128 * 1_024 - 64;
/** Length field of the longest frame, and of the longest one from somebody who has proved nothing yet. */
export const frameLengthMax = recordBytesMax + 2;
export const greetingLengthMax = 1_024;
/** A welcome may list the hosts of the ring. */
export const welcomeLengthMax = 160 * 1_024;

export const kindHello = 1;
export const kindWelcome = 2;
export const kindRefused = 3;
export const kindMessage = 4;
export const kindPing = 5;
export const kindPong = 6;

/** The frame was passed on once and is not passed on again. */
export const relayedFlag = 1;

export function writeFrameHeader(bytes: Buffer, at: number, kind: number, flags: number, bodyBytes: number): void {
  bytes.writeUInt32LE(bodyBytes + 2, at);
  bytes[at + 4] = kind;
  bytes[at + 5] = flags;
}

export function frameOf(kind: number, body: Buffer = Buffer.alloc(0)): Buffer {
  const frame = Buffer.allocUnsafe(frameHeaderBytes + body.length);
  writeFrameHeader(frame, 0, kind, 0, body.length);
  frame.set(body, frameHeaderBytes);
  return frame;
}

/** Takes a frame's body `[start, end)`; false when no more are wanted. */
export type TakeFrame = (kind: number, flags: number, memory: WireMemory, start: number, end: number) => boolean;

export class FrameReader {
  #lengthMax: number;
  readonly #head = Buffer.allocUnsafeSlow(4);
  #headBytes = 0;
  #partial: Buffer | undefined;
  #partialBytes = 0;

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  /** The other side has proved itself, or has welcomed us. */
  admit(lengthMax: number): void {
    this.#lengthMax = lengthMax;
  }

  /** Passes on the frames that `chunk` completes; a sentence about the stream when it cannot go on. */
  read(chunk: Buffer, take: TakeFrame): string | undefined {
    let memory: WireMemory | undefined;
    let at = 0;
    while (at < chunk.length) {
      if (this.#partial !== undefined) {
        const taken = chunk.copy(this.#partial, this.#partialBytes, at);
        at += taken;
        this.#partialBytes += taken;
        if (this.#partialBytes < this.#partial.length) return undefined;
        const whole = wireMemory(this.#partial);
        this.#partial = undefined;
        if (!take(whole.bytes[0]!, whole.bytes[1]!, whole, 2, whole.bytes.length)) return undefined;
        continue;
      }
      let length: number;
      if (this.#headBytes > 0 || chunk.length - at < 4) {
        const taken = chunk.copy(this.#head, this.#headBytes, at);
        at += taken;
        this.#headBytes += taken;
        if (this.#headBytes < 4) return undefined;
        this.#headBytes = 0;
        length = this.#head.readUInt32LE(0);
      } else {
        length = chunk.readUInt32LE(at);
        at += 4;
      }
      if (length < 2 || length > this.#lengthMax)
        return `a frame of ${length} bytes, where 2 to ${this.#lengthMax} may be`;
      if (chunk.length - at < length) {
        this.#partial = Buffer.allocUnsafeSlow(length);
        this.#partialBytes = 0;
        continue;
      }
      memory ??= wireMemory(chunk);
      if (!take(chunk[at]!, chunk[at + 1]!, memory, at + 2, at + length)) return undefined;
      at += length;
    }
    return undefined;
  }
}
