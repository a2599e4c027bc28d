// Copies for tests: records of table 1, written by one coordinator at a counter.
import { ringKeyFromText } from '@chordial/ring-key';
import type { StoredRecord } from '@chordial/storage/protocol';
import { contextOf, withWrite } from './versions.ts';

const hourMs = 3_600_000;
export const site = 16;

export const named = (name: string) => ({ table: 1, key: ringKeyFromText(name), name });

export function copyOf(name: string, counter: number, over?: StoredRecord, ttlMs = hourMs): StoredRecord {
  const context = over === undefined ? '' : contextOf(over.version);
  return withWrite(undefined, named(name), context, { site, counter }, `${name} ${counter}`, ttlMs);
}

export const copiesOf = (prefix: string, count: number, counter = 1): StoredRecord[] =>
  Array.from({ length: count }, (_, i) => copyOf(`${prefix}${i}`, counter));
