// Healing: a record whose checksum is wrong in the store is asked of the hosts that should have copies of it, and what they have is written over it.
// The operator hears how it went, seldom and in sum.
import type { Outbox } from '@chordial/actor';
import type { RecordName, StoredRecord } from '@chordial/storage/protocol';
import { groupOf } from './group.ts';
import type { CopyFetched } from './protocol.ts';
import { askReplica } from './repair-asking.ts';
import { batchOf, keepBatch, recordFault } from './replica-keeping.ts';
import { type Batch, type Heal, mapName, type ReplicaState } from './replica-state.ts';

/** Damaged records that are being asked for; of more, the next read of each begins again. */
const healsMax = 1_000;
/** For so long a record that nobody has is not asked for again. */
const askAgainMs = 600_000;
const newsMs = 10_000;
/** What cannot be kept is found again by each repair. */
const skippedNewsMs = 600_000;

export function startHeal(state: ReplicaState, record: RecordName, now: number, out: Outbox): void {
  const name = mapName(...record);
  if (state.heals.has(name) || state.heals.size >= healsMax) return;
  const hosts = groupOf(state.ring.members, record[1], state.config.neighbourhoodCount).filter(
    (host) => host !== state.config.host,
  );
  state.heals.set(name, { record, startedAt: now, left: hosts.length, isFound: false });
  if (hosts.length === 0) state.healing.lostCount++;
  const [table, key] = record;
  for (const host of hosts)
    askReplica(state, host, { kind: 'heal', name }, { type: 'fetch-copy', table, key }, now, out);
}

/** A host answered with a copy, or with none. */
export function onHealFetched(state: ReplicaState, name: string, fetched: CopyFetched, now: number, out: Outbox): void {
  const heal = state.heals.get(name);
  if (heal === undefined) return;
  const [table, key] = heal.record;
  const record: StoredRecord = { table, key, ...copyIn(fetched) };
  if (recordFault(record) === '') {
    const from: Batch['from'] = { kind: 'heal', name: mapName(table, key) };
    heal.isFound = true;
    heal.left++;
    keepBatch(state, batchOf([record], from), now, out);
  }
  oneLess(state, name, heal);
}

const copyIn = ({ name, version, value, ttlMs }: CopyFetched) => ({ name, version, value, ttlMs });

/** A host has nothing to say, or does not answer. */
export function onHealFailed(state: ReplicaState, name: string): void {
  const heal = state.heals.get(name);
  if (heal !== undefined) oneLess(state, name, heal);
}

export function onHealKept(state: ReplicaState, name: string, trouble: string): void {
  const heal = state.heals.get(name);
  if (heal === undefined) return;
  if (trouble !== '') heal.isFound = false;
  oneLess(state, name, heal);
}

function oneLess(state: ReplicaState, name: string, heal: Heal): void {
  if (--heal.left > 0) return;
  if (heal.isFound) state.heals.delete(name);
  else state.healing.lostCount++;
}

/** Now and then: what an operator should know, and which records may be asked for again. */
export function tellHealing(state: ReplicaState, now: number, out: Outbox): void {
  const { healing, counts, heals } = state;
  for (const [name, { startedAt }] of heals) {
    if (now - startedAt <= askAgainMs) break;
    heals.delete(name);
  }
  tellSkipped(state, now, out);
  const healedCount = counts.healedCount - healing.healedTold;
  if ((healedCount === 0 && healing.lostCount === 0) || now - healing.toldAt < newsMs) return;
  const restored = `${healedCount} damaged records were written again from the copies of other hosts`;
  const lost = `${healing.lostCount} damaged records were found on no other host: restore them from a backup`;
  const sentence = [healedCount > 0 ? restored : '', healing.lostCount > 0 ? lost : ''].filter((part) => part !== '');
  out.send(state.config.owner, { type: 'storage-news', sentence: sentence.join('; ') });
  healing.toldAt = now;
  healing.healedTold = counts.healedCount;
  healing.lostCount = 0;
}

function tellSkipped({ healing, counts, config }: ReplicaState, now: number, out: Outbox): void {
  const skippedCount = counts.skippedCount - healing.skippedTold;
  if (skippedCount === 0 || now - healing.skippedToldAt < skippedNewsMs) return;
  const sentence = `${skippedCount} copies were left out of repair, as a store does not take them: ${healing.skippedFault}`;
  out.send(config.owner, { type: 'storage-news', sentence });
  healing.skippedToldAt = now;
  healing.skippedTold = counts.skippedCount;
}
