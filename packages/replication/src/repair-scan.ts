// Listing what the store has in (from, to], page after page: names and versions, up to a limit and never half a key, so that two hosts that list
// the same range list the same records.
import type { Outbox } from '@chordial/actor';
import type { RingKey } from '@chordial/ring-key';
import type { RangeScanned, RecordName } from '@chordial/storage/protocol';
import { askStore } from './replica-jobs.ts';
import type { ListedRecord, ReplicaState, Scan } from './replica-state.ts';

/** Records of one listing, about 90 characters each; it is also the page of a scan. */
export const listedMax = 250;
/** No page follows when the listing is as long as this, as it must fit into a message with others. */
const listedCharactersMax = 12_000;

export const listedCharacters = (listed: readonly ListedRecord[]): number =>
  listed.reduce((sum, [, , version]) => sum + 60 + version.length, 0);

/** A listing of (from, end]; the rest of the range, where there is one, is (end, to]. */
export interface Scanned {
  readonly scan: Scan;
  readonly end: RingKey;
  readonly isWhole: boolean;
}

export function startScan(state: ReplicaState, from: RingKey, to: RingKey, of: Scan['of'], now: number, out: Outbox) {
  ask(state, { from, to, listed: [], damaged: [], of }, undefined, now, out);
}

function ask(state: ReplicaState, scan: Scan, after: RecordName | undefined, now: number, out: Outbox): void {
  const { from, to } = scan;
  const words = { type: 'scan-range', from, to, table: 0, after, recordsMax: listedMax } as const;
  askStore(state, words, { kind: 'scan', scan }, now, out);
}

/** A page is here. Undefined while there is more to read. */
export function onRangeScanned(
  state: ReplicaState,
  scan: Scan,
  { records, damaged, next }: RangeScanned,
  now: number,
  out: Outbox,
): Scanned | undefined {
  const { listed, to } = scan;
  for (const { table, key, version } of records) listed.push([table, key, version]);
  scan.damaged.push(...damaged);
  if (next === undefined) return { scan, end: to, isWhole: true };
  if (listed.length + scan.damaged.length >= listedMax || listedCharacters(listed) >= listedCharactersMax) {
    const end = lastKeyBefore(listed, next[1]);
    if (end !== undefined) {
      while (listed.at(-1)![1] !== end) listed.pop();
      return { scan, end, isWhole: false };
    }
  }
  ask(state, scan, next, now, out);
  return undefined;
}

/** The last key that is listed wholly, when reading stopped within `key`. */
function lastKeyBefore(listed: readonly ListedRecord[], key: RingKey): RingKey | undefined {
  for (let i = listed.length - 1; i >= 0; i--) if (listed[i]![1] !== key) return listed[i]![1];
  return undefined;
}
