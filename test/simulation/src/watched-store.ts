// Holds a store to its word across lives: what it said was written is there when it has read its files again, or what was written over it since. What
// the disk lost, or was damaged, is excused.
import type { Behaviour } from '@chordial/actor';
import type { JournalConfig, JournalState } from '@chordial/storage/journal';
import type { StorageMessage, StoredRecord } from '@chordial/storage/protocol';
import type { RecordWorld } from './record-world.ts';
import { spyOn } from './spy.ts';

type Change = readonly [name: string, version: string];

interface Promises {
  /** Versions by name, the one that was acknowledged first, then those that may have come after it; empty for a removal. */
  readonly kept: Map<string, { readonly record: Pick<StoredRecord, 'table' | 'key'>; versions: string[] }>;
  lossesCount: number;
}

/** By host number and name of the store. */
const promisesOf = new WeakMap<RecordWorld, Map<string, Promises>>();
/** What expires sooner may be gone. */
const shortMs = 120_000;

export function watchedStore(
  world: RecordWorld,
  host: number,
  name: string,
  behaviour: Behaviour<JournalState, StorageMessage, JournalConfig>,
): typeof behaviour {
  const jobs = new Map<string, readonly Change[]>();
  const byHost = promisesOf.get(world) ?? new Map<string, Promises>();
  promisesOf.set(world, byHost);
  const promises = byHost.get(`${host} ${name}`) ?? { kept: new Map(), lossesCount: 0 };
  byHost.set(`${host} ${name}`, promises);
  return {
    ...behaviour,
    step(state, received, out) {
      const { message } = received;
      const before = state.phase;
      note(jobs, promises, message);
      behaviour.step(
        state,
        received,
        spyOn(out, (to, sent) => {
          if (sent.type !== 'records-written') return;
          for (const [name, version] of jobs.get(jobName(to, sent)) ?? []) {
            const promise = promises.kept.get(name);
            const at = promise?.versions.indexOf(version) ?? -1;
            if (promise !== undefined && at > 0) promise.versions = promise.versions.slice(at);
          }
        }),
      );
      if (before === 'loading' && state.phase === 'open') world.broken ??= brokenPromise(world, host, promises, state);
    },
  };
}

const jobName = (to: number, { correlation }: object & { readonly correlation?: number }): string =>
  `${to} ${correlation}`;

/** Remembers what a job would change. */
function note(jobs: Map<string, readonly Change[]>, { kept }: Promises, message: StorageMessage): void {
  if (message.type !== 'write-record' && message.type !== 'write-records') return;
  const records = message.type === 'write-record' ? [message] : message.records;
  const removals = message.type === 'write-record' ? [] : message.removals;
  const changes: Change[] = [];
  const change = ({ table, key }: Pick<StoredRecord, 'table' | 'key'>, version: string): void => {
    const name = `${table} ${key}`;
    changes.push([name, version]);
    const promise = kept.get(name) ?? { record: { table, key }, versions: [nothing] };
    promise.versions.push(version);
    kept.set(name, promise);
  };
  for (const record of records) change(record, record.ttlMs > 0 && record.ttlMs < shortMs ? anything : record.version);
  for (const [table, key] of removals) change({ table, key }, nothing);
  jobs.set(jobName(message.replyTo as number, message), changes);
}

const nothing = '';
const anything = '*';

function brokenPromise(
  { ring }: RecordWorld,
  host: number,
  promises: Promises,
  { records }: JournalState,
): string | undefined {
  const { lossesCount } = ring.hosts[host - 1]!.disk;
  const isExcused = promises.lossesCount !== lossesCount;
  promises.lossesCount = lossesCount;
  for (const [name, { record, versions }] of promises.kept) {
    const found = records.get(record.table, record.key)?.version ?? nothing;
    if (!isExcused && !versions.includes(found) && !versions.includes(anything))
      return `the store of host ${host} said that it keeps ${name} ${versions[0]}, and has ${found || 'nothing'} after a start`;
    promises.kept.set(name, { record, versions: versions.includes(anything) ? [found, anything] : [found] });
  }
  return undefined;
}
