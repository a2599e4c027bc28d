// What a host holds for others: records of arcs for whose owner it is not near enough any more, as after the ring has grown, or when a disk returns.
// They are offered to the first hosts of their group, and deleted when those have them. Arc by arc, and each only after a while.
import type { Outbox } from '@chordial/actor';
import type { RingKey } from '@chordial/ring-key';
import { bucketOf, type RecordsRead, type StoredRecord } from '@chordial/storage/protocol';
import { groupOf } from './group.ts';
import { repairOf, startRepair } from './repair-ranges.ts';
import { type Scanned, startScan } from './repair-scan.ts';
import { askStore } from './replica-jobs.ts';
import { releaseName } from './replica-keeping.ts';
import { type Job, type ListedRecord, mapName, type Offer, type ReplicaState } from './replica-state.ts';
import { doubt, isLoaded, writeBegins, writeEnds, writeFails } from './replica-tree.ts';

const roundMs = 15_000;
/** A ring that changes back within it costs nothing. */
export const graceMs = 60_000;
/** Hosts that must have a record before it is deleted here. */
const keepersCount = 2;

/** Looks for arcs that are held for others, and offers one that has been for long enough. */
export function lookForHeld(state: ReplicaState, now: number, out: Outbox): void {
  const { holding, ring, tree } = state;
  finishOffer(state, now, out);
  if (now < holding.nextAt || holding.offer !== undefined || !isLoaded(tree)) return;
  holding.nextAt = now + roundMs;
  const held = heldArcs(state);
  for (const to of holding.since.keys()) if (!held.has(to)) holding.since.delete(to);
  for (const [to, from] of held) {
    const since = holding.since.get(to);
    if (since === undefined) holding.since.set(to, now);
    else if (now - since >= graceMs && holding.offer === undefined) {
      const offer: Offer = {
        from,
        to,
        hosts: groupOf(ring.members, to, keepersCount),
        listed: [],
        end: to,
        repair: undefined,
      };
      holding.offer = offer;
      startScan(state, from, to, { kind: 'offer', offer }, now, out);
    }
  }
}

/** Arcs, by their ends, in whose buckets there are records, and near whose owners this host is not. */
function heldArcs({ ring, config, tree }: ReplicaState): Map<RingKey, RingKey> {
  const { members, hosts } = ring;
  const held = new Map<RingKey, RingKey>();
  if (hosts.size <= config.neighbourhoodCount || !hosts.has(config.host) || tree.tree.recordsCount === 0) return held;
  members.forEach(({ key }, i) => {
    const from = members.at(i - 1)!.key;
    if (tree.tree.sum(bucketOf(from), bucketOf(key)).count === 0) return;
    if (!isNear({ ring, config }, key)) held.set(key, from);
  });
  return held;
}

const isNear = ({ ring, config }: Pick<ReplicaState, 'ring' | 'config'>, key: RingKey): boolean =>
  groupOf(ring.members, key, config.neighbourhoodCount).includes(config.host);

export function onOfferScanned(state: ReplicaState, offer: Offer, { scan, end }: Scanned, now: number): void {
  offer.listed = scan.listed;
  offer.end = end;
  if (scan.listed.length === 0) return dropOffer(state, offer, now);
  offer.repair = repairOf({ from: offer.from, to: end, isUrgent: false, asker: undefined });
  startRepair(state, offer.repair, offer.hosts, true, now);
}

/** An arc is looked at again after another while. */
export function dropOffer(state: ReplicaState, offer: Offer, now: number): void {
  if (state.holding.offer !== offer) return;
  state.holding.offer = undefined;
  state.holding.since.set(offer.to, now);
}

/** When the hosts have what was offered: locks the names and reads what is there now. */
function finishOffer(state: ReplicaState, now: number, out: Outbox): void {
  const { offer } = state.holding;
  if (offer?.repair === undefined || offer.repair.left > 0) return;
  const { silent } = offer.repair;
  offer.repair = undefined;
  if (silent.length > 0 || isNear(state, offer.to)) return dropOffer(state, offer, now);
  const locked = offer.listed.filter(([table, key]) => !state.busy.has(mapName(table, key)));
  if (locked.length === 0) return dropOffer(state, offer, now);
  for (const [table, key] of locked) state.busy.set(mapName(table, key), []);
  const names = locked.map(([table, key]) => [table, key] as const);
  askStore(state, { type: 'read-records', names }, { kind: 'release-read', offer, locked }, now, out);
}

/** Deletes what is still as it was offered. */
export function onReleaseRead(
  state: ReplicaState,
  offer: Offer,
  locked: readonly ListedRecord[],
  { records }: RecordsRead,
  now: number,
  out: Outbox,
): void {
  const released = records
    .filter((record, i) => record !== undefined && record.version === locked[i]![2])
    .map((one) => one!);
  const names = new Set(released.map(({ table, key }) => mapName(table, key)));
  for (const [table, key] of locked) {
    const name = mapName(table, key);
    if (!names.has(name)) releaseName(state, name, now, out);
  }
  if (released.length === 0) return dropOffer(state, offer, now);
  for (const { key } of released) writeBegins(state, bucketOf(key));
  const removals = released.map(({ table, key }) => [table, key] as const);
  const job = { kind: 'release-write', offer, records: released } as const;
  askStore(state, { type: 'write-records', records: [], removals }, job, now, out);
}

export function onReleaseWritten(
  state: ReplicaState,
  offer: Offer,
  records: readonly StoredRecord[],
  now: number,
  out: Outbox,
): void {
  for (const record of records) {
    const name = mapName(record.table, record.key);
    writeEnds(state, bucketOf(record.key), record, undefined);
    state.cache.delete(name);
    releaseName(state, name, now, out);
  }
  state.counts.releasedCount += records.length;
  // The rest of the arc is next.
  if (state.holding.offer === offer) state.holding.offer = undefined;
  state.holding.nextAt = now;
}

/** The store could not read or delete: what was locked is free again. */
export function onReleaseFailed(
  state: ReplicaState,
  job: Extract<Job, { kind: 'release-read' | 'release-write' }>,
  now: number,
  out: Outbox,
): void {
  const { offer } = job;
  if (job.kind === 'release-read') {
    for (const [table, key] of job.locked) releaseName(state, mapName(table, key), now, out);
  } else {
    for (const { table, key } of job.records) {
      const name = mapName(table, key);
      writeFails(state, bucketOf(key));
      doubt(state, bucketOf(key));
      state.cache.delete(name);
      releaseName(state, name, now, out);
    }
  }
  dropOffer(state, offer, now);
}
