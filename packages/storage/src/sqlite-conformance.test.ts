// The SQLite engine behind the words of the store: with everything in the log, some of it in the table and some not, and almost nothing in the
// log; and once as an engine that answers later, as one over a network does.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeConformance } from './conformance.fixture.ts';
import type { Engine, LongWork } from './engine.ts';
import { SqliteEngine } from './sqlite-engine.ts';
import { defaultTuning } from './sqlite-file.ts';
import { storeLimits, storePort } from './store-port.ts';

const engines: SqliteEngine[] = [];

for (const [name, sweepBytes, isLater] of [
  ['in the log', defaultTuning.sweepBytes, false],
  ['half in the table', 30_000, false],
  ['in the table', 1, false],
  ['answering later', 30_000, true],
] as const) {
  storeConformance({
    name: `sqlite, ${name}`,
    isDurable: true,
    newPlace: () => mkdtempSync(join(tmpdir(), 'chordial-store-')),
    start: (lane, place, options) => {
      const engine = new SqliteEngine({ file: join(place, 'records.sqlite'), tuning: { sweepBytes } });
      engines.push(engine);
      const { startedAt, owner } = lane;
      lane.store = lane.spawn(storePort, {
        engine: isLater ? later(engine) : engine,
        startedAt,
        owner,
        deliver: (to, message) => lane.deliver(to, message),
        ...storeLimits,
        ...options,
      });
    },
    stop: () => {
      for (const engine of engines.splice(0)) engine.close();
    },
    exportName: (place, file) => join(place, file),
    removePlace: (place) => rmSync(place, { recursive: true }),
  });
}

/** The same engine, whose every answer comes after the event loop went round. */
function later(engine: Engine): Engine {
  const afterwards = <T>(work: () => T): Promise<Awaited<T>> =>
    new Promise((resolve) => setImmediate(() => resolve(work() as Awaited<T>)));
  const slices = async (begun: ReturnType<Engine['beginExport']>): Promise<Awaited<typeof begun>> => {
    const work = await begun;
    if (!('step' in work)) return work;
    return { step: () => afterwards(() => work.step()), abandon: () => work.abandon() } satisfies LongWork;
  };
  return {
    name: engine.name,
    place: engine.place,
    open: (now) => afterwards(() => engine.open(now)),
    read: (names, now) => afterwards(() => engine.read(names, now)),
    write: (batch, now) => afterwards(() => engine.write(batch, now)),
    scan: (order, now) => afterwards(() => engine.scan(order, now)),
    digest: (first, bucketsMax) => afterwards(() => engine.digest(first, bucketsMax)),
    deleteRange: (from, to, table) => afterwards(() => engine.deleteRange(from, to, table)),
    drop: (recordsMax, now) => afterwards(() => engine.drop(recordsMax, now)),
    beginExport: (file, now) => slices(engine.beginExport(file, now)),
    beginImport: (file, now) => slices(engine.beginImport(file, now)),
    describe: () => afterwards(() => engine.describe()),
    takeNews: () => engine.takeNews(),
    close: () => engine.close(),
  };
}
