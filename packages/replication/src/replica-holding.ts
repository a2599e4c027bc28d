// What a host holds for others: records of arcs of whose groups it is not (any more), as after a part of the ring had no way to the rest, after the ring
// has grown, or when a disk returns. They are offered to the first hosts of their group soon after the ring has changed. What this host is
// not even near to is deleted when those have it, after a while.
import type { Outbox } from '@chordial/actor';
import type { RingKey } from '@chordial/ring-key';
import { bucketOf, type RecordsRead, type StoredRecord } from '@chordial/storage/protocol';
import { groupOf } from './group.ts';
import { repairOf, startRepair } from './repair-ranges.ts';
import { type Scanned, startScan } from './repair-scan.ts';
import { askStore } from './replica-jobs.ts';
import { releaseName } from './replica-keeping.ts';
import { type HeldArc, type Job, type ListedRecord, mapName, type Offer, type ReplicaState } from './replica-state.ts';
import { doubt, isLoaded, writeBegins, writeEnds, writeFails } from './replica-tree.ts';

const roundMs = 5_000;
/** When nothing was found: in a ring of ten thousand members looking takes 20 ms. */
const restMs = 20_000;
/** The ring seldom changes once. */
const gatherMs = 500;
/** A ring that changes back within it costs no more than what was offered. */
export const graceMs = 60_000;
const reofferMs = 600_000;
/** Hosts that must have a record before it is deleted here. */
const keepersCount = 2;

/** Looks for arcs that are held for others; offers those that were not, and deletes what has been held for long enough. */
export function lookForHeld(state: ReplicaState, now: number, out: Outbox): void {
  const { holding, tree } = state;
  finishOffer(state, now, out);
  if (holding.offer !== undefined || !isLoaded(tree)) return;
  if (holding.arcs.length === 0 && now >= holding.nextAt) {
    findArcs(state, now);
    holding.nextAt = now + (holding.arcs.length + holding.since.size > 0 ? roundMs : restMs);
  }
  const arc = holding.arcs.pop();
  if (arc !== undefined) beginOffer(state, arc, now, out);
}

/** The ring is another: what was found held may not be any more. */
export function lookAgain({ holding }: ReplicaState, now: number): void {
  holding.arcs = [];
  holding.unofferedCount = undefined;
  holding.nextAt = Math.min(holding.nextAt, Math.max(holding.lookedAt + roundMs / 2, now + gatherMs));
}

/** Once a round: all arcs with something to do. */
function findArcs(state: ReplicaState, now: number): void {
  const { holding } = state;
  const held = heldArcs(state);
  holding.lookedAt = now;
  for (const to of holding.since.keys()) if (!held.has(to)) holding.since.delete(to);
  for (const to of holding.offered.keys()) if (!held.has(to)) holding.offered.delete(to);
  holding.unofferedCount = countUnoffered(state, held);
  for (const [to, arc] of held) {
    const since = holding.since.get(to);
    if (arc.isNear) holding.since.delete(to);
    else if (since === undefined) holding.since.set(to, now);
    const isOver = !arc.isNear && since !== undefined && now - since >= graceMs;
    if (isOver || !isOffered(state, arc) || isAnother(state, arc, now)) holding.arcs.push(arc);
  }
}

function beginOffer(state: ReplicaState, arc: HeldArc, now: number, out: Outbox): void {
  const { from, to, keepers: hosts } = arc;
  const isLast = !arc.isNear && isOffered(state, arc);
  const offer: Offer = { arc, from, to, hosts, isLast, listed: [], end: to, repair: undefined };
  state.holding.offer = offer;
  if (isLast) startScan(state, from, to, { kind: 'offer', offer }, now, out);
  else {
    offer.repair = repairOf({ from, to, isUrgent: false, asker: undefined });
    startRepair(state, offer.repair, hosts, true, now);
  }
}

const isOffered = ({ holding }: ReplicaState, arc: HeldArc): boolean =>
  holding.offered.get(arc.to)?.name === arcName(arc);

/** What is near and was offered long ago has changed since, as when records came back from a backup. */
function isAnother(state: ReplicaState, arc: HeldArc, now: number): boolean {
  const offered = state.holding.offered.get(arc.to);
  return arc.isNear && offered !== undefined && now - offered.at >= reofferMs && offered.sum !== sumText(state, arc);
}

/** Of all records in the buckets of an arc. */
function sumText({ tree }: ReplicaState, { from, to }: HeldArc): string {
  const { high, low, count } = tree.tree.sum(bucketOf(from), bucketOf(to));
  return `${high} ${low} ${count}`;
}

/** Another beginning or other hosts make it another offer. */
const arcName = ({ from, keepers }: HeldArc): string => `${from} ${keepers.join(' ')}`;

/** Arcs, by their ends, in whose buckets there are records, and of whose groups this host is not. */
function heldArcs({ ring, config, tree }: ReplicaState): Map<RingKey, HeldArc> {
  const { members, hosts } = ring;
  const { host, groupCount, neighbourhoodCount } = config;
  const held = new Map<RingKey, HeldArc>();
  // Where there are fewer, looking for more would go through many members for each.
  const nearCount = Math.min(neighbourhoodCount, hosts.size);
  if (hosts.size <= groupCount || !hosts.has(host) || tree.tree.recordsCount === 0) return held;
  members.forEach(({ key }, i) => {
    const from = members.at(i - 1)!.key;
    if (tree.tree.sum(bucketOf(from), bucketOf(key)).count === 0) return;
    const place = groupOf(members, key, nearCount).indexOf(host);
    if (place >= 0 && place < groupCount) return;
    held.set(key, { from, to: key, keepers: groupOf(members, key, keepersCount), isNear: place >= 0 });
  });
  return held;
}

/** Arcs that were not offered since the ring changed: others may lack what is here. Counted once a round, and when something has changed. */
export function unofferedCount(state: ReplicaState): number {
  state.holding.unofferedCount ??= countUnoffered(state, heldArcs(state));
  return state.holding.unofferedCount;
}

function countUnoffered(state: ReplicaState, held: ReadonlyMap<RingKey, HeldArc>): number {
  let count = 0;
  for (const arc of held.values()) if (!isOffered(state, arc)) count++;
  return count;
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
  if (!offer.isLast) {
    state.holding.offer = undefined;
    if (silent.length > 0) return;
    const { arc } = offer;
    if (!isOffered(state, arc) && state.holding.unofferedCount !== undefined) state.holding.unofferedCount--;
    state.holding.offered.set(arc.to, { name: arcName(arc), sum: sumText(state, arc), at: now });
    return;
  }
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
  if (state.holding.offer !== offer) return;
  state.holding.offer = undefined;
  // The rest of the arc is next.
  if (offer.end !== offer.to) state.holding.arcs.push(offer.arc);
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
