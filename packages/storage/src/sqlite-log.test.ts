// The log of the SQLite engine under flipped bits: whatever is hit, no other record is touched, and what was lost is known.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EngineFailure } from './engine.ts';
import type { RecordName, StoredRecord } from './protocol.ts';
import { nameOf, record } from './records.fixture.ts';
import { SqliteEngine } from './sqlite-engine.ts';
import { bytesOf } from './sqlite-file.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chordial-log-'));
  file = join(folder, 'records.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true }));

const now = 1_000_000;
const write = (engine: SqliteEngine, ...records: readonly StoredRecord[]): void => {
  expect(engine.write({ records, removals: [] }, now)).toBeUndefined();
};
function read(engine: SqliteEngine, name: RecordName): StoredRecord | 'damaged' | undefined {
  const result = engine.read([name], now);
  if (result instanceof EngineFailure) throw new Error(result.sentence);
  return result.damaged.length > 0 ? 'damaged' : result.records[0];
}
/** Changes the last row of the log. */
function spoilLast(change: (body: Uint8Array) => void): void {
  const database = new DatabaseSync(file);
  const { id, body } = database.prepare('select id, body from log order by id desc').get() as {
    id: number;
    body: Uint8Array;
  };
  change(body);
  database.prepare('update log set body = ? where id = ?').run(body, id);
  database.close();
}

describe('an entry of the log is damaged', () => {
  const old = record('alice', { version: '1', value: 'old' });
  const late = record('alice', { version: '2', value: 'new' });
  const others = Array.from({ length: 50 }, (_, i) => record(`user${i}`));

  /** The older version is in the table, the newer one in the log. */
  function prepare(): void {
    const engine = new SqliteEngine({ file, tuning: { sweepBytes: 1 } });
    write(engine, old, ...others);
    write(engine, record('bob'));
    engine.close();
    const again = new SqliteEngine({ file });
    write(again, late);
    again.close();
  }

  test('in its texts: it is known by its key, then and after the next starts, until it is written again', () => {
    prepare();
    spoilLast((body) => {
      body[body.length - 1]! ^= 4;
    });
    for (let start = 0; start < 3; start++) {
      const engine = new SqliteEngine({ file });
      engine.open();
      expect(read(engine, nameOf(late))).toBe('damaged');
      for (const other of others) expect(read(engine, nameOf(other))).toEqual(other);
      engine.close();
    }
    const engine = new SqliteEngine({ file });
    write(engine, late);
    expect(read(engine, nameOf(late))).toEqual(late);
    engine.close();
  });

  test('in any bit of its head: no other record suffers, and the loss is told', () => {
    for (let bit = 0; bit < 50 * 8; bit += 7) {
      rmSync(folder, { recursive: true });
      folder = mkdtempSync(join(tmpdir(), 'chordial-log-'));
      file = join(folder, 'records.sqlite');
      prepare();
      spoilLast((body) => {
        body[bit >> 3]! ^= 1 << (bit & 7);
      });
      const engine = new SqliteEngine({ file });
      const told = engine.open();
      expect(told, `bit ${bit}`).toEqual([expect.stringContaining('are damaged')]);
      for (const other of others) expect(read(engine, nameOf(other))).toEqual(other);
      engine.close();
      // It is told once.
      expect(new SqliteEngine({ file }).open()).toEqual([]);
    }
  });
});

test('a store that may not forget loses its name with anything else that has none', () => {
  const name = record('store', { table: 255 });
  const options = { file, nameRecord: nameOf(name) };
  const engine = new SqliteEngine(options);
  write(engine, name, record('alice'));
  write(engine, record('bob'));
  engine.close();
  expect(read(new SqliteEngine(options), nameOf(name))).toEqual(name);
  spoilLast((body) => {
    body[1]! ^= 1;
  });
  for (let start = 0; start < 2; start++) {
    const again = new SqliteEngine(options);
    again.open();
    expect(read(again, nameOf(name))).toBeUndefined();
    expect(read(again, nameOf(record('alice')))).toEqual(record('alice'));
    again.close();
  }
  const named = new SqliteEngine(options);
  write(named, name);
  named.close();
  expect(read(new SqliteEngine(options), nameOf(name))).toEqual(name);
});

test('the log does not grow with starts, however short the lives between them are', () => {
  const records = Array.from({ length: 200 }, (_, i) => record(`user${i}`, { value: 'v'.repeat(300) }));
  const sizes: number[] = [];
  for (let start = 0; start < 12; start++) {
    const engine = new SqliteEngine({ file });
    engine.open();
    for (let i = 0; i < 30; i++) write(engine, ...records.map((one) => ({ ...one, version: `${start}.${i}` })));
    const { recordsCount } = engine.describe() as { recordsCount: number };
    expect(recordsCount).toBe(200);
    engine.close();
    const database = new DatabaseSync(file);
    sizes.push(Number(database.prepare('select sum(length(body)) as bytes from log').get()!.bytes));
    database.close();
  }
  // 2.4 MB in each life, and a sweep takes 4 MB at least.
  expect(Math.max(...sizes)).toBeLessThan(14_000_000);
  expect(bytesOf(file)).toBeLessThan(30_000_000);
  const engine = new SqliteEngine({ file });
  for (const one of records) expect(read(engine, nameOf(one))).toEqual({ ...one, version: '11.29' });
  engine.close();
});

/** As form 1 wrote it: one checksum, behind the length. */
function entryOfForm1({ table, key, name, version, value }: StoredRecord): Buffer {
  const texts = [name, version, value].map((text) => Buffer.from(text));
  const head = Buffer.alloc(46);
  head[8] = 1;
  head[9] = table;
  head.write(key, 10, 20, 'hex');
  head.writeUInt32LE(texts[0]!.length, 38);
  head.writeUInt32LE(texts[1]!.length, 42);
  const entry = Buffer.concat([head, ...texts]);
  entry.writeUInt32LE(entry.length);
  entry.writeUInt32LE(crc32(entry.subarray(8)), 4);
  return entry;
}

test('the log of a file of form 1 is kept', () => {
  new SqliteEngine({ file }).open();
  const database = new DatabaseSync(file);
  const bodies = [
    Buffer.concat(['alice', 'bob'].map((name) => entryOfForm1(record(name)))),
    entryOfForm1(record('eve')),
  ];
  bodies[1]![60]! ^= 1;
  for (const [id, body] of bodies.entries()) database.prepare('insert into log values (?, ?)').run(id + 1, body);
  database.exec('pragma user_version = 1');
  database.close();
  const engine = new SqliteEngine({ file });
  expect(engine.open()).toEqual([expect.stringContaining('1 parts of the log are damaged')]);
  for (const name of ['alice', 'bob']) expect(read(engine, nameOf(record(name)))).toEqual(record(name));
  engine.close();
});
