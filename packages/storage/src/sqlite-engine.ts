// The SQLite engine: one file, a write-ahead log that is synced before a write is answered, records in the order of (key, table), each with
// its own checksum. A file that is found damaged is rebuilt from what can be read of it, and work goes on.
import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { RingKey } from '@chordial/ring-key';
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
import { scanCharactersMax, tableMax } from './limits.ts';
import type { RecordName, StoredRecord } from './protocol.ts';
import { failureOf, isDamage } from './sqlite-failure.ts';
import { bytesOf, defaultTuning, openFile, type SqliteTuning } from './sqlite-file.ts';
import { expiresAt, isAlive, isSound, keyOf, nameOf, type Row, recordOf, runWith } from './sqlite-rows.ts';
import { salvage } from './sqlite-salvage.ts';
import { prepareStatements, type Statements } from './sqlite-statements.ts';
import { beginSqliteExport, beginSqliteImport } from './sqlite-transfer.ts';

/** Rows that one call deletes. */
const deletePerCallMax = 5_000;
const newsMax = 100;
/** A file that was not closed well is read through at its opening when it is not larger. */
const checkedBytesMax = 2 ** 31;
const lowestKey = '0'.repeat(40) as RingKey;
const highestKey = 'f'.repeat(40) as RingKey;

export interface SqliteOptions {
  readonly file: string;
  readonly tuning?: Partial<SqliteTuning>;
}

interface Opened {
  readonly database: DatabaseSync;
  readonly statements: Statements;
  readonly isReadOnly: boolean;
}

export class SqliteEngine implements Engine {
  readonly name = 'sqlite';
  readonly place: string;
  readonly #tuning: SqliteTuning;
  #opened: Opened | undefined;
  #recordsCount = 0;
  #damagedCount = 0;
  /** Whether the last record that was written was there before: the next one most likely was or was not, too. */
  #replaces = false;
  #news: string[] = [];

  constructor({ file, tuning }: SqliteOptions) {
    this.place = file;
    this.#tuning = { ...defaultTuning, ...tuning };
  }

  open(): EngineFailure | readonly string[] {
    return this.#attempt(() => {
      this.close();
      const opened = this.#open();
      return opened instanceof EngineFailure ? opened : this.takeNews();
    });
  }

  read(names: readonly RecordName[], now: number): EngineFailure | ReadResult {
    return this.#with(({ statements }) => {
      const damaged: RecordName[] = [];
      const records = names.map((name): StoredRecord | undefined => {
        const row = statements.read.get(keyOf(name[1]), name[0]) as unknown as Row | undefined;
        if (row === undefined || !isAlive(row, now)) return undefined;
        if (isSound(row)) return recordOf(row, now);
        this.#found(damaged, name);
        return undefined;
      });
      return { records, damaged };
    });
  }

  write({ records, removals }: WriteBatch, now: number): EngineFailure | undefined {
    return this.#change(({ statements }) => {
      let count = this.#recordsCount;
      for (const record of records) count += this.#put(statements, record, expiresAt(record.ttlMs, now));
      for (const [table, key] of removals) count -= Number(statements.remove.run(keyOf(key), table).changes);
      return [undefined, count];
    });
  }

  scan({ from, to, table, after, recordsMax }: ScanOrder, now: number): EngineFailure | ScanResult {
    return this.#with(({ statements }) => {
      const statement = table === 0 ? statements.scan : statements.scanTable;
      const records: StoredRecord[] = [];
      const damaged: RecordName[] = [];
      let characters = 0;
      let last: RecordName | undefined;
      for (const [start, end] of partsOf(from, to, after)) {
        const [startTable, startKey] = start;
        const bounds = [Buffer.from(startKey, 'hex'), startTable, keyOf(end)];
        for (const next of statement.iterate(...bounds, ...(table === 0 ? [] : [table]))) {
          const row = next as unknown as Row;
          if (records.length + damaged.length >= recordsMax || characters >= scanCharactersMax) {
            return { records, damaged, next: last };
          }
          last = nameOf(row);
          if (!isSound(row)) this.#found(damaged, last);
          else if (isAlive(row, now)) {
            records.push(recordOf(row, now));
            characters += row[2].length + row[3].length + row[4].length + 60;
          }
        }
      }
      return { records, damaged, next: undefined };
    });
  }

  digest(first: number, bucketsMax: number): EngineFailure | DigestResult {
    return this.#with(({ statements }) => {
      const buckets: [number, number, number, number][] = [];
      const end = Math.min(bucketsCount, first + bucketsMax);
      let now: [number, number, number, number] | undefined;
      for (const next of statements.digest.iterate(edge(first), edge(end))) {
        const [hex, high, low] = next as unknown as [string, number, number];
        const bucket = Number.parseInt(hex, 16);
        if (now?.[0] !== bucket) {
          now = [bucket, 0, 0, 0];
          buckets.push(now);
        }
        now[1] = (now[1] ^ high) >>> 0;
        now[2] = (now[2] ^ low) >>> 0;
        now[3]++;
      }
      return { buckets, next: end };
    });
  }

  deleteRange(from: RingKey, to: RingKey, table: number): EngineFailure | DeleteResult {
    return this.#change(({ statements }) => {
      // From behind the highest key it goes on at the lowest.
      const start = from === highestKey ? new Uint8Array(0) : Buffer.from(from, 'hex');
      const end = from < to || from === highestKey ? to : highestKey;
      const behind = statements.keyBehind.get(start, keyOf(end), deletePerCallMax - 1) as unknown as
        | [RingKey]
        | undefined;
      const until = behind === undefined ? end : behind[0];
      const { changes } =
        table === 0
          ? statements.deleteAll.run(start, keyOf(until))
          : statements.deleteTable.run(start, keyOf(until), table);
      const isAll = until === to && (end === to || from === highestKey);
      return [{ recordsCount: Number(changes), next: isAll ? undefined : until }, this.#recordsCount - Number(changes)];
    });
  }

  drop(recordsMax: number, now: number): EngineFailure | DropResult {
    const dropped = this.#with(
      ({ statements }) => statements.expired.all(now, recordsMax + 1) as unknown as [number, RingKey, string][],
    );
    if (dropped instanceof EngineFailure) return dropped;
    const hasMore = dropped.length > recordsMax;
    if (hasMore) dropped.pop();
    if (dropped.length === 0) return { dropped, hasMore };
    const failed = this.write({ records: [], removals: dropped.map(([table, key]) => [table, key]) }, now);
    return failed ?? { dropped, hasMore };
  }

  beginExport(file: string): EngineFailure | LongWork {
    return this.#with(({ isReadOnly }) => beginSqliteExport(this.place, isReadOnly, file), file);
  }

  beginImport(file: string, now: number): EngineFailure | LongWork {
    const add = (records: readonly (readonly [StoredRecord, number])[]): EngineFailure | number =>
      this.#change(({ statements }) => {
        let count = 0;
        for (const [record, expires] of records) count += runWith(statements.add, record, expires);
        return [count, this.#recordsCount + count];
      });
    return this.#with(() => beginSqliteImport(file, now, add), file);
  }

  describe(): EngineFailure | EngineDescription {
    const bytes = bytesOf(this.place) + bytesOf(`${this.place}-wal`);
    return { recordsCount: this.#recordsCount, bytes, damagedCount: this.#damagedCount };
  }

  takeNews(): readonly string[] {
    return this.#news.length === 0 ? none : this.#news.splice(0);
  }

  close(): undefined {
    const opened = this.#opened;
    this.#opened = undefined;
    try {
      opened?.database.close();
    } catch {
      // Its log is read again when the file is opened.
    }
  }

  #put(statements: Statements, record: StoredRecord, expires: number): 0 | 1 {
    if (this.#replaces) {
      if (runWith(statements.replace, record, expires) > 0) return 0;
      this.#replaces = false;
      runWith(statements.add, record, expires);
      return 1;
    }
    if (runWith(statements.add, record, expires) > 0) return 1;
    this.#replaces = true;
    runWith(statements.replace, record, expires);
    return 0;
  }

  #found(damaged: RecordName[], name: RecordName): void {
    const [table, key] = name;
    // Where even the name is damaged nobody can ask for it by name.
    if (key.length === 40 && table >= 1 && table <= tableMax) damaged.push(name);
    this.#damagedCount++;
    this.#tell(`a record of ${this.place} (table ${table}, key ${key}) is damaged: its copies on other hosts count`);
  }

  #tell(sentence: string): void {
    if (this.#news.length < newsMax) this.#news.push(sentence);
  }

  /** One transaction; `work` gives its answer and how many records there are after it. */
  #change<T>(work: (opened: Opened) => [T, number]): EngineFailure | T {
    return this.#with((opened) => {
      if (opened.isReadOnly) {
        // It may have become writable again.
        this.close();
        const again = this.#open();
        if (again instanceof EngineFailure) return again;
        if (this.#opened?.isReadOnly !== false) return failureOf({ code: 'EROFS', message: '' }, this.place);
      }
      const current = this.#opened!;
      current.database.exec('begin immediate');
      const [answer, count] = work(current);
      if (count !== this.#recordsCount) current.statements.setCount.run(count);
      current.database.exec('commit');
      this.#recordsCount = count;
      return answer;
    });
  }

  #with<T>(work: (opened: Opened) => T | EngineFailure, file = this.place): EngineFailure | T {
    return this.#attempt(() => {
      const opened = this.#opened ?? this.#open();
      return opened instanceof EngineFailure ? opened : work(opened);
    }, file);
  }

  /** What fails leaves no transaction behind; a damaged file is rebuilt, and the work tried once more. */
  #attempt<T>(work: () => T | EngineFailure, file = this.place): EngineFailure | T {
    try {
      return work();
    } catch (error) {
      this.#rollBack();
      if (!isDamage(error)) return failureOf(error, file);
    }
    try {
      const failed = this.#salvage();
      return failed ?? work();
    } catch (error) {
      this.#rollBack();
      return failureOf(error, this.place);
    }
  }

  #rollBack(): void {
    const database = this.#opened?.database;
    try {
      if (database?.isTransaction) database.exec('rollback');
    } catch {
      // SQLite has rolled it back itself.
    }
  }

  #open(): EngineFailure | Opened {
    const file = openFile(this.place, this.#tuning);
    if (file instanceof EngineFailure) return file;
    const { database } = file;
    const opened = { database, statements: prepareStatements(database), isReadOnly: file.isReadOnly };
    this.#opened = opened;
    if (file.wasUnclean && bytesOf(this.place) <= checkedBytesMax) {
      const [fault] = Object.values(database.prepare('pragma quick_check(1)').get() ?? {});
      if (fault !== 'ok') throw Object.assign(new Error(`${fault}`), { errcode: 11 });
    }
    this.#recordsCount = Number((opened.statements.count.get() as unknown as [number])[0]);
    return opened;
  }

  #salvage(): EngineFailure | undefined {
    this.close();
    if (!existsSync(this.place)) return undefined;
    const saved = salvage(this.place, this.#tuning);
    if (saved instanceof EngineFailure) return saved;
    const { savedCount, damagedCount, bucketsHit, keptAs } = saved;
    this.#damagedCount += damagedCount;
    this.#tell(
      `${this.place} was damaged and was built anew: ${savedCount} records were saved, ${damagedCount} were not whole, and some may be missing in ${bucketsHit} of ${bucketsCount} parts of the ring; the damaged file is ${keptAs}`,
    );
    return undefined;
  }
}

const none: readonly string[] = [];

/** A range as one or two runs of rows in the order of the table, from behind a name to a key; those before `after` are left out. */
function partsOf(from: RingKey, to: RingKey, after: RecordName | undefined): [start: RecordName, end: RingKey][] {
  const behind = (key: RingKey): RecordName => [tableMax + 1, key];
  const isWrapped = from >= to;
  const start = after ?? behind(from);
  // Of a wrapped range the second part begins at the lowest key itself.
  if (!isWrapped || (after !== undefined && after[1] <= to)) return [[start, to]];
  return [
    [start, highestKey],
    [[0, lowestKey], to],
  ];
}

/** The first key of a bucket, or what is behind all keys. */
function edge(bucket: number): Uint8Array {
  const bytes = bucket >= bucketsCount ? Buffer.alloc(21, 255) : Buffer.alloc(20);
  if (bucket < bucketsCount) bytes.writeUInt16BE(bucket, 0);
  return bytes;
}
