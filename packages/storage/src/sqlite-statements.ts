// Every SQL statement of the SQLite engine, prepared once. Rows come as arrays.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { columns } from './sqlite-rows.ts';

export interface Statements {
  readonly read: StatementSync;
  readonly add: StatementSync;
  readonly replace: StatementSync;
  readonly remove: StatementSync;
  /** (key, tab) > (?1, ?2), key <= ?3, table ?4 or 0; in order. */
  readonly scan: StatementSync;
  readonly scanTable: StatementSync;
  readonly digest: StatementSync;
  readonly deleteAll: StatementSync;
  readonly deleteTable: StatementSync;
  /** The key of the row ?4 rows behind in a range. */
  readonly keyBehind: StatementSync;
  readonly expired: StatementSync;
  readonly has: StatementSync;
  readonly log: StatementSync;
  readonly logged: StatementSync;
  /** Rows of the log up to one. */
  readonly forget: StatementSync;
  readonly setCount: StatementSync;
  readonly count: StatementSync;
}

export function prepareStatements(database: DatabaseSync): Statements {
  const prepare = (sql: string): StatementSync => {
    const statement = database.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  };
  const all = `select lower(hex(key)), tab, ${columns} from records`;
  return {
    read: prepare(`${all} where key = ? and tab = ?`),
    add: prepare('insert or ignore into records values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)'),
    replace: prepare(
      'update records set name = ?3, version = ?4, value = ?5, expires = ?6, high = ?7, low = ?8, checksum = ?9 where key = ?1 and tab = ?2',
    ),
    remove: prepare('delete from records where key = ? and tab = ?'),
    scan: prepare(`${all} where (key, tab) > (?, ?) and key <= ? order by key, tab`),
    scanTable: prepare(`${all} where (key, tab) > (?, ?) and key <= ? and tab = ? order by key, tab`),
    digest: prepare('select lower(hex(key)), tab, high, low from records where key >= ? and key < ? order by key, tab'),
    deleteAll: prepare('delete from records where key > ? and key <= ?'),
    deleteTable: prepare('delete from records where key > ? and key <= ? and tab = ?'),
    keyBehind: prepare(
      'select lower(hex(key)) from records where key > ? and key <= ? order by key, tab limit 1 offset ?',
    ),
    expired: prepare(
      'select tab, lower(hex(key)), version from records where expires > 0 and expires <= ? order by expires limit ?',
    ),
    has: prepare('select 1 from records where key = ? and tab = ?'),
    log: prepare('insert into log values (?, ?)'),
    logged: prepare('select id, body from log order by id'),
    forget: prepare('delete from log where id <= ?'),
    setCount: prepare("update counts set count = ? where what = 'records'"),
    count: prepare("select count from counts where what = 'records'"),
  };
}
