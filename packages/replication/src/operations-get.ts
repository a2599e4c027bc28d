// A get: r copies, the own one among them, are merged; hosts of the group that have another one are sent the merged copy (read repair). In a
// range that is not settled, or without the own copy, all of the neighbourhood are asked and waited for.
import type { Outbox } from '@chordial/actor';
import type { StoredRecord } from '@chordial/storage/protocol';
import { isInRing } from './coordinator-ring.ts';
import { type CoordinatorState, type TableConfig, wayTo } from './coordinator-state.ts';
import {
  addHost,
  beginOperation,
  clearHosts,
  done,
  finishOperation,
  nextHost,
  noteDone,
  noteNot,
  type Operation,
  refuse,
  refused,
  refuseOperation,
  silent,
  waiting,
} from './operations.ts';
import { countFrom, startPut, tableOf } from './operations-put.ts';
import { getOrdered } from './ordered.ts';
import type { CopyFetched, CopyRefused, FetchCopy, GetRecord, RecordGot } from './protocol.ts';
import { contextOf, mergedCopy, seenInContext, siblingsOf, withRemoval } from './versions.ts';

/** A copy that is put back is not waited for. */
const unasked = 0;
const nothing: RecordGot['siblings'] = [];

export function onGetRecord(state: CoordinatorState, message: GetRecord, now: number, out: Outbox): void {
  const table = tableOf(state, message);
  if (typeof table === 'string') return refuse(state, message, 'invalid', table, out);
  if (table.isOrdered) return getOrdered(state, message, now, out);
  const operation = beginOperation(state, 'get', message, table, now, out);
  if (operation !== undefined) startGet(state, operation, out);
}

export function startGet(state: CoordinatorState, operation: Operation, out: Outbox): void {
  const { range, table } = operation;
  clearHosts(operation);
  const { unsettled, hosts } = range;
  operation.isWide = operation.isWhole = unsettled !== undefined;
  operation.spared = 0;
  if (unsettled !== undefined)
    for (let i = 0; i < hosts.length; i++) if (unsettled.same.includes(hosts[i]!)) operation.spared |= 1 << i;
  const count = operation.isWide ? hosts.length : Math.min(table.r, hosts.length);
  const question = questionOf(state, operation);
  for (let i = 0; i < count; i++) ask(state, operation, hosts[i]!, question, out);
}

/**
 * In a range that was not settled any one of the neighbourhood may be the only one to have an acknowledged write: how many of those that are in
 * the ring have not answered. Who was made the same before has nothing that this host has not.
 */
function missingCount({ ring }: CoordinatorState, { isWhole, hosts, states, spared }: Operation): number {
  let count = 0;
  if (isWhole) {
    for (let i = 1; i < hosts.length; i++)
      if (states[i] !== done && (spared & (1 << i)) === 0 && isInRing(ring, hosts[i]!)) count++;
  }
  return count;
}

function questionOf({ self: replyTo }: CoordinatorState, { table, key, correlation }: Operation): FetchCopy {
  return { type: 'fetch-copy', table: table.table, key, replyTo, correlation };
}

function ask(state: CoordinatorState, operation: Operation, host: number, question: FetchCopy, out: Outbox): void {
  addHost(operation, host, 0);
  out.send(wayTo(state, host), question);
}

export function copyFetched(
  state: CoordinatorState,
  operation: Operation,
  message: CopyFetched,
  now: number,
  out: Outbox,
): void {
  const index = operation.hosts.indexOf(message.host);
  if (!noteDone(operation, index)) return;
  const { version, value, ttlMs } = message;
  operation.versions[index] = version;
  if (version !== '') {
    const { key, name, merged } = operation;
    const copy: StoredRecord = { table: operation.table.table, key, name, version, value, ttlMs };
    operation.merged = merged === undefined ? copy : merged.version === version ? merged : mergedCopy(merged, copy);
  }
  goOn(state, operation, now, out);
}

export function fetchRefused(
  state: CoordinatorState,
  operation: Operation,
  { host, code }: CopyRefused,
  now: number,
  out: Outbox,
): void {
  const index = operation.hosts.indexOf(host);
  if (index < 0 || operation.states[index] === done) return;
  noteNot(operation, index, refused);
  if (index === 0) widen(state, operation, code, out);
  else askNext(state, operation, out);
  goOn(state, operation, now, out);
}

/** Others are asked beside who is silent; where all are needed, again. */
export function getSilent(state: CoordinatorState, operation: Operation, now: number, out: Outbox): void {
  const { hosts, states } = operation;
  const question = questionOf(state, operation);
  const count = hosts.length;
  for (let i = 0; i < count; i++) {
    if (states[i] === done || (states[i] !== waiting && !operation.isWhole)) continue;
    if (i > 0) state.ways.delete(hosts[i]!);
    if (operation.isWide) {
      out.send(wayTo(state, hosts[i]!), question);
      continue;
    }
    noteNot(operation, i, silent);
    if (i === 0) widen(state, operation, 'silent', out);
    else askNext(state, operation, out);
  }
  goOn(state, operation, now, out);
}

export function getLost(
  state: CoordinatorState,
  operation: Operation,
  lost: readonly number[],
  now: number,
  out: Outbox,
): void {
  const { hosts, states } = operation;
  for (let i = 1; i < hosts.length; i++) {
    if (states[i] !== waiting || !lost.includes(hosts[i]!)) continue;
    noteNot(operation, i, silent);
    askNext(state, operation, out);
  }
  goOn(state, operation, now, out);
}

/** Without the own copy all others are asked. */
function widen(state: CoordinatorState, operation: Operation, fault: string, out: Outbox): void {
  operation.ownFault = fault;
  operation.isWide = true;
  const question = questionOf(state, operation);
  for (let host = nextHost(operation); host >= 0; host = nextHost(operation))
    ask(state, operation, host, question, out);
}

function askNext(state: CoordinatorState, operation: Operation, out: Outbox): void {
  const host = nextHost(operation);
  if (host >= 0) ask(state, operation, host, questionOf(state, operation), out);
}

/** Copies that make an answer: of a host that has no copy of its own to give, the others'. */
function neededCount({ table, range, states }: Operation): number {
  const count = range.hosts.length - (states[0] === refused ? 1 : 0);
  return Math.max(1, Math.min(table.r, count));
}

function goOn(state: CoordinatorState, operation: Operation, now: number, out: Outbox): void {
  const { doneCount, waitingCount, isWide, states } = operation;
  const isEnough = doneCount >= neededCount(operation);
  const isWhole = missingCount(state, operation) === 0;
  if (isEnough && isWhole && (isWide ? waitingCount === 0 : states[0] === done)) complete(state, operation, now, out);
  // Nobody is left who could answer.
  else if (!isEnough && isWhole && waitingCount === 0 && !states.includes(silent)) fail(state, operation, out);
}

/** The time of a get is over: with r copies it is answered, whoever else was asked; but for a range that was not settled. */
export function expireGet(state: CoordinatorState, operation: Operation, now: number, out: Outbox): void {
  if (operation.doneCount >= neededCount(operation) && missingCount(state, operation) === 0)
    complete(state, operation, now, out);
  else fail(state, operation, out);
}

function fail(state: CoordinatorState, operation: Operation, out: Outbox): void {
  const { doneCount, states, ownFault } = operation;
  const own = states[0] === done ? '' : `, this host's store not (${ownFault})`;
  const needed = Math.max(neededCount(operation), doneCount + missingCount(state, operation));
  const sentence = `${doneCount} of ${needed} hosts have answered in time${own}: ask again`;
  refuseOperation(state, operation, states[0] === done ? 'too-few-copies' : 'storage', sentence, out);
  finishOperation(state, operation);
}

function complete(state: CoordinatorState, operation: Operation, now: number, out: Outbox): void {
  const { merged, kind, replyTo, asked: correlation } = operation;
  if (kind === 'delete') return remove(state, operation, now, out);
  state.counts.got++;
  const siblings = merged === undefined ? nothing : readSiblings(operation.table, merged);
  const context = merged === undefined ? '' : contextOf(merged.version);
  // Whoever is given a context may write with it.
  if (context.includes(state.siteText)) countFrom(state, seenInContext(context, state.site) ?? 0);
  out.send(replyTo, { type: 'record-got', correlation, siblings, context });
  putBack(state, operation, now, out);
  finishOperation(state, operation);
}

function readSiblings({ merge }: TableConfig, record: StoredRecord): RecordGot['siblings'] {
  const siblings = siblingsOf(record);
  if (siblings.length > 1 && merge !== 'siblings') {
    if (typeof merge === 'function') return [merge(siblings)];
    siblings.splice(0, siblings.length - 1);
  }
  return siblings.map(({ value, ttlMs }) => [value, ttlMs]);
}

/** Read repair. Hosts that are only of the neighbourhood need not have it. */
function putBack(state: CoordinatorState, operation: Operation, now: number, out: Outbox): void {
  const { merged, hosts, states, versions, range, table, startedAt, ownFault } = operation;
  if (merged === undefined) return;
  const ttlMs = merged.ttlMs === 0 ? 0 : merged.ttlMs - (now - startedAt);
  if (ttlMs <= 0 && merged.ttlMs > 0) return;
  for (let i = 0; i < hosts.length; i++) {
    const differs = states[i] === done ? versions[i] !== merged.version : i === 0 && ownFault === 'damaged';
    const place = range.hosts.indexOf(hosts[i]!);
    if (!differs || place < 0 || place >= table.n) continue;
    state.counts.readRepairs++;
    const replyTo = state.self;
    out.send(wayTo(state, hosts[i]!), {
      type: 'store-copy',
      ...merged,
      ttlMs,
      hintFor: 0,
      replyTo,
      correlation: unasked,
    });
  }
}

/** What a delete removes is known: its tombstone lives as long as that could, unless there is nothing to remove. */
function remove(state: CoordinatorState, operation: Operation, now: number, out: Outbox): void {
  const { merged, context, replyTo, asked: correlation } = operation;
  if (merged === undefined || context === '' || siblingsOf(merged).length === 0) {
    state.counts.put++;
    const known = merged === undefined ? context : contextOf(merged.version);
    out.send(replyTo, { type: 'record-put', correlation, context: known });
    finishOperation(state, operation);
    return;
  }
  startPut(state, operation, withRemoval(merged, merged, context, merged.ttlMs), now, out);
}
