// Words of replication: a store whose records are kept by several hosts (DeCandia et al., *Dynamo*, SOSP 2007). A record's group is the first n
// distinct hosts clockwise from its key; the owner of the key coordinates. Each lane has one coordinator, for all ranges that its peers own;
// each host has one replica, in front of its store. The copy of a record is a `StoredRecord` whose version is a dotted version vector in text
// and whose value holds the siblings (`versions.ts`). Times to live travel as time left, since hosts' clocks differ.
import type { Address, Typed, Words } from '@chordial/actor';
import type { MessageRefused } from '@chordial/actor/protocol';
import type { HandRange, PointersRead, RangeChanged, RingChanged } from '@chordial/chord/protocol';
import type { RingKey } from '@chordial/ring-key';
import type { RecordName, StorageEvent, StoredRecord } from '@chordial/storage/protocol';
import { type BallotAnswer, type BallotDue, type BallotRequest, orderedWords } from './ordered-protocol.ts';

// --- clients of the coordinator: services on its lane, operators, other hosts ----------------------------------------------------

interface Asked {
  /** 1..255; what is kept in it, and how siblings are merged, is said in the coordinator's config. */
  readonly table: number;
  /** Of the record: the hash of `name`. */
  readonly key: RingKey;
  readonly name: string;
  readonly replyTo: Address<ReplicationAnswer>;
  readonly correlation: number;
}
/** A former owner of the key gives the question to whom it gave the range, once. */
interface PassedOn {
  readonly isPassedOn?: boolean;
}
export interface GetRecord extends Asked, PassedOn {
  readonly type: 'get-record';
}
/** Replaces what `context` has seen (empty: nothing), beside which what it has not seen stays as a sibling. */
export interface PutRecord extends Asked, PassedOn {
  readonly type: 'put-record';
  readonly context: string;
  readonly value: string;
  /** 0: does not expire. */
  readonly ttlMs: number;
}
/** Removes what `context` has seen. Its tombstone lives as long as what it removes could. */
export interface DeleteRecord extends Asked, PassedOn {
  readonly type: 'delete-record';
  readonly context: string;
}
/**
 * Compare and set in a table that is `ordered`: linearizable, two round trips inside the group. Done only if the record's context is still
 * `expected` (empty: there is none). A value of undefined removes it.
 */
export interface ChangeOrdered extends Asked {
  readonly type: 'change-ordered';
  readonly expected: string;
  readonly value: string | undefined;
  readonly ttlMs: number;
}

/** No siblings: there is no such record (any more); the context counts all the same. Several: nobody has merged them yet. */
export interface RecordGot {
  readonly type: 'record-got';
  readonly correlation: number;
  readonly siblings: readonly (readonly [value: string, ttlLeftMs: number])[];
  readonly context: string;
}
/** Kept by w hosts, durably. For a put, a delete and a change of an ordered table. */
export interface RecordPut {
  readonly type: 'record-put';
  readonly correlation: number;
  /** What its writer has seen, with what it wrote: to supersede both. */
  readonly context: string;
  /** There is more in the record, or may be, than the context has seen: get it before you rely on what you know. */
  readonly hasOthers?: boolean;
}
/**
 * `not-owner`: ask the owner of the key. `too-few-copies`: fewer than r or w hosts answered in time; a write may have happened or not.
 * `mismatch`: an ordered record has another context than expected; nothing was changed. `storage`: the owner's own store fails.
 */
export interface RecordRefused {
  readonly type: 'record-refused';
  readonly correlation: number;
  readonly reason: 'not-owner' | 'too-few-copies' | 'mismatch' | 'storage' | 'busy' | 'invalid';
  readonly sentence: string;
}
export type ReplicationAnswer = RecordGot | RecordPut | RecordRefused;

// --- coordinator and replica ---------------------------------------------------------------------------------------------------

/** Keep this copy: merged with what is there, answered after the commit. */
export interface StoreCopy extends StoredRecord {
  readonly type: 'store-copy';
  /** A host that should have it and does not answer: keep it for that host and hand it on (hinted handoff). 0: it is the receiver's own. */
  readonly hintFor: number;
  readonly replyTo: Address<CopyAnswer>;
  readonly correlation: number;
}
export interface CopyStored {
  readonly type: 'copy-stored';
  readonly correlation: number;
  readonly host: number;
  /** Of what is kept now: the copy merged with what was there. */
  readonly version: string;
}
export interface FetchCopy {
  readonly type: 'fetch-copy';
  readonly table: number;
  readonly key: RingKey;
  readonly replyTo: Address<CopyAnswer>;
  readonly correlation: number;
}
/** Flat, as a copy is; `version` is empty where there is none. */
export interface CopyFetched {
  readonly type: 'copy-fetched';
  readonly correlation: number;
  readonly host: number;
  readonly name: string;
  readonly version: string;
  readonly value: string;
  readonly ttlMs: number;
}
/** Nothing was kept, or nothing can be said: a full disk, a damaged record (which is asked of others then), too much to do. */
export interface CopyRefused {
  readonly type: 'copy-refused';
  readonly correlation: number;
  readonly host: number;
  readonly code: string;
  readonly sentence: string;
}
export type CopyAnswer = CopyStored | CopyFetched | CopyRefused;

/**
 * From a coordinator to the replica of its own host: make (from, to] the same here and on these hosts, both ways. Answered once by
 * `range-repaired`, when each of them is done, silent for too long, or lost.
 */
export interface RepairRange {
  readonly type: 'repair-range';
  readonly from: RingKey;
  readonly to: RingKey;
  readonly hosts: readonly number[];
  /** Somebody waits for it: before what is only looked after. */
  readonly isUrgent: boolean;
  readonly replyTo: Address<RangeRepaired>;
  readonly correlation: number;
}
export interface RangeRepaired {
  readonly type: 'range-repaired';
  readonly correlation: number;
  readonly same: readonly number[];
  readonly silent: readonly number[];
  /** Records sent to and taken from other hosts. */
  readonly sentCount: number;
  readonly takenCount: number;
}

// --- replica and replica (repair) -------------------------------------------------------------------------------------------------

/**
 * Are these pieces of the ring the same with you? Each piece is (from, to] with the digest and count of the asker's records in it. The
 * answer, for each piece that differs, is either smaller pieces or, where there are few records, what the answerer has.
 */
export interface ComparePieces {
  readonly type: 'compare-pieces';
  readonly session: number;
  readonly pieces: readonly RangePiece[];
  readonly replyTo: Address<ReplicaMessage>;
  readonly correlation: number;
}
export type RangePiece = readonly [from: RingKey, to: RingKey, high: number, low: number, recordsCount: number];
/** All records that the answerer has in a piece: names with versions. */
export type PieceListing = readonly [
  from: RingKey,
  to: RingKey,
  records: readonly (readonly [table: number, key: RingKey, version: string])[],
];
export interface PiecesCompared {
  readonly type: 'pieces-compared';
  readonly session: number;
  readonly correlation: number;
  /** Pieces that differ, cut smaller, with the answerer's digests. */
  readonly pieces: readonly RangePiece[];
  readonly listings: readonly PieceListing[];
}
/** Send me these. */
export interface FetchCopies {
  readonly type: 'fetch-copies';
  readonly names: readonly RecordName[];
  readonly replyTo: Address<ReplicaMessage>;
  readonly correlation: number;
}
export interface CopiesFetched {
  readonly type: 'copies-fetched';
  readonly correlation: number;
  readonly records: readonly StoredRecord[];
}
/** Keep these, below 48,000 characters: merged with what is there. */
export interface StoreCopies {
  readonly type: 'store-copies';
  readonly records: readonly StoredRecord[];
  readonly replyTo: Address<ReplicaMessage>;
  readonly correlation: number;
}
export interface CopiesStored {
  readonly type: 'copies-stored';
  readonly correlation: number;
  /** The receiver has more to do than it should: send no more for a while. With a trouble beside it: then send this again. */
  readonly pauseMs: number;
  /** Empty when all are kept. */
  readonly trouble: string;
  /** Of them so many cannot be kept, now or later; the others are. */
  readonly skippedCount: number;
}

// --- coordinator and coordinator --------------------------------------------------------------------------------------------------

/** From the giver of a range to the taker, when its host has all records of (from, to]: reads need not ask around. */
export interface RangeGiven {
  readonly type: 'range-given';
  readonly from: RingKey;
  readonly to: RingKey;
}

// --- operators --------------------------------------------------------------------------------------------------------------------

export interface ListRepair {
  readonly type: 'list-repair';
  readonly replyTo: Address<RepairListed>;
  readonly correlation: number;
}
/** The state of a lane's coordinator or, from the replica, of the host's copies. Counters count from the start. */
export interface RepairListed {
  readonly type: 'repair-listed';
  readonly correlation: number;
  /** Ranges whose group is not known to be the same everywhere: replica drift. 0 when all is well. */
  readonly rangesDrifting: number;
  readonly hintsCount: number;
  readonly sessionsCount: number;
  readonly recordsCount: number;
  readonly sentCount: number;
  readonly takenCount: number;
  readonly readRepairsCount: number;
  readonly refusedCount: number;
}

// --- timers -----------------------------------------------------------------------------------------------------------------------

/** The time of an operation is over, or its next step is due. */
export interface CopyDue {
  readonly type: 'copy-due';
}
/** Look after ranges, hints, expired records, sessions. */
export interface RepairDue {
  readonly type: 'repair-due';
}

export type CoordinatorMessage =
  | GetRecord
  | PutRecord
  | DeleteRecord
  | ChangeOrdered
  | CopyAnswer
  | RangeRepaired
  | RangeGiven
  | RangeChanged
  | PointersRead
  | HandRange
  | RingChanged
  | ListRepair
  | CopyDue
  | RepairDue
  | BallotAnswer
  | BallotDue
  | MessageRefused;
export type ReplicaMessage =
  | StoreCopy
  | FetchCopy
  | CopyAnswer
  | RepairRange
  | ComparePieces
  | PiecesCompared
  | FetchCopies
  | CopiesFetched
  | StoreCopies
  | CopiesStored
  | RingChanged
  | StorageEvent
  | BallotRequest
  | ListRepair
  | RepairDue
  | MessageRefused;

/** Beside a coordinator's and a replica's words, their answers. */
export const replicationWords: Words<Extract<WireMessage, Typed>> = {
  'get-record': [1, 'table', 'key', 'name', 'replyTo', 'correlation', 'isPassedOn'],
  'put-record': [2, 'table', 'key', 'name', 'context', 'value', 'ttlMs', 'replyTo', 'correlation', 'isPassedOn'],
  'delete-record': [3, 'table', 'key', 'name', 'context', 'replyTo', 'correlation', 'isPassedOn'],
  'change-ordered': [4, 'table', 'key', 'name', 'expected', 'value', 'ttlMs', 'replyTo', 'correlation'],
  'record-got': [5, 'correlation', 'siblings', 'context'],
  'record-put': [6, 'correlation', 'context', 'hasOthers'],
  'record-refused': [7, 'correlation', 'reason', 'sentence'],
  'store-copy': [8, 'table', 'key', 'name', 'version', 'value', 'ttlMs', 'hintFor', 'replyTo', 'correlation'],
  'copy-stored': [9, 'correlation', 'host', 'version'],
  'fetch-copy': [10, 'table', 'key', 'replyTo', 'correlation'],
  'copy-fetched': [11, 'correlation', 'host', 'name', 'version', 'value', 'ttlMs'],
  'copy-refused': [12, 'correlation', 'host', 'code', 'sentence'],
  'repair-range': [13, 'from', 'to', 'hosts', 'isUrgent', 'replyTo', 'correlation'],
  'range-repaired': [14, 'correlation', 'same', 'silent', 'sentCount', 'takenCount'],
  'compare-pieces': [15, 'session', 'pieces', 'replyTo', 'correlation'],
  'pieces-compared': [16, 'session', 'correlation', 'pieces', 'listings'],
  'fetch-copies': [17, 'names', 'replyTo', 'correlation'],
  'copies-fetched': [18, 'correlation', 'records'],
  'store-copies': [19, 'records', 'replyTo', 'correlation'],
  'copies-stored': [20, 'correlation', 'pauseMs', 'trouble', 'skippedCount'],
  'range-given': [21, 'from', 'to'],
  'list-repair': [22, 'replyTo', 'correlation'],
  'repair-listed': [
    23,
    'correlation',
    'rangesDrifting',
    'hintsCount',
    'sessionsCount',
    'recordsCount',
    'sentCount',
    'takenCount',
    'readRepairsCount',
    'refusedCount',
  ],
  ...orderedWords,
};
type WireMessage =
  | GetRecord
  | PutRecord
  | DeleteRecord
  | ChangeOrdered
  | ReplicationAnswer
  | StoreCopy
  | FetchCopy
  | CopyAnswer
  | RepairRange
  | RangeRepaired
  | ComparePieces
  | PiecesCompared
  | FetchCopies
  | CopiesFetched
  | StoreCopies
  | CopiesStored
  | RangeGiven
  | ListRepair
  | RepairListed
  | BallotRequest
  | BallotAnswer;
