// How writes lie in the log of the SQLite engine: some 64 kB of them in a row, each with its length and its own checksum.
//
//   u32 length | u32 CRC-32 of what follows | u8 kind | u8 table | 20 key | f64 expires | u32, u32 bytes of name and version | name version value
//
// Kinds: 1 a record, 2 a removal, 3 the removal of a range (table 0: of all), with its end in `name`.
import { crc32 } from 'node:zlib';
import type { RingKey } from '@chordial/ring-key';
import type { Entry } from './sqlite-recent.ts';

const headBytes = 46;
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
    scratch[start + 8] = kind;
    scratch[start + 9] = table;
    scratch.write(key, start + 10, 20, 'hex');
    scratch.writeDoubleLE(expires, start + 30);
    let at = start + headBytes;
    const nameBytes = scratch.write(name, at);
    at += nameBytes;
    const versionBytes = scratch.write(version, at);
    at += versionBytes;
    at += scratch.write(value, at);
    scratch.writeUInt32LE(nameBytes, start + 38);
    scratch.writeUInt32LE(versionBytes, start + 42);
    scratch.writeUInt32LE(at - start, start);
    scratch.writeUInt32LE(crc32(scratch.subarray(start + 8, at)), start + 4);
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

/** What a row says, oldest first; `undefined` for bytes that say nothing, behind which nothing more can be read. */
export function* readLog(body: Uint8Array): Generator<Entry | LoggedRange | undefined> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  for (let start = 0; start < bytes.length; ) {
    const length = bytes.length - start < headBytes ? 0 : bytes.readUInt32LE(start);
    if (length < headBytes || start + length > bytes.length) {
      yield undefined;
      return;
    }
    const end = start + length;
    const isSound = crc32(bytes.subarray(start + 8, end)) === bytes.readUInt32LE(start + 4);
    const kind = bytes[start + 8]!;
    const table = bytes[start + 9]!;
    const key = bytes.toString('hex', start + 10, start + 30) as RingKey;
    const named = start + headBytes + bytes.readUInt32LE(start + 38);
    const versioned = named + bytes.readUInt32LE(start + 42);
    if (!isSound) {
      // Its length is believed for as long as the lengths lead to the end of the row.
      yield table === 0 ? undefined : entryOf('damaged', table, key);
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
        expires: bytes.readDoubleLE(start + 30),
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
