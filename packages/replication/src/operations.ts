// Operations under way: a get, a put or a delete from its arrival until each host that was asked has answered or somebody stands in for it. They
// lie in slots that are used again, and in one list by the time at which they are looked at, so that one timer serves all and nothing is
// made per operation but its messages. The correlation of what is asked names slot and round.
import type { Address, Outbox } from '@chordial/actor';
import { hostOf } from '@chordial/actor/shell';
import type { RingKey } from '@chordial/ring-key';
import type { StoredRecord } from '@chordial/storage/protocol';
import type { CoordinatorState, TableConfig } from './coordinator-state.ts';
import { givenAway, type Handing } from './handing.ts';
import { expireGet, getLost, getSilent } from './operations-get.ts';
import { expirePut, putLost, putSilent } from './operations-put.ts';
import type {
  ChangeOrdered,
  CoordinatorMessage,
  CopyDue,
  DeleteRecord,
  GetRecord,
  PutRecord,
  RecordRefused,
  ReplicationAnswer,
  StoreCopy,
} from './protocol.ts';
import { type OwnedRange, refreshRange } from './ranges.ts';

/** How a host fares that was asked; a late answer still counts. */
export const waiting = 0;
export const done = 1;
export const silent = 2;
export const refused = 3;

export interface Operation {
  readonly slot: number;
  /** 0: the slot is free. */
  correlation: number;
  kind: 'get' | 'put' | 'delete';
  table: TableConfig;
  key: RingKey;
  name: string;
  context: string;
  replyTo: Address<ReplicationAnswer>;
  /** The asker's correlation. */
  asked: number;
  range: OwnedRange;
  /** Of the range table when it began. */
  rangesVersion: number;
  startedAt: number;
  dueAt: number;
  isAnswered: boolean;
  /** Who was asked, this host first, how each fares, and how many are in which state. */
  readonly hosts: number[];
  readonly states: number[];
  waitingCount: number;
  doneCount: number;
  /** Of a put, and of a delete from when it is known what it removes. */
  copy: StoreCopy | undefined;
  /** Of the dot of a put, and how often it was written with a higher one. */
  counter: number;
  rewritesCount: number;
  /** By host: whom it stands in for (hinted handoff), or 0. */
  readonly standsFor: number[];
  /** The range is being given away: its taker must have the copy too, at `takerIndex` of the hosts. */
  taker: Handing | undefined;
  takerIndex: number;
  /** Of a get: what the copies make together, and the version of each. */
  merged: StoredRecord | undefined;
  readonly versions: string[];
  /** All of the neighbourhood are asked and waited for. Of a put: the range was not settled when it began. */
  isWide: boolean;
  /** As the range was not settled; bits of hosts that were made the same before it began. */
  isWhole: boolean;
  spared: number;
  /** Why this host's own copy cannot be had. */
  ownFault: string;
  earlier: Operation | undefined;
  later: Operation | undefined;
}

type Asked = GetRecord | PutRecord | DeleteRecord | ChangeOrdered;

const slotsMax = 65_536;
const copyDue: CopyDue = { type: 'copy-due' };

/** The operation begins, or the asker is refused and nothing is returned. */
export function beginOperation(
  state: CoordinatorState,
  kind: Operation['kind'],
  message: Asked,
  table: TableConfig,
  now: number,
  out: Outbox,
): Operation | undefined {
  const { key, name, replyTo, correlation } = message;
  const range = state.ranges.find(key);
  if (range === undefined) {
    if (passOn(state, message, out)) return undefined;
    refuse(state, message, 'not-owner', 'no peer of this lane owns the key: ask its owner', out);
    return undefined;
  }
  const { operationsMax, copyMsMax } = state.config;
  // Who else is there is not known yet, so neither is how many copies are enough.
  if (state.ring.generation === 0) {
    refuse(state, message, 'busy', 'this lane does not know the ring yet: ask again', out);
    return undefined;
  }
  if (state.operationsCount >= operationsMax || state.operationsCount >= slotsMax) {
    refuse(state, message, 'busy', `${state.operationsCount} operations are under way: ask again later`, out);
    return undefined;
  }
  refreshRange(range, state.ring, state.config.host, state.hostsCount);
  const operation = state.slotsFree.pop() ?? createOperation(state, table, range, message);
  renewCorrelation(state, operation);
  operation.kind = kind;
  operation.table = table;
  operation.key = key;
  operation.name = name;
  operation.replyTo = replyTo;
  operation.asked = correlation;
  operation.range = range;
  operation.rangesVersion = state.ranges.version;
  operation.startedAt = now;
  operation.dueAt = now + copyMsMax;
  state.operationsCount++;
  append(state, operation);
  if (state.copyTimer === 0) state.copyTimer = out.setTimer(copyMsMax, copyDue);
  return operation;
}

/** A request that was on its way while its range was given away goes after it, so that nobody hears that the ring moved. */
function passOn(state: CoordinatorState, message: Asked, out: Outbox): boolean {
  if (message.type === 'change-ordered' || message.isPassedOn === true) return false;
  const handing = givenAway(state, message.key);
  if (handing === undefined) return false;
  state.counts.passedOn++;
  out.send(handing.request.target as Address<CoordinatorMessage>, { ...message, isPassedOn: true });
  return true;
}

function createOperation(state: CoordinatorState, table: TableConfig, range: OwnedRange, message: Asked): Operation {
  const operation: Operation = {
    slot: state.operations.length,
    correlation: 0,
    kind: 'get',
    table,
    key: message.key,
    name: '',
    context: '',
    replyTo: message.replyTo,
    asked: 0,
    range,
    rangesVersion: 0,
    startedAt: 0,
    dueAt: 0,
    isAnswered: false,
    hosts: [],
    states: [],
    waitingCount: 0,
    doneCount: 0,
    copy: undefined,
    counter: 0,
    rewritesCount: 0,
    standsFor: [],
    taker: undefined,
    takerIndex: -1,
    merged: undefined,
    versions: [],
    isWide: false,
    isWhole: false,
    spared: 0,
    ownFault: '',
    earlier: undefined,
    later: undefined,
  };
  state.operations.push(operation);
  return operation;
}

export function renewCorrelation(state: CoordinatorState, operation: Operation): void {
  operation.correlation = state.round++ * slotsMax + operation.slot;
}

/** The operation that an answer belongs to, if it is still under way. */
export function operationOf(state: CoordinatorState, correlation: number): Operation | undefined {
  const operation = state.operations[correlation % slotsMax];
  return operation !== undefined && operation.correlation === correlation && correlation !== 0 ? operation : undefined;
}

/** Forgets whom it asked, before it asks (again). */
export function clearHosts(operation: Operation): void {
  const { hosts, states, standsFor, versions } = operation;
  for (let i = hosts.length; i > 0; i--) {
    hosts.pop();
    states.pop();
    standsFor.pop();
    versions.pop();
  }
  operation.waitingCount = operation.doneCount = 0;
}

export function addHost(operation: Operation, host: number, standsFor: number): void {
  operation.hosts.push(host);
  operation.states.push(waiting);
  operation.standsFor.push(standsFor);
  operation.versions.push('');
  operation.waitingCount++;
}

/** A host answered as it should; false when it was not asked or has answered before. */
export function noteDone(operation: Operation, index: number): boolean {
  const before = operation.states[index];
  if (before === undefined || before === done) return false;
  if (before === waiting) operation.waitingCount--;
  operation.states[index] = done;
  operation.doneCount++;
  return true;
}

export function noteNot(operation: Operation, index: number, fate: typeof silent | typeof refused): void {
  if (operation.states[index] === waiting) operation.waitingCount--;
  operation.states[index] = fate;
}

/** The first of the neighbourhood that was not asked yet; -1 when all were. */
export function nextHost({ range, hosts }: Operation): number {
  for (const host of range.hosts) if (!hosts.includes(host)) return host;
  return -1;
}

/** The way by which a host's replica answered is the way to it, until it is silent. */
export function noteWay(state: CoordinatorState, host: number, from: Address<never>): void {
  if (host === state.config.host || (state.ways.get(host) as number | undefined) === from) return;
  if (hostOf(from) === host && state.ring.since.has(host)) state.ways.set(host, from as Address<unknown> as never);
}

export function finishOperation(state: CoordinatorState, operation: Operation): void {
  unlink(state, operation);
  operation.correlation = 0;
  operation.isAnswered = false;
  operation.copy = undefined;
  operation.merged = undefined;
  operation.taker = undefined;
  operation.takerIndex = -1;
  operation.rewritesCount = 0;
  operation.isWide = operation.isWhole = false;
  operation.ownFault = '';
  operation.context = '';
  clearHosts(operation);
  state.operationsCount--;
  state.slotsFree.push(operation);
}

/** What is due is looked at: silent hosts, and operations whose time is over. */
export function onCopyDue(state: CoordinatorState, now: number, out: Outbox): void {
  state.copyTimer = 0;
  const { copyMsMax, operationMsMax } = state.config;
  for (;;) {
    const operation = state.oldest;
    if (operation === undefined) return;
    if (operation.dueAt > now) break;
    unlink(state, operation);
    operation.dueAt = now + copyMsMax;
    append(state, operation);
    const isOver = now - operation.startedAt >= operationMsMax;
    if (operation.copy !== undefined) {
      if (isOver) expirePut(state, operation, out);
      else putSilent(state, operation, now, out);
    } else if (isOver) expireGet(state, operation, now, out);
    else getSilent(state, operation, now, out);
  }
  state.copyTimer = out.setTimer(state.oldest!.dueAt - now, copyDue);
}

/** These hosts are not in the ring any more: nobody waits for them. */
export function hostsLost(state: CoordinatorState, lost: readonly number[], now: number, out: Outbox): void {
  for (const host of lost) state.ways.delete(host);
  for (let operation = state.oldest; operation !== undefined; ) {
    const { later } = operation;
    refreshRange(operation.range, state.ring, state.config.host, state.hostsCount);
    if (operation.copy !== undefined) putLost(state, operation, lost, now, out);
    else getLost(state, operation, lost, now, out);
    operation = later;
  }
}

export function refuse(
  state: CoordinatorState,
  { replyTo, correlation }: Pick<Asked, 'replyTo' | 'correlation'>,
  reason: RecordRefused['reason'],
  sentence: string,
  out: Outbox,
): void {
  state.counts.refused++;
  out.send(replyTo, { type: 'record-refused', correlation, reason, sentence });
}

export function refuseOperation(
  state: CoordinatorState,
  { replyTo, asked: correlation }: Operation,
  reason: RecordRefused['reason'],
  sentence: string,
  out: Outbox,
): void {
  refuse(state, { replyTo, correlation }, reason, sentence, out);
}

function append(state: CoordinatorState, operation: Operation): void {
  operation.earlier = state.newest;
  operation.later = undefined;
  if (state.newest === undefined) state.oldest = operation;
  else state.newest.later = operation;
  state.newest = operation;
}

function unlink(state: CoordinatorState, operation: Operation): void {
  const { earlier, later } = operation;
  if (earlier === undefined) state.oldest = later;
  else earlier.later = later;
  if (later === undefined) state.newest = earlier;
  else later.earlier = earlier;
  operation.earlier = operation.later = undefined;
}
