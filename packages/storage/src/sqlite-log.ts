// How writes lie in the log of the SQLite engine: some 64 kB of them in a row, each with two checksums. The first covers its whole head with the
// length and the key: what is damaged behind a sound head is known by its key, and what has no sound head is no more than a loss.
//
//   u32 CRC-32 of the rest of the head | u32 length | u32 CRC-32 of the texts | u8 kind | u8 table | 20 key | f64 expires
//   | u32, u32 bytes of name and version | name version value
//
// Kinds: 1 a record, 2 a removal, 3 the removal of a range (table 0: of all), with its end in `name`.
import { crc32 } from 'node:zlib';
import type { RingKey } from '@chordial/ring-key';
import type { Entry } from './sqlite-recent.ts';

const headBytes = 50;
const pieceBytes = 64 * 1_024;
/** Three bytes for each UTF-16 unit of the longest texts. */
const recordBytesMax = 3 * (32_768 + 2 * 1_024) + headBytes;
const kinds = { record: 1, removed: 2, range: 3 };

export interface LoggedRange {
  readonly kind: 'range';
  readonly table: number;
  readonly from: RingKey;
  readonly to: RingKey;
}

/** Puts writes together to rows; `save` is called with bytes that are valid until it returns. */
export class LogWriter {
  bytes = 0;
  rowsCount = 0;
  readonly #scratch = Buffer.allocUnsafe(pieceBytes + recordBytesMax);
  readonly #save: (body: Uint8Array) => void;
  #end = 0;

  constructor(save: (body: Uint8Array) => void) {
    this.#save = save;
  }

  begin(): void {
    this.bytes = 0;
    this.rowsCount = 0;
    this.#end = 0;
  }

  entry({ kind, table, key, name, version, value, expires }: Entry): void {
    this.#add(kind === 'record' ? kinds.record : kinds.removed, table, key, expires, name, version, value);
  }

  range(table: number, from: RingKey, to: RingKey): void {
    this.#add(kinds.range, table, from, 0, to, '', '');
  }

  finish(): void {
    if (this.#end > 0) this.#flush();
  }

  #add(kind: number, table: number, key: string, expires: number, name: string, version: string, value: string): void {
    const scratch = this.#scratch;
    const start = this.#end;
    scratch[start + 12] = kind;
    scratch[start + 13] = table;
    scratch.write(key, start + 14, 20, 'hex');
    scratch.writeDoubleLE(expires, start + 34);
    let at = start + headBytes;
    const nameBytes = scratch.write(name, at);
    at += nameBytes;
    const versionBytes = scratch.write(version, at);
    at += versionBytes;
    at += scratch.write(value, at);
    scratch.writeUInt32LE(nameBytes, start + 42);
    scratch.writeUInt32LE(versionBytes, start + 46);
    scratch.writeUInt32LE(at - start, start + 4);
    scratch.writeUInt32LE(crc32(scratch.subarray(start + headBytes, at)), start + 8);
    scratch.writeUInt32LE(headSum(scratch, start), start);
    this.#end = at;
    if (at >= pieceBytes) this.#flush();
  }

  #flush(): void {
    this.#save(this.#scratch.subarray(0, this.#end));
    this.bytes += this.#end;
    this.rowsCount++;
    this.#end = 0;
  }
}

const headSum = (bytes: Buffer, start: number): number => crc32(bytes.subarray(start + 4, start + headBytes));

/** A head that is what was written, and leads to a place in the row. */
function isHead(bytes: Buffer, start: number): boolean {
  if (bytes.length - start < headBytes || headSum(bytes, start) !== bytes.readUInt32LE(start)) return false;
  const length = bytes.readUInt32LE(start + 4);
  return length >= headBytes && start + length <= bytes.length;
}

/** Where the entry behind a damaged head begins, if its length still leads to one. */
function placeBehind(bytes: Buffer, start: number): number | undefined {
  const length = bytes.length - start < headBytes ? 0 : bytes.readUInt32LE(start + 4);
  return length >= headBytes && isHead(bytes, start + length) ? start + length : undefined;
}

/** What a row says, oldest first; `undefined` for a part of it that is lost. */
export function* readLog(body: Uint8Array): Generator<Entry | LoggedRange | undefined> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  for (let start = 0; start < bytes.length; ) {
    if (!isHead(bytes, start)) {
      yield undefined;
      const behind = placeBehind(bytes, start);
      if (behind === undefined) return;
      start = behind;
      continue;
    }
    const end = start + bytes.readUInt32LE(start + 4);
    const isSound = crc32(bytes.subarray(start + headBytes, end)) === bytes.readUInt32LE(start + 8);
    const kind = bytes[start + 12]!;
    const table = bytes[start + 13]!;
    const key = bytes.toString('hex', start + 14, start + 34) as RingKey;
    const named = start + headBytes + bytes.readUInt32LE(start + 42);
    const versioned = named + bytes.readUInt32LE(start + 46);
    if (!isSound) {
      // The end of a range is not known: its removal is lost.
      yield kind === kinds.range ? undefined : entryOf('damaged', table, key);
    } else if (kind === kinds.range) {
      yield { kind: 'range', table, from: key, to: bytes.toString('utf8', start + headBytes, named) as RingKey };
    } else if (kind === kinds.removed) yield entryOf('removed', table, key);
    else {
      yield {
        kind: 'record',
        table,
        key,
        name: bytes.toString('utf8', start + headBytes, named),
        version: bytes.toString('utf8', named, versioned),
        value: bytes.toString('utf8', versioned, end),
        expires: bytes.readDoubleLE(start + 34),
        inTable: undefined,
      };
    }
    start = end;
  }
}

export const entryOf = (kind: 'removed' | 'damaged', table: number, key: RingKey): Entry => ({
  kind,
  table,
  key,
  name: '',
  version: '',
  value: '',
  expires: 0,
  inTable: undefined,
});

const headBytes1 = 46;

/** A row of form 1 of the file, which had one checksum behind the length, as one of this form; what was damaged stays so. */
export function rowOfForm1(body: Uint8Array): Uint8Array {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  const parts: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const length = bytes.length - start < headBytes1 ? 0 : bytes.readUInt32LE(start);
    if (length < headBytes1 || start + length > bytes.length) {
      // Nothing that has a head.
      parts.push(Buffer.alloc(headBytes, 255));
      break;
    }
    const entry = Buffer.alloc(length + 4);
    bytes.copy(entry, 12, start + 8, start + length);
    const isSound = crc32(bytes.subarray(start + 8, start + length)) === bytes.readUInt32LE(start + 4);
    entry.writeUInt32LE(length + 4, 4);
    entry.writeUInt32LE((crc32(entry.subarray(headBytes)) ^ Number(!isSound)) >>> 0, 8);
    entry.writeUInt32LE((headSum(entry, 0) ^ Number(!isSound)) >>> 0);
    parts.push(entry);
    start += length;
  }
  return Buffer.concat(parts);
}
