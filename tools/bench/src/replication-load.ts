// The client of bench:replication, an actor on the lane that serves: it keeps puts or gets under way at the coordinator beside it, for users whose
// keys peers of this lane own, and counts what is acknowledged. No SIP, no HTTP and no other process is in what it measures. Users come one after
// the other; their keys are hashes, so the store sees them in no order.
import type { Address, Behaviour, Outbox, Received, Typed } from '@chordial/actor';
import type { MessageRefused } from '@chordial/actor/protocol';
import type { Member, RingChanged, WatchRing } from '@chordial/chord/protocol';
import type { CoordinatorMessage, GetRecord, PutRecord, ReplicationAnswer } from '@chordial/replication/protocol';
import { KeyTable, ringKeyFromText } from '@chordial/ring-key';
import { LatencyHistogram } from './generator/latency-histogram.ts';

/** Behind the actors that every lane of a host has, see `chordial/layout`. */
export const loadAt = 30;
export const echoAt = 31;
/** Characters of every value. */
export const valueCharacters = 300;
/** Table `records`: three copies, two that answer, siblings. */
const recordsTable = 2;
const ttlMs = 86_400_000;
const serialMin = 1_000_000_000;
const afterRefusalMs = 20;

/** `nothing` asks an actor that answers at once: what the client itself costs. */
export type LoadKind = 'put' | 'get' | 'nothing';

export interface RunLoad {
  readonly type: 'run-load';
  readonly kind: LoadKind;
  /** Users `fromUser` to `toUser`, without the last. */
  readonly fromUser: number;
  readonly toUser: number;
  /** Under way at a time. */
  readonly window: number;
  /** 0: each user once. */
  readonly seconds: number;
  readonly replyTo?: Address<LoadRun>;
  readonly correlation?: number;
}
export interface LoadRun {
  readonly type: 'load-run';
  readonly correlation: number;
  readonly count: number;
  readonly ms: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers that were refusals, and the last one's sentence. */
  readonly refusedCount: number;
  /** Gets that found nothing, and those that found more than one value, as two owners had written or a write had not seen the last. */
  readonly missingCount: number;
  readonly severalCount: number;
  readonly sentence: string;
}
/** A lane must come to rest: an actor that answers at once is asked in rounds, and one that refuses not again at once. */
interface RoundDue {
  readonly type: 'round-due';
}
interface SlotDue {
  readonly type: 'slot-due';
  readonly slot: number;
}
type LoadMessage = RunLoad | RoundDue | SlotDue | RingChanged | ReplicationAnswer | MessageRefused;

export interface LoadConfig {
  readonly host: number;
  readonly lane: number;
  readonly membership: Address<WatchRing>;
  readonly coordinator: Address<CoordinatorMessage>;
  readonly echo: Address<CoordinatorMessage>;
}

interface LoadState {
  readonly config: LoadConfig;
  readonly self: Address<LoadMessage>;
  readonly latencies: LatencyHistogram;
  readonly tail: string;
  members: readonly Member[];
  asked: RunLoad | undefined;
  /** Users whose keys this lane owns, of those asked for. */
  users: Uint32Array;
  sentAt: Float64Array;
  /** The last that the coordinator gave: it covers all that this coordinator wrote before, whichever the record. */
  context: string;
  next: number;
  serial: number;
  underWay: number;
  /** Slots that wait after a refusal. */
  resting: number;
  startedAt: number;
  refusedCount: number;
  missingCount: number;
  severalCount: number;
  sentence: string;
}

export const userName = (user: number): string => `sip:user${user}@example.com`;

function onRunLoad(state: LoadState, asked: RunLoad, now: number, out: Outbox): void {
  const users = usersOf(state, asked);
  state.asked = asked;
  state.users = users;
  state.latencies.clear();
  Object.assign(state, {
    refusedCount: 0,
    missingCount: 0,
    severalCount: 0,
    sentence: '',
    underWay: 0,
    resting: 0,
    startedAt: now,
  });
  if (asked.seconds === 0 || state.next >= users.length) state.next = 0;
  state.sentAt = new Float64Array(Math.min(asked.window, users.length));
  askAll(state, now, out);
  if (users.length === 0) finish(state, now, out);
}

function askAll(state: LoadState, now: number, out: Outbox): void {
  for (let slot = 0; slot < state.sentAt.length; slot++) askNext(state, slot, now, out);
}

function usersOf({ config, members }: LoadState, { fromUser, toUser }: RunLoad): Uint32Array {
  const isOwn = (member: Member | undefined): boolean => member?.host === config.host && member.lane === config.lane;
  const users = new Uint32Array(toUser - fromUser);
  if (members.every(isOwn)) return users.map((_, i) => fromUser + i);
  const table = new KeyTable(members.map(({ key }) => key));
  let count = 0;
  for (let user = fromUser; user < toUser; user++) {
    if (isOwn(members[table.ownerIndex(ringKeyFromText(userName(user)))])) users[count++] = user;
  }
  return users.subarray(0, count);
}

function askNext(state: LoadState, correlation: number, now: number, out: Outbox): void {
  const { config, users, context, self: replyTo } = state;
  const { kind } = state.asked!;
  const name = userName(users[state.next]!);
  if (++state.next === users.length && state.asked!.seconds > 0) state.next = 0;
  const key = ringKeyFromText(name);
  state.underWay++;
  state.sentAt[correlation] = now;
  if (kind === 'get') {
    const get: GetRecord = { type: 'get-record', table: recordsTable, key, name, replyTo, correlation };
    out.send(config.coordinator, get);
    return;
  }
  state.serial = (state.serial + 1) % serialMin;
  const value = `${serialMin + state.serial}${state.tail}`;
  const put: PutRecord = {
    type: 'put-record',
    table: recordsTable,
    key,
    name,
    context,
    value,
    ttlMs,
    replyTo,
    correlation,
  };
  out.send(kind === 'put' ? config.coordinator : config.echo, put);
}

function onAnswer(state: LoadState, answer: ReplicationAnswer, now: number, out: Outbox): void {
  const { asked } = state;
  if (asked === undefined) return;
  state.latencies.add((now - state.sentAt[answer.correlation]!) * 1_000);
  state.underWay--;
  if (answer.type === 'record-refused') {
    state.refusedCount++;
    state.sentence = answer.sentence;
  } else if (answer.type === 'record-put') {
    if (asked.kind === 'put' && answer.hasOthers !== true) state.context = answer.context;
  } else if (answer.siblings[0]?.[0].length !== valueCharacters) state.missingCount++;
  else if (answer.siblings.length > 1) state.severalCount++;
  if (answer.type === 'record-refused') {
    state.resting++;
    out.setTimer(afterRefusalMs, { type: 'slot-due', slot: answer.correlation } satisfies SlotDue as Typed);
  } else goOn(state, answer.correlation, now, out);
}

function goOn(state: LoadState, slot: number, now: number, out: Outbox): void {
  const { asked } = state;
  if (asked === undefined) return;
  const goesOn = asked.seconds === 0 ? state.next < state.users.length : now < state.startedAt + asked.seconds * 1_000;
  if (goesOn && asked.kind !== 'nothing') askNext(state, slot, now, out);
  else if (state.underWay > 0 || state.resting > 0) return;
  else if (goesOn) out.setTimer(0, { type: 'round-due' });
  else finish(state, now, out);
}

function finish(state: LoadState, now: number, out: Outbox): void {
  const { replyTo, correlation } = state.asked!;
  const { latencies, startedAt, refusedCount, missingCount, severalCount, sentence } = state;
  const quantile = (share: number): number => (latencies.quantile(share) ?? 0) / 1_000;
  state.asked = undefined;
  out.send(replyTo!, {
    type: 'load-run',
    correlation: correlation!,
    count: latencies.count - refusedCount,
    ms: now - startedAt,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    refusedCount,
    missingCount,
    severalCount,
    sentence,
  });
}

function step(state: LoadState, { message, now }: Received<LoadMessage>, out: Outbox): void {
  switch (message.type) {
    case 'run-load':
      return onRunLoad(state, message, now, out);
    case 'round-due':
      return askAll(state, now, out);
    case 'slot-due':
      state.resting--;
      return goOn(state, message.slot, now, out);
    case 'ring-changed':
      state.members = message.members;
      return;
    case 'message-refused': {
      const { correlation } = message.message as Typed & { readonly correlation: number };
      const sentence = 'the mailbox of the coordinator is full: choose a smaller window';
      return onAnswer(state, { type: 'record-refused', correlation, reason: 'busy', sentence }, now, out);
    }
    case 'record-got':
    case 'record-put':
    case 'record-refused':
      return onAnswer(state, message, now, out);
    default:
      message satisfies never;
  }
}

export const load: Behaviour<LoadState, LoadMessage, LoadConfig> = {
  name: 'load',
  mailbox: { messagesMax: 100_000, overflow: 'drop-newest' },
  hearsSystem: true,
  init: (config, { self }, out) => {
    out.send(config.membership, { type: 'watch-ring', replyTo: self });
    return {
      config,
      self,
      latencies: new LatencyHistogram(),
      tail: 'v'.repeat(valueCharacters - String(serialMin).length),
      members: [],
      asked: undefined,
      users: new Uint32Array(0),
      sentAt: new Float64Array(0),
      context: '',
      next: 0,
      serial: 0,
      underWay: 0,
      resting: 0,
      startedAt: 0,
      refusedCount: 0,
      missingCount: 0,
      severalCount: 0,
      sentence: '',
    };
  },
  step,
};

/** Takes the place of the coordinator where the cost of the client is measured. */
export const echo: Behaviour<undefined, CoordinatorMessage, undefined> = {
  name: 'echo',
  mailbox: { messagesMax: 100_000, overflow: 'drop-newest' },
  init: () => undefined,
  step: (_, { message }, out) => {
    if (message.type === 'put-record') {
      out.send(message.replyTo, { type: 'record-put', correlation: message.correlation, context: message.context });
    }
  },
};
