// The PostgreSQL engine: the records of many hosts in one table, each host's own by its number. A batch is one statement, answered after its
// commit (synchronous_commit is on); each record has its own checksum. A lock of the session keeps two processes from being one host.
import type { RingKey } from '@chordial/ring-key';
import type pg from 'pg';
import { bucketsCount } from './digest.ts';
import {
  type DeleteResult,
  type DigestResult,
  type DropResult,
  type Engine,
  type EngineDescription,
  EngineFailure,
  type LongWork,
  type ReadResult,
  type ScanOrder,
  type ScanResult,
  type WriteBatch,
} from './engine.ts';
import { PostgresConnection } from './postgres-connection.ts';
import {
  lockNumber,
  nameParameters,
  putParameters,
  type Row,
  schemaStatements,
  schemaVersion,
  sql,
  storedRecordIn,
} from './postgres-rows.ts';
import { beginPostgresExport, beginPostgresImport } from './postgres-transfer.ts';
import type { RecordName, StoredRecord } from './protocol.ts';

const deletePerCallMax = 5_000;
const newsMax = 100;
const highestKey = 'f'.repeat(40) as RingKey;
/** Before every key, as hex. */
const beforeAll = '';
/** Orders behind every table. */
const afterAllTables = 256;

export interface PostgresOptions {
  /** `postgres://user:password@server:5432/database`, or any other form that libpq knows. */
  readonly url: string;
  /** The number under which this host's records are kept. */
  readonly host: number;
}

export class PostgresEngine implements Engine {
  readonly name = 'postgres';
  readonly place: string;
  readonly #host: number;
  readonly #connection: PostgresConnection;
  #recordsCount = 0;
  #damagedCount = 0;
  #news: string[] = [];

  constructor({ url, host }: PostgresOptions) {
    this.#host = host;
    this.#connection = new PostgresConnection(url, host, (client) => this.#prepare(client));
    this.place = this.#connection.place;
  }

  async open(): Promise<EngineFailure | readonly string[]> {
    const size = await this.#query(sql.size);
    return size instanceof EngineFailure ? size : this.takeNews();
  }

  async read(names: readonly RecordName[], now: number): Promise<EngineFailure | ReadResult> {
    const result = await this.#query<Row>(sql.read, [this.#host, ...nameParameters(names), now]);
    if (result instanceof EngineFailure) return result;
    const rows = new Map(result.rows.map((row) => [`${row.tab} ${row.key}`, row]));
    const damaged: RecordName[] = [];
    const records = names.map((name) => {
      const row = rows.get(`${name[0]} ${name[1]}`);
      const record = row === undefined ? undefined : storedRecordIn(row, now);
      if (row !== undefined && record === undefined) this.#found(damaged, name);
      return record;
    });
    return { records, damaged };
  }

  async write({ records, removals }: WriteBatch, now: number): Promise<EngineFailure | undefined> {
    const puts = records.map((record) => [record, expiresAt(record.ttlMs, now)] as const);
    const parameters = [...putParameters(this.#host, puts), ...nameParameters(removals)];
    const result = await this.#query<{ more: string }>(sql.write, parameters);
    if (result instanceof EngineFailure) return result;
    this.#recordsCount += Number(result.rows[0]!.more);
    return undefined;
  }

  async scan(order: ScanOrder, now: number): Promise<EngineFailure | ScanResult> {
    const { table, recordsMax } = order;
    const records: StoredRecord[] = [];
    const damaged: RecordName[] = [];
    let last: RecordName | undefined;
    for (const [startKey, startTable, endKey] of arcsOf(order)) {
      const left = recordsMax - records.length - damaged.length;
      const bounds = [this.#host, startKey, startTable, endKey, table, now, left];
      const result = await this.#query<Row & { found: string }>(sql.scan, bounds);
      if (result instanceof EngineFailure) return result;
      const page = result.rows.slice(0, left);
      for (const row of page) {
        last = [row.tab, row.key];
        const record = storedRecordIn(row, now);
        if (record === undefined) this.#found(damaged, last);
        else records.push(record);
      }
      // What was left out stands behind the last one: the page is full, in records or in characters.
      const wasCut = page.length < Number(result.rows[0]?.found ?? 0);
      if (wasCut) return { records, damaged, next: last };
    }
    return { records, damaged, next: undefined };
  }

  async digest(first: number, bucketsMax: number): Promise<EngineFailure | DigestResult> {
    const end = Math.min(bucketsCount, first + bucketsMax);
    const result = await this.#query<Record<'bucket' | 'high' | 'low' | 'count', string>>(sql.digest, [
      this.#host,
      edge(first),
      edge(end),
    ]);
    if (result instanceof EngineFailure) return result;
    const buckets = result.rows.map(
      ({ bucket, high, low, count }) => [Number(bucket), Number(high), Number(low), Number(count)] as const,
    );
    return { buckets, next: end };
  }

  async deleteRange(from: RingKey, to: RingKey, table: number): Promise<EngineFailure | DeleteResult> {
    // From behind the highest key it goes on at the lowest.
    const start = from === highestKey ? beforeAll : from;
    const end = from < to || from === highestKey ? to : highestKey;
    const bounds = [this.#host, start, end, deletePerCallMax - 1];
    const behind = await this.#query<{ key: RingKey }>(sql.keyBehind, bounds);
    if (behind instanceof EngineFailure) return behind;
    const until = behind.rows[0]?.key ?? end;
    const deleted = await this.#query(sql.deleteRange, [this.#host, start, until, table]);
    if (deleted instanceof EngineFailure) return deleted;
    const recordsCount = deleted.rowCount ?? 0;
    this.#recordsCount -= recordsCount;
    const isAll = until === to && (end === to || from === highestKey);
    return { recordsCount, next: isAll ? undefined : until };
  }

  async drop(recordsMax: number, now: number): Promise<EngineFailure | DropResult> {
    const result = await this.#query<Row>(sql.drop, [this.#host, now, recordsMax]);
    if (result instanceof EngineFailure) return result;
    const dropped = result.rows.map(({ tab, key, version }) => [tab, key, version] as const);
    this.#recordsCount -= dropped.length;
    if (dropped.length < recordsMax) return { dropped, hasMore: false };
    const rest = await this.#query<{ has: boolean }>(sql.hasExpired, [this.#host, now]);
    return { dropped, hasMore: rest instanceof EngineFailure || rest.rows[0]!.has };
  }

  beginExport(file: string, now: number): Promise<EngineFailure | LongWork> {
    return beginPostgresExport(this.#connection, this.#host, file, now);
  }

  beginImport(file: string, now: number): EngineFailure | LongWork {
    return beginPostgresImport(file, now, async (records) => {
      const parameters = [...putParameters(this.#host, records), now];
      const result = await this.#query<{ added: string; more: string }>(sql.add, parameters);
      if (result instanceof EngineFailure) return result;
      this.#recordsCount += Number(result.rows[0]!.more);
      return Number(result.rows[0]!.added);
    });
  }

  async describe(): Promise<EngineFailure | EngineDescription> {
    const size = await this.#query<{ bytes: string }>(sql.size);
    const bytes = size instanceof EngineFailure ? 0 : Number(size.rows[0]!.bytes);
    return { recordsCount: this.#recordsCount, bytes, damagedCount: this.#damagedCount };
  }

  takeNews(): readonly string[] {
    return this.#news.splice(0);
  }

  async close(): Promise<undefined> {
    await this.#connection.close();
  }

  #query<R>(text: string, values: unknown[] = []) {
    return this.#connection.query<R>(text, values);
  }

  /** Of a new connection: the lock, the schema, and how many records there are. */
  async #prepare(client: pg.Client): Promise<EngineFailure | undefined> {
    await client.query(
      `select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') in ('off', 'local')`,
    );
    await client.query(`set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3`);
    const lock = await client.query('select pg_try_advisory_lock($1, $2) as taken', [lockNumber, this.#host]);
    if (lock.rows[0].taken !== true) {
      const sentence = `${this.place}: another process keeps its records there under this number; end it, or give the other host another number`;
      return new EngineFailure('unavailable', sentence);
    }
    const version = await this.#makeSchema(client);
    if (version > schemaVersion) {
      return new EngineFailure(
        'failed',
        `${this.place} was made by a newer release (${version}): run that, or restore a backup`,
      );
    }
    const count = await client.query(sql.count, [this.#host]);
    this.#recordsCount = Number(count.rows[0].count);
    return undefined;
  }

  async #makeSchema(client: pg.Client): Promise<number> {
    await client.query('begin');
    try {
      await client.query('select pg_advisory_xact_lock($1, -1)', [lockNumber]);
      const there = await client.query("select to_regclass('chordial_schema') is not null as has");
      if (there.rows[0].has !== true) {
        for (const statement of schemaStatements) await client.query(statement);
        await client.query('insert into chordial_schema values ($1)', [schemaVersion]);
      }
      const version = await client.query('select max(version) as version from chordial_schema');
      await client.query('commit');
      return version.rows[0].version as number;
    } catch (error) {
      await client.query('rollback').catch(() => {});
      throw error;
    }
  }

  #found(damaged: RecordName[], name: RecordName): void {
    damaged.push(name);
    this.#damagedCount++;
    const sentence = `${this.place}: the record of table ${name[0]}, key ${name[1]} has a wrong checksum; see the server's disk`;
    if (this.#news.length < newsMax) this.#news.push(sentence);
  }
}

const expiresAt = (ttlMs: number, now: number): number => (ttlMs === 0 ? 0 : now + Math.max(1, Math.ceil(ttlMs)));

/** Two bytes of hex before the first key of a bucket; behind the last one, what is behind all keys. */
const edge = (bucket: number): string =>
  bucket >= bucketsCount ? 'ff'.repeat(21) : bucket.toString(16).padStart(4, '0');

/** The pieces of (from, to] behind `after`, as what stands before the first record and the last key. */
function arcsOf({ from, to, after }: ScanOrder): (readonly [key: string, table: number, end: string])[] {
  const isBehindFrom = after !== undefined && after[1] > from;
  if (from < to) return [isBehindFrom ? [after[1], after[0], to] : [from, afterAllTables, to]];
  if (after !== undefined && !isBehindFrom) return [[after[1], after[0], to]];
  const first = isBehindFrom ? ([after[1], after[0]] as const) : ([from, afterAllTables] as const);
  return [
    [...first, highestKey],
    [beforeAll, 0, to],
  ];
}
