// The SQLite engine by itself: forms of the file, and what no word of the store can show. The words are in the conformance suite.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ringKeyFromText } from '@chordial/ring-key';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EngineFailure } from './engine.ts';
import { SqliteEngine } from './sqlite-engine.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chordial-sqlite-'));
  file = join(folder, 'records.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true }));

const now = 1_000_000;

test('a file of form 0 becomes one of this form and keeps its records', () => {
  const old = new DatabaseSync(file);
  old.exec('create table records (key text, tab integer, name text, version text, value text, expires integer)');
  const insert = old.prepare('insert into records values (?, ?, ?, ?, ?, ?)');
  for (const name of ['alice', 'bob']) insert.run(ringKeyFromText(name), 1, name, '1', `of ${name}`, 0);
  old.close();
  const engine = new SqliteEngine({ file });
  expect(engine.open()).toEqual([]);
  expect(engine.read([[1, ringKeyFromText('bob')]], now)).toEqual({
    records: [{ table: 1, key: ringKeyFromText('bob'), name: 'bob', version: '1', value: 'of bob', ttlMs: 0 }],
    damaged: [],
  });
  expect(engine.describe()).toMatchObject({ recordsCount: 2, damagedCount: 0 });
  engine.close();
  expect(new SqliteEngine({ file }).open()).toEqual([]);
});

test('a file of a newer form, or of another program, is refused with a sentence and left as it is', () => {
  new SqliteEngine({ file }).open();
  const other = new DatabaseSync(file);
  other.exec('pragma user_version = 9');
  const refused = new SqliteEngine({ file }).open();
  expect(refused).toBeInstanceOf(EngineFailure);
  expect((refused as EngineFailure).sentence).toContain('newer release');
  other.exec('pragma user_version = 2; pragma application_id = 77');
  expect((new SqliteEngine({ file }).open() as EngineFailure).sentence).toContain('another program');
  expect(other.prepare('pragma user_version').get()).toEqual({ user_version: 2 });
  other.close();
});
