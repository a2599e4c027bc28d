// The table of records in PostgreSQL: its statements, and how records become rows and come back. One statement for a batch, so a batch is one
// round trip and one commit. Texts of PostgreSQL have no NUL: it and the sign that stands for it are escaped.
import { crc32 } from 'node:zlib';
import type { RingKey } from '@chordial/ring-key';
import { digestOf } from './digest.ts';
import { scanCharactersMax } from './limits.ts';
import type { RecordName, StoredRecord } from './protocol.ts';

export const schemaVersion = 1;
/** Two programs that begin at once make the schema one after the other. Any number: this one is nobody else's. */
export const lockNumber = 0x0c40d1a1;

export const schemaStatements: readonly string[] = [
  'create table if not exists chordial_schema (version integer not null)',
  `create table if not exists chordial_records (
    host integer not null, key bytea not null, tab smallint not null,
    name text not null, version text not null, value text not null, expires bigint not null,
    high bigint not null, low bigint not null, checksum bigint not null,
    primary key (host, key, tab))`,
  'create index if not exists chordial_records_expires on chordial_records (host, expires) where expires > 0',
];

const columns = "encode(key, 'hex') as key, tab, name, version, value, expires, checksum";

const unnested = `select $1::integer, decode(t.key, 'hex'), t.tab, t.name, t.version, t.value, t.expires, t.high, t.low, t.checksum
  from unnest($2::text[], $3::smallint[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[])
    as t (key, tab, name, version, value, expires, high, low, checksum)`;

const setAll = `name = excluded.name, version = excluded.version, value = excluded.value, expires = excluded.expires,
  high = excluded.high, low = excluded.low, checksum = excluded.checksum`;

export const sql = {
  /** Puts and removals; how many records there are more. `xmax` is 0 for a row that is new. */
  write: `with gone as (
      delete from chordial_records r using unnest($11::text[], $12::smallint[]) as t (key, tab)
      where r.host = $1 and r.key = decode(t.key, 'hex') and r.tab = t.tab returning 1),
    put as (
      insert into chordial_records ${unnested} on conflict (host, key, tab) do update set ${setAll} returning xmax = 0 as fresh)
    select (select count(*) from put where fresh) - (select count(*) from gone) as more`,
  /** Puts where there is nothing, or what has expired. */
  add: `with put as (
      insert into chordial_records as r ${unnested} on conflict (host, key, tab) do update set ${setAll}
      where r.expires > 0 and r.expires <= $11 returning xmax = 0 as fresh)
    select count(*) as added, count(*) filter (where fresh) as more from put`,
  read: `select ${columns} from chordial_records r join unnest($2::text[], $3::smallint[]) as t (k, n)
    on r.key = decode(t.k, 'hex') and r.tab = t.n where r.host = $1 and (r.expires = 0 or r.expires > $4)`,
  /** (key, tab) > ($2, $3), key <= $4, table $5 or 0, not expired at $6, at most $7 and one more, and as many as a page has characters. */
  scan: `select * from (
      select *, count(*) over () as found, sum(length(name) + length(version) + length(value) + 60)
        over (order by key, tab rows between unbounded preceding and 1 preceding) as before
      from (select ${columns} from chordial_records where host = $1 and (chordial_records.key, tab) > (decode($2, 'hex'), $3::smallint)
        and chordial_records.key <= decode($4, 'hex') and ($5::smallint = 0 or tab = $5) and (expires = 0 or expires > $6)
        order by chordial_records.key, tab limit $7::integer + 1) as page) as counted
    where before is null or before < ${scanCharactersMax} order by key, tab`,
  digest: `select get_byte(key, 0) * 256 + get_byte(key, 1) as bucket, bit_xor(high) as high, bit_xor(low) as low, count(*) as count
    from chordial_records where host = $1 and key >= decode($2, 'hex') and key < decode($3, 'hex') group by bucket order by bucket`,
  /** The key so many rows behind the beginning of a range. */
  keyBehind: `select encode(key, 'hex') as key from chordial_records
    where host = $1 and key > decode($2, 'hex') and key <= decode($3, 'hex') order by chordial_records.key, tab offset $4 limit 1`,
  deleteRange: `delete from chordial_records
    where host = $1 and key > decode($2, 'hex') and key <= decode($3, 'hex') and ($4::smallint = 0 or tab = $4)`,
  drop: `delete from chordial_records r using (
      select key, tab from chordial_records where host = $1 and expires > 0 and expires <= $2 order by expires limit $3) as t
    where r.host = $1 and r.key = t.key and r.tab = t.tab returning r.tab as tab, encode(r.key, 'hex') as key, r.version as version`,
  hasExpired: 'select exists (select from chordial_records where host = $1 and expires > 0 and expires <= $2) as has',
  count: 'select count(*) as count from chordial_records where host = $1',
  size: "select pg_total_relation_size('chordial_records') as bytes",
  page: `select ${columns} from chordial_records where host = $1 and (chordial_records.key, tab) > (decode($2, 'hex'), $3::smallint)
    order by chordial_records.key, tab limit $4`,
};

/** As `columns` come: 64-bit numbers as text. */
export interface Row {
  readonly key: RingKey;
  readonly tab: number;
  readonly name: string;
  readonly version: string;
  readonly value: string;
  readonly expires: string;
  readonly checksum: string;
}

/** The parameters $1 to $10 of `unnested`. */
export function putParameters(host: number, records: readonly (readonly [StoredRecord, number])[]): unknown[] {
  const lists: unknown[][] = Array.from({ length: 9 }, () => []);
  for (const [record, expires] of records) {
    const { table, key, name, version, value } = record;
    const [high, low] = digestOf(table, key, version);
    const row = [key, table, escaped(name), escaped(version), escaped(value), expires, high, low];
    row.push(checksumOf(record, expires));
    for (const [i, field] of row.entries()) lists[i]!.push(field);
  }
  return [host, ...lists];
}

export const nameParameters = (names: readonly RecordName[]): [string[], number[]] => [
  names.map(([, key]) => key),
  names.map(([table]) => table),
];

/** The record and when it expires; undefined where its checksum is wrong. */
export function recordIn(row: Row): readonly [record: Omit<StoredRecord, 'ttlMs'>, expires: number] | undefined {
  const { key, tab: table } = row;
  const record = {
    table,
    key,
    name: unescaped(row.name),
    version: unescaped(row.version),
    value: unescaped(row.value),
  };
  const expires = Number(row.expires);
  return checksumOf(record, expires) === Number(row.checksum) ? [record, expires] : undefined;
}

export function storedRecordIn(row: Row, now: number): StoredRecord | undefined {
  const found = recordIn(row);
  if (found === undefined) return undefined;
  const [record, expires] = found;
  return { ...record, ttlMs: expires === 0 ? 0 : Math.max(1, expires - now) };
}

type Content = Omit<StoredRecord, 'ttlMs'>;
const checksumOf = ({ table, key, name, version, value }: Content, expires: number): number =>
  crc32(JSON.stringify([table, key, name, version, value, expires]));

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is escaped
const special = /[\u0000\u0001]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is escaped
const specials = /[\u0000\u0001]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is escaped
const escapes = /\u0001([ab])/g;

const escaped = (text: string): string =>
  special.test(text) ? text.replace(specials, (sign) => (sign === '\0' ? '\u0001a' : '\u0001b')) : text;
const unescaped = (text: string): string =>
  special.test(text) ? text.replace(escapes, (_, letter) => (letter === 'a' ? '\0' : '\u0001')) : text;
