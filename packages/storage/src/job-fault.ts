// What is wrong with a job, in a sentence, before any engine sees it: so all engines refuse the same, and may trust what they get.
import { parseRingKey } from '@chordial/ring-key';
import { bucketsCount } from './digest.ts';
import { nameCharactersMax, recordsPerJobMax, tableMax, valueCharactersMax, versionCharactersMax } from './limits.ts';
import type { RecordName, StorageJob, StoredRecord } from './protocol.ts';

/** Undefined for a job that can be begun. */
export function jobFault(job: StorageJob): string | undefined {
  if (!(job.withinMs >= 0)) return 'withinMs is 0 (no deadline) or a number of milliseconds';
  switch (job.type) {
    case 'write-record':
      return recordFault(job);
    case 'write-records':
      return writesFault(job.records, job.removals);
    case 'read-records':
      return namesFault(job.names);
    case 'scan-range':
      if (!isCount(job.recordsMax)) return 'recordsMax of a scan is a whole number above 0';
      return rangeFault(job.from, job.to, job.table) ?? (job.after === undefined ? undefined : nameFault(job.after));
    case 'delete-range':
      return rangeFault(job.from, job.to, job.table);
    case 'digest-buckets':
      if (!Number.isInteger(job.first) || job.first < 0 || job.first > bucketsCount)
        return `first is 0 to ${bucketsCount}`;
      return isCount(job.bucketsMax) ? undefined : 'bucketsMax is a whole number above 0';
    case 'drop-expired':
      return isCount(job.recordsMax) ? undefined : 'recordsMax of drop-expired is a whole number above 0';
    case 'export-store':
    case 'import-store':
      return typeof job.file === 'string' && job.file.length > 0 ? undefined : 'a file needs a name';
    case 'describe-store':
      return undefined;
    default:
      job satisfies never;
      return 'no such job';
  }
}

const isCount = (count: number): boolean => Number.isInteger(count) && count > 0;

function writesFault(records: readonly StoredRecord[], removals: readonly RecordName[]): string | undefined {
  if (records.length + removals.length > recordsPerJobMax) return `a job has at most ${recordsPerJobMax} records`;
  for (const record of records) {
    const fault = recordFault(record);
    if (fault !== undefined) return fault;
  }
  return removals.length === 0 ? undefined : namesFault(removals);
}

function namesFault(names: readonly RecordName[]): string | undefined {
  if (names.length > recordsPerJobMax) return `a job has at most ${recordsPerJobMax} records`;
  for (const name of names) {
    const fault = nameFault(name);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function nameFault([table, key]: RecordName): string | undefined {
  if (!isTable(table)) return `a table is 1 to ${tableMax}`;
  return parseRingKey(key) === undefined ? 'a key is 40 lower-case hexadecimal digits' : undefined;
}

function rangeFault(from: string, to: string, table: number): string | undefined {
  if (table !== 0 && !isTable(table)) return `a table is 1 to ${tableMax}, or 0 for all`;
  const keysAreWell = parseRingKey(from) !== undefined && parseRingKey(to) !== undefined;
  return keysAreWell ? undefined : 'a key is 40 lower-case hexadecimal digits';
}

function recordFault({ table, key, name, version, value, ttlMs }: StoredRecord): string | undefined {
  if (!isTable(table)) return `a table is 1 to ${tableMax}`;
  if (parseRingKey(key) === undefined) return 'a key is 40 lower-case hexadecimal digits';
  if (name.length > nameCharactersMax) return `a name has at most ${nameCharactersMax} characters`;
  if (version.length > versionCharactersMax) return `a version has at most ${versionCharactersMax} characters`;
  if (value.length > valueCharactersMax) return `a value has at most ${valueCharactersMax} characters`;
  if (!(ttlMs >= 0 && ttlMs <= Number.MAX_SAFE_INTEGER / 2))
    return 'ttlMs is 0 (never expires) or a number of milliseconds';
  // Half a pair of surrogates has no UTF-8: it would come back as another character.
  if (!name.isWellFormed() || !version.isWellFormed() || !value.isWellFormed())
    return 'a text has half a surrogate pair; write bytes as base64';
  return undefined;
}

const isTable = (table: number): boolean => Number.isInteger(table) && table >= 1 && table <= tableMax;
