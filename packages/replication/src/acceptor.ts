// The acceptor of a host: for each register of an ordered table it promises not to accept ballots below the highest it has seen, and says what it
// accepted (Rystsov, *CASPaxos*, 2018, section 2.2). All it says is in its store before. It acts only for proposers that have its roster:
// so that it leaves a roster, for all registers at once, when it learns a later one.
import type { Birth, Outbox, Received } from '@chordial/actor';
import type { MessageRefused } from '@chordial/actor/protocol';
import { createRandom, nextBelow } from '@chordial/actor/random';
import { parseRingKey, type RingKey } from '@chordial/ring-key';
import {
  nameCharactersMax,
  type RangeScanned,
  type RecordsRead,
  type StorageFailed,
  type StorageJob,
} from '@chordial/storage/protocol';
import { foundOrRead, onHomeRead, onHomeWritten, onLearnRoster } from './acceptor-home.ts';
import {
  type AcceptorConfig,
  type AcceptorState,
  type Ask,
  askStore,
  charactersMax,
  forget,
  homeTable,
  keep,
  look,
  refuse,
  registersMax,
} from './acceptor-state.ts';
import { emptyRegister, parseRegister, type Register, ttlLeft, valueText } from './acceptor-text.ts';
import { counterOfBallot, isBallot } from './ballot.ts';
import { isBallotWord } from './ordered-outside.ts';
import type { AcceptorMessage, ListBallots } from './ordered-protocol.ts';
import { maySay } from './replica-outside.ts';

/** Requests of all registers under way and waiting; more are refused. */
const waitingMax = 4_000;
const listedMax = 100;
const everything = '0'.repeat(40) as RingKey;
const valueCharactersMax = 32_000;

export function initAcceptor(config: AcceptorConfig, birth: Birth<AcceptorMessage>, out: Outbox): AcceptorState {
  const random = createRandom(birth.seed);
  const state: AcceptorState = {
    config,
    self: birth.self,
    random,
    correlation: 1 + nextBelow(random, 2 ** 40),
    jobs: new Map(),
    jobMark: 0,
    isLooking: false,
    store: '',
    roster: undefined,
    rosterNext: undefined,
    isWritingRoster: false,
    learners: [],
    busy: new Map(),
    waitingCount: 0,
    registers: new Map(),
    charactersCount: 0,
  };
  foundOrRead(state, out);
  return state;
}

export function stepAcceptor(
  state: AcceptorState,
  { now, from, message }: Received<AcceptorMessage | MessageRefused>,
  out: Outbox,
): void {
  if (!maySay(from, state.self, message.type)) return;
  switch (message.type) {
    case 'prepare-ballot':
    case 'accept-ballot':
      if (isBallotWord(message)) onAsk(state, message, now, out);
      break;
    case 'learn-roster':
      if (isBallotWord(message)) onLearnRoster(state, message, out);
      break;
    case 'list-ballots':
      if (isBallotWord(message)) onListBallots(state, message, out);
      break;
    case 'ballot-due':
      onBallotDue(state, now, out);
      break;
    case 'records-read':
      onRead(state, message, now, out);
      break;
    case 'records-written':
      onWritten(state, message.correlation, now, out);
      break;
    case 'range-scanned':
      onScanned(state, message, out);
      break;
    case 'storage-failed':
      onFailed(state, message, now, out);
      break;
    case 'message-refused': {
      if ((message.to as number) !== state.config.store) break;
      const { correlation } = message.message as StorageJob;
      const sentence = 'the store has too much to do: ask again';
      onFailed(state, { type: 'storage-failed', correlation, code: 'busy', sentence }, now, out);
      break;
    }
    default:
      break;
  }
}

/** What the store has not answered for long, as it may have been started again, is taken for failed. */
function onBallotDue(state: AcceptorState, now: number, out: Outbox): void {
  const sentence = 'the store has not answered: see its news';
  for (const correlation of [...state.jobs.keys()]) {
    if (correlation >= state.jobMark) break;
    onFailed(state, { type: 'storage-failed', correlation, code: 'unavailable', sentence }, now, out);
  }
  if (state.store === '' && state.jobs.size === 0) foundOrRead(state, out);
  look(state, out);
}

function onAsk(state: AcceptorState, message: Ask, now: number, out: Outbox): void {
  const fault = askFault(message);
  if (fault !== '') return refuse(state, message, 'invalid', fault, out);
  if (!isCurrent(state, message, out)) return;
  if (state.waitingCount >= waitingMax)
    return refuse(state, message, 'busy', 'too many ballots are under way: ask again', out);
  const name = nameOf(message);
  state.waitingCount++;
  const busy = state.busy.get(name);
  if (busy !== undefined) {
    busy.waiting.push(message);
    return;
  }
  state.busy.set(name, { waiting: [] });
  begin(state, name, message, now, out);
}

function askFault(message: Ask): string {
  const { table, key, name, ballot } = message;
  if (!(Number.isInteger(table) && table >= 1 && table < homeTable)) return 'a table is 1 to 254';
  if (typeof key !== 'string' || parseRingKey(key) === undefined) return 'a key is 40 lower-case hexadecimal digits';
  if (typeof name !== 'string' || name.length > nameCharactersMax) return 'a name has at most 1,024 characters';
  if (counterOfBallot(ballot) === 0 && (ballot !== '' || message.type === 'accept-ballot'))
    return 'the ballot is not one';
  if (message.type === 'prepare-ballot') return '';
  const { context, previous, value, ttlMs } = message;
  if (!isBallot(context) || (previous !== '' && !isBallot(previous))) return 'a context is a ballot';
  if (value !== undefined && (typeof value !== 'string' || value.length > valueCharactersMax))
    return 'a value is a text of at most 32,000 characters';
  return typeof ttlMs === 'number' && ttlMs >= 0 && ttlMs <= Number.MAX_SAFE_INTEGER
    ? ''
    : 'a time to live is 0 or a number of milliseconds';
}

/** Else it is refused, with what the proposer or this acceptor has to learn first. */
function isCurrent(state: AcceptorState, message: Ask | ListBallots, out: Outbox): boolean {
  const { roster, store } = state;
  if (store === '') refuse(state, message, 'store', 'the store is being read: ask again', out);
  else if (roster === undefined || (roster.id === message.roster && roster.epoch < message.epoch))
    refuse(state, message, 'roster-new', 'the roster is not known here: have it learned, then ask again', out);
  else if (roster.id !== message.roster || roster.epoch !== message.epoch)
    refuse(state, message, 'roster-old', 'there is another roster: learn it, then ask again', out);
  else return true;
  return false;
}

function begin(state: AcceptorState, name: string, message: Ask, now: number, out: Outbox): void {
  const register = state.registers.get(name);
  if (register !== undefined) return decide(state, name, message, register, now, out);
  const { table, key } = message;
  askStore(state, { type: 'read-records', names: [[table, key]] }, { kind: 'read', name, message }, out);
}

function onRead(state: AcceptorState, read: RecordsRead, now: number, out: Outbox): void {
  const job = state.jobs.get(read.correlation);
  state.jobs.delete(read.correlation);
  if (job?.kind === 'home-read') return onHomeRead(state, read, out);
  if (job?.kind !== 'read') return;
  const record = read.records[0];
  const register = record === undefined ? emptyRegister : parseRegister(record);
  // What was promised is not known any more: no acceptor is better than a forgetful one.
  if (read.damaged.length > 0 || register === undefined) {
    const sentence = 'the register is damaged on this host: give the host an empty store for ordered tables';
    refuse(state, job.message, 'store', sentence, out);
    return end(state, job.name, now, out);
  }
  keep(state, job.name, register);
  decide(state, job.name, job.message, register, now, out);
}

function decide(state: AcceptorState, name: string, message: Ask, register: Register, now: number, out: Outbox): void {
  if (!isCurrent(state, message, out)) return end(state, name, now, out);
  const { ballot } = message;
  if (ballot !== '' && ballot < register.promised) {
    refuse(state, message, 'ballot', 'a higher ballot was promised', out, register.promised);
    return end(state, name, now, out);
  }
  if (message.type === 'prepare-ballot') {
    if (ballot !== '' && ballot > register.promised)
      return write(state, name, message, { ...register, promised: ballot }, out);
  } else if (register.accepted !== ballot) {
    const { context, previous, value, ttlMs } = message;
    const expiresAt = ttlMs === 0 ? 0 : Math.ceil(state.config.startedAt + now + ttlMs);
    const accepted = { promised: ballot, accepted: ballot, context, previous, value, ttlMs, expiresAt };
    return write(state, name, message, { ...accepted, ttlMs: Math.ceil(ttlMs) }, out);
  }
  answer(state, message, register, now, out);
  end(state, name, now, out);
}

function write(state: AcceptorState, name: string, message: Ask, register: Register, out: Outbox): void {
  const { table, key } = message;
  const record = { table, key, name: message.name, version: register.promised, value: valueText(register), ttlMs: 0 };
  askStore(state, { type: 'write-record', ...record }, { kind: 'write', name, message, register }, out);
}

function onWritten(state: AcceptorState, correlation: number, now: number, out: Outbox): void {
  const job = state.jobs.get(correlation);
  state.jobs.delete(correlation);
  if (job?.kind === 'home-write') return onHomeWritten(state, job.roster, out);
  if (job?.kind !== 'write') return;
  keep(state, job.name, job.register);
  // A roster learned meanwhile: who lists the registers under it need not have seen this one, so it must not count.
  if (isCurrent(state, job.message, out)) answer(state, job.message, job.register, now, out);
  end(state, job.name, now, out);
}

function onFailed(state: AcceptorState, { correlation, sentence }: StorageFailed, now: number, out: Outbox): void {
  const job = state.jobs.get(correlation);
  state.jobs.delete(correlation);
  switch (job?.kind) {
    case 'read':
    case 'write':
      // It may have been written all the same.
      forget(state, job.name);
      refuse(state, job.message, 'store', sentence, out);
      return end(state, job.name, now, out);
    case 'list':
      return refuse(state, job.message, 'store', sentence, out);
    case 'home-write':
      if (state.store !== '') onHomeWritten(state, undefined, out);
      return;
    default:
      return;
  }
}

function answer(state: AcceptorState, message: Ask, register: Register, now: number, out: Outbox): void {
  const { correlation, replyTo } = message;
  const { host } = state.config;
  const { store } = state;
  if (message.type === 'accept-ballot') return out.send(replyTo, { type: 'ballot-accepted', correlation, host, store });
  const { promised, accepted, context, previous, value } = register;
  const ttlMs = ttlLeft(register, state.config.startedAt + now);
  const content = { promised, accepted, context, previous, value, ttlMs };
  out.send(replyTo, { type: 'ballot-promised', correlation, host, store, ...content });
}

/** The next request of the register, if there is one. */
function end(state: AcceptorState, name: string, now: number, out: Outbox): void {
  state.waitingCount--;
  const next = state.busy.get(name)?.waiting.shift();
  if (next === undefined) state.busy.delete(name);
  else begin(state, name, next, now, out);
}

function onListBallots(state: AcceptorState, message: ListBallots, out: Outbox): void {
  if (!isCurrent(state, message, out)) return;
  if (state.jobs.size >= waitingMax)
    return refuse(state, message, 'busy', 'too many ballots are under way: ask again', out);
  const { after } = message;
  const scan = {
    type: 'scan-range',
    from: everything,
    to: everything,
    table: 0,
    after,
    recordsMax: listedMax,
  } as const;
  askStore(state, scan, { kind: 'list', message }, out);
}

function onScanned(state: AcceptorState, { correlation, records, damaged, next }: RangeScanned, out: Outbox): void {
  const job = state.jobs.get(correlation);
  state.jobs.delete(correlation);
  if (job?.kind !== 'list' || !isCurrent(state, job.message, out)) return;
  const names = records
    .filter(({ table }) => table !== homeTable)
    .map(({ table, key, name }) => [table, key, name] as const);
  for (const [table, key] of damaged) if (table !== homeTable) names.push([table, key, '']);
  const { replyTo, correlation: asked } = job.message;
  const { store, config } = state;
  out.send(replyTo, { type: 'ballots-listed', correlation: asked, host: config.host, store, names, next });
}

const nameOf = ({ table, key }: Ask): string => String.fromCharCode(table) + key;

/** A sentence about the first broken invariant. */
export function acceptorInvariants(state: AcceptorState): string | undefined {
  const { busy, waitingCount, registers, store, roster } = state;
  let count = 0;
  for (const { waiting } of busy.values()) count += 1 + waiting.length;
  if (count !== waitingCount) return 'requests under way and waiting are counted';
  if (registers.size > registersMax || state.charactersCount > charactersMax) return 'registers in memory are bounded';
  return roster === undefined || store !== '' ? undefined : 'a roster is known only with its store';
}
