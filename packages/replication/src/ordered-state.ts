// What a coordinator knows of ordered tables: the roster, the changes that it proposes, and how far it has come with a change of the roster.
import type { Address, TimerId } from '@chordial/actor';
import { createRandom, nextBelow, type Random } from '@chordial/actor/random';
import type { RingKey } from '@chordial/ring-key';
import { drawLife, makeBallot } from './ballot.ts';
import type { BallotAnswer, BallotPromised, BallotRequest, Roster, Voter } from './ordered-protocol.ts';
import type { Groups } from './ordered-roster.ts';
import type { ReplicationAnswer } from './protocol.ts';

export interface OrderedConfig {
  readonly host: number;
  /** Unique per coordinator; only its first lane's changes the roster. */
  readonly site: number;
  readonly lane: number;
  readonly startedAt: number;
  /** The time of a change; then its outcome is not known. */
  readonly changeMsMax: number;
  /** A voter that is out of the ring for so long is replaced. */
  readonly removalMs: number;
  readonly self: Address<BallotAnswer>;
  /** Where a host's acceptor hears. */
  readonly wayTo: (host: number) => Address<BallotRequest>;
}

/** A ballot under which this change may have been accepted, and the context that it followed. */
export interface Attempt {
  readonly ballot: string;
  readonly base: string;
}
export type Outcome =
  | {
      readonly kind: 'got' | 'changed';
      readonly context: string;
      readonly value: string | undefined;
      readonly ttlMs: number;
    }
  | { readonly kind: 'mismatch' | 'unknown' };

export interface Change {
  /** Of the phase under way. */
  correlation: number;
  readonly table: number;
  readonly key: RingKey;
  readonly name: string;
  /** Undefined: it is a read. */
  readonly write: { readonly expected: string; readonly value: string | undefined; readonly ttlMs: number } | undefined;
  readonly for:
    | { readonly kind: 'client'; readonly replyTo: Address<ReplicationAnswer>; readonly correlation: number }
    | { readonly kind: 'roster'; readonly roster: Roster; readonly isWrite: boolean }
    | { readonly kind: 'copy'; readonly voter: string; readonly page: number };
  readonly startedAt: number;
  /** When the phase is looked at again. */
  dueAt: number;
  phase: 'look' | 'prepare' | 'accept' | 'wait';
  ballot: string;
  /** Of the phases of this ballot. */
  roster: Roster | undefined;
  groups: Groups;
  voters: readonly Voter[];
  request: BallotRequest | undefined;
  /** By voter. */
  readonly promises: Map<string, BallotPromised>;
  readonly accepted: Set<string>;
  readonly refused: Set<string>;
  readonly attempts: Attempt[];
  /** What is said when the accept phase has succeeded. */
  outcome: Outcome | undefined;
  tries: number;
}

/** How far a voter's registers have been copied. */
export interface Copying {
  readonly voter: Voter;
  after: readonly [table: number, key: RingKey] | undefined;
  /** Of the page asked for, or 0. */
  correlation: number;
  askedAt: number;
  /** Copies under way, and whether one of this page has failed. */
  left: number;
  hasFailed: boolean;
  next: readonly [table: number, key: RingKey] | undefined;
  isDone: boolean;
}

export interface RosterState {
  /** Hosts in the ring; empty: not known. */
  hosts: readonly number[];
  /** Stores of hosts and epochs of their rosters, as their acceptors said last. */
  readonly stores: Map<number, string>;
  readonly epochs: Map<number, number>;
  readonly lostSince: Map<number, number>;
  /** What the roster should be, since when. */
  wanted: string;
  wantedSince: number;
  /** A read or change of the roster's register is under way. */
  isAsking: boolean;
  /** The context of its register when it was read. */
  context: string;
  /** Epoch whose registers are being copied. */
  copyingEpoch: number;
  readonly copyings: Map<string, Copying>;
  tickAt: number;
  asked: number;
  /** Since when all hosts of the ring say that they have no roster. */
  nobodySince: number | undefined;
}

export interface OrderedState {
  readonly config: OrderedConfig;
  readonly random: Random;
  readonly life: string;
  counter: number;
  correlation: number;
  roster: Roster | undefined;
  /** There is another roster that this one must give way to: nothing is served. */
  isForeign: boolean;
  readonly changes: Map<number, Change>;
  readonly moving: RosterState;
  /** 0: it does not tick yet. */
  timer: TimerId;
  tickDueAt: number;
}

const roundsMax = 2 ** 40;
/** Far in the future: a clock that says so is wrong. */
const clockMax = 2 ** 52;

export function createOrdered(config: OrderedConfig, seed: number): OrderedState {
  const random = createRandom(seed);
  return {
    config,
    random,
    life: drawLife(random),
    counter: 0,
    correlation: 1 + nextBelow(random, roundsMax),
    roster: undefined,
    isForeign: false,
    changes: new Map(),
    moving: {
      hosts: [],
      stores: new Map(),
      epochs: new Map(),
      lostSince: new Map(),
      wanted: '',
      wantedSince: 0,
      isAsking: false,
      context: '',
      copyingEpoch: 0,
      copyings: new Map(),
      tickAt: 0,
      asked: 0,
      nobodySince: undefined,
    },
    timer: 0,
    tickDueAt: 0,
  };
}

/** Above all ballots seen, and not below the clock, so that the first try of a new coordinator is mostly above what was promised. */
export function nextBallot(state: OrderedState, now: number): string {
  const clock = Math.floor((state.config.startedAt + now) * 1_000);
  state.counter = clock > state.counter && clock < clockMax ? clock : state.counter + 1;
  return makeBallot(state.counter, state.config.site, state.life);
}
