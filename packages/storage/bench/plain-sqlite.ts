// What the store is measured against: the same records in a plain SQLite file, as one writes it first, with the same durability.
import { DatabaseSync } from 'node:sqlite';
import type { StoredRecord } from '@chordial/storage/protocol';

/** Durable puts a second, each `batch` of them in one transaction, until `seconds` are over or all are written. */
export function plainPutsPerSecond(
  file: string,
  records: (n: number) => StoredRecord,
  count: number,
  batch: number,
  seconds: number,
): number {
  const database = new DatabaseSync(file);
  database.exec(`pragma journal_mode = wal; pragma synchronous = full;
    create table if not exists records (key blob, tab integer, name text, version text, value text, expires integer, primary key (key, tab)) without rowid`);
  const put = database.prepare('insert or replace into records values (?, ?, ?, ?, ?, ?)');
  const start = performance.now();
  let n = 0;
  while (n < count && performance.now() - start < seconds * 1_000) {
    if (batch > 1) database.exec('begin');
    for (let i = 0; i < batch && n < count; i++, n++) {
      const { key, table, name, version, value } = records(n);
      put.run(Buffer.from(key, 'hex'), table, name, version, value, 0);
    }
    if (batch > 1) database.exec('commit');
  }
  const ms = performance.now() - start;
  database.close();
  return (n / ms) * 1_000;
}
