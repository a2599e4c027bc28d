// What a durable put and a get cost through the store port over SQLite, with 1,000 to 1,000,000 records, beside a plain SQLite file and the
// engine without its port; from dist: npx nx bench storage -- --json FILE
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRandom, nextBelow } from '@chordial/actor/random';
import { type RingKey, ringKeyFromText } from '@chordial/ring-key';
import { SqliteEngine } from '@chordial/storage';
import { PostgresEngine } from '@chordial/storage/postgres';
import type { StoredRecord } from '@chordial/storage/protocol';
import { plainPutsPerSecond } from './plain-sqlite.ts';
import { type Load, StoreDriver } from './store-driver.ts';

const HELP = `Durable puts and gets a second of the store, values of 300 characters.

  npx nx bench storage
  npx nx bench storage -- --records 1000,10000000 --json storage.json

  --records LIST  records in the store (default 1000,10000,100000,1000000)
  --puts N        puts and gets that are timed for each number (default 100000)
  --waiting N     jobs that wait at a time (default 4000)
  --plain S       seconds for each way of the plain file (default 3, 0: not at all)
  --folder DIR    where the files lie (default: the system's folder for temporary files)
  --postgres URL  also measure that database (at most 100,000 records, as host 65,535)
  --json FILE     also write the figures to FILE
  --strict        a missed bar is the exit code
  --help          this text
`;
const putsPerSecondMin = 50_000;

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '1000,10000,100000,1000000' },
    puts: { type: 'string', default: '100000' },
    waiting: { type: 'string', default: '4000' },
    plain: { type: 'string', default: '3' },
    folder: { type: 'string', default: tmpdir() },
    postgres: { type: 'string' },
    json: { type: 'string' },
    strict: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const value = 'v'.repeat(300);
const userName = (n: number): string => `sip:user${n}@example.com`;
const recordOf = (user: number, version: number): StoredRecord => {
  const name = userName(user);
  return {
    table: 1,
    key: ringKeyFromText(name),
    name,
    version: `1z.${version}|1z.${version}`,
    value,
    ttlMs: 3_600_000,
  };
};

const whole = (figure: number): string => Math.round(figure).toLocaleString('en-US');
function row(cells: readonly (string | number)[]): void {
  console.log(cells.map((cell, i) => (i === 0 ? String(cell).padEnd(30) : String(cell).padStart(12))).join(''));
}
function showLoad(name: string, load: Load): void {
  const { perSecond, p50Ms, p99Ms, groupSize, cpuUsPerJob } = load;
  row([name, whole(perSecond), p50Ms.toFixed(2), p99Ms.toFixed(2), groupSize.toFixed(0), cpuUsPerJob.toFixed(1)]);
}

async function loadsOf(driver: StoreDriver, name: string, recordsCount: number) {
  const count = Number(values.puts);
  const waiting = Number(values.waiting);
  const random = createRandom(recordsCount);
  const anyUser = (): number => nextBelow(random, recordsCount);
  const put = (record: StoredRecord) => ({ type: 'write-record', ...record }) as const;

  const fill = await driver.run(recordsCount, waiting, (n) => put(recordOf(n, n)));
  const puts = await driver.run(count, waiting, (n) => put(recordOf(anyUser(), recordsCount + n)));
  showLoad(`${name}: puts`, puts);
  const gets = await driver.run(count, waiting, () => {
    return { type: 'read-records', names: [[1, ringKeyFromText(userName(anyUser()))]] } as const;
  });
  showLoad(`${name}: gets`, gets);
  const alone = await driver.run(Math.min(count, 2_000), 1, (n) => put(recordOf(anyUser(), n)));
  showLoad(`${name}: puts, one waits`, alone);
  return { fill, puts, gets, alone };
}

async function measure(folder: string, recordsCount: number) {
  const engine = new SqliteEngine({ file: join(folder, `records-${recordsCount}.sqlite`) });
  const name = `${whole(recordsCount)} records`;
  const loads = await loadsOf(new StoreDriver(engine), name, recordsCount);
  const count = Number(values.puts);
  const random = createRandom(recordsCount + 1);

  // The engine by itself, in groups as large as those of the port.
  const groupSize = Math.max(1, Math.round(loads.puts.groupSize));
  const now = Date.now();
  let directMs = 0;
  for (let n = 0; n < count; n += groupSize) {
    const records = Array.from({ length: groupSize }, (_, i) => recordOf(nextBelow(random, recordsCount), n + i));
    const start = performance.now();
    engine.write({ records, removals: [] }, now);
    directMs += performance.now() - start;
  }
  const directPutsPerSecond = (count / directMs) * 1_000;
  row([`${name}: engine alone`, whole(directPutsPerSecond), '', '', groupSize]);
  const description = engine.describe();
  const bytesPerRecord = 'bytes' in description ? description.bytes / recordsCount : Number.NaN;
  row([`${name}: bytes each`, whole(bytesPerRecord)]);
  engine.close();
  const reopenStart = performance.now();
  engine.open();
  const openMs = performance.now() - reopenStart;
  row([`${name}: ms to open`, whole(openMs)]);
  engine.close();
  return { recordsCount, ...loads, directPutsPerSecond, bytesPerRecord, openMs };
}

/** Host 65,535 of that database is used, and emptied. */
async function measurePostgres(url: string, counts: readonly number[]) {
  const recordsCount = Math.min(100_000, Math.max(...counts));
  const engine = new PostgresEngine({ url, host: 65_535 });
  await engine.open();
  const zero = ringKeyFromText('');
  for (let from: RingKey | undefined = zero; from !== undefined; ) {
    const deleted: Awaited<ReturnType<PostgresEngine['deleteRange']>> = await engine.deleteRange(from, zero, 0);
    if ('sentence' in deleted) throw new Error(deleted.sentence);
    from = deleted.next;
  }
  const loads = await loadsOf(new StoreDriver(engine), `postgres, ${whole(recordsCount)}`, recordsCount);
  await engine.close();
  return { recordsCount, ...loads };
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(values.folder, 'chordial-bench-'));
  try {
    const machine = { node: process.version, cpu: cpus()[0]?.model.trim(), cores: cpus().length };
    console.log(`${machine.cores} cores (${machine.cpu}), Node ${machine.node}, load ${loadavg()[0]!.toFixed(1)}`);
    row(['', 'a second', 'p50 ms', 'p99 ms', 'group', 'CPU us']);
    const counts = values.records.split(',').map(Number);
    // Lets the compiler finish first.
    await new StoreDriver(new SqliteEngine({ file: join(folder, 'warm.sqlite') })).run(20_000, 4_000, (n) => {
      return { type: 'write-record', ...recordOf(n, n) } as const;
    });
    const plain: Record<string, number> = {};
    const seconds = Number(values.plain);
    if (seconds > 0) {
      for (const batch of [1, 2_000]) {
        const perSecond = plainPutsPerSecond(
          join(folder, `plain-${batch}`),
          (n) => recordOf(n, n),
          100_000,
          batch,
          seconds,
        );
        plain[`batch${batch}`] = perSecond;
        row([`plain file, ${batch} a commit`, whole(perSecond), '', '', batch]);
      }
    }
    const results = [];
    for (const count of counts) results.push(await measure(folder, count));
    const postgres = values.postgres === undefined ? undefined : await measurePostgres(values.postgres, counts);
    const best = results.find(({ recordsCount }) => recordsCount === 100_000) ?? results[0]!;
    const isReached = best.puts.perSecond >= putsPerSecondMin;
    console.log(
      `${isReached ? 'PASS' : 'FAIL'}  durable puts with ${whole(best.recordsCount)} records: ${whole(best.puts.perSecond)} a second (at least ${whole(putsPerSecondMin)})`,
    );
    console.log(`      the CPU alone would carry ${whole(1e6 / best.puts.cpuUsPerJob)} a second on one core`);
    if (values.json !== undefined) {
      writeFileSync(values.json, `${JSON.stringify({ machine, plain, results, postgres, isReached }, null, 2)}\n`);
    }
    if (values.strict && !isReached) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (values.help) process.stdout.write(HELP);
else await main();
