// Words of ordered tables: a register for each record, changed by consensus (Rystsov, *CASPaxos: Replicated State Machines without logs*, 2018).
// A coordinator proposes, each host has an acceptor behind its replica, and the roster says which acceptors count. See
// docs/decisions/0013-ordered-tables.md.
import type { Address, Words } from '@chordial/actor';
import type { RingKey } from '@chordial/ring-key';
import type { StorageEvent } from '@chordial/storage/protocol';

/** A host with the name that its store drew when it was empty: one that comes back without its store is another one. */
export type Voter = readonly [host: number, store: string];

/** Whose acceptors count. While `next` is not empty, majorities of a key's group among `voters` and of that among `next` are needed. */
export interface Roster {
  /** The founder's store: rosters of different founders have nothing to do with each other. */
  readonly id: string;
  readonly epoch: number;
  /** Voters in the group of a key. */
  readonly n: number;
  readonly voters: readonly Voter[];
  readonly next: readonly Voter[];
}

/** What is in a register. */
interface Content {
  /** The ballot of the last change; empty where there never was one. */
  readonly context: string;
  /** The context before that change. */
  readonly previous: string;
  /** Undefined: removed. */
  readonly value: string | undefined;
  /** 0: does not expire; -1: it has expired. */
  readonly ttlMs: number;
}
interface Ballot {
  readonly table: number;
  readonly key: RingKey;
  readonly name: string;
  /** Ballots are ordered as texts. */
  readonly ballot: string;
  /** Of the proposer's roster. */
  readonly roster: string;
  readonly epoch: number;
  readonly replyTo: Address<BallotAnswer>;
  readonly correlation: number;
}
/** Accept nothing below this ballot any more, and say what you have accepted. With an empty ballot it is only a look. */
export interface PrepareBallot extends Ballot {
  readonly type: 'prepare-ballot';
}
export interface AcceptBallot extends Ballot, Content {
  readonly type: 'accept-ballot';
}

interface Answered {
  readonly correlation: number;
  readonly host: number;
  readonly store: string;
}
/** Durable, as is all that an acceptor says. */
export interface BallotPromised extends Answered, Content {
  readonly type: 'ballot-promised';
  readonly promised: string;
  /** The ballot of what was accepted; empty for nothing. */
  readonly accepted: string;
}
export interface BallotAccepted extends Answered {
  readonly type: 'ballot-accepted';
}
/**
 * `ballot`: a higher one was promised. `roster-old`: the acceptor has a later roster, in `roster`. `roster-new`: it does not know the
 * proposer's roster yet. `store`: nothing can be kept or said. `busy`, `invalid`: as they say.
 */
export interface BallotRefused extends Answered {
  readonly type: 'ballot-refused';
  readonly code: 'ballot' | 'roster-old' | 'roster-new' | 'store' | 'busy' | 'invalid';
  readonly promised: string;
  readonly roster: Roster | undefined;
  readonly sentence: string;
}
/** Keep this roster, if it is later than yours, and say which you have. */
export interface LearnRoster {
  readonly type: 'learn-roster';
  readonly roster: Roster | undefined;
  /** No host of the ring has one: the founder may make the first. */
  readonly mayFound: boolean;
  readonly replyTo: Address<BallotAnswer>;
  readonly correlation: number;
}
export interface RosterLearned extends Answered {
  readonly type: 'roster-learned';
  readonly roster: Roster | undefined;
}
/** Which registers have you, after this one? Answered only under the same roster. */
export interface ListBallots {
  readonly type: 'list-ballots';
  readonly roster: string;
  readonly epoch: number;
  readonly after: readonly [table: number, key: RingKey] | undefined;
  readonly replyTo: Address<BallotAnswer>;
  readonly correlation: number;
}
export interface BallotsListed extends Answered {
  readonly type: 'ballots-listed';
  readonly names: readonly (readonly [table: number, key: RingKey, name: string])[];
  readonly next: readonly [table: number, key: RingKey] | undefined;
}
/** Something is due: a phase or its next try, the roster, the acceptor's store. */
export interface BallotDue {
  readonly type: 'ballot-due';
}

export type BallotRequest = PrepareBallot | AcceptBallot | LearnRoster | ListBallots;
export type BallotAnswer = BallotPromised | BallotAccepted | BallotRefused | RosterLearned | BallotsListed;
export type AcceptorMessage = BallotRequest | StorageEvent | BallotDue;

export const orderedWords: Words<BallotRequest | BallotAnswer> = {
  'prepare-ballot': [30, 'table', 'key', 'name', 'ballot', 'roster', 'epoch', 'replyTo', 'correlation'],
  'ballot-promised': [
    31,
    'correlation',
    'host',
    'store',
    'promised',
    'accepted',
    'context',
    'previous',
    'value',
    'ttlMs',
  ],
  'accept-ballot': [
    32,
    'table',
    'key',
    'name',
    'ballot',
    'roster',
    'epoch',
    'context',
    'previous',
    'value',
    'ttlMs',
    'replyTo',
    'correlation',
  ],
  'ballot-accepted': [33, 'correlation', 'host', 'store'],
  'ballot-refused': [34, 'correlation', 'host', 'store', 'code', 'promised', 'roster', 'sentence'],
  'learn-roster': [35, 'roster', 'mayFound', 'replyTo', 'correlation'],
  'roster-learned': [36, 'correlation', 'host', 'store', 'roster'],
  'list-ballots': [37, 'roster', 'epoch', 'after', 'replyTo', 'correlation'],
  'ballots-listed': [38, 'correlation', 'host', 'store', 'names', 'next'],
};
