// The file of the SQLite engine: how it is opened, what its form is, and how a file of an older release becomes one of this. `application_id`
// tells our files from others, `user_version` their form from older and newer ones.
import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { RingKey } from '@chordial/ring-key';
import { EngineFailure } from './engine.ts';
import { cannotWrite } from './sqlite-failure.ts';
import { rowOfForm1 } from './sqlite-log.ts';
import { runWith } from './sqlite-rows.ts';

/** `Chrd`. */
export const applicationId = 0x43687264;
export const formVersion = 2;

export interface SqliteTuning {
  readonly pageBytes: number;
  readonly cacheKilobytes: number;
  /** Pages in the write-ahead log after which they are moved to the file, within a commit. */
  readonly checkpointPages: number;
  /** Bytes of log while the sweep goes once around the ring, at most; the file has up to twice as many of them, memory about half. */
  readonly sweepBytes: number;
}
export const defaultTuning: SqliteTuning = {
  pageBytes: 8_192,
  cacheKilobytes: 64_000,
  checkpointPages: 4_000,
  sweepBytes: 96_000_000,
};

const busyMs = 500;

const schema = `
  create table records (
    key blob not null, tab integer not null, name text not null, version text not null, value text not null,
    expires integer not null, high integer not null, low integer not null, checksum integer not null,
    primary key (key, tab)
  ) without rowid;
  create index records_expiring on records (expires) where expires > 0;
  create table log (id integer primary key, body blob not null);
  create table counts (what text primary key, count integer not null) without rowid;
  insert into counts values ('records', 0);
`;

/** Step n makes form n + 1 of form n, in one transaction with the others. */
const steps: readonly ((database: DatabaseSync) => void)[] = [fromForm0, fromForm1];

/** Form 0 is an empty file, or one with neither digests nor checksums, whose keys are text. */
function fromForm0(database: DatabaseSync): void {
  const before = database.prepare("select 1 from sqlite_schema where type = 'table' and name = 'records'").get();
  if (before !== undefined) database.exec('alter table records rename to records_0');
  database.exec(schema);
  if (before === undefined) return;
  const insert = database.prepare('insert into records values (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const old = database.prepare('select key, tab, name, version, value, expires from records_0');
  let count = 0;
  for (const row of old.iterate() as IterableIterator<Record<string, string | number>>) {
    const { key, tab, name, version, value, expires } = row;
    const record = {
      table: Number(tab),
      key: key as RingKey,
      name: `${name}`,
      version: `${version}`,
      value: `${value}`,
    };
    count += runWith(insert, record, Number(expires));
  }
  database.prepare("update counts set count = ? where what = 'records'").run(count);
  database.exec('drop table records_0');
}

/** Entries of the log had one checksum, which did not cover their length. */
function fromForm1(database: DatabaseSync): void {
  const change = database.prepare('update log set body = ? where id = ?');
  const rows = database.prepare('select body from log where id = ?');
  for (const { id } of database.prepare('select id from log').all()) {
    const { body } = rows.get(id as number) as { body: Uint8Array };
    change.run(rowOfForm1(body), id as number);
  }
}

export interface OpenFile {
  readonly database: DatabaseSync;
  readonly isReadOnly: boolean;
  /** The last user of the file did not close it. */
  readonly wasUnclean: boolean;
}

/** Throws what SQLite throws. */
export function openFile(file: string, tuning: SqliteTuning): OpenFile | EngineFailure {
  const wasUnclean = bytesOf(`${file}-wal`) > 0;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { timeout: busyMs });
    database.exec(`
      pragma page_size = ${tuning.pageBytes};
      pragma journal_mode = wal;
      pragma synchronous = full;
      pragma wal_autocheckpoint = ${tuning.checkpointPages};
      pragma journal_size_limit = ${(tuning.checkpointPages * tuning.pageBytes) / 2};
      pragma cache_size = -${tuning.cacheKilobytes};
      pragma cell_size_check = on;
      pragma foreign_keys = off;
      pragma temp_store = memory;
      begin immediate;
    `);
    const refused = migrate(database, file);
    if (refused !== undefined) {
      database.close();
      return refused;
    }
    database.exec('commit');
    return { database, isReadOnly: false, wasUnclean };
  } catch (error) {
    database?.close();
    if (!cannotWrite(error) || !existsSync(file)) throw error;
    return openReadOnly(file, wasUnclean);
  }
}

function migrate(database: DatabaseSync, file: string): EngineFailure | undefined {
  const { application_id: id } = database.prepare('pragma application_id').get() as { application_id: number };
  const { user_version: version } = database.prepare('pragma user_version').get() as { user_version: number };
  if (id !== 0 && id !== applicationId) {
    return new EngineFailure('failed', `${file} belongs to another program: name another file`);
  }
  if (version > formVersion) {
    const sentence = `${file} has form ${version}, this release knows ${formVersion}: start a newer release, or restore a backup`;
    return new EngineFailure('failed', sentence);
  }
  if (version === formVersion) return undefined;
  for (const step of steps.slice(version)) step(database);
  database.exec(`pragma application_id = ${applicationId}; pragma user_version = ${formVersion}`);
  return undefined;
}

/** Without a log beside it nothing need be written to read the file; with one, what is in the log would be missed. */
function openReadOnly(file: string, wasUnclean: boolean): OpenFile | EngineFailure {
  if (wasUnclean) {
    const sentence = `${file} cannot be written, and its log must be: mount its disk read-write, or give the folder to this user`;
    return new EngineFailure('read-only', sentence);
  }
  const url = pathToFileURL(file);
  url.search = '?mode=ro&immutable=1';
  return { database: new DatabaseSync(url, { readOnly: true }), isReadOnly: true, wasUnclean };
}

export const bytesOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
