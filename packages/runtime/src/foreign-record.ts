// Reads a record that another host wrote. It may be of another version, with more fields or fewer, and it may be a lie: every length is
// compared with what is there before it is used, also inside nested values, and a fault is an answer and not an exception.
import type { Typed } from '@chordial/actor';
import {
  countAt,
  type Fields,
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
import type { WireMemory } from './wire.ts';

const depthMax = 32;

/** The message in `[at, end)`, or undefined where the record is not whole. Its byte view points into the same memory. */
export function readForeign(shape: Shape, memory: WireMemory, at: number, end: number): Typed | undefined {
  const { bytes, view, plain } = memory;
  const fieldsCount = bytes[at + countAt]! & ~foreignBit;
  const message: Fields = { type: shape.type };
  let offset = at + recordHeaderBytes;
  for (let i = 0; i < fieldsCount; i++) {
    const next = valueEnd(bytes, offset, end);
    if (next < 0) return undefined;
    const name = shape.fields[i];
    if (name !== undefined) {
      switch (bytes[offset]) {
        case tagInt32:
          message[name] = view.getInt32(offset + 1, true);
          break;
        case tagFloat64:
          message[name] = view.getFloat64(offset + 1, true);
          break;
        case tagText:
          message[name] = bytes.toString('latin1', offset + 2, next);
          break;
        case tagPacked:
          if (packedEnd(bytes, offset + 5, next, 0) !== next) return undefined;
          try {
            message[name] = packr.unpack(bytes.subarray(offset + 5, next));
          } catch {
            return undefined;
          }
          break;
        case tagTrue:
        case tagFalse:
          message[name] = bytes[offset] === tagTrue;
          break;
        default:
          message[name] = undefined;
      }
    }
    offset = next;
  }
  if (shape.hasView) {
    message.bytes = plain;
    message.start = offset;
    message.end = end;
  }
  return message as unknown as Typed;
}

/** Where the value at `at` ends, -1 when it is cut short or of no known tag. */
function valueEnd(bytes: Buffer, at: number, end: number): number {
  if (at >= end) return -1;
  let next = at + 1;
  switch (bytes[at]) {
    case tagUndefined:
    case tagTrue:
    case tagFalse:
      break;
    case tagInt32:
      next += 4;
      break;
    case tagFloat64:
      next += 8;
      break;
    case tagText:
      next += at + 1 < end ? 1 + bytes[at + 1]! : end;
      break;
    case tagPacked:
      next += at + 5 <= end ? 4 + bytes.readUInt32LE(at + 1) : end;
      break;
    default:
      return -1;
  }
  return next <= end ? next : -1;
}

/**
 * Where the MessagePack value at `at` ends, -1 when it is not whole, nested too deep, or of an extension type (undefined aside). Without this
 * look an array that claims 2^32 elements would be allocated before it is found to be empty.
 */
function packedEnd(bytes: Buffer, at: number, end: number, depth: number): number {
  if (at >= end || depth > depthMax) return -1;
  const tag = bytes[at]!;
  const within = (next: number): number => (next <= end ? next : -1);
  const sized = (lengthBytes: number): number =>
    at + 1 + lengthBytes <= end ? within(at + 1 + lengthBytes + bytes.readUIntBE(at + 1, lengthBytes)) : -1;
  const many = (from: number, count: number): number => {
    if (from > end || count > end - from) return -1;
    let next = from;
    for (let i = 0; i < count && next >= 0; i++) next = packedEnd(bytes, next, end, depth + 1);
    return next;
  };
  const counted = (lengthBytes: number, times: number): number =>
    at + 1 + lengthBytes <= end ? many(at + 1 + lengthBytes, bytes.readUIntBE(at + 1, lengthBytes) * times) : -1;
  if (tag <= 0x7f || tag >= 0xe0) return at + 1;
  if (tag <= 0x8f) return many(at + 1, (tag & 15) * 2);
  if (tag <= 0x9f) return many(at + 1, tag & 15);
  if (tag <= 0xbf) return within(at + 1 + (tag & 31));
  switch (tag) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return at + 1;
    case 0xc4:
    case 0xd9:
      return sized(1);
    case 0xc5:
    case 0xda:
      return sized(2);
    case 0xc6:
    case 0xdb:
      return sized(4);
    case 0xcc:
    case 0xd0:
      return within(at + 2);
    case 0xcd:
    case 0xd1:
      return within(at + 3);
    case 0xca:
    case 0xce:
    case 0xd2:
      return within(at + 5);
    case 0xcb:
    case 0xcf:
    case 0xd3:
      return within(at + 9);
    case 0xd4:
      // How msgpackr writes undefined.
      return at + 3 <= end && bytes[at + 1] === 0 && bytes[at + 2] === 0 ? at + 3 : -1;
    case 0xdc:
      return counted(2, 1);
    case 0xdd:
      return counted(4, 1);
    case 0xde:
      return counted(2, 2);
    case 0xdf:
      return counted(4, 2);
    default:
      return -1;
  }
}
