// What stands in the files of a journal: frames, each the changes of one job, all or nothing. The checksum begins with the salt of the file and
// the place of the frame, so that old bytes, bytes in a wrong place and frames that somebody wrote into a value are never taken for frames.
//
//   | magic 4 | length 4 | CRC-32 4 | payload: changes one after the other |
//   put     | 1 | table 1 | key 20 | expires 8 | name | version | value |     a text: length * 2 + isWide 4, then 1 or 2 bytes a character
//   remove  | 2 | table 1 | key 20 |
//   range   | 3 | table 1 | from 20 | to 20 |
import type { RingKey } from '@chordial/ring-key';
import { crc32 } from './crc32.ts';
import { isExpired, removeRange } from './journal-range.ts';
import type { Entry, JournalRecords } from './journal-records.ts';
import type { RecordName, StoredRecord } from './protocol.ts';

export const frameHeaderBytes = 12;
/** A job of 1,000 records of the largest size, in wide characters. */
export const frameBytesMax = 72 * 1_024 * 1_024;
export const frameMagic = 0xc40d_1a1e;
const putKind = 1;
const removeKind = 2;
const rangeKind = 3;

/** A change to the records, as it is applied when it is durable and again when the journal is read. */
export type Change =
  | { readonly kind: 'put'; readonly entry: Entry }
  | { readonly kind: 'remove'; readonly table: number; readonly key: RingKey }
  | { readonly kind: 'range'; readonly table: number; readonly from: RingKey; readonly to: RingKey };

export const removalOf = ([table, key]: RecordName): Change => ({ kind: 'remove', table, key });

export function entryOf(record: StoredRecord, expiresAt: number): Entry {
  const { table, key, name, version, value } = record;
  const bytes = 30 + textBytes(name) + textBytes(version) + textBytes(value);
  return { table, key, name, version, value, expiresAt, bytes, heapAt: -1 };
}

/** Applies changes; a record that has expired removes what it replaced. How many records a range had. */
export function applyChanges(records: JournalRecords, changes: readonly Change[], wallNow: number): number {
  let removed = 0;
  for (const change of changes) {
    if (change.kind === 'put') {
      if (isExpired(change.entry, wallNow)) records.remove(change.entry.table, change.entry.key);
      else records.put(change.entry);
    } else if (change.kind === 'remove') {
      records.remove(change.table, change.key);
    } else {
      removed += removeRange(records, change.from, change.to, change.table, wallNow);
    }
  }
  return removed;
}

/** Bytes that grow; nothing is allocated before the first byte. */
export class FrameWriter {
  bytes = new Uint8Array(0);
  length = 0;

  /** Adds a frame that will stand at `offset` of a file with this salt. */
  frame(changes: readonly Change[], salt: number, offset: number): void {
    const start = this.length;
    this.#room(frameHeaderBytes);
    this.length += frameHeaderBytes;
    for (const change of changes) this.#change(change);
    const end = this.length;
    this.length = start;
    this.#word(frameMagic);
    this.#word(end - start - frameHeaderBytes);
    this.#word(frameSum(this.bytes, start + frameHeaderBytes, end, salt, offset));
    this.length = end;
  }

  /** Forgets what was written, and the memory too when that was much. */
  clear(): void {
    this.length = 0;
    if (this.bytes.length > 65_536) this.bytes = new Uint8Array(0);
  }

  #change(change: Change): void {
    if (change.kind === 'put') {
      const { entry } = change;
      this.#room(entry.bytes);
      this.bytes[this.length++] = putKind;
      this.bytes[this.length++] = entry.table;
      this.#key(entry.key);
      this.#word(Math.floor(entry.expiresAt / 2 ** 32));
      this.#word(entry.expiresAt >>> 0);
      this.#text(entry.name);
      this.#text(entry.version);
      this.#text(entry.value);
      return;
    }
    this.#room(64);
    this.bytes[this.length++] = change.kind === 'remove' ? removeKind : rangeKind;
    this.bytes[this.length++] = change.table;
    if (change.kind === 'remove') {
      this.#key(change.key);
    } else {
      this.#key(change.from);
      this.#key(change.to);
    }
  }

  #room(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(1_024, this.length + bytes, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  #word(word: number): void {
    const at = this.length;
    this.bytes[at] = word >>> 24;
    this.bytes[at + 1] = word >>> 16;
    this.bytes[at + 2] = word >>> 8;
    this.bytes[at + 3] = word;
    this.length = at + 4;
  }

  #key(key: RingKey): void {
    for (let i = 0; i < 40; i += 2) this.bytes[this.length++] = (nibble(key, i) << 4) | nibble(key, i + 1);
  }

  #text(text: string): void {
    const wide = isWide(text);
    this.#word(text.length * 2 + (wide ? 1 : 0));
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (wide) this.bytes[this.length++] = code >>> 8;
      this.bytes[this.length++] = code;
    }
  }
}

export const frameSum = (bytes: Uint8Array, start: number, end: number, salt: number, offset: number): number =>
  crc32(bytes, start, end, (salt ^ Math.imul(offset % 2 ** 32, 0x9e37_79b1)) >>> 0);

export const wordAt = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;

/** The changes of a payload; undefined where it does not make sense. */
export function changesIn(bytes: Uint8Array, start: number, end: number): Change[] | undefined {
  const changes: Change[] = [];
  let at = start;
  const text = (): string | undefined => {
    if (at + 4 > end) return undefined;
    const word = wordAt(bytes, at);
    const length = word >>> 1;
    const from = at + 4;
    at = from + length * ((word & 1) + 1);
    return at > end ? undefined : textIn(bytes, from, length, (word & 1) === 1);
  };
  while (at < end) {
    const kind = bytes[at]!;
    const table = bytes[at + 1]!;
    const first = at;
    if (at + (kind === putKind ? 30 : kind === removeKind ? 22 : 42) > end) return undefined;
    const key = keyIn(bytes, at + 2);
    at += 22;
    if (kind === removeKind) {
      changes.push({ kind: 'remove', table, key });
    } else if (kind === rangeKind) {
      changes.push({ kind: 'range', table, from: key, to: keyIn(bytes, at) });
      at += 20;
    } else if (kind === putKind) {
      const expiresAt = wordAt(bytes, at) * 2 ** 32 + wordAt(bytes, at + 4);
      at += 8;
      const name = text();
      const version = text();
      const value = text();
      if (name === undefined || version === undefined || value === undefined) return undefined;
      const entry = { table, key, name, version, value, expiresAt, bytes: at - first, heapAt: -1 };
      changes.push({ kind: 'put', entry });
    } else {
      return undefined;
    }
  }
  return changes;
}

const textBytes = (text: string): number => 4 + text.length * (isWide(text) ? 2 : 1);

/** Text that V8 keeps in one byte a character cannot match, and is told from others without a look at it. */
const wide = /[\u0100-\uffff]/;
const isWide = (text: string): boolean => wide.test(text);

function textIn(bytes: Uint8Array, start: number, length: number, wide: boolean): string {
  const codes: number[] | Uint8Array = wide ? [] : bytes.subarray(start, start + length);
  if (wide) {
    for (let i = 0; i < length; i++) (codes as number[]).push((bytes[start + i * 2]! << 8) | bytes[start + i * 2 + 1]!);
  }
  let text = '';
  for (let i = 0; i < length; i += 4_096) {
    text += String.fromCharCode.apply(null, codes.slice(i, i + 4_096) as unknown as number[]);
  }
  return text;
}

const hexPairs: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function keyIn(bytes: Uint8Array, start: number): RingKey {
  const parts: string[] = [];
  for (let i = 0; i < 20; i++) parts.push(hexPairs[bytes[start + i]!]!);
  return parts.join('') as RingKey;
}

function nibble(key: RingKey, at: number): number {
  const code = key.charCodeAt(at);
  return (code & 15) + (code >> 6) * 9;
}
