// The store port by itself: deadlines, groups, news once per change, an engine that cannot be opened and then can.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { get, nameOf, put, record } from './records.fixture.ts';
import { SqliteEngine } from './sqlite-engine.ts';
import { StoreLane } from './store-lane.fixture.ts';
import { storeLimits, storePort } from './store-port.ts';

let folder: string;
let engine: SqliteEngine;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chordial-port-'));
});
afterEach(() => {
  engine.close();
  rmSync(folder, { recursive: true });
});

function start(file = join(folder, 'records.sqlite'), limits = storeLimits): StoreLane {
  engine = new SqliteEngine({ file });
  const lane = new StoreLane();
  lane.store = lane.spawn(storePort, { engine, startedAt: lane.startedAt, owner: lane.owner, ...limits });
  return lane;
}

/** The port counts what it did. */
function picture(lane: StoreLane): unknown {
  const cell = lane.kernel.cellAt(lane.store as never)!;
  return cell.behaviour.inspect!(cell.state);
}

test('a job whose time was over before it began fails with `deadline`; one without a deadline waits', async () => {
  const lane = start();
  const late = lane.begin({ ...put(record('late')), withinMs: 10 });
  const patient = lane.begin(put(record('patient')));
  lane.kernel.now = lane.now;
  // Both are taken in; the store's own turn comes later.
  lane.kernel.run(2);
  lane.advance(1_000);
  expect(await lane.until(late.event)).toMatchObject({ type: 'storage-failed', code: 'deadline' });
  expect(await lane.until(patient.event)).toMatchObject({ type: 'records-written' });
  expect(await lane.ask(get(nameOf(record('late'))))).toMatchObject({ records: [undefined] });
});

test('jobs that wait together share commits of at most `groupRecordsMax` records', async () => {
  const lane = start(undefined, { ...storeLimits, groupRecordsMax: 100 });
  const events = await lane.askAll(Array.from({ length: 250 }, (_, i) => put(record(`user${i}`))));
  expect(new Set(events.map(({ type }) => type))).toEqual(new Set(['records-written']));
  expect(picture(lane)).toMatchObject({ commits: 3, jobs: 250, waiting: 0, trouble: '' });
});

test('a store that cannot be opened says so once, refuses jobs with the reason, and is opened when it can be', async () => {
  const place = join(folder, 'missing', 'records.sqlite');
  const lane = start(place);
  for (let i = 0; i < 3; i++) {
    expect(await lane.ask(put(record('alice')))).toMatchObject({ type: 'storage-failed', code: 'unavailable' });
    lane.advance(2_000);
  }
  expect(lane.news).toEqual([expect.stringContaining('cannot be opened')]);
  mkdirSync(join(folder, 'missing'));
  lane.advance(2_000);
  expect(await lane.ask(put(record('alice')))).toMatchObject({ type: 'records-written' });
  expect(lane.news).toEqual([expect.stringContaining('cannot be opened'), expect.stringContaining('works again')]);
});

test('one export at a time, and a file that cannot be written is a failure of that job only', async () => {
  const lane = start();
  await lane.askAll(Array.from({ length: 1_200 }, (_, i) => put(record(`user${i}`))));
  const file = join(folder, 'copy.records');
  const events = await lane.askAll([
    { type: 'export-store', file },
    { type: 'import-store', file },
  ]);
  expect(events.map(({ type }) => type)).toContain('storage-failed');
  writeFileSync(join(folder, 'a-file'), '');
  const failed = await lane.ask({ type: 'export-store', file: join(folder, 'a-file', 'copy') });
  expect(failed).toMatchObject({ type: 'storage-failed' });
  expect(await lane.ask(put(record('bob')))).toMatchObject({ type: 'records-written' });
  expect(lane.news).toEqual([]);
});

test('a lane comes to rest between slices of a long job: one that never rests hears nothing and is ended', async () => {
  const lane = start();
  await lane.askAll(Array.from({ length: 3_000 }, (_, i) => put(record(`user${i}`))));
  for (const asked of [
    { type: 'export-store', file: join(folder, 'copy') },
    { type: 'delete-range', from: record('a').key, to: record('a').key, table: 0 },
  ] as const) {
    const long = lane.begin(asked);
    let isOver = false;
    void long.event.then(() => {
      isOver = true;
    });
    lane.kernel.now = lane.now;
    lane.kernel.run(1_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect([lane.kernel.waitingCount, isOver]).toEqual([0, false]);
    expect(['store-exported', 'range-deleted']).toContain((await lane.until(long.event)).type);
  }
});

test('an export replaces no file: neither the store itself nor one that comes while it is written', async () => {
  const lane = start();
  const place = join(folder, 'records.sqlite');
  await lane.askAll(Array.from({ length: 1_200 }, (_, i) => put(record(`user${i}`))));
  const before = readFileSync(place);
  expect(await lane.ask({ type: 'export-store', file: place })).toMatchObject({
    type: 'storage-failed',
    code: 'invalid',
  });
  expect(readFileSync(place)).toEqual(before);
  const late = lane.begin({ type: 'export-store', file: join(folder, 'late') });
  lane.kernel.now = lane.now;
  lane.kernel.run(2);
  writeFileSync(join(folder, 'late'), 'mine');
  expect(await lane.until(late.event)).toMatchObject({ type: 'storage-failed', code: 'invalid' });
  expect(readFileSync(join(folder, 'late'), 'utf8')).toBe('mine');
  expect(existsSync(join(folder, 'late.unfinished'))).toBe(false);
  writeFileSync(join(folder, 'cut.unfinished'), 'of another');
  expect(await lane.ask({ type: 'export-store', file: join(folder, 'cut') })).toMatchObject({ code: 'invalid' });
  expect(readFileSync(join(folder, 'cut.unfinished'), 'utf8')).toBe('of another');
});
