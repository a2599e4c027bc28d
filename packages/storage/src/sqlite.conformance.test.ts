// The SQLite engine behind the words of the store.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeConformance } from './conformance.fixture.ts';
import { SqliteEngine } from './sqlite-engine.ts';
import { defaultTuning } from './sqlite-file.ts';
import { storeLimits, storePort } from './store-port.ts';

const engines: SqliteEngine[] = [];

// Everything in the log; some of it in the table and some not; almost nothing in the log.
for (const sweepBytes of [defaultTuning.sweepBytes, 30_000, 1]) {
  storeConformance({
    name: `sqlite, swept every ${sweepBytes} bytes`,
    isDurable: true,
    newPlace: () => mkdtempSync(join(tmpdir(), 'chordial-store-')),
    start: (lane, place, options) => {
      const engine = new SqliteEngine({ file: join(place, 'records.sqlite'), tuning: { sweepBytes } });
      engines.push(engine);
      const { startedAt, owner } = lane;
      lane.store = lane.spawn(storePort, { engine, startedAt, owner, ...storeLimits, ...options });
    },
    stop: () => {
      for (const engine of engines.splice(0)) engine.close();
    },
    exportName: (place, name) => join(place, name),
    removePlace: (place) => rmSync(place, { recursive: true }),
  });
}
