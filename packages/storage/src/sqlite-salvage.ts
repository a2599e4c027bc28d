// Saves what can be read of a damaged file: a new file takes its place, the old one stays beside it as `.damaged-<n>`. A damaged page
// hides what is on it, so reading begins again behind it, bucket by bucket, and comes from the other side as far as it can.
import { existsSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { RingKey } from '@chordial/ring-key';
import { bucketsCount } from './digest.ts';
import { EngineFailure } from './engine.ts';
import { openFile, type SqliteTuning } from './sqlite-file.ts';
import { columns, isSound, type Row, runWith } from './sqlite-rows.ts';

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

/** Throws what SQLite throws when the new file cannot be written. */
export function salvage(file: string, tuning: SqliteTuning): Salvage | EngineFailure {
  const unfinished = `${file}.salvaged`;
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
    readAll(file, save, found);
    found.logRowsLost = saveLog(file, target);
    target.prepare("update counts set count = ? where what = 'records'").run(found.savedCount);
    target.exec('commit');
  } finally {
    target.close();
  }
  let n = 1;
  while (existsSync(`${file}.damaged-${n}`)) n++;
  const keptAs = `${file}.damaged-${n}`;
  for (const end of ['', '-wal']) if (existsSync(file + end)) renameSync(file + end, keptAs + end);
  removeAll(file);
  renameSync(unfinished, file);
  return { ...found, keptAs };
}

function saveRow(insert: ReturnType<DatabaseSync['prepare']>, row: Row): number {
  const [key, table, name, version, value, expires] = row;
  return runWith(insert, { table, key: key as RingKey, name, version, value }, expires);
}

function removeAll(file: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
}

function readAll(file: string, save: (row: Row) => void, found: { bucketsHit: number }): void {
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
      const isWhole = readRows(forward, edge(bucket), edge(bucketsCount), (row) => {
        last = row[0];
        save(row);
      });
      if (isWhole) break;
      const hit = last === '' ? bucket : Math.max(bucket, Number.parseInt(last.slice(0, 4), 16));
      found.bucketsHit++;
      readRows(backward, edge(hit), edge(hit + 1), save);
      // The damaged page may begin in this bucket and hold the first ones of the next: those are read in the next round.
      bucket = hit + 1;
    }
  } catch {
    // Not even its schema can be read.
    found.bucketsHit = bucketsCount;
  } finally {
    source.close();
  }
}

/** How many rows were lost. */
function saveLog(file: string, target: DatabaseSync): number {
  const insert = target.prepare('insert into log values (?, ?)');
  let lostCount = 0;
  let source: DatabaseSync | undefined;
  try {
    source = new DatabaseSync(file);
    const edges = source.prepare('select min(id) as first, max(id) as last from log').get() as Record<string, number>;
    const row = source.prepare('select body from log where id = ?');
    for (let id = edges.first!; id <= edges.last!; id++) {
      try {
        const { body } = row.get(id) as { body: Uint8Array };
        insert.run(id, body);
      } catch {
        lostCount++;
      }
    }
  } catch {
    lostCount++;
  } finally {
    source?.close();
  }
  return lostCount;
}

/** False when a page could not be read. */
function readRows(
  statement: ReturnType<DatabaseSync['prepare']>,
  from: Uint8Array,
  to: Uint8Array,
  take: (row: Row) => void,
): boolean {
  let rows: Iterator<unknown>;
  try {
    rows = statement.iterate(from, to);
  } catch {
    return false;
  }
  for (;;) {
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

/** The first key of a bucket; behind all keys for the one after the last. */
function edge(bucket: number): Uint8Array {
  const bytes = bucket === bucketsCount ? Buffer.alloc(21, 255) : Buffer.alloc(20);
  if (bucket < bucketsCount) bytes.writeUInt16BE(bucket, 0);
  return bytes;
}
