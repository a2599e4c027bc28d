// Ranges (from, to] of the ring, clockwise, over the records of a journal: pages of a scan and the parts in which a range is removed.
import type { RingKey } from '@chordial/ring-key';
import { afterAllTables, type Entry, type JournalRecords } from './journal-records.ts';
import { scanCharactersMax } from './limits.ts';
import type { RangeScanned, RecordName, ScanRange, StoredRecord } from './protocol.ts';

/** Records looked at for one page, so that a scan of a table with few records among many is no long step. */
const visitedMax = 8_192;
const pageRecordsMax = 1_000;
/** Records that a removal of a range takes away in one part. */
const partRecordsMax = 4_096;

/** Calls `visit` for the entries of (from, to] behind `after`, clockwise, while it returns true. */
function visitRange(
  records: JournalRecords,
  from: RingKey,
  to: RingKey,
  after: RecordName | undefined,
  visit: (entry: Entry) => boolean,
): void {
  const upToEnd = (entry: Entry): boolean => entry.key <= to && visit(entry);
  const [table, key] = after ?? [0, from];
  const isBehindFrom = after !== undefined && key > from;
  if (from < to) {
    if (isBehindFrom) records.visitAfter(key, table, upToEnd);
    else records.visitAfter(from, afterAllTables, upToEnd);
    return;
  }
  // Over the top of the ring: first what is behind `from`, then what is up to `to`.
  if (after !== undefined && !isBehindFrom) {
    records.visitAfter(key, table, upToEnd);
    return;
  }
  const wentOn = isBehindFrom ? records.visitAfter(key, table, visit) : records.visitAfter(from, afterAllTables, visit);
  if (wentOn) records.visitAfter('', 0, upToEnd);
}

/** As it travels; undefined when it has expired. */
export function recordOf(entry: Entry | undefined, wallNow: number): StoredRecord | undefined {
  if (entry === undefined || isExpired(entry, wallNow)) return undefined;
  const { table, key, name, version, value, expiresAt } = entry;
  return { table, key, name, version, value, ttlMs: expiresAt === 0 ? 0 : expiresAt - wallNow };
}

export const isExpired = (entry: Entry, wallNow: number): boolean => entry.expiresAt > 0 && entry.expiresAt <= wallNow;

export function scanPage(records: JournalRecords, scan: ScanRange, wallNow: number): RangeScanned {
  const found: StoredRecord[] = [];
  const recordsMax = Math.min(scan.recordsMax, pageRecordsMax);
  let characters = 0;
  let visited = 0;
  let last: RecordName | undefined;
  let next: RecordName | undefined;
  visitRange(records, scan.from, scan.to, scan.after, (entry) => {
    if (found.length >= recordsMax || characters > scanCharactersMax || visited >= visitedMax) {
      next = last;
      return false;
    }
    visited++;
    last = [entry.table, entry.key];
    const record = scan.table === 0 || scan.table === entry.table ? recordOf(entry, wallNow) : undefined;
    if (record !== undefined) {
      found.push(record);
      characters += record.name.length + record.version.length + record.value.length;
    }
    return true;
  });
  return { type: 'range-scanned', correlation: scan.correlation, records: found, damaged: [], next };
}

/** The key up to which the next part of (from, to] reaches: `to` itself for the last one. */
export function partEnd(records: JournalRecords, from: RingKey, to: RingKey): RingKey {
  let visited = 0;
  let end = to;
  visitRange(records, from, to, undefined, (entry) => {
    if (visited >= partRecordsMax && entry.key !== end) return false;
    visited++;
    if (visited >= partRecordsMax) end = entry.key;
    return true;
  });
  return end;
}

/** Removes (from, to] of a table, or of all (0); how many that were. */
export function removeRange(
  records: JournalRecords,
  from: RingKey,
  to: RingKey,
  table: number,
  wallNow: number,
): number {
  const names: Entry[] = [];
  visitRange(records, from, to, undefined, (entry) => {
    if (table === 0 || table === entry.table) names.push(entry);
    return true;
  });
  let count = 0;
  for (const entry of names) {
    records.remove(entry.table, entry.key);
    if (!isExpired(entry, wallNow)) count++;
  }
  return count;
}
