// The SQLite engine: one file, synced before a write is answered, each record with its own checksum. A file that is found damaged is rebuilt
// from what can be read of it, slice by slice, and work goes on. How writes come to the file is in `sqlite-store.ts`.
import { existsSync } from 'node:fs';
import type { RingKey } from '@chordial/ring-key';
import { bucketOf, bucketsCount, digestOf } from './digest.ts';
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
import type { ExportedRecord } from './export-file.ts';
import { scanCharactersMax, tableMax } from './limits.ts';
import type { RecordName, StoredRecord } from './protocol.ts';
import { failureOf, isDamage } from './sqlite-failure.ts';
import { bytesOf, defaultTuning, openFile, type SqliteTuning } from './sqlite-file.ts';
import { entryOf } from './sqlite-log.ts';
import { type Entry, merged } from './sqlite-recent.ts';
import { edge, expiresAt, isAlive, isSound, keyOf, type Row, recordOf } from './sqlite-rows.ts';
import { lastKept, putInPlace, type Salvage, type Salvaging, salvage } from './sqlite-salvage.ts';
import { highestKey, SqliteStore } from './sqlite-store.ts';
import { beginSqliteExport, beginSqliteImport } from './sqlite-transfer.ts';
import { losesCommits } from './sqlite-wal.ts';

const newsMax = 100;
const damagedNamesMax = 10_000;
/** Expired records that are dropped in one call, whatever was asked. */
const dropPerCallMax = 10_000;
/** A file that was not closed well is read through at its opening when it is not larger. */
const checkedBytesMax = 2 ** 30;
/** Rebuilding goes on for so long in the first `open`, before the lane has anything else to do; then in slices. */
const salvageAtOpenMs = 20_000;
const sliceMs = 40;
/** Files that were rebuilt in a life; a disk that damages more is given up. */
const salvagesMax = 3;
const lowestKey = '0'.repeat(40) as RingKey;

export interface SqliteOptions {
  readonly file: string;
  readonly tuning?: Partial<SqliteTuning>;
  /**
   * A record that says which store this is, for whoever may not forget anything: it is removed when anything else is lost without a name. Where
   * that is found after the first opening, its users know the old one still: every job fails then, until the lane is started again.
   */
  readonly nameRecord?: RecordName;
}

export class SqliteEngine implements Engine {
  readonly name = 'sqlite';
  readonly place: string;
  readonly #tuning: SqliteTuning;
  readonly #nameRecord: RecordName | undefined;
  #store: SqliteStore | undefined;
  #wasTried = false;
  #hasServed = false;
  #spent: EngineFailure | undefined;
  #salvaging: Salvaging | undefined;
  #salvageFault: EngineFailure | undefined;
  #salvagesCount = 0;
  #damagedCount = 0;
  /** Those that were told. */
  readonly #damagedNames = new Set<string>();
  #news: string[] = [];

  constructor({ file, tuning, nameRecord }: SqliteOptions) {
    this.place = file;
    this.#nameRecord = nameRecord;
    this.#tuning = { ...defaultTuning, ...tuning };
  }

  open(): EngineFailure | readonly string[] {
    const endsAt = performance.now() + (this.#wasTried ? 0 : salvageAtOpenMs);
    this.#wasTried = true;
    this.close();
    const reopen = (): EngineFailure | SqliteStore => this.#with((store) => store);
    let opened = reopen();
    if (this.#salvaging !== undefined) {
      while (this.#salvaging !== undefined && performance.now() < endsAt) this.recover();
      opened = this.recovering ?? this.#salvageFault ?? reopen();
    }
    return opened instanceof EngineFailure ? opened : this.takeNews();
  }

  get recovering(): EngineFailure | undefined {
    if (this.#salvaging === undefined) return undefined;
    const sentence = `${this.place} is damaged and is being built anew from what can be read of it: ask again`;
    return this.#salvageFault ?? new EngineFailure('unavailable', sentence);
  }

  recover(): EngineFailure | undefined {
    const endsAt = performance.now() + sliceMs;
    try {
      do {
        const next = this.#salvaging?.next();
        if (next?.done === true) this.#salvaged(next.value);
      } while (this.#salvaging !== undefined && performance.now() < endsAt);
    } catch (error) {
      this.#salvaged(failureOf(error, this.place));
    }
    return this.#salvageFault;
  }

  read(names: readonly RecordName[], now: number): EngineFailure | ReadResult {
    return this.#with((store) => {
      const damaged: RecordName[] = [];
      const records = names.map((name) => this.#judged(store.get(name), name, now, damaged));
      return { records, damaged };
    });
  }

  write({ records, removals }: WriteBatch, now: number): EngineFailure | undefined {
    return this.#change((store) => {
      const entries = records.map((record) => writtenEntry(record, expiresAt(record.ttlMs, now)));
      for (const [table, key] of removals) entries.push(entryOf('removed', table, key));
      store.write(entries);
      return undefined;
    });
  }

  scan({ from, to, table, after, recordsMax }: ScanOrder, now: number): EngineFailure | ScanResult {
    return this.#with((store) => {
      const { statements, recent } = store;
      const statement = table === 0 ? statements.scan : statements.scanTable;
      const records: StoredRecord[] = [];
      const damaged: RecordName[] = [];
      let characters = 0;
      let last: RecordName | undefined;
      for (const [start, end] of partsOf(from, to, after)) {
        const bounds = [Buffer.from(start[1], 'hex'), start[0], keyOf(end), ...(table === 0 ? [] : [table])];
        for (const found of merged(statement.iterate(...bounds), recent.part(start, end))) {
          const name = foundName(found);
          if (table !== 0 && name[0] !== table) continue;
          if (records.length + damaged.length >= recordsMax || characters >= scanCharactersMax) {
            return { records, damaged, next: last };
          }
          last = name;
          const record = this.#judged(found, name, now, damaged);
          if (record === undefined) continue;
          records.push(record);
          characters += record.name.length + record.version.length + record.value.length + 60;
        }
      }
      return { records, damaged, next: undefined };
    });
  }

  digest(first: number, bucketsMax: number): EngineFailure | DigestResult {
    return this.#with(({ statements, recent }) => {
      const buckets = new Map<number, [number, number, number, number]>();
      const end = Math.min(bucketsCount, first + bucketsMax);
      const add = (bucket: number, high: number, low: number): void => {
        const sum = buckets.get(bucket);
        if (sum === undefined) buckets.set(bucket, [bucket, high, low, 1]);
        else {
          sum[1] = (sum[1] ^ high) >>> 0;
          sum[2] = (sum[2] ^ low) >>> 0;
          sum[3]++;
        }
      };
      for (const next of statements.digest.iterate(edge(first), edge(end))) {
        const [key, table, high, low] = next as unknown as [RingKey, number, number, number];
        if (recent.get(table, key) === undefined) add(bucketOf(key), high, low);
      }
      for (const { kind, table, key, version } of recent.buckets(first, end)) {
        if (kind === 'record') add(bucketOf(key), ...digestOf(table, key, version));
      }
      return { buckets: [...buckets.values()].sort((a, b) => a[0] - b[0]), next: end };
    });
  }

  deleteRange(from: RingKey, to: RingKey, table: number): EngineFailure | DeleteResult {
    return this.#change((store) => store.deletePart(from, to, table));
  }

  drop(recordsMax: number, now: number): EngineFailure | DropResult {
    return this.#change((store) => store.drop(now, Math.min(recordsMax, dropPerCallMax)));
  }

  beginExport(file: string, now: number): EngineFailure | LongWork {
    return this.#with(
      ({ isReadOnly, recent }) => beginSqliteExport(this.place, isReadOnly, recent.copy(), now, file),
      file,
    );
  }

  beginImport(file: string, now: number): EngineFailure | LongWork {
    const add = (records: readonly ExportedRecord[]): EngineFailure | number =>
      this.#change((store) => {
        const missing = records.filter(({ table, key }) => {
          const found = store.get([table, key]);
          return found === undefined || ('kind' in found && found.kind !== 'record');
        });
        store.write(missing.map((record) => writtenEntry(record, record.expires)));
        return missing.length;
      });
    return this.#attempt(() => beginSqliteImport(file, now, add), file);
  }

  describe(): EngineFailure | EngineDescription {
    return this.#with((store) => ({
      recordsCount: store.recordsCount(),
      bytes: bytesOf(this.place) + bytesOf(`${this.place}-wal`),
      damagedCount: this.#damagedCount,
    }));
  }

  takeNews(): readonly string[] {
    return this.#news.length === 0 ? none : this.#news.splice(0);
  }

  close(): undefined {
    const store = this.#store;
    this.#store = undefined;
    try {
      store?.close();
    } catch {
      // Its log is read again when the file is opened.
    }
  }

  /** What may be returned of what was found. */
  #judged(
    found: Row | Entry | undefined,
    name: RecordName,
    now: number,
    damaged: RecordName[],
  ): StoredRecord | undefined {
    if (found === undefined) return undefined;
    if ('kind' in found) {
      const { kind, table, key, version, value, expires } = found;
      if (kind === 'damaged') damaged.push(name);
      if (kind !== 'record' || (expires !== 0 && expires <= now)) return undefined;
      return { table, key, name: found.name, version, value, ttlMs: expires === 0 ? 0 : Math.max(1, expires - now) };
    }
    if (!isSound(found)) {
      this.#found(name);
      // Where even the name is damaged nobody can ask for it by name.
      if (name[1].length === 40 && name[0] >= 1 && name[0] <= tableMax) damaged.push(name);
      return undefined;
    }
    return isAlive(found, now) ? recordOf(found, now) : undefined;
  }

  #found([table, key]: RecordName): void {
    const id = `${table} ${key}`;
    if (this.#damagedNames.has(id)) return;
    if (this.#damagedNames.size < damagedNamesMax) this.#damagedNames.add(id);
    this.#damagedCount++;
    this.#tell(`a record of ${this.place} (table ${table}, key ${key}) is damaged: its copies on other hosts count`);
  }

  #tell(sentence: string): void {
    if (this.#news.length < newsMax) this.#news.push(sentence);
  }

  #change<T>(work: (store: SqliteStore) => T): EngineFailure | T {
    return this.#with((store) => {
      if (!store.isReadOnly) return work(store);
      // It may have become writable again.
      this.close();
      const again = this.#open();
      if (again instanceof EngineFailure) return again;
      return again.isReadOnly ? failureOf({ code: 'EROFS', message: '' }, this.place) : work(again);
    });
  }

  #with<T>(work: (store: SqliteStore) => T | EngineFailure, file = this.place): EngineFailure | T {
    return this.#attempt(() => {
      if (this.#salvaging !== undefined) return this.recovering!;
      const store = this.#store ?? this.#open();
      return this.#spent ?? (store instanceof EngineFailure ? store : work(store));
    }, file);
  }

  /** What fails leaves no transaction behind; a damaged file is to be rebuilt. */
  #attempt<T>(work: () => T | EngineFailure, file = this.place): EngineFailure | T {
    try {
      return work();
    } catch (error) {
      this.#rollBack();
      if (!isDamage(error) || this.#salvagesCount >= salvagesMax || !existsSync(this.place))
        return failureOf(error, file);
    }
    this.close();
    this.#salvaging = salvage(this.place, this.#tuning, this.#nameRecord);
    return this.recovering!;
  }

  #rollBack(): void {
    const database = this.#store?.database;
    try {
      if (database?.isTransaction) database.exec('rollback');
    } catch {
      // SQLite has rolled it back itself.
    }
  }

  #open(): EngineFailure | SqliteStore {
    const keptAs = putInPlace(this.place);
    const before = existsSync(this.place) ? undefined : lastKept(this.place);
    if (keptAs !== undefined) {
      this.#tell(
        `${this.place} was damaged, and building it anew was cut short: it is done now; the damaged file is ${keptAs}`,
      );
      this.#lost();
    } else if (before !== undefined) this.#tell(`there is no ${this.place}, but ${before}: a new one begins empty`);
    const hasLost = bytesOf(`${this.place}-wal`) > 0 && losesCommits(`${this.place}-wal`);
    const file = openFile(this.place, this.#tuning);
    if (file instanceof EngineFailure) return file;
    const { database, isReadOnly, wasUnclean } = file;
    try {
      if (wasUnclean && bytesOf(this.place) <= checkedBytesMax) {
        const [fault] = Object.values(database.prepare('pragma quick_check(1)').get() ?? {});
        if (fault !== 'ok') throw Object.assign(new Error(`${fault}`), { errcode: 11 });
      }
      const store = new SqliteStore(database, isReadOnly, this.#tuning.sweepBytes);
      this.#checkLog(store, hasLost);
      this.#store = store;
    } catch (error) {
      database.close();
      throw error;
    }
    this.#hasServed = true;
    return this.#store;
  }

  /** What its log says that is damaged is told, and is in the table by its name afterwards. */
  #checkLog(store: SqliteStore, hasLostCommits: boolean): void {
    const { damagedNames, isReadOnly, database } = store;
    const lostPartsCount = store.lostPartsCount + Number(hasLostCommits);
    for (const name of damagedNames) this.#found(name);
    this.#damagedCount += lostPartsCount;
    if (lostPartsCount > 0) {
      this.#tell(`${this.place}: ${lostPartsCount} parts of the log are damaged: the last writes count on other hosts`);
      this.#lost(isReadOnly);
      if (!isReadOnly && this.#nameRecord !== undefined) store.write([entryOf('removed', ...this.#nameRecord)]);
    }
    if (isReadOnly) return;
    try {
      store.tidyLog();
    } catch (error) {
      if (database.isTransaction) database.exec('rollback');
      // On a full disk it stays as it is: what can be read is read.
      if (isDamage(error)) throw error;
    }
  }

  /** Something without a name is gone. */
  #lost(isNameKept = false): void {
    if (this.#nameRecord === undefined || !(this.#hasServed || isNameKept)) return;
    const sentence = `${this.place} has lost something that may not be forgotten: start the host again, so that it is a new store`;
    this.#spent = new EngineFailure('failed', sentence);
  }

  #salvaged(saved: Salvage | EngineFailure): void {
    this.#salvaging = undefined;
    this.#salvageFault = saved instanceof EngineFailure ? saved : undefined;
    if (saved instanceof EngineFailure) return;
    this.#salvagesCount++;
    const { savedCount, damagedCount, logRowsLost, bucketsHit, keptAs } = saved;
    this.#damagedCount += damagedCount;
    this.#lost();
    this.#tell(
      `${this.place} was damaged and was built anew: ${savedCount} records were saved, ${damagedCount} were not whole, ${logRowsLost} parts of the log are lost, and some records may be missing in ${bucketsHit} of ${bucketsCount} parts of the ring; the damaged file is ${keptAs}`,
    );
  }
}

const none: readonly string[] = [];

function writtenEntry({ table, key, name, version, value }: Omit<StoredRecord, 'ttlMs'>, expires: number): Entry {
  return { kind: 'record', table, key, name, version, value, expires, inTable: undefined };
}

const foundName = (found: Row | Entry): RecordName =>
  'kind' in found ? [found.table, found.key] : [found[1], found[0] as RingKey];

/** A range as one or two runs of rows in the order of the table, from behind a name to a key; those before `after` are left out. */
function partsOf(from: RingKey, to: RingKey, after: RecordName | undefined): [start: RecordName, end: RingKey][] {
  const isWrapped = from >= to;
  const start = after ?? [tableMax + 1, from];
  if (!isWrapped || (after !== undefined && after[1] <= to)) return [[start, to]];
  // The second part begins at the lowest key itself.
  return [
    [start, highestKey],
    [[0, lowestKey], to],
  ];
}
