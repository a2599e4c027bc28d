// A put: a copy with a new dot goes to each host of the group, this one first, and is acknowledged when w of them have it durably, this one among
// them: so a settled owner's own store has every acknowledged write. For whoever is silent, refuses or is lost the next host clockwise keeps
// it (hinted handoff). While the range is given away its taker must have it as well. A delete first looks for how long what it removes
// could live, then puts a tombstone.
import type { Outbox } from '@chordial/actor';
import { nameCharactersMax, type StoredRecord } from '@chordial/storage/protocol';
import { noteStranger } from './coordinator-repair.ts';
import { type CoordinatorState, type TableConfig, wayTo } from './coordinator-state.ts';
import { takerOf } from './handing.ts';
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
  renewCorrelation,
  silent,
  waiting,
} from './operations.ts';
import { putAnswer } from './operations-context.ts';
import { startGet } from './operations-get.ts';
import type {
  ChangeOrdered,
  CopyRefused,
  CopyStored,
  DeleteRecord,
  GetRecord,
  PutRecord,
  StoreCopy,
} from './protocol.ts';
import { isKey, isTable } from './shapes.ts';
import { counterOf, fateOf, isContext, seenInContext, siblingsOf, withWrite } from './versions.ts';

/** As often as an operation writes again above what hides it: each time should be the last. */
const rewritesMax = 8;

/** A sentence about what is wrong with a request, or its table. */
export function tableOf(
  state: CoordinatorState,
  { table, key, name }: GetRecord | PutRecord | DeleteRecord | ChangeOrdered,
): TableConfig | string {
  const known = isTable(table) ? state.tables[table] : undefined;
  if (known === undefined) return `there is no such table: see the configuration of the coordinator`;
  if (!isKey(key)) return 'a key has 40 hexadecimal digits';
  if (typeof name !== 'string' || name.length > nameCharactersMax || !name.isWellFormed())
    return `a name is a text of at most ${nameCharactersMax} characters`;
  return known;
}

export function onPutRecord(state: CoordinatorState, message: PutRecord, now: number, out: Outbox): void {
  const table = tableOf(state, message);
  if (typeof table === 'string') return refuse(state, message, 'invalid', table, out);
  const fault = putFault(state, message, table);
  if (fault !== '') return refuse(state, message, 'invalid', fault, out);
  const { context } = message;
  const seen = typeof context === 'string' ? seenInContext(context, state.site) : undefined;
  if (seen === undefined || seen > Math.max(state.counter, clockOf(state, now + aheadMsMax)))
    return refuse(state, message, 'invalid', contextSentence, out);
  const operation = beginOperation(state, 'put', message, table, now, out);
  if (operation === undefined) return;
  // A context from a life whose clock was ahead: the dot is above it.
  if (seen > state.counter) state.counter = seen;
  operation.context = context;
  write(state, operation, message.value, message.ttlMs, now, out);
}

function write(
  state: CoordinatorState,
  operation: Operation,
  value: string,
  ttlMs: number,
  now: number,
  out: Outbox,
): void {
  const { table, key, name, context } = operation;
  const dot = { site: state.site, counter: nextCounter(state, now) };
  operation.counter = dot.counter;
  const copy = withWrite(undefined, { table: table.table, key, name }, context, dot, value, ttlMs);
  startPut(state, operation, copy, now, out);
}

export function onDeleteRecord(state: CoordinatorState, message: DeleteRecord, now: number, out: Outbox): void {
  const table = tableOf(state, message);
  if (typeof table === 'string') return refuse(state, message, 'invalid', table, out);
  if (table.isOrdered) return refuse(state, message, 'invalid', orderedSentence(table), out);
  if (typeof message.context !== 'string' || !isContext(message.context))
    return refuse(state, message, 'invalid', contextSentence, out);
  const operation = beginOperation(state, 'delete', message, table, now, out);
  if (operation === undefined) return;
  operation.context = message.context;
  startGet(state, operation, out);
}

const contextSentence = 'the context is not one that was given with a record: get the record first';
const orderedSentence = ({ name }: TableConfig): string => `the table ${name} is changed by change-ordered only`;

function putFault({ config }: CoordinatorState, { value, ttlMs }: PutRecord, table: TableConfig): string {
  if (table.isOrdered) return orderedSentence(table);
  if (typeof value !== 'string' || value.length > config.valueCharactersMax || !value.isWellFormed())
    return `a value is a text of at most ${config.valueCharactersMax} characters`;
  return typeof ttlMs === 'number' && ttlMs >= 0 && ttlMs <= Number.MAX_SAFE_INTEGER
    ? ''
    : 'a time to live is 0 or a number of milliseconds';
}

/** What a context may be ahead of the clock, where no copy has shown that this coordinator has counted so far in an earlier life. */
const aheadMsMax = 24 * 3_600_000;
/** Counters above this, in the year 2112, leave no room to count on: who says that they were used is not believed. */
const counterMax = 2 ** 52;

const clockOf = ({ config }: CoordinatorState, now: number): number => Math.floor(config.startedAt + now) * 1_000;

/** An earlier life has counted so far: this one goes on above. False when that cannot be. */
export function countFrom(state: CoordinatorState, counter: number): boolean {
  if (counter > counterMax) return false;
  if (counter > state.counter) state.counter = counter;
  return true;
}

/** A hybrid logical clock (Kulkarni et al. 2014): above all before, and not below the time, so that no life uses one again. */
function nextCounter(state: CoordinatorState, now: number): number {
  const clock = clockOf(state, now);
  state.counter = clock > state.counter ? clock : state.counter + 1;
  return state.counter;
}

/** Sends the copy to the group; the operation may have asked for copies before. */
export function startPut(
  state: CoordinatorState,
  operation: Operation,
  record: StoredRecord,
  now: number,
  out: Outbox,
): void {
  const { table, key, name, version, value, ttlMs } = record;
  // Answers to what was asked before do not belong to this.
  if (operation.hosts.length > 0) renewCorrelation(state, operation);
  const { correlation, range } = operation;
  const replyTo = state.self;
  const copy: StoreCopy = {
    type: 'store-copy',
    table,
    key,
    name,
    version,
    value,
    ttlMs,
    hintFor: 0,
    replyTo,
    correlation,
  };
  clearHosts(operation);
  operation.startedAt = now;
  operation.copy = copy;
  operation.isWide = range.unsettled !== undefined;
  const { hosts } = range;
  const copiesCount = Math.min(operation.table.n, hosts.length);
  for (let i = 0; i < copiesCount; i++) {
    const host = hosts[i]!;
    addHost(operation, host, 0);
    out.send(wayTo(state, host), copy);
  }
  if (state.handings.length > 0) addTaker(state, operation, out);
}

/** The range of a put is being given away, from before it began or from now on. */
export function addTaker(state: CoordinatorState, operation: Operation, out: Outbox): void {
  const taker = takerOf(state, operation.key);
  if (taker === undefined || operation.copy === undefined || operation.isAnswered || operation.taker === taker) return;
  operation.taker = taker;
  operation.takerIndex = operation.hosts.indexOf(taker.host);
  if (operation.takerIndex >= 0) return;
  operation.takerIndex = operation.hosts.length;
  addHost(operation, taker.host, 0);
  out.send(wayTo(state, taker.host), operation.copy);
}

export function putStored(
  state: CoordinatorState,
  operation: Operation,
  answer: CopyStored,
  now: number,
  out: Outbox,
): void {
  const { host, version, correlation } = answer;
  const index = operation.hosts.indexOf(host);
  const fate = operation.states[index];
  if (fate === undefined || fate === done) return;
  if (version !== operation.copy!.version && operation.kind === 'put') {
    const counted = { site: state.site, counter: operation.counter };
    const became = fateOf(version, counted);
    const counter = counterOf(version, state.site);
    const isLost = became === 'superseded' && counter > operation.counter;
    if (became === 'unseen' || (isLost && operation.rewritesCount >= rewritesMax)) {
      const sentence = 'the host says that it has stored it, and names a version without it';
      return putRefused(
        state,
        operation,
        { type: 'copy-refused', correlation, host, code: 'invalid', sentence },
        now,
        out,
      );
    }
    // One that was acknowledged has been read, and may have been written over by this life.
    if (isLost && (!operation.isAnswered || counter > state.counter))
      return writeAgain(state, operation, counter, now, out);
  }
  noteDone(operation, index);
  operation.versions[index] = version;
  goOn(state, operation, out);
}

/**
 * An earlier life of this coordinator had a clock that was ahead: what it wrote counts higher, and hides what is written now, here or on the host
 * that has it. Whoever superseded it after reading it, before it was acknowledged, cannot be told from that: then it lives beside.
 */
function writeAgain(state: CoordinatorState, operation: Operation, counter: number, now: number, out: Outbox): void {
  const { copy } = operation;
  if (!countFrom(state, counter)) {
    const sentence =
      'the record has a version that nobody can have written: delete it on all hosts, or wait until it expires';
    if (!operation.isAnswered) refuseOperation(state, operation, 'storage', sentence, out);
    return finishOperation(state, operation);
  }
  const { startedAt } = operation;
  const [written] = siblingsOf(copy!);
  write(state, operation, written?.value ?? '', written?.ttlMs ?? 0, now, out);
  operation.rewritesCount++;
  // It gets no more time for that.
  operation.startedAt = startedAt;
}

export function putRefused(
  state: CoordinatorState,
  operation: Operation,
  { host, code, sentence }: CopyRefused,
  now: number,
  out: Outbox,
): void {
  const index = operation.hosts.indexOf(host);
  if (index < 0 || operation.states[index] === done) return;
  if (index > 0) {
    noteNot(operation, index, refused);
    standIn(state, operation, index, now, out);
    goOn(state, operation, out);
    return;
  }
  const reason = code === 'busy' ? 'busy' : 'storage';
  if (!operation.isAnswered)
    refuseOperation(state, operation, reason, `this host's store refused (${code}): ${sentence}`, out);
  finishOperation(state, operation);
}

/** Somebody has not answered for `copyMsMax`. The own store is waited for: it is not lost on the way. */
export function putSilent(state: CoordinatorState, operation: Operation, now: number, out: Outbox): void {
  const count = operation.hosts.length;
  for (let i = 1; i < count; i++) {
    if (operation.states[i] !== waiting) continue;
    const host = operation.hosts[i]!;
    state.ways.delete(host);
    if (i === operation.takerIndex && operation.taker!.isGiven) {
      // Whoever reads there does not ask around any more.
      out.send(wayTo(state, host), leftOf(operation, now) ?? operation.copy!);
      continue;
    }
    noteNot(operation, i, silent);
    standIn(state, operation, i, now, out);
  }
  goOn(state, operation, out);
}

export function putLost(
  state: CoordinatorState,
  operation: Operation,
  lost: readonly number[],
  now: number,
  out: Outbox,
): void {
  const count = operation.hosts.length;
  for (let i = 1; i < count; i++) {
    if (operation.states[i] !== waiting || !lost.includes(operation.hosts[i]!)) continue;
    if (i === operation.takerIndex) operation.taker = undefined;
    noteNot(operation, i, silent);
    standIn(state, operation, i, now, out);
  }
  goOn(state, operation, out);
}

/** The next host clockwise keeps the copy for one that does not answer. */
function standIn(state: CoordinatorState, operation: Operation, index: number, now: number, out: Outbox): void {
  const host = operation.hosts[index]!;
  const hintFor = operation.standsFor[index]! || host;
  if (index === operation.takerIndex) {
    if (operation.taker !== undefined) operation.taker.isMissingCopies = true;
    // One that is not of the group yet has nobody to stand in for it.
    if (index >= operation.table.n) return;
  }
  noteStranger(state, operation.range, host, now, out);
  const next = nextHost(operation);
  const copy = leftOf(operation, now);
  if (next < 0 || copy === undefined) return;
  state.counts.hinted++;
  addHost(operation, next, hintFor);
  out.send(wayTo(state, next), { ...copy, hintFor });
}

/** The copy with the time that is left to it; undefined when that is none. */
function leftOf({ copy, startedAt }: Operation, now: number): StoreCopy | undefined {
  if (copy === undefined || copy.ttlMs === 0 || now === startedAt) return copy;
  const ttlMs = copy.ttlMs - (now - startedAt);
  return ttlMs > 0 ? { ...copy, ttlMs } : undefined;
}

function goOn(state: CoordinatorState, operation: Operation, out: Outbox): void {
  const { table, range, states, doneCount } = operation;
  if (!operation.isAnswered && states[0] === done && !waitsForTaker(operation)) {
    if (doneCount >= Math.min(table.w, range.hosts.length)) acknowledge(state, operation, out);
  }
  if (operation.isAnswered && operation.waitingCount === 0) finishOperation(state, operation);
}

function waitsForTaker({ taker, takerIndex, states }: Operation): boolean {
  if (taker === undefined || states[takerIndex] === done) return false;
  return taker.isGiven || states[takerIndex] === waiting;
}

function acknowledge(state: CoordinatorState, operation: Operation, out: Outbox): void {
  const { replyTo, key, taker } = operation;
  operation.isAnswered = true;
  // Whoever owns the key now may not know of this write; a taker does.
  const isKnown = taker !== undefined && operation.states[operation.takerIndex] === done;
  if (operation.rangesVersion !== state.ranges.version && !isKnown && state.ranges.find(key) === undefined) {
    const sentence = 'the range was lost meanwhile: ask the owner of the key, and expect that it happened';
    return refuseOperation(state, operation, 'not-owner', sentence, out);
  }
  state.counts.put++;
  out.send(replyTo, putAnswer(state, operation));
}

/** The time of a put is over. */
export function expirePut(state: CoordinatorState, operation: Operation, out: Outbox): void {
  if (!operation.isAnswered) {
    const { states, doneCount, table, range } = operation;
    if (states[0] === done) {
      const least = Math.min(table.w, range.hosts.length);
      const missing = waitsForTaker(operation) ? 'but not the host that takes the range over' : `${least} are needed`;
      const sentence = `${doneCount} hosts have stored it in time, ${missing}: it may happen yet, ask again`;
      refuseOperation(state, operation, 'too-few-copies', sentence, out);
    } else refuseOperation(state, operation, 'storage', "this host's store does not answer: ask again", out);
  }
  finishOperation(state, operation);
}
