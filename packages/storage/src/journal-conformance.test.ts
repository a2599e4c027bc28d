// The journal behind the words of the store: over the disk port of the runtime, and in memory only.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address, Behaviour, Typed } from '@chordial/actor';
import type { DiskRequest } from '@chordial/actor/protocol';
import { createDiskPort } from '../../runtime/src/disk-port.ts';
import { storeConformance } from './conformance.fixture.ts';
import { journalStore } from './journal.ts';
import type { StoreLane } from './store-lane.fixture.ts';

/** The port answers between turns; a lane that has ended hears nothing. */
function spawnDisk(lane: StoreLane, directory: string): Address<DiskRequest> {
  const deliver = (to: Address<Typed>, message: Typed) => lane.deliver(to, message);
  const port = createDiskPort({ deliver, turnSoon: () => {} } as Parameters<typeof createDiskPort>[0], directory);
  return lane.spawn(port.behaviour as Behaviour<undefined, DiskRequest, undefined>, undefined);
}

storeConformance({
  name: 'journal',
  isDurable: true,
  newPlace: () => mkdtempSync(join(tmpdir(), 'chordial-journal-')),
  start: (lane, place, options) => {
    const { startedAt, owner } = lane;
    const disk = { port: spawnDisk(lane, place), file: 'records' };
    lane.store = lane.spawn(journalStore, { disk, startedAt, owner, compactionBytesMin: 20_000, ...options });
  },
  stop: () => {},
  exportName: (_, name) => name,
  // A compaction may still be writing.
  removePlace: (place) => rmSync(place, { recursive: true, maxRetries: 20 }),
});

storeConformance({
  name: 'memory',
  isDurable: false,
  hasFiles: false,
  newPlace: () => '',
  start: (lane, _, options) => {
    const { startedAt, owner } = lane;
    lane.store = lane.spawn(journalStore, { disk: undefined, startedAt, owner, ...options });
  },
  stop: () => {},
  exportName: (_, name) => name,
  removePlace: () => {},
});
