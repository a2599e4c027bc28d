// The state of a location service, its limits, and what it counts. Whatever one peer in a thousand needs is made when it is needed, as a
// host has many peers.
import { type Address, assert, type Birth, type TimerId } from '@chordial/actor';
import type { RangeChanged } from '@chordial/chord/protocol';
import type { CoordinatorMessage } from '@chordial/replication/protocol';
import type { BusyUser } from './busy-users.ts';
import type { ExpiryWheel, WheelEntry } from './expiry-wheel.ts';
import type { Binding, LocationMessage } from './protocol.ts';

export interface LocationConfig {
  /** Bindings one user may have at a time. */
  readonly bindingsPerUserMax: number;
  /** Characters of the contacts, instances and user agents of one user, so that an answer that lists them is small. */
  readonly recordCharactersMax: number;
  /**
   * Users of the host; a peer caches its part of them (`usersShareOf`), and all while it knows no range. Those whose last binding expired
   * less than a tick ago still count.
   */
  readonly usersMax: number;
  /** Length of a tick: how long an expired binding may stay in memory. */
  readonly tickMs: number;
  /** How far ahead a user is placed; one that lives longer is looked at once in this many ticks. */
  readonly ticksAheadMax: number;
  /** Users looked at in one step of a sweep; the rest follow in the next step, after other messages. */
  readonly usersPerSweepMax: number;
  /** The coordinator of the lane, which keeps the records. */
  readonly store: Address<CoordinatorMessage>;
  /** Requests of one user that wait for one before them, as one record is read or written once at a time. */
  readonly waitingPerUserMax: number;
  /** Requests that wait for the store, or for others that do. */
  readonly waitingMax: number;
  /** How long the store may take, longer than it says it does; looked at once a second, and below the deadline of a registrar. */
  readonly answerMsMax: number;
}

export const defaultLocationConfig: Omit<LocationConfig, 'store'> = {
  bindingsPerUserMax: 10,
  recordCharactersMax: 1_200,
  usersMax: 1_000_000,
  tickMs: 10_000,
  ticksAheadMax: 1_024,
  usersPerSweepMax: 1_000,
  waitingPerUserMax: 8,
  waitingMax: 10_000,
  answerMsMax: 3_000,
};

export interface UserRecord extends WheelEntry<UserRecord> {
  readonly aor: string;
  bindings: readonly Binding[];
  /** What the store said with the bindings: it lets the next change replace them. */
  context: string;
}

export interface LocationState {
  readonly self: Address<LocationMessage>;
  readonly config: LocationConfig;
  /** Undefined while the peer has no users, so that an idle peer costs next to nothing. */
  users: Map<string, UserRecord> | undefined;
  wheel: ExpiryWheel<UserRecord> | undefined;
  /** 0 when no timer is set. */
  timer: TimerId;
  timerTick: number;
  bindingsCount: number;
  /** By name, those for whom the store was asked something; undefined until the first, and by the correlation of the question. */
  busyUsers: Map<string, BusyUser> | undefined;
  questions: Map<number, BusyUser> | undefined;
  /** Those whose key has another owner now, who are asked for again in a moment. */
  moved: BusyUser[] | undefined;
  /** Of those and whoever waits behind them. */
  waitingCount: number;
  /** 0 when no timer is set. */
  answerTimer: TimerId;
  /** A later life of this actor uses others. */
  correlationNext: number;
  /** How often the range changed: what was read before says nothing afterwards. */
  rangeChangesCount: number;
  /** What is read before then is not cached: who owned the range before may still have writes on their way. */
  cacheFrom: number;
  /** What the peer owns, by its own word; undefined where there is no ring. */
  range: RangeChanged | undefined;
  /** Users that may be kept now. */
  usersShare: number;
  readonly counts: LocationCounts;
}

/** All only grow. */
export interface LocationCounts {
  /** Of the cache, because the range changed. */
  usersForgotten: number;
  /** Requests refused because of the store, and values from it that cannot be read here. */
  storeRefused: number;
  valuesUnread: number;
}

/** They stay small integers, which cost a map no memory. */
export const correlationsCount = 2 ** 30;

export function initState(config: LocationConfig, birth: Birth<LocationMessage>): LocationState {
  assert(config.tickMs > 0 && config.ticksAheadMax > 0 && config.usersPerSweepMax > 0, 'time goes on in ticks');
  return {
    self: birth.self,
    config,
    users: undefined,
    wheel: undefined,
    timer: 0,
    timerTick: 0,
    bindingsCount: 0,
    busyUsers: undefined,
    questions: undefined,
    moved: undefined,
    waitingCount: 0,
    answerTimer: 0,
    correlationNext: birth.seed % correlationsCount,
    rangeChangesCount: 0,
    cacheFrom: 0,
    range: undefined,
    usersShare: config.usersMax,
    counts: { usersForgotten: 0, storeRefused: 0, valuesUnread: 0 },
  };
}
