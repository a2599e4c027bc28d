// How a message crosses to another lane or host: one record (`record-format.ts`) in a ring buffer or a frame. The fields stand in the order of
// the words table, each behind a tag; small numbers and short ASCII, which nearly all fields are, are written by hand, anything nested
// goes to msgpackr, and the byte view (`bytes`, `start`, `end`) comes last and raw.
//
// The hash of the type (FNV-1a, 32 bits) stands for it on the wire; two types with one hash are refused when they are registered.
import { type Address, assert, type Typed } from '@chordial/actor';
import { readForeign } from './foreign-record.ts';
import { plainBytes } from './plain-bytes.ts';
import {
  countAt,
  type Fields,
  fieldsMax,
  foreignBit,
  packr,
  recordHeaderBytes,
  type Shape,
  tagFalse,
  tagFloat64,
  tagInt32,
  tagPacked,
  tagText,
  tagTrue,
  tagUndefined,
} from './record-format.ts';

const inlineTextMax = 255;
/** Tag, our length, msgpack's own header. */
const packedHeaderMax = 10;

interface View {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

const viewFields = new Set(['bytes', 'start', 'end']);

/** The same memory three times: text and runs are fastest through Buffer, numbers through DataView, and cores get it plain. */
export interface WireMemory {
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly plain: Uint8Array;
}

export function wireMemory(bytes: Buffer): WireMemory {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), plain: plainBytes(bytes) };
}

/** FNV-1a over UTF-16 units. */
export function typeHash(type: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < type.length; i++) hash = Math.imul(hash ^ type.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** The words that a lane's behaviours declared. Grows with message types only. */
export class Wire {
  readonly #shapeByType = new Map<string, Shape>();
  readonly #shapeByHash = new Map<number, Shape>();
  #packedValue: unknown;
  #packed: Uint8Array = new Uint8Array(0);

  /** Learns a words table; the same type from two tables must have the same fields. */
  register(words: { readonly [type: string]: readonly [number, ...string[]] }): void {
    for (const [type, [, ...names]] of Object.entries(words)) {
      const hasView = names.includes('bytes');
      const fields = names.filter((name) => !(hasView && viewFields.has(name)));
      const hash = typeHash(type);
      const known = this.#shapeByHash.get(hash);
      if (known !== undefined) {
        const same = known.type === type && known.hasView === hasView && known.fields.join() === fields.join();
        assert(same, `'${type}' has one shape, and its hash is not that of '${known.type}'`);
        continue;
      }
      assert(fields.length <= fieldsMax, 'a message has at most 127 fields');
      const shape = { type, hash, fields, hasView };
      this.#shapeByType.set(type, shape);
      this.#shapeByHash.set(hash, shape);
    }
  }

  /** An upper bound in bytes for the record of `message`. */
  sizeMax(message: Typed): number {
    const shape = this.#shapeOf(message);
    let size = recordHeaderBytes;
    this.#packedValue = undefined;
    for (const name of shape.fields) {
      const value = (message as unknown as Fields)[name];
      if (typeof value === 'string') {
        size += packedHeaderMax + (value.length <= inlineTextMax ? value.length * 3 : Buffer.byteLength(value));
      } else if (typeof value === 'object' || typeof value === 'bigint') size += 5 + this.#pack(value).length;
      else size += 9;
    }
    return shape.hasView ? size + viewLength(message) : size;
  }

  /** Writes the record of `message` from `at` on; returns its length in bytes. There must be `sizeMax` bytes. */
  encode(
    { bytes: target, view }: WireMemory,
    at: number,
    to: Address<Typed>,
    from: Address<never>,
    message: Typed,
  ): number {
    const shape = this.#shapeOf(message);
    view.setFloat64(at, to, true);
    view.setFloat64(at + 8, from, true);
    view.setUint32(at + 16, shape.hash, true);
    target[at + countAt] = shape.fields.length;
    let offset = at + recordHeaderBytes;
    for (let i = 0; i < shape.fields.length; i++) {
      offset = this.#writeField(target, view, offset, (message as unknown as Fields)[shape.fields[i]!]);
    }
    // The same object may be sent again with other contents.
    this.#packedValue = undefined;
    if (!shape.hasView) return offset - at;
    const { bytes, start, end } = message as unknown as View;
    const run = bytes.subarray(start, end);
    target.set(run, offset);
    return offset - at + run.length;
  }

  static readTo({ view }: WireMemory, at: number): Address<Typed> {
    return view.getFloat64(at, true) as Address<Typed>;
  }

  static readFrom({ view }: WireMemory, at: number): Address<never> {
    return view.getFloat64(at + 8, true) as Address<never>;
  }

  /** The message in `[at, end)`; its byte view points into the same memory. Undefined for a type nobody registered. */
  decode({ bytes: record, view, plain }: WireMemory, at: number, end: number): Typed | undefined {
    const shape = this.#shapeByHash.get(view.getUint32(at + 16, true));
    if (shape === undefined) return undefined;
    if ((record[at + countAt]! & foreignBit) !== 0) return readForeign(shape, { bytes: record, view, plain }, at, end);
    const message: Fields = { type: shape.type };
    let offset = at + recordHeaderBytes;
    for (let i = 0; i < shape.fields.length; i++) {
      const name = shape.fields[i]!;
      const tag = record[offset++];
      if (tag === tagInt32) {
        message[name] = view.getInt32(offset, true);
        offset += 4;
      } else if (tag === tagText) {
        const length = record[offset]!;
        message[name] = record.toString('latin1', offset + 1, offset + 1 + length);
        offset += 1 + length;
      } else if (tag === tagFloat64) {
        message[name] = view.getFloat64(offset, true);
        offset += 8;
      } else if (tag === tagPacked) {
        const length = view.getUint32(offset, true);
        message[name] = packr.unpack(record.subarray(offset + 4, offset + 4 + length));
        offset += 4 + length;
      } else if (tag === tagTrue || tag === tagFalse) {
        message[name] = tag === tagTrue;
      }
    }
    if (shape.hasView) {
      message.bytes = plain;
      message.start = offset;
      message.end = end;
    }
    return message as unknown as Typed;
  }

  /** The message of another host's record, of at least `recordHeaderBytes`. */
  decodeForeign(memory: WireMemory, at: number, end: number): Typed | 'unknown' | 'faulty' {
    const shape = this.#shapeByHash.get(memory.view.getUint32(at + 16, true));
    if (shape === undefined) return 'unknown';
    return readForeign(shape, memory, at, end) ?? 'faulty';
  }

  #writeField(target: Buffer, view: DataView, at: number, value: unknown): number {
    if (typeof value === 'number') {
      if ((value | 0) === value && !Object.is(value, -0)) {
        target[at] = tagInt32;
        view.setInt32(at + 1, value, true);
        return at + 5;
      }
      target[at] = tagFloat64;
      view.setFloat64(at + 1, value, true);
      return at + 9;
    }
    if (typeof value === 'string' && value.length <= inlineTextMax && isAscii(value)) {
      target[at] = tagText;
      target[at + 1] = value.length;
      return at + 2 + target.write(value, at + 2, 'latin1');
    }
    if (value === undefined) {
      target[at] = tagUndefined;
      return at + 1;
    }
    if (typeof value === 'boolean') {
      target[at] = value ? tagTrue : tagFalse;
      return at + 1;
    }
    const packed = this.#pack(value);
    target[at] = tagPacked;
    view.setUint32(at + 1, packed.length, true);
    target.set(packed, at + 5);
    return at + 5 + packed.length;
  }

  /** `encode` meets the same objects that `sizeMax` met just before: the last one is packed once. */
  #pack(value: unknown): Uint8Array {
    if (value !== this.#packedValue || typeof value !== 'object') {
      this.#packed = packr.pack(value);
      this.#packedValue = value;
    }
    return this.#packed;
  }

  #shapeOf(message: Typed): Shape {
    const shape = this.#shapeByType.get(message.type);
    assert(shape !== undefined, `'${message.type}' crosses lanes, so a behaviour lists it in its words`);
    return shape;
  }
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}

const viewLength = (message: Typed): number => {
  const { start, end } = message as unknown as View;
  return Math.max(0, end - start);
};
