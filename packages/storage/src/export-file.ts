// The file that every engine can write and read: text in UTF-8, a line for each record, each with its own checksum. The first line says what it
// is, the last one how many records there are, so that a file that was cut short is known by it. Expiry is wall-clock time: what a backup
// holds grows old in the drawer.
//
//   CRC32 ["chordial-records",1,time]                when it was begun: milliseconds since 1970
//   CRC32 [table,key,name,version,value,expires]        expires: milliseconds since 1970, 0 never
//   CRC32 ["end",recordsCount]
import { parseRingKey } from '@chordial/ring-key';
import { crc32 } from './crc32.ts';
import type { StoredRecord } from './protocol.ts';

const format = 'chordial-records';
const formatVersion = 1;
/** A line has at most this many characters: a value of escapes, and the rest. */
export const lineCharactersMax = 1_000_000;

const encoder = new TextEncoder();

/** A record with the time of its expiry instead of the time left. */
export interface ExportedRecord extends Omit<StoredRecord, 'ttlMs'> {
  readonly expires: number;
}
export type ExportLine =
  /** When it was begun; 0 where the file does not say. */
  | { readonly kind: 'header'; readonly exportedAt: number }
  | { readonly kind: 'record'; readonly record: ExportedRecord }
  | { readonly kind: 'end'; readonly recordsCount: number }
  | { readonly kind: 'fault'; readonly sentence: string };

export const headerLine = (now: number): string => lineOf([format, formatVersion, now]);
export const endLine = (recordsCount: number): string => lineOf(['end', recordsCount]);
export const recordLine = ({ table, key, name, version, value, expires }: ExportedRecord): string =>
  lineOf([table, key, name, version, value, expires]);

function lineOf(parts: readonly unknown[]): string {
  const text = JSON.stringify(parts);
  return `${checksum(text)} ${text}\n`;
}

const checksum = (text: string): string => crc32(encoder.encode(text)).toString(16).padStart(8, '0');

/** What a line says; `line` is without its newline. */
export function parseLine(line: string): ExportLine {
  const text = line.slice(9);
  if (line.length > lineCharactersMax || line[8] !== ' ' || line.slice(0, 8) !== checksum(text)) {
    return fault('a line has a wrong checksum: the file is damaged, take another copy');
  }
  let parts: unknown;
  try {
    parts = JSON.parse(text);
  } catch {
    return fault('a line is not JSON');
  }
  if (!Array.isArray(parts)) return fault('a line is not a list');
  if (parts[0] === format) {
    return parts[1] === formatVersion
      ? { kind: 'header', exportedAt: typeof parts[2] === 'number' ? parts[2] : 0 }
      : fault(`the file has version ${parts[1]}: read it with a newer release`);
  }
  if (parts[0] === 'end') {
    return Number.isInteger(parts[1]) ? { kind: 'end', recordsCount: parts[1] } : fault('the last line has no count');
  }
  const [table, key, name, version, value, expires] = parts as unknown[];
  const ringKey = typeof key === 'string' ? parseRingKey(key) : undefined;
  if (
    typeof table !== 'number' ||
    ringKey === undefined ||
    typeof name !== 'string' ||
    typeof version !== 'string' ||
    typeof value !== 'string' ||
    typeof expires !== 'number'
  ) {
    return fault('a line is not a record');
  }
  return { kind: 'record', record: { table, key: ringKey, name, version, value, expires } };
}

const fault = (sentence: string): ExportLine => ({ kind: 'fault', sentence });
