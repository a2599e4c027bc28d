// One row of the table of records: how it is written, and how it is read and checked. The checksum (CRC-32) covers every other column, so a
// byte that changed on the disk is found before anybody sees it.
import type { StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { RingKey } from '@chordial/ring-key';
import { bucketsCount, digestOf } from './digest.ts';
import type { StoredRecord } from './protocol.ts';

export const columns = 'name, version, value, expires, high, low, checksum';
/** A row as `select lower(hex(key)), tab, ${columns}` gives it, in an array. */
export type Row = readonly [
  key: string,
  table: number,
  name: string,
  version: string,
  value: string,
  expires: number,
  high: number,
  low: number,
  checksum: number,
];

/** Reused: SQLite copies what is bound. */
const scratch = Buffer.alloc(52);
const keyBytes = scratch.subarray(0, 20);

/** The key as SQLite sees it; valid until the next call. */
export function keyOf(key: RingKey): Uint8Array {
  scratch.write(key, 0, 20, 'hex');
  return keyBytes;
}

/** Of a record whose key is in `scratch` already. */
function checksumOf(record: Pick<StoredRecord, 'table' | 'name' | 'version' | 'value'>, expires: number): number {
  const { table, name, version, value } = record;
  scratch.writeUInt8(table & 255, 20);
  scratch.writeDoubleLE(expires, 21);
  scratch.writeUInt32LE(name.length, 29);
  scratch.writeUInt32LE(version.length, 33);
  return crc32(name + version + value, crc32(scratch));
}

function setDigests(high: number, low: number): void {
  scratch.writeUInt32LE(high, 37);
  scratch.writeUInt32LE(low, 41);
}

const noDigest = [0, 0] as const;

/** Runs `?1 key ?2 tab ?3 name ... ?9 checksum`; how many rows it changed. What stands for a damaged record gets a wrong checksum. */
export function runWith(
  statement: StatementSync,
  record: Pick<StoredRecord, 'table' | 'key' | 'name' | 'version' | 'value'>,
  expires: number,
  isDamaged = false,
): number {
  const { table, key, name, version, value } = record;
  const [high, low] = isDamaged ? noDigest : digestOf(table, key, version);
  keyOf(key);
  setDigests(high, low);
  const checksum = (checksumOf(record, expires) ^ Number(isDamaged)) >>> 0;
  return statement.run(keyBytes, table, name, version, value, expires, high, low, checksum).changes as number;
}

export function isSound(row: Row): boolean {
  const [key, table, name, version, value, expires, high, low, checksum] = row;
  // A damaged value may also have another type or be out of range.
  if (key.length !== 40 || typeof name !== 'string' || typeof version !== 'string' || typeof value !== 'string')
    return false;
  if (!isWord(high) || !isWord(low) || typeof expires !== 'number' || typeof table !== 'number') return false;
  keyOf(key as RingKey);
  setDigests(high, low);
  return checksumOf({ table, name, version, value }, expires) === checksum;
}

const isWord = (word: number): boolean => Number.isInteger(word) && word >= 0 && word <= 0xffff_ffff;

export const isAlive = (row: Row, now: number): boolean => row[5] === 0 || row[5] > now;

export const recordOf = ([key, table, name, version, value, expires]: Row, now: number): StoredRecord => ({
  table,
  key: key as RingKey,
  name,
  version,
  value,
  ttlMs: expires === 0 ? 0 : Math.max(1, expires - now),
});

/** When a record with this time left ends; at least a millisecond from now. */
export const expiresAt = (ttlMs: number, now: number): number =>
  ttlMs === 0 ? 0 : now + Math.max(1, Math.ceil(ttlMs));

/** The first key of a bucket; what is behind all keys for one after the last. */
export function edge(bucket: number): Uint8Array {
  const bytes = bucket >= bucketsCount ? Buffer.alloc(21, 255) : Buffer.alloc(20);
  if (bucket < bucketsCount) bytes.writeUInt16BE(bucket, 0);
  return bytes;
}
