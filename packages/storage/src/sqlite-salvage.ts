// Saves what can be read of a damaged file, in slices: a new file takes its place, the old one stays beside it as `.damaged-<n>`. A damaged page
// hides what is on it, so reading begins again behind it, bucket by bucket, and comes from the other side as far as it can. `.salvaging` is
// being written; `.salvaged` is whole and only has to take the place, which is done again from the beginning if a crash comes between.
import { existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { RingKey } from '@chordial/ring-key';
import { bucketsCount } from './digest.ts';
import { EngineFailure } from './engine.ts';
import { syncFolder } from './export-disk.ts';
import type { RecordName } from './protocol.ts';
import { bytesOf, openFile, type SqliteTuning } from './sqlite-file.ts';
import { entryOf, rowOfForm1 } from './sqlite-log.ts';
import { columns, edge, isSound, type Row, runWith } from './sqlite-rows.ts';
import { SqliteStore } from './sqlite-store.ts';

/** Between two looks at the clock of whoever runs it. */
const rowsPerSlice = 1_000;
/** More are not in a log; a damaged number may say so. */
const logRowsMax = 10_000_000;

export interface Salvage {
  readonly savedCount: number;
  /** Records that were there and are not whole. Those on pages that cannot be read are not known by number. */
  readonly damagedCount: number;
  /** Rows of the log that cannot be read: some 64 kB of the last writes in each. */
  readonly logRowsLost: number;
  /** Parts of the ring, of 65,536, in which records may be missing. */
  readonly bucketsHit: number;
  readonly keptAs: string;
}
export type Salvaging = Generator<undefined, Salvage | EngineFailure>;

/** Throws what SQLite throws when the new file cannot be written. Without the record `leftOut`. */
export function* salvage(file: string, tuning: SqliteTuning, leftOut: RecordName | undefined): Salvaging {
  const unfinished = `${file}.salvaging`;
  removeAll(unfinished);
  const opened = openFile(unfinished, { ...tuning, checkpointPages: 2_000 });
  if (opened instanceof EngineFailure) return opened;
  const { database: target } = opened;
  const insert = target.prepare('insert or ignore into records values (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const found = { savedCount: 0, damagedCount: 0, logRowsLost: 0, bucketsHit: 0 };
  target.exec('begin');
  const save = (row: Row): void => {
    if (isSound(row)) found.savedCount += saveRow(insert, row);
    else found.damagedCount++;
    if ((found.savedCount & 4_095) === 4_095) target.exec('commit; begin');
  };
  try {
    yield* readAll(file, save, found);
    found.logRowsLost = yield* saveLog(file, target);
    target.prepare("update counts set count = ? where what = 'records'").run(found.savedCount);
    target.exec('commit');
    if (leftOut !== undefined)
      new SqliteStore(target, false, tuning.sweepBytes).write([entryOf('removed', ...leftOut)]);
    target.exec('pragma wal_checkpoint(truncate)');
  } finally {
    target.close();
  }
  if (bytesOf(`${unfinished}-wal`) > 0) throw new Error(`${unfinished} could not be closed`);
  renameSync(unfinished, `${file}.salvaged`);
  syncFolder(dirname(file));
  return { ...found, keptAs: putInPlace(file)! };
}

/**
 * Has a file that was built anew take the place of the damaged one; nobody has either open. Says under which name that stays; undefined where
 * no file waits for it.
 */
export function putInPlace(file: string): string | undefined {
  const built = `${file}.salvaged`;
  if (!existsSync(built)) return undefined;
  const keptAs = keptName(file);
  if (existsSync(file) && !existsSync(keptAs)) keep(file, keptAs);
  // A log beside the new file would be taken for its own.
  if (existsSync(`${file}-wal`)) renameSync(`${file}-wal`, `${keptAs}-wal`);
  rmSync(`${file}-shm`, { force: true });
  syncFolder(dirname(file));
  renameSync(built, file);
  syncFolder(dirname(file));
  return keptAs;
}

/** The last name under which a damaged file was kept. */
export function lastKept(file: string): string | undefined {
  let n = 0;
  while (existsSync(`${file}.damaged-${n + 1}`)) n++;
  return n === 0 ? undefined : `${file}.damaged-${n}`;
}

/** A free one, or that under which the file is kept already. */
function keptName(file: string): string {
  const last = lastKept(file);
  if (last === undefined) return `${file}.damaged-1`;
  const now = statSync(file, { throwIfNoEntry: false });
  if (now === undefined || now.ino === statSync(last).ino) return last;
  return `${file}.damaged-${Number(last.slice(file.length + '.damaged-'.length)) + 1}`;
}

function keep(file: string, keptAs: string): void {
  try {
    linkSync(file, keptAs);
  } catch {
    // A file system without links: for a moment there is no file, and the built one says what to do.
    renameSync(file, keptAs);
  }
}

function saveRow(insert: ReturnType<DatabaseSync['prepare']>, row: Row): number {
  const [key, table, name, version, value, expires] = row;
  return runWith(insert, { table, key: key as RingKey, name, version, value }, expires);
}

function removeAll(file: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
}

function* readAll(file: string, save: (row: Row) => void, found: { bucketsHit: number }): Generator<undefined> {
  let source: DatabaseSync;
  try {
    source = new DatabaseSync(file);
  } catch {
    found.bucketsHit = bucketsCount;
    return;
  }
  try {
    const select = `select lower(hex(key)), tab, ${columns} from records not indexed where key >= ? and key < ? order by key`;
    const forward = source.prepare(`${select}, tab`);
    const backward = source.prepare(`${select} desc, tab desc`);
    for (const statement of [forward, backward]) statement.setReturnArrays(true);
    for (let bucket = 0; bucket < bucketsCount; ) {
      // From here to the end of the ring, or to the first page that cannot be read.
      let last = '';
      const isWhole = yield* readRows(forward, edge(bucket), edge(bucketsCount), (row) => {
        last = row[0];
        save(row);
      });
      if (isWhole) break;
      const hit = last === '' ? bucket : Math.max(bucket, Number.parseInt(last.slice(0, 4), 16));
      found.bucketsHit++;
      yield* readRows(backward, edge(hit), edge(hit + 1), save);
      // The damaged page may begin in this bucket and hold the first ones of the next: those are read in the next round.
      bucket = hit + 1;
      yield;
    }
  } catch {
    // Not even its schema can be read.
    found.bucketsHit = bucketsCount;
  } finally {
    source.close();
  }
}

/** How many rows were lost. */
function* saveLog(file: string, target: DatabaseSync): Generator<undefined, number> {
  const insert = target.prepare('insert into log values (?, ?)');
  let lostCount = 0;
  let source: DatabaseSync | undefined;
  try {
    source = new DatabaseSync(file);
    const edges = source.prepare('select min(id) as first, max(id) as last from log').get() as Record<string, number>;
    const row = source.prepare('select body from log where id = ?');
    const form = source.prepare('pragma user_version').get();
    for (let id = edges.first!; id <= Math.min(edges.last!, edges.first! + logRowsMax); id++) {
      try {
        const { body } = row.get(id) as { body: Uint8Array };
        insert.run(id, form?.user_version === 1 ? rowOfForm1(body) : body);
      } catch {
        lostCount++;
      }
      yield;
    }
  } catch {
    lostCount++;
  } finally {
    source?.close();
  }
  return lostCount;
}

/** False when a page could not be read. */
function* readRows(
  statement: ReturnType<DatabaseSync['prepare']>,
  from: Uint8Array,
  to: Uint8Array,
  take: (row: Row) => void,
): Generator<undefined, boolean> {
  let rows: Iterator<unknown>;
  try {
    rows = statement.iterate(from, to);
  } catch {
    return false;
  }
  for (let n = 0; ; n++) {
    if (n % rowsPerSlice === rowsPerSlice - 1) yield;
    let next: IteratorResult<unknown>;
    try {
      next = rows.next();
    } catch {
      return false;
    }
    if (next.done === true) return true;
    take(next.value as Row);
  }
}
