// What waits for a commit: how much of it there is, and whether a read must wait for it. A read sees all changes that came before it, and
// none that may not last; so it waits its turn behind changes that it may see, and else is answered at once.
import type { RingKey } from '@chordial/ring-key';
import type { JournalState, ReadJob, Write } from './journal-state.ts';
import type { StoredRecord } from './protocol.ts';

/** Counts a write from when it is taken in until it is answered. */
export const enter = (state: JournalState, write: Write): void => count(state, write, 1);
export const leave = (state: JournalState, write: Write): void => count(state, write, -1);

export function mustWait(state: JournalState, job: ReadJob): boolean {
  if (state.rangesWaiting > 0) return true;
  if (job.type !== 'read-records') return state.keysWaiting.size > 0;
  return state.keysWaiting.size > 0 && job.names.some(([, key]) => state.keysWaiting.has(key));
}

export function charactersIn(write: Write): number {
  if (write.kind !== 'records') return 0;
  if (write.job.type === 'write-record') return charactersOf(write.job);
  return write.job.records.reduce((sum, record) => sum + charactersOf(record), 0);
}

const charactersOf = ({ name, version, value }: StoredRecord): number =>
  name.length + version.length + value.length + 64;

function count(state: JournalState, write: Write, by: 1 | -1): void {
  if (write.kind === 'read') return;
  if (write.kind !== 'records') {
    state.rangesWaiting += by;
    return;
  }
  state.charactersWaiting += by * charactersIn(write);
  const { job } = write;
  if (job.type === 'write-record') {
    countKey(state, job.key, by);
  } else {
    for (const { key } of job.records) countKey(state, key, by);
    for (const [, key] of job.removals) countKey(state, key, by);
  }
}

function countKey({ keysWaiting }: JournalState, key: RingKey, by: 1 | -1): void {
  const next = (keysWaiting.get(key) ?? 0) + by;
  if (next === 0) keysWaiting.delete(key);
  else keysWaiting.set(key, next);
}
