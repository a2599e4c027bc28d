// What is wrong with a job, in a sentence, before any engine sees it: so all engines refuse the same, and may trust what they get. Parts of jobs
// come from other hosts, whatever their types say: nothing here throws. And who may ask at all.
import { type Address, nobody, type Received } from '@chordial/actor';
import { hostOf } from '@chordial/actor/shell';
import { parseRingKey } from '@chordial/ring-key';
import { bucketsCount } from './digest.ts';
import { nameCharactersMax, recordsPerJobMax, tableMax, valueCharactersMax, versionCharactersMax } from './limits.ts';
import type { RecordName, StorageJob, StorageMessage, StoredRecord } from './protocol.ts';

/** The store has users on its own host only: others go through its replica. Also false for what could not be answered. */
export function isFromHere(self: Address<StorageMessage>, { from, message }: Received<StorageMessage>): boolean {
  // Timers are from nobody, and so may be what another host sends.
  if (!('replyTo' in message)) return from === nobody || hostOf(from) === hostOf(self);
  if (from === nobody || hostOf(from) !== hostOf(self)) return false;
  return Number.isSafeInteger(message.replyTo) && message.replyTo >= 0;
}

/** Undefined for a job that can be begun. */
export function jobFault(job: StorageJob): string | undefined {
  if (!isNumber(job.withinMs) || !(job.withinMs >= 0)) return 'withinMs is 0 (no deadline) or a number of milliseconds';
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
  if (!Array.isArray(records) || !Array.isArray(removals))
    return 'a job has a list of records, and one of names to remove';
  if (records.length + removals.length > recordsPerJobMax) return `a job has at most ${recordsPerJobMax} records`;
  for (const record of records) {
    const fault = recordFault(record);
    if (fault !== undefined) return fault;
  }
  return removals.length === 0 ? undefined : namesFault(removals);
}

function namesFault(names: readonly RecordName[]): string | undefined {
  if (!Array.isArray(names)) return 'a job has a list of names';
  if (names.length > recordsPerJobMax) return `a job has at most ${recordsPerJobMax} records`;
  for (const name of names) {
    const fault = nameFault(name);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function nameFault(name: RecordName): string | undefined {
  if (!Array.isArray(name)) return 'a name is a table and a key';
  const [table, key] = name as RecordName;
  if (!isTable(table)) return `a table is 1 to ${tableMax}`;
  return isKey(key) ? undefined : 'a key is 40 lower-case hexadecimal digits';
}

function rangeFault(from: string, to: string, table: number): string | undefined {
  if (table !== 0 && !isTable(table)) return `a table is 1 to ${tableMax}, or 0 for all`;
  return isKey(from) && isKey(to) ? undefined : 'a key is 40 lower-case hexadecimal digits';
}

function recordFault(record: StoredRecord): string | undefined {
  if (typeof record !== 'object' || record === null)
    return 'a record has a table, a key, a name, a version and a value';
  const { table, key, name, version, value, ttlMs } = record;
  if (!isTable(table)) return `a table is 1 to ${tableMax}`;
  if (!isKey(key)) return 'a key is 40 lower-case hexadecimal digits';
  if (!isText(name) || !isText(version) || !isText(value)) return 'name, version and value are texts';
  if (name.length > nameCharactersMax) return `a name has at most ${nameCharactersMax} characters`;
  if (version.length > versionCharactersMax) return `a version has at most ${versionCharactersMax} characters`;
  if (value.length > valueCharactersMax) return `a value has at most ${valueCharactersMax} characters`;
  if (!isNumber(ttlMs) || !(ttlMs >= 0 && ttlMs <= Number.MAX_SAFE_INTEGER / 2))
    return 'ttlMs is 0 (never expires) or a number of milliseconds';
  // Half a pair of surrogates has no UTF-8: it would come back as another character.
  if (!name.isWellFormed() || !version.isWellFormed() || !value.isWellFormed())
    return 'a text has half a surrogate pair; write bytes as base64';
  return undefined;
}

const isText = (text: unknown): boolean => typeof text === 'string';
const isNumber = (number: unknown): boolean => typeof number === 'number';
const isKey = (key: unknown): boolean => typeof key === 'string' && parseRingKey(key) !== undefined;
const isTable = (table: number): boolean => Number.isInteger(table) && table >= 1 && table <= tableMax;
