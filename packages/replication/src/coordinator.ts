// The core of the coordinator: one per lane, for the ranges that the peers of the lane own. It serves gets, puts and deletes with the replicas of
// the range's group, and sees to it that groups are the same and that a range comes with its records (DeCandia et al., *Dynamo*, SOSP 2007).
// It keeps no records itself.
import type { Birth, Outbox, Received } from '@chordial/actor';
import type { MessageRefused } from '@chordial/actor/protocol';
import { hostOf } from '@chordial/actor/shell';
import { isHeeded } from './coordinator-outside.ts';
import { onRangeRepaired, onRepairDue, onRingChanged, repaired, watchRing } from './coordinator-repair.ts';
import { type CoordinatorConfig, type CoordinatorState, createState } from './coordinator-state.ts';
import { onHandRange } from './handing.ts';
import { noteWay, type Operation, onCopyDue, operationOf } from './operations.ts';
import { copyFetched, fetchRefused, onGetRecord } from './operations-get.ts';
import { onDeleteRecord, onPutRecord, putRefused, putStored } from './operations-put.ts';
import { onBallotAnswer, onBallotDue, onChangeOrdered, onOrderedRing, tickOrdered } from './ordered.ts';
import type { CoordinatorMessage, CopyFetched, CopyRefused, CopyStored, ListRepair, StoreCopy } from './protocol.ts';
import { askPeers, onPointersRead, onRangeChanged, onRangeGiven } from './ranges-changing.ts';
import { copyFault } from './versions.ts';

export function initCoordinator(
  config: CoordinatorConfig,
  birth: Birth<CoordinatorMessage>,
  out: Outbox,
): CoordinatorState {
  const state = createState(config, birth);
  watchRing(state, birth.now, out);
  if (config.tables.some(({ isOrdered }) => isOrdered)) tickOrdered(state.ordered, birth.now, out);
  return state;
}

export function stepCoordinator(state: CoordinatorState, received: Received<CoordinatorMessage>, out: Outbox): void {
  const { message, now, from } = received;
  if (!isHeeded(state, received)) {
    state.counts.unheeded++;
    return;
  }
  switch (message.type) {
    case 'get-record':
      onGetRecord(state, message, now, out);
      break;
    case 'put-record':
      onPutRecord(state, message, now, out);
      break;
    case 'delete-record':
      onDeleteRecord(state, message, now, out);
      break;
    case 'change-ordered':
      onChangeOrdered(state, message, now, out);
      break;
    case 'copy-stored':
      onCopyStored(state, message, from, now, out);
      break;
    case 'copy-fetched':
      onCopyFetched(state, message, from, now, out);
      break;
    case 'copy-refused':
      onCopyRefused(state, message, now, out);
      break;
    case 'range-repaired':
      onRangeRepaired(state, message, now, out);
      break;
    case 'range-given':
      onRangeGiven(state, message, now, out);
      break;
    case 'range-changed':
      onRangeChanged(state, message, now, out);
      break;
    case 'pointers-read':
      onPointersRead(state, message, now, out);
      break;
    case 'hand-range':
      onHandRange(state, message, now, out);
      break;
    case 'ring-changed':
      if (state.ring.generation === 0) askPeers(state, message, out);
      onRingChanged(state, message, now, out);
      onOrderedRing(state.ordered, state.ring.hosts);
      break;
    case 'ballot-promised':
    case 'ballot-accepted':
    case 'ballot-refused':
    case 'roster-learned':
    case 'ballots-listed':
      onBallotAnswer(state.ordered, message, now, out);
      break;
    case 'ballot-due':
      onBallotDue(state.ordered, now, out);
      break;
    case 'list-repair':
      onListRepair(state, message, out);
      break;
    case 'copy-due':
      onCopyDue(state, now, out);
      break;
    case 'repair-due':
      onRepairDue(state, now, out);
      break;
    case 'message-refused':
      onMessageRefused(state, message, now, out);
      break;
    default:
      message satisfies never;
  }
}

function onCopyStored(
  state: CoordinatorState,
  message: CopyStored,
  from: Received<unknown>['from'],
  now: number,
  out: Outbox,
): void {
  const operation = operationOf(state, message.correlation);
  if (operation?.copy === undefined) return;
  noteWay(state, message.host, from);
  putStored(state, operation, message, now, out);
}

function onCopyFetched(
  state: CoordinatorState,
  message: CopyFetched,
  from: Received<unknown>['from'],
  now: number,
  out: Outbox,
): void {
  const operation = operationOf(state, message.correlation);
  if (operation === undefined || operation.copy !== undefined) return;
  const { correlation, host } = message;
  const sentence = fetchedFault(operation, message);
  if (sentence !== '') {
    return onCopyRefused(state, { type: 'copy-refused', correlation, host, code: 'invalid', sentence }, now, out);
  }
  noteWay(state, host, from);
  copyFetched(state, operation, message, now, out);
}

/** An empty sentence for a copy that can be merged. What has the version of what is known is the same. */
function fetchedFault({ merged, table, key }: Operation, { version, value, ttlMs, name }: CopyFetched): string {
  if (typeof version !== 'string' || typeof value !== 'string' || typeof ttlMs !== 'number')
    return 'what came is no copy';
  return version === '' || version === merged?.version
    ? ''
    : copyFault({ table: table.table, key, name, version, value, ttlMs });
}

function onCopyRefused(state: CoordinatorState, message: CopyRefused, now: number, out: Outbox): void {
  const operation = operationOf(state, message.correlation);
  if (operation === undefined) return;
  if (operation.copy === undefined) fetchRefused(state, operation, message, now, out);
  else putRefused(state, operation, message, now, out);
}

/** A full mailbox or link on this lane: as if the host had refused. */
function onMessageRefused(state: CoordinatorState, { to, message }: MessageRefused, now: number, out: Outbox): void {
  const { type, correlation } = message as StoreCopy | { readonly type: ''; readonly correlation: number };
  const asked = type as string;
  if (asked === 'repair-range') return repaired(state, correlation, [], now, out);
  if (asked !== 'store-copy' && asked !== 'fetch-copy') return;
  const sentence = 'there is too much to do on the way: ask again';
  onCopyRefused(state, { type: 'copy-refused', correlation, host: hostOf(to), code: 'busy', sentence }, now, out);
}

function onListRepair(state: CoordinatorState, { replyTo, correlation }: ListRepair, out: Outbox): void {
  const { drifting, unsettled, walkLeft, ranges, repairs, counts } = state;
  out.send(replyTo, {
    type: 'repair-listed',
    correlation,
    // Those that were not looked at since the ring changed are not known to be the same.
    rangesDrifting: Math.min(ranges.count, drifting.size + unsettled.size + walkLeft),
    hintsCount: 0,
    sessionsCount: repairs.size,
    recordsCount: 0,
    sentCount: counts.sent,
    takenCount: counts.taken,
    readRepairsCount: counts.readRepairs,
    refusedCount: counts.refused,
  });
}

/** A sentence about the first broken invariant. */
export function coordinatorInvariants(state: CoordinatorState): string | undefined {
  const { operations, operationsCount, slotsFree, config, repairs, urgentCount, calmCount } = state;
  if (operationsCount > config.operationsMax) return 'operations are bounded';
  if (operations.length !== operationsCount + slotsFree.length) return 'a slot is in use or free';
  let listed = 0;
  for (let one = state.oldest; one !== undefined; one = one.later) {
    listed++;
    if (one.later !== undefined && one.later.dueAt < one.dueAt)
      return 'operations are in the order in which they are due';
    if (one.waitingCount !== one.states.filter((fate) => fate === 0).length)
      return 'the hosts that are waited for are counted';
  }
  if (listed !== operationsCount) return 'each operation under way is in the list';
  if (listed > 0 && state.copyTimer === 0) return 'operations under way have a timer';
  if (repairs.size !== urgentCount + calmCount) return 'repairs are counted by kind';
  for (const range of state.unsettled)
    if (range.unsettled === undefined) return 'an unsettled range says what is unsettled';
  for (const range of state.drifting.keys()) if (!state.ranges.has(range)) return 'only owned ranges drift';
  return state.ranges.fault;
}
