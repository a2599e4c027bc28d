// What `chordial scan` shows: the records that the stores of hosts hold, in the order of their keys, page by page. A record that several hosts
// hold stands there once, with who holds it and whether they have the same version.
import { makeAddress } from '@chordial/actor';
import { parseRingKey, type RingKey } from '@chordial/ring-key';
import type { RangeScanned, RecordName, StorageFailed, StoredRecord } from '@chordial/storage/protocol';
import { type Asking, QuestionFault } from './asking.ts';
import { at } from './layout.ts';
import { tableName, tableNamed, tableNames } from './tables.ts';

export const scanRecordsMax = 10_000;
const pageRecordsMax = 500;
const pageMsMax = 5_000;
/** Of all hosts together: beyond it the answer ends early, with `next`. */
const scanCharactersMax = 16_000_000;
const ringStart = '0'.repeat(40) as RingKey;

export interface ScanQuestion {
  /** All where it is undefined. */
  readonly table: string | undefined;
  readonly limit: number;
  /** Undefined: this host. */
  readonly host: number | 'all' | undefined;
  /** `next` of the page before. */
  readonly after: string | undefined;
}
export interface ScannedRecord {
  readonly table: string;
  readonly key: string;
  readonly name: string;
  /** With the value and the time left, of the first of `hosts`. */
  readonly version: string;
  readonly value: string;
  readonly ttlSeconds: number;
  /** A tombstone: what it stands for was removed. */
  readonly isRemoved: boolean;
  readonly hosts: readonly number[];
  /** Of the copies, host by host; a host that is not of the group any more may have an older one for a while. */
  readonly versions: readonly string[];
}
export interface RecordsScanned {
  readonly hosts: readonly number[];
  /** Hosts that do not answer, with why. */
  readonly silent: readonly { readonly host: number; readonly sentence: string }[];
  readonly records: readonly ScannedRecord[];
  /** Copies whose checksum is wrong; they are healed from other hosts when they are read. */
  readonly damagedCount: number;
  /** To ask for the page after this one; undefined at the end. */
  readonly next: string | undefined;
}

interface HostPart {
  readonly host: number;
  readonly records: readonly StoredRecord[];
  readonly damagedCount: number;
  readonly next: RecordName | undefined;
}

export async function scanRecords(asking: Asking, question: ScanQuestion): Promise<RecordsScanned> {
  const { table: tableText, limit } = question;
  const table = tableText === undefined ? 0 : tableNamed(tableText)?.table;
  if (table === undefined) {
    throw new QuestionFault(`--table: read '${tableText}', expected one of ${tableNames.join(', ')}, or none for all`);
  }
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= scanRecordsMax))
    throw new QuestionFault(`--limit: expected a whole number from 1 to ${scanRecordsMax}`);
  const after = placeOf(question.after);
  const hosts = await hostsOf(asking, question.host);
  const parts = await Promise.allSettled(
    hosts.map((host) => scanHost(asking, host, table, after, limit, scanCharactersMax / hosts.length)),
  );
  const silent = parts.flatMap((part, i) =>
    part.status === 'rejected' ? [{ host: hosts[i]!, sentence: (part.reason as Error).message }] : [],
  );
  if (silent.length === hosts.length) throw new Error(`host ${silent[0]!.host}: ${silent[0]!.sentence}`);
  return joined(
    parts.flatMap((part) => (part.status === 'fulfilled' ? [part.value] : [])),
    limit,
    silent,
  );
}

async function hostsOf(asking: Asking, host: ScanQuestion['host']): Promise<readonly number[]> {
  if (host === undefined || host === asking.host) return [asking.host];
  const { hosts } = await asking.listHosts();
  const alive = hosts.filter(({ phase }) => phase === 'alive' || phase === 'slow').map((each) => each.host);
  if (host === 'all') return alive.length === 0 ? [asking.host] : alive.toSorted((a, b) => a - b);
  if (alive.includes(host)) return [host];
  throw new QuestionFault(`--host: host ${host} is not in the ring; \`chordial ring\` shows who is`);
}

async function scanHost(
  asking: Asking,
  host: number,
  table: number,
  first: RecordName | undefined,
  limit: number,
  charactersMax: number,
): Promise<HostPart> {
  const records: StoredRecord[] = [];
  let damagedCount = 0;
  let characters = 0;
  let after = first;
  do {
    const recordsMax = Math.min(pageRecordsMax, limit - records.length);
    const to = makeAddress<never>(host, 0, at.storeDoor);
    const scan = { type: 'scan-range', withinMs: 0, from: ringStart, to: ringStart, table, after, recordsMax };
    const page = await asking.ask<RangeScanned | StorageFailed>(to, scan, pageMsMax);
    if (page.type === 'storage-failed') throw new Error(page.sentence);
    if (page.type !== 'range-scanned') throw new Error('it does not know how to scan: is it of an older version?');
    records.push(...page.records);
    for (const { name, version, value } of page.records)
      characters += 200 + name.length + version.length + value.length;
    damagedCount += page.damaged.length;
    after = page.next;
  } while (after !== undefined && records.length < limit && characters < charactersMax);
  return { host, records, damagedCount, next: after };
}

/** A place in the order of keys, as text: what follows begins after it. */
const placeText = ([table, key]: RecordName): string => `${key}:${table}`;

function placeOf(text: string | undefined): RecordName | undefined {
  if (text === undefined) return undefined;
  const [keyText = '', tableText = ''] = text.split(':');
  const key = parseRingKey(keyText);
  const table = Number(tableText);
  if (key !== undefined && Number.isInteger(table) && table >= 1 && table <= 255) return [table, key];
  throw new QuestionFault(`--after: read '${text}', expected the place that the page before named`);
}

/** The key after which a clockwise walk from 0 begins sorts last. */
const orderText = ({ key, table }: StoredRecord): string =>
  `${key === ringStart ? 'z' : ''}${key}:${String(table).padStart(3, '0')}`;

/** Up to where every host has been read, and no more than `limit`. */
function joined(parts: readonly HostPart[], limit: number, silent: RecordsScanned['silent']): RecordsScanned {
  const byPlace = new Map<string, { record: StoredRecord; hosts: number[]; versions: string[] }>();
  let end: string | undefined;
  for (const { host, records, next } of parts) {
    for (const record of records) {
      const place = orderText(record);
      const known = byPlace.get(place);
      if (known === undefined) byPlace.set(place, { record, hosts: [host], versions: [record.version] });
      else {
        known.hosts.push(host);
        known.versions.push(record.version);
      }
    }
    const last = records.at(-1);
    if (next !== undefined && last !== undefined && (end === undefined || orderText(last) < end)) end = orderText(last);
  }
  const inOrder = [...byPlace]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .filter(([place]) => end === undefined || place <= end);
  const shown = inOrder.slice(0, limit).map(([, each]) => each);
  const last = shown.at(-1)?.record;
  const hasMore = end !== undefined || inOrder.length > limit;
  return {
    hosts: parts.map(({ host }) => host),
    silent,
    records: shown.map(({ record, hosts, versions }) => ({
      table: tableName(record.table),
      key: record.key,
      name: record.name,
      version: record.version,
      value: record.value,
      ttlSeconds: Math.ceil(record.ttlMs / 1_000),
      isRemoved: record.version.endsWith('|'),
      hosts,
      versions,
    })),
    damagedCount: parts.reduce((sum, { damagedCount }) => sum + damagedCount, 0),
    next: hasMore && last !== undefined ? placeText([last.table, last.key]) : undefined,
  };
}
