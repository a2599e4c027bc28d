// Damage in the write-ahead log of SQLite after a process was killed: what is lost is told, and a torn last write is not taken for a loss.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nameOf, record } from './records.fixture.ts';
import { SqliteEngine } from './sqlite-engine.ts';
import { losesCommits } from './sqlite-wal.ts';

let folder: string;
let file: string;
let wal: string;
const name = record('store', { table: 255 });
const commitsCount = 20;
/** Of a log that has the commits of a process that was killed. */
let whole: Buffer;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chordial-wal-'));
  file = join(folder, 'killed.sqlite');
  wal = `${file}-wal`;
  const living = join(folder, 'living.sqlite');
  const engine = new SqliteEngine({ file: living });
  engine.write({ records: [name], removals: [] }, 1);
  for (let i = 0; i < commitsCount; i++) engine.write({ records: [record(`user${i}`)], removals: [] }, 1);
  copyFileSync(living, file);
  copyFileSync(`${living}-wal`, wal);
  engine.close();
  whole = readFileSync(wal);
});
afterEach(() => rmSync(folder, { recursive: true }));

const frameBytes = 24 + 8_192;

/** What a start after the kill tells, and whether the store still has its name. */
function start(): { told: unknown; hasName: boolean } {
  const engine = new SqliteEngine({ file, nameRecord: nameOf(name) });
  const told = engine.open();
  const { records } = engine.read([nameOf(name)], 1) as { records: readonly unknown[] };
  engine.close();
  return { told, hasName: records[0] !== undefined };
}

test('a log as the killed process left it, or with a torn end, is no loss', () => {
  expect(losesCommits(wal)).toBe(false);
  truncateSync(wal, whole.length - 5_000);
  expect(losesCommits(wal)).toBe(false);
  const torn = Buffer.from(whole);
  torn.fill(0, torn.length - 4_000);
  writeFileSync(wal, torn);
  expect(losesCommits(wal)).toBe(false);
  expect(start()).toEqual({ told: [], hasName: true });
});

test('frames of an earlier use of the file behind the last one are no loss', () => {
  const older = Buffer.concat([whole, whole.subarray(32)]);
  for (let at = whole.length; at < older.length; at += frameBytes) older[at + 9]! ^= 1;
  writeFileSync(wal, older);
  expect(losesCommits(wal)).toBe(false);
});

test('a flipped bit anywhere before the last commits is told, and the store loses its name', () => {
  for (let at = 0; at < whole.length - 3 * frameBytes; at += 3_001) {
    const damaged = Buffer.from(whole);
    damaged[at]! ^= 1;
    writeFileSync(wal, damaged);
    expect(losesCommits(wal), `byte ${at}`).toBe(true);
  }
  const damaged = Buffer.from(whole);
  damaged[whole.length - 5 * frameBytes + 100]! ^= 1;
  writeFileSync(wal, damaged);
  expect(start()).toEqual({ told: [expect.stringContaining('are damaged')], hasName: false });
  expect(start()).toEqual({ told: [], hasName: false });
});
