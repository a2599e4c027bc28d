// A damaged file is built anew in slices while the lane lives, and a crash at any step of the change of files loses nothing and is told.
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EngineFailure } from './engine.ts';
import type { StoredRecord } from './protocol.ts';
import { get, nameOf, put, record } from './records.fixture.ts';
import { SqliteEngine } from './sqlite-engine.ts';
import { defaultTuning } from './sqlite-file.ts';
import { StoreLane } from './store-lane.fixture.ts';
import { storeLimits, storePort } from './store-port.ts';

let folder: string;
let file: string;
let engine: SqliteEngine;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chordial-salvage-'));
  file = join(folder, 'records.sqlite');
});
afterEach(() => {
  engine.close();
  rmSync(folder, { recursive: true });
});

const users = Array.from({ length: 8_000 }, (_, i) => record(`user${i}`, { value: `<${i}>${'v'.repeat(300)}` }));
const storeName = record('store', { table: 255 });
const tuning = { sweepBytes: 1_000 };

function fill(): void {
  engine = new SqliteEngine({ file, tuning });
  for (let i = 0; i < users.length; i += 2_000)
    engine.write({ records: [...users.slice(i, i + 2_000), storeName], removals: [] }, 1_000_000);
  engine.close();
  // Now its log is short, and nothing is written at the next opening.
  engine.open();
  engine.close();
}

/** The page with that user is torn. */
function tear(): void {
  const bytes = readFileSync(file);
  for (let at = bytes.indexOf('<77>'); at !== -1; at = bytes.indexOf('<77>', at + 1)) {
    const pageStart = at - (at % defaultTuning.pageBytes);
    bytes.fill(0x55, pageStart, pageStart + defaultTuning.pageBytes);
  }
  writeFileSync(file, bytes);
}

function start(nameRecord?: StoredRecord): StoreLane {
  engine = new SqliteEngine({ file, tuning, ...(nameRecord === undefined ? {} : { nameRecord: nameOf(nameRecord) }) });
  const lane = new StoreLane();
  const { startedAt, owner } = lane;
  lane.store = lane.spawn(storePort, { engine, startedAt, owner, ...storeLimits });
  return lane;
}

/** Asks until the store works again; how often it was refused. */
async function askUntilWell(lane: StoreLane, one: StoredRecord): Promise<number> {
  for (let refused = 0; ; refused++) {
    const event = await lane.ask(get(nameOf(one)));
    if (event.type === 'records-read') return refused;
    expect(event).toMatchObject({ type: 'storage-failed', code: 'unavailable' });
  }
}

test('at run time it is built anew in slices: jobs are refused meanwhile, and then all that can be read is there', async () => {
  fill();
  const lane = start();
  tear();
  const copy = lane.begin({ type: 'export-store', file: join(folder, 'copy') });
  expect(await askUntilWell(lane, users[77]!)).toBeGreaterThan(0);
  expect(await lane.until(copy.event)).toMatchObject({ type: 'storage-failed' });
  expect(lane.news).toEqual([
    expect.stringContaining('is being built anew'),
    expect.stringContaining('works again'),
    expect.stringContaining('was built anew'),
  ]);
  let foundCount = 0;
  for (const one of users.slice(0, 500)) {
    const event = await lane.ask(get(nameOf(one)));
    foundCount += Number(event.type === 'records-read' && event.records[0] !== undefined);
  }
  expect(foundCount).toBeGreaterThan(450);
  expect(await lane.ask(put(users[77]!))).toMatchObject({ type: 'records-written' });
  expect(readdirSync(folder).filter((name) => name.includes('salvag'))).toEqual([]);
});

test('it goes on by itself when nobody asks', async () => {
  fill();
  const lane = start();
  tear();
  expect(await lane.ask(get(nameOf(users[77]!)))).toMatchObject({ code: 'unavailable' });
  await lane.until(
    (async () => {
      while (!lane.news.some((sentence) => sentence.includes('was built anew')))
        await new Promise((resolve) => setImmediate(resolve));
    })(),
  );
});

test('a store that may not forget fails all jobs when it was built anew in use, and has no name at the next start', async () => {
  fill();
  const lane = start(storeName);
  expect(await lane.ask(get(nameOf(storeName)))).toMatchObject({ records: [storeName] });
  tear();
  expect(await lane.ask(get(nameOf(users[77]!)))).toMatchObject({ code: 'unavailable' });
  while (((await lane.ask(get(nameOf(storeName)))) as { code?: string }).code === 'unavailable');
  for (const job of [get(nameOf(storeName)), put(users[1]!), { type: 'describe-store' } as const])
    expect(await lane.ask(job)).toMatchObject({ type: 'storage-failed', code: 'failed' });
  engine.close();
  const again = start(storeName);
  expect(await again.ask(get(nameOf(storeName), nameOf(users[1]!)))).toMatchObject({ records: [undefined, users[1]] });
});

test('a crash at any step of the change of files: the next start finishes it, tells it, and has what was saved', () => {
  fill();
  tear();
  const wal = 'of the damaged file';
  const damaged = readFileSync(file);
  const open = (): readonly string[] => {
    engine = new SqliteEngine({ file, tuning });
    const told = engine.open();
    if (told instanceof EngineFailure) throw new Error(told.sentence);
    expect(engine.read([nameOf(users[1]!)], 2_000_000)).toMatchObject({ records: [{ name: 'user1' }] });
    engine.close();
    return told;
  };
  engine = new SqliteEngine({ file, tuning });
  engine.read([nameOf(users[77]!)], 2_000_000);
  while (engine.recovering !== undefined) engine.recover();
  engine.close();
  const built = join(folder, 'built');
  copyFileSync(file, built);
  const kept = `${file}.damaged-1`;
  const prepare = (): void => {
    for (const name of readdirSync(folder)) if (name !== 'built') rmSync(join(folder, name));
    writeFileSync(file, damaged);
    writeFileSync(`${file}-wal`, wal);
    copyFileSync(built, `${file}.salvaged`);
  };
  const steps: readonly (() => void)[] = [
    () => {},
    () => linkSync(file, kept),
    () => renameSync(`${file}-wal`, `${kept}-wal`),
    () => {
      rmSync(file);
      // As an older release did it, and as it is where there are no links.
    },
  ];
  for (let done = 1; done <= steps.length; done++) {
    prepare();
    for (const step of steps.slice(0, done)) step();
    expect(open()).toEqual([expect.stringContaining('was cut short')]);
    expect(readFileSync(kept)).toEqual(damaged);
    expect(readFileSync(`${kept}-wal`, 'utf8')).toBe(wal);
    expect(existsSync(`${file}.salvaged`)).toBe(false);
    expect(existsSync(`${file}.damaged-2`)).toBe(false);
    expect(open()).toEqual([]);
  }
});

test('where only the damaged file is left, an empty store is told', () => {
  fill();
  renameSync(file, `${file}.damaged-1`);
  engine = new SqliteEngine({ file, tuning });
  expect(engine.open()).toEqual([expect.stringContaining('begins empty')]);
});
