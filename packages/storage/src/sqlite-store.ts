// An open SQLite file as a store: a log that takes writes as they come, what the log has in memory, and a table in the order of the keys. With
// every write a part of the ring is swept: what waits for its slots goes to the table, in the same transaction, so that once around takes
// `sweepBytes` of log. What was logged before a sweep began is in the table at its end, and is deleted from the log, a few rows with each write.
import type { DatabaseSync } from 'node:sqlite';
import type { RingKey } from '@chordial/ring-key';
import type { RecordName } from './protocol.ts';
import { type LoggedRange, LogWriter, readLog } from './sqlite-log.ts';
import { type Entry, Recent, slotsCount } from './sqlite-recent.ts';
import { keyOf, type Row, runWith } from './sqlite-rows.ts';
import { prepareStatements, type Statements } from './sqlite-statements.ts';

/** Rows of the table that one call deletes. */
const deletePerCallMax = 5_000;
/** Looked up in the table for one count; of the rest it is estimated. */
const lookupsMax = 5_000;
const sweepBytesMin = 4_000_000;
/** A log with so many times the bytes of a sweep, which the sweeps of short lives did not get done, is swept when it is opened. */
const sweepsLeftMax = 2.5;
/** Of what an earlier life left, one commit moves so many; more would keep it from its turn. */
const leftMovesMax = 500;
const openSlotsPerCommit = 256;
/** Of a usual record in the log. */
const bytesPerRecord = 400;
export const highestKey = 'f'.repeat(40) as RingKey;

export class SqliteStore {
  readonly database: DatabaseSync;
  readonly statements: Statements;
  readonly isReadOnly: boolean;
  readonly recent = new Recent();
  /** Their last writes are damaged in the log. */
  damagedNames: readonly RecordName[] = [];
  /** Parts of the log of which nothing is known: other records may be older than what was acknowledged. */
  lostPartsCount = 0;
  readonly #sweepBytesMax: number;
  readonly #log: LogWriter;
  /** Rows of the table, as the file says. */
  #tableCount: number;
  #logFirst = 1;
  #logLast = 0;
  /** Rows up to here are in the table. */
  #sweptTo = 0;
  #sweepStart = 0;
  #cursor = 0;
  /** Slots owed to the bytes that were logged, also in earlier lives. */
  #owed = 0;
  #replayedBytes = 0;
  /** Whether the last record that went to the table was there before: the next one most likely was or was not, too. */
  #replaces = false;

  /** Throws what SQLite throws. */
  constructor(database: DatabaseSync, isReadOnly: boolean, sweepBytes: number) {
    this.database = database;
    this.isReadOnly = isReadOnly;
    this.#sweepBytesMax = sweepBytes;
    this.statements = prepareStatements(database);
    this.#log = new LogWriter((body) => {
      this.#logLast++;
      this.statements.log.run(this.#logLast, body);
    });
    this.#tableCount = Number((this.statements.count.get() as unknown as [number])[0]);
    this.#replay();
  }

  /** All or nothing. */
  write(entries: readonly Entry[]): void {
    this.#commit(
      (log) => {
        for (const entry of entries) log.entry(entry);
        return 0;
      },
      () => {
        for (const entry of entries) this.recent.put(entry);
      },
      true,
    );
  }

  get(name: RecordName): Row | Entry | undefined {
    const [table, key] = name;
    return this.recent.get(table, key) ?? (this.statements.read.get(keyOf(key), table) as unknown as Row | undefined);
  }

  has(entry: Entry): boolean {
    entry.inTable ??= this.statements.has.get(keyOf(entry.key), entry.table) !== undefined;
    return entry.inTable;
  }

  /** A part of a range, as `Engine.deleteRange`. */
  deletePart(from: RingKey, to: RingKey, table: number): { recordsCount: number; next: RingKey | undefined } {
    const { statements } = this;
    // From behind the highest key it goes on at the lowest.
    const start = from === highestKey ? new Uint8Array(0) : Buffer.from(from, 'hex');
    const end = from < to || from === highestKey ? to : highestKey;
    const behind = statements.keyBehind.get(start, keyOf(end), deletePerCallMax - 1) as unknown as
      | [RingKey]
      | undefined;
    const until = behind === undefined ? end : behind[0];
    const first: RecordName = from === highestKey ? [0, '0'.repeat(40) as RingKey] : [256, from];
    const waiting = [...this.recent.part(first, until)].filter((entry) => table === 0 || entry.table === table);
    let recordsCount = 0;
    for (const entry of waiting) recordsCount += Number(entry.kind === 'record') - Number(this.has(entry));
    this.#commit(
      (log) => {
        log.range(table, first[0] === 0 ? highestKey : from, until);
        const { changes } =
          table === 0
            ? statements.deleteAll.run(start, keyOf(until))
            : statements.deleteTable.run(start, keyOf(until), table);
        recordsCount += Number(changes);
        return -Number(changes);
      },
      () => {
        for (const entry of waiting) this.recent.remove(entry);
      },
    );
    const isAll = until === to && (end === to || from === highestKey);
    return { recordsCount, next: isAll ? undefined : until };
  }

  /** Removes expired records from the table and from what waits for it. */
  drop(now: number, recordsMax: number): { dropped: (readonly [number, RingKey, string])[]; hasMore: boolean } {
    const waiting = this.recent.expired(now, recordsMax + 1);
    const rows = this.statements.expired.all(now, recordsMax + 1) as unknown as [number, RingKey, string][];
    const hasMore = waiting.length + rows.length > recordsMax;
    const dropped: (readonly [number, RingKey, string])[] = [];
    const gone = new Set<Entry>();
    const moved: Entry[] = [];
    for (const entry of waiting.slice(0, recordsMax)) {
      dropped.push([entry.table, entry.key, entry.version]);
      gone.add(entry);
    }
    for (const row of rows.slice(0, recordsMax - dropped.length)) {
      const entry = this.recent.get(row[0], row[1]);
      // A row that only waits for its successor is not what expired.
      if (entry === undefined) dropped.push(row);
      else if (!gone.has(entry)) moved.push(entry);
    }
    if (dropped.length + moved.length === 0) return { dropped, hasMore };
    this.#commit(
      (log) => {
        let change = 0;
        for (const entry of moved) change += this.#move(entry);
        for (const [table, key] of dropped) {
          log.entry({ kind: 'removed', table, key, name: '', version: '', value: '', expires: 0, inTable: false });
          change -= Number(this.statements.remove.run(keyOf(key), table).changes);
        }
        return change;
      },
      () => {
        for (const entry of moved) this.recent.remove(entry);
        for (const entry of gone) this.recent.remove(entry);
      },
    );
    return { dropped, hasMore };
  }

  /** Exact while little waits for the table; else an estimate by what was looked up. */
  recordsCount(): number {
    let sum = 0;
    let known = 0;
    let looked = 0;
    for (const entry of this.recent.all()) {
      if (entry.inTable === undefined && looked++ >= lookupsMax) continue;
      known++;
      sum += Number(entry.kind === 'record') - Number(this.has(entry));
    }
    return this.#tableCount + (known === 0 ? 0 : Math.round((sum / known) * this.recent.count));
  }

  close(): void {
    this.database.close();
  }

  /**
   * One transaction: `change` logs, and says by how much it changed the table's count; memory follows the commit. What is about to be removed
   * must not be swept to the table meanwhile.
   */
  #commit(change: (log: LogWriter) => number, remember: () => void, sweeps = false): void {
    const { database, statements, recent } = this;
    const lastBefore = this.#logLast;
    const owedBefore = this.#owed;
    database.exec('begin immediate');
    try {
      this.#log.begin();
      let count = this.#tableCount + change(this.#log);
      this.#log.finish();
      const own = (this.#log.bytes / this.#sweepBytes()) * slotsCount;
      this.#owed += own;
      const slotsMax = sweeps ? Math.min(Math.floor(this.#owed), slotsCount) : 0;
      let slots = 0;
      for (let moves = 0; slots < slotsMax && (slots <= own || moves < leftMovesMax); slots++) {
        for (const entry of recent.sorted((this.#cursor + slots) % slotsCount)) {
          count += this.#move(entry);
          moves++;
        }
      }
      const deleteTo = Math.min(this.#sweptTo, this.#logFirst + 2 * this.#log.rowsCount);
      if (deleteTo >= this.#logFirst) statements.forget.run(deleteTo);
      if (count !== this.#tableCount) statements.setCount.run(count);
      database.exec('commit');
      this.#tableCount = count;
      if (deleteTo >= this.#logFirst) this.#logFirst = deleteTo + 1;
      for (let i = 0; i < slots; i++) recent.clear((this.#cursor + i) % slotsCount);
      this.#owed -= slots;
      this.#cursor += slots;
      remember();
      if (this.#cursor >= slotsCount) {
        this.#cursor -= slotsCount;
        this.#sweptTo = this.#sweepStart;
        this.#sweepStart = lastBefore;
      }
    } catch (error) {
      this.#logLast = lastBefore;
      this.#owed = owedBefore;
      throw error;
    }
  }

  /** Makes the log empty where it is too long, or holds what is damaged. Throws what SQLite throws; then nothing is lost. */
  tidyLog(): void {
    const isDamaged = this.lostPartsCount + this.damagedNames.length > 0;
    if (!isDamaged && this.#replayedBytes < sweepsLeftMax * this.#sweepBytes()) return;
    const { database, statements, recent } = this;
    for (let first = 0; first < slotsCount; first += openSlotsPerCommit) {
      const end = first + openSlotsPerCommit;
      let count = this.#tableCount;
      database.exec('begin immediate');
      for (let slot = first; slot < end; slot++) for (const entry of recent.sorted(slot)) count += this.#move(entry);
      if (count !== this.#tableCount) statements.setCount.run(count);
      if (end === slotsCount) statements.forget.run(this.#logLast);
      database.exec('commit');
      this.#tableCount = count;
      for (let slot = first; slot < end; slot++) recent.clear(slot);
    }
    this.#logFirst = this.#logLast + 1;
    this.#owed = 0;
  }

  /** About as many as the table has: fewer write its pages too often, more only make the log long. */
  #sweepBytes(): number {
    return Math.min(this.#sweepBytesMax, Math.max(sweepBytesMin, this.#tableCount * bytesPerRecord));
  }

  /** To the table; how much longer it is then. */
  #move(entry: Entry): number {
    const { statements } = this;
    if (entry.kind === 'removed') {
      return entry.inTable === false ? 0 : -Number(statements.remove.run(keyOf(entry.key), entry.table).changes);
    }
    // A damaged one must be found as such: what the table has is older than what was acknowledged.
    const isDamaged = entry.kind === 'damaged';
    if (entry.inTable ?? this.#replaces) {
      if (runWith(statements.replace, entry, entry.expires, isDamaged) > 0) return 0;
      this.#replaces = false;
      runWith(statements.add, entry, entry.expires, isDamaged);
      return 1;
    }
    if (runWith(statements.add, entry, entry.expires, isDamaged) > 0) return 1;
    this.#replaces = true;
    runWith(statements.replace, entry, entry.expires, isDamaged);
    return 0;
  }

  #replay(): void {
    this.#logFirst = 0;
    for (const next of this.statements.logged.iterate()) {
      const [id, body] = next as unknown as [number, Uint8Array];
      if (this.#logFirst === 0) this.#logFirst = id;
      this.#logLast = id;
      this.#replayedBytes += body.length;
      for (const said of readLog(body)) this.#learn(said);
    }
    const names: RecordName[] = [];
    for (const { kind, table, key } of this.recent.all()) if (kind === 'damaged') names.push([table, key]);
    this.damagedNames = names;
    this.#owed = Math.min(1, this.#replayedBytes / this.#sweepBytes()) * slotsCount;
    this.#logFirst ||= 1;
    this.#sweepStart = this.#logLast;
  }

  #learn(said: Entry | LoggedRange | undefined): void {
    if (said === undefined) this.lostPartsCount++;
    else if (said.kind === 'range') {
      const first: RecordName = said.from === highestKey ? [0, '0'.repeat(40) as RingKey] : [256, said.from];
      for (const entry of [...this.recent.part(first, said.to)]) {
        if (said.table === 0 || entry.table === said.table) this.recent.remove(entry);
      }
    } else this.recent.put(said);
  }
}
