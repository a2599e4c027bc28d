// What a disk can do to the SQLite engine behind the words: a killed process, flipped bytes, a torn page, a full disk, one that cannot be
// written. Full and read-only disks are small file systems in memory, which only root can mount.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { scanAll } from './conformance.fixture.ts';
import type { StoredRecord } from './protocol.ts';
import { get, nameOf, put, putAll, record } from './records.fixture.ts';
import { SqliteEngine } from './sqlite-engine.ts';
import { defaultTuning } from './sqlite-file.ts';
import { StoreLane } from './store-lane.fixture.ts';
import { storeLimits, storePort } from './store-port.ts';

let folder: string;
let file: string;
let engine: SqliteEngine | undefined;
let sweepBytes: number = defaultTuning.sweepBytes;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chordial-damage-'));
  file = join(folder, 'records.sqlite');
});
afterEach(() => {
  engine?.close();
  rmSync(folder, { recursive: true });
});

function start(place = file): StoreLane {
  engine?.close();
  engine = new SqliteEngine({ file: place, tuning: { sweepBytes } });
  const lane = new StoreLane();
  const { startedAt, owner } = lane;
  lane.store = lane.spawn(storePort, { engine, startedAt, owner, ...storeLimits });
  return lane;
}

const users = (count: number, value = 'v'.repeat(300)): StoredRecord[] =>
  Array.from({ length: count }, (_, i) => record(`user${i}`, { value: `<${i}>${value}` }));

async function putInTurn(lane: StoreLane, records: readonly StoredRecord[]): Promise<void> {
  for (let i = 0; i < records.length; i += 500) await lane.ask(putAll(records.slice(i, i + 500)));
}

/** Says of every number whether it was acknowledged, as soon as it was. */
const writer = `
  const [root, file, first, sweepBytes] = process.argv.slice(1);
  const { StoreLane } = await import(root + 'store-lane.fixture.ts');
  const { SqliteEngine } = await import(root + 'sqlite-engine.ts');
  const { storePort, storeLimits } = await import(root + 'store-port.ts');
  const { record, put } = await import(root + 'records.fixture.ts');
  const { writeSync } = await import('node:fs');
  const engine = new SqliteEngine({ file, tuning: { sweepBytes: Number(sweepBytes) } });
  const lane = new StoreLane();
  lane.store = lane.spawn(storePort, { engine, startedAt: lane.startedAt, owner: lane.owner, ...storeLimits });
  for (let n = Number(first); ; n += 20) {
    const jobs = Array.from({ length: 20 }, (_, i) => put(record('user' + (n + i) % 3000, { version: String(n + i), value: 'v'.repeat(300) })));
    const events = await lane.askAll(jobs);
    if (!events.every(({ type }) => type === 'records-written')) throw new Error(JSON.stringify(events[0]));
    writeSync(1, n + 20 + '\\n');
  }
`;

/** Flips bits of the byte behind each place of `text` in the file. */
function spoil(text: string): number {
  const bytes = readFileSync(file);
  let count = 0;
  for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + 1)) {
    bytes[at + text.length + 20]! ^= 1;
    count++;
  }
  writeFileSync(file, bytes);
  return count;
}

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length - 5_000]! ^= 1;
  return copy;
}

describe.each([
  ['all in the log', defaultTuning.sweepBytes],
  ['part in the log, part in the table', 600_000],
  ['almost all in the table', 1_000],
])('records, %s:', (_, bytes) => {
  beforeEach(() => {
    sweepBytes = bytes;
  });
  test('a process that is killed while it writes keeps what it acknowledged, again and again', async () => {
    const root = new URL('./', import.meta.url).href;
    let acknowledged = 0;
    for (let round = 0; round < 6; round++) {
      const child: ChildProcess = spawn(
        process.execPath,
        [
          '--conditions=@chordial/source',
          '--input-type=module',
          '-e',
          writer,
          root,
          file,
          String(acknowledged),
          String(sweepBytes),
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const roundEnd = acknowledged + 700 + round * 131;
      let text = '';
      for await (const piece of child.stdout!.setEncoding('utf8')) {
        text += piece;
        const whole = text.slice(0, text.lastIndexOf('\n') + 1).trimEnd();
        acknowledged = Math.max(acknowledged, Number(whole.split('\n').at(-1)));
        if (acknowledged >= roundEnd) child.kill('SIGKILL');
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      expect(child.signalCode).toBe('SIGKILL');
      const lane = start();
      const { records } = await scanAll(lane, { recordsMax: 1_000 });
      const versions = new Map(records.map(({ name, version }) => [name, Number(version)]));
      for (let n = Math.max(0, acknowledged - 3_000); n < acknowledged; n++) {
        expect(versions.get(`user${n % 3_000}`)).toBeGreaterThanOrEqual(n);
      }
      expect(lane.news).toEqual([]);
      engine!.close();
    }
  });

  test('a flipped byte in a record is told by its name, and the record is not returned', async () => {
    await putInTurn(start(), users(1_000));
    engine!.close();
    expect(spoil('<77>')).toBeGreaterThan(0);
    const lane = start();
    const name = nameOf(record('user77'));
    const neighbour = users(79)[78]!;
    expect(await lane.ask(get(nameOf(neighbour), name))).toMatchObject({
      records: [neighbour, undefined],
      damaged: [name],
    });
    const { key } = record('user77');
    const scanned = await lane.ask({
      type: 'scan-range',
      from: record('user1').key,
      to: key,
      table: 0,
      after: undefined,
      recordsMax: 1_000,
    });
    const pages = [scanned];
    while (pages.at(-1)?.type === 'range-scanned') {
      const last = pages.at(-1) as { next?: ReturnType<typeof nameOf> };
      if (last.next === undefined) break;
      pages.push(
        await lane.ask({
          type: 'scan-range',
          from: record('user1').key,
          to: key,
          table: 0,
          after: last.next,
          recordsMax: 1_000,
        }),
      );
    }
    expect(pages.flatMap((page) => (page.type === 'range-scanned' ? page.damaged : []))).toEqual([name]);
    expect(lane.news.join()).toContain(name[1]);
    // Its copy is written again, and all is well.
    await lane.ask(put(users(78)[77]!));
    expect(await lane.ask(get(name))).toMatchObject({ records: [users(78)[77]!], damaged: [] });
  });

  test('a torn page costs what was on it: the rest is saved to a new file, the old one kept, and work goes on', async () => {
    const records = users(20_000);
    await putInTurn(start(), records);
    engine!.close();
    // Pages that are not in use any more may have a copy, too.
    const bytes = readFileSync(file);
    for (let at = bytes.indexOf('<77>'); at !== -1; at = bytes.indexOf('<77>', at + 1)) {
      const pageStart = at - (at % defaultTuning.pageBytes);
      bytes.fill(0x55, pageStart, pageStart + defaultTuning.pageBytes);
    }
    writeFileSync(file, bytes);
    const lane = start();
    const found: StoredRecord[] = [];
    for (const one of records) {
      const event = await lane.ask(get(nameOf(one)));
      if (event.type === 'records-read' && event.records[0] !== undefined) found.push(event.records[0]);
    }
    const byName = new Map(records.map((one) => [one.name, one]));
    for (const one of found) expect(one).toEqual(byName.get(one.name));
    expect(found.length).toBeGreaterThan(18_000);
    expect(found.length).toBeLessThan(20_000);
    expect(lane.news.join()).toContain('was built anew');
    expect(readdirSync(folder)).toContain('records.sqlite.damaged-1');
    expect(await lane.ask(put(records[77]!))).toMatchObject({ type: 'records-written' });
    const again = start();
    expect(await again.ask({ type: 'describe-store' })).toMatchObject({ trouble: '' });
    expect(again.news).toEqual([]);
  }, 120_000);

  test('a file that is no database at all is put aside', async () => {
    writeFileSync(file, 'x'.repeat(50_000));
    const lane = start();
    expect(await lane.ask(put(record('alice')))).toMatchObject({ type: 'records-written' });
    expect(readdirSync(folder)).toContain('records.sqlite.damaged-1');
  });

  test('a damaged or cut export is refused before anything of it is added', async () => {
    const lane = start();
    await putInTurn(lane, users(2_000));
    const copy = join(folder, 'copy.records');
    await lane.ask({ type: 'export-store', file: copy });
    const whole = readFileSync(copy);
    await lane.ask({ type: 'delete-range', from: record('a').key, to: record('a').key, table: 0 });
    for (const damaged of [
      whole.subarray(0, -40),
      whole.subarray(0, whole.length / 2),
      flipped(whole),
      Buffer.from('no\n'),
    ]) {
      writeFileSync(copy, damaged);
      const event = await lane.ask({ type: 'import-store', file: copy });
      expect(event).toMatchObject({ type: 'storage-failed', code: 'invalid' });
    }
    expect(await lane.ask({ type: 'describe-store' })).toMatchObject({ recordsCount: 0 });
  });
});

const mountFault = ((): string | undefined => {
  try {
    const trial = mkdtempSync(join(tmpdir(), 'chordial-mount-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', trial], { stdio: 'ignore' });
    execFileSync('umount', [trial]);
    rmSync(trial, { recursive: true });
    return undefined;
  } catch {
    return 'this user cannot mount a file system';
  }
})();
const isRequired = process.env.CHORDIAL_REQUIRE_TOOLS === '1';
if (mountFault !== undefined) console.log(`skipped: full and read-only disks: ${mountFault}`);

describe.skipIf(mountFault !== undefined && !isRequired)('a small disk of its own', () => {
  let disk: string;
  beforeEach(() => {
    sweepBytes = 1_000_000;
    disk = mkdtempSync(join(tmpdir(), 'chordial-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', disk]);
  });
  afterEach(() => {
    engine?.close();
    execFileSync('umount', ['-l', disk]);
    rmSync(disk, { recursive: true });
  });

  test('full: writes fail as a whole with `full`, reads work, and writes work again when there is room', async () => {
    const lane = start(join(disk, 'records.sqlite'));
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(2_000_000));
    const written: StoredRecord[] = [];
    let failure: unknown;
    for (let i = 0; failure === undefined; i++) {
      const group = Array.from({ length: 100 }, (_, j) => record(`user${i * 100 + j}`, { value: 'v'.repeat(1_000) }));
      const event = await lane.ask(putAll(group));
      if (event.type === 'records-written') written.push(...group);
      else failure = event;
    }
    expect(failure).toMatchObject({ type: 'storage-failed', code: 'full' });
    const failedAgain = await lane.ask(
      putAll(Array.from({ length: 900 }, (_, i) => record(`more${i}`, { value: 'v'.repeat(1_000) }))),
    );
    expect(failedAgain).toMatchObject({ code: 'full' });
    expect((await scanAll(lane)).records).toHaveLength(written.length);
    expect(await lane.ask({ type: 'describe-store' })).toMatchObject({ trouble: expect.stringContaining('is full') });
    rmSync(join(disk, 'ballast'));
    expect(await lane.ask(put(record('late')))).toMatchObject({ type: 'records-written' });
    expect(lane.news).toEqual([expect.stringContaining('is full'), expect.stringContaining('works again')]);
    expect(await lane.ask({ type: 'describe-store' })).toMatchObject({ trouble: '' });
    const again = start(join(disk, 'records.sqlite'));
    expect((await scanAll(again)).records).toHaveLength(written.length + 1);
  });

  test('read-only: reads work, writes fail with `read-only`, until it can be written', async () => {
    await putInTurn(start(join(disk, 'records.sqlite')), users(10));
    engine!.close();
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    const lane = start(join(disk, 'records.sqlite'));
    expect(await lane.ask(put(record('alice')))).toMatchObject({ type: 'storage-failed', code: 'read-only' });
    expect(await lane.ask(get(nameOf(record('user3'))))).toMatchObject({ records: [users(4)[3]!] });
    expect((await scanAll(lane)).records).toHaveLength(10);
    execFileSync('mount', ['-o', 'remount,rw', disk]);
    expect(await lane.ask(put(record('alice')))).toMatchObject({ type: 'records-written' });
    expect(lane.news).toEqual([expect.stringContaining('cannot be written'), expect.stringContaining('works again')]);
  });
});
