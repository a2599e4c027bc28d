// What a replica knows: which names are being written, what it asked of its store and of other replicas, the digests of its records, and who is in
// the ring. All of it can be had again from the store and the ring, except hints, which repair makes up for.
import type { Address } from '@chordial/actor';
import type { Random } from '@chordial/actor/random';
import type { Member, WatchRing } from '@chordial/chord/protocol';
import type { RingKey } from '@chordial/ring-key';
import type { RecordName, StorageMessage, StorageNews, StoredRecord } from '@chordial/storage/protocol';
import type { HashTree } from './hash-tree.ts';
import type { BallotRequest } from './ordered-protocol.ts';
import type { ComparePieces, CopyAnswer, FetchCopies, RangeRepaired, ReplicaMessage, StoreCopies } from './protocol.ts';
import type { Repair, Session } from './repair-state.ts';
import type { CachedRecord, RecordCache } from './replica-cache.ts';

export interface ReplicaConfig {
  readonly host: number;
  readonly store: Address<StorageMessage>;
  /** Tells who is in the ring; `nobody` for a host that is alone. */
  readonly membership: Address<WatchRing>;
  /** The index at which lane 0 of every host has its replica, or the door to it. */
  readonly at: number;
  /** Hosts of a record's group. */
  readonly groupCount: number;
  /** Hosts of a group and those after it, which hold copies for it while some do not answer. */
  readonly neighbourhoodCount: number;
  /** Characters of records that repair sends and takes, together, on average. */
  readonly repairBytesPerSecond: number;
  readonly owner: Address<StorageNews>;
  /** Of ordered tables, which has a store of its own; what is for it comes by the same way. */
  readonly acceptor?: Address<BallotRequest>;
}

export const defaultReplicaConfig = { groupCount: 3, neighbourhoodCount: 5, repairBytesPerSecond: 30_000_000 } as const;

/** Copies that are being kept or wait for one of the same name; more are refused. */
export const copiesUnderWayMax = 4_000;
/** Names that hints are kept for. */
export const hintsMax = 100_000;
/** How long the store may take for an answer before a job counts as lost. */
export const jobMsMax = 15_000;

/** Whoever waits for a copy to be kept. */
export type Party =
  | {
      readonly kind: 'copy';
      readonly replyTo: Address<CopyAnswer>;
      readonly correlation: number;
      readonly hintFor: number;
    }
  | { readonly kind: 'batch'; readonly batch: Batch };

/** Records that came together. Done when each of them is kept or has failed. */
export interface Batch {
  readonly records: readonly StoredRecord[];
  left: number;
  /** Of the last that failed. */
  trouble: string;
  code: string;
  /** Those that cannot be kept, and why the last of them cannot. */
  skippedCount: number;
  skippedFault: string;
  readonly from:
    | { readonly kind: 'store-copies'; readonly message: StoreCopies }
    | { readonly kind: 'session'; readonly session: number }
    | { readonly kind: 'heal'; readonly name: string };
}

/** One name on its way into the store, with all copies that are merged into it. */
export interface Entry {
  /** As in maps: `mapName`. */
  readonly name: string;
  readonly table: number;
  readonly key: RingKey;
  readonly bucket: number;
  /** The copies that came, and who waits for them. */
  parties: readonly Waiting[];
  /** What the store has, also when it has expired; undefined for nothing, or not known yet. */
  stored: CachedRecord | undefined;
  isRead: boolean;
  isDamaged: boolean;
  after: StoredRecord | undefined;
  /** By the clock at writing; 0 for never. */
  expiresAt: number;
}

export interface Waiting {
  readonly record: StoredRecord;
  readonly party: Party;
}

/** What the store was asked, by correlation. */
export type Job =
  | { readonly kind: 'read'; readonly entries: readonly Entry[] }
  | { readonly kind: 'write'; readonly entries: readonly Entry[] }
  | {
      readonly kind: 'fetch';
      readonly name: RecordName;
      readonly replyTo: Address<CopyAnswer>;
      readonly correlation: number;
    }
  | { readonly kind: 'serve'; readonly message: FetchCopies }
  | { readonly kind: 'scan'; readonly scan: Scan }
  | { readonly kind: 'digest' }
  | { readonly kind: 'expire' }
  | { readonly kind: 'push'; readonly session: number; readonly names: readonly RecordName[] }
  | { readonly kind: 'hint'; readonly host: number; readonly hints: readonly Hint[] }
  | { readonly kind: 'release-read'; readonly offer: Offer; readonly locked: readonly ListedRecord[] }
  | { readonly kind: 'release-write'; readonly offer: Offer; readonly records: readonly StoredRecord[] };

export interface AskedJob {
  readonly job: Job;
  readonly askedAt: number;
}

export type ListedRecord = readonly [table: number, key: RingKey, version: string];

/** A walk through the store that lists what is in (from, to], up to a limit and never half a key. */
export interface Scan {
  readonly from: RingKey;
  readonly to: RingKey;
  readonly listed: ListedRecord[];
  readonly damaged: RecordName[];
  readonly of:
    | { readonly kind: 'answer'; readonly answering: Answering }
    | { readonly kind: 'measure' | 'compare'; readonly session: number; readonly theirs: readonly ListedRecord[] }
    | { readonly kind: 'offer'; readonly offer: Offer };
}

/** A `compare-pieces` that is being answered. */
export interface Answering {
  readonly message: ComparePieces;
  at: number;
  scansCount: number;
  /** Listed so far. */
  characters: number;
  readonly pieces: ComparePieces['pieces'][number][];
  readonly listings: [RingKey, RingKey, readonly ListedRecord[]][];
}

export interface Hint {
  readonly name: string;
  readonly record: RecordName;
  /** Tells a hint from a later one of the same name. */
  readonly serial: number;
}

/** What another replica was asked, by correlation. */
export interface Asked {
  readonly host: number;
  readonly for:
    | { readonly kind: 'session'; readonly session: number }
    | { readonly kind: 'hint'; readonly hints: readonly Hint[] }
    | { readonly kind: 'heal'; readonly name: string };
  readonly message: ReplicaMessage;
  readonly askedAt: number;
  sentAt: number;
  tries: number;
}

export interface TreeState {
  readonly tree: HashTree;
  /** Buckets below it are known. */
  loadedBelow: number;
  /** Buckets that must be read again. */
  readonly doubtful: Set<number>;
  /** Writes under way, by bucket. */
  readonly writing: Map<number, number>;
  /** The buckets that are being read, and which of them changed meanwhile. */
  reading: { readonly first: number; readonly count: number; readonly touched: Set<number> } | undefined;
  rereadAt: number;
  failedAt: number;
}

export interface ReplicaState {
  readonly config: ReplicaConfig;
  readonly self: Address<ReplicaMessage>;
  readonly random: Random;
  correlation: number;
  readonly jobs: Map<number, AskedJob>;
  readonly asked: Map<number, Asked>;
  /** Names that are being written, with what waits for them. */
  readonly busy: Map<string, Waiting[]>;
  /** Of `copiesUnderWayMax`. */
  copiesUnderWay: number;
  readonly cache: RecordCache;
  readonly tree: TreeState;
  batchesRunning: number;
  readonly batchesWaiting: Batch[];
  readonly batchesDone: Batch[];
  /** `compare-pieces` and `fetch-copies` of others that are being answered. */
  servingCount: number;
  readonly ring: RingKnown;
  readonly repairs: Set<Repair>;
  /** Answers that found no room on the way to their lane: sent again by the timer. */
  readonly repairedUnsent: { readonly to: Address<RangeRepaired>; readonly message: RangeRepaired }[];
  readonly sessions: Map<number, Session>;
  readonly sessionsWaiting: Session[];
  readonly hints: Map<number, Map<string, Hint>>;
  /** How many to send together to a host that has not kept some. */
  readonly hintSizes: Map<number, number>;
  /** Hosts with hints that are not in the ring, since when. */
  readonly absentSince: Map<number, number>;
  /** Of this step. */
  readonly hintsNew: [host: number, name: string, record: RecordName][];
  hintsCount: number;
  hintSerial: number;
  /** Hosts that copies are being handed on to. */
  readonly hinting: Set<number>;
  readonly heals: Map<string, Heal>;
  readonly healing: {
    toldAt: number;
    healedTold: number;
    lostCount: number;
    skippedToldAt: number;
    skippedTold: number;
    skippedFault: string;
  };
  /** Characters that repair may move now; negative for a debt. */
  allowance: number;
  allowedAt: number;
  timer: number;
  timerAt: number;
  expiryAt: number;
  isExpiring: boolean;
  readonly holding: HoldingState;
  readonly counts: ReplicaCounts;
}

export interface RingKnown {
  /** Empty where it is not known: the host is alone, or the ring is too large for a table. */
  members: readonly Member[];
  hosts: ReadonlySet<number>;
  watchedAt: number;
  /** Addresses from which the replicas of other hosts answered. */
  readonly ways: Map<number, Address<ReplicaMessage>>;
}

/** A damaged record that other hosts were asked for. */
export interface Heal {
  readonly record: RecordName;
  readonly startedAt: number;
  /** Answers that are missing yet. */
  left: number;
  isFound: boolean;
}

/** An arc of the ring of whose group this host is not, though it has records of it. */
export interface HeldArc {
  readonly from: RingKey;
  readonly to: RingKey;
  /** Those who should have what is held. */
  readonly keepers: readonly number[];
  /** This host may be asked for copies of the arc, and keeps them. */
  readonly isNear: boolean;
}

/** Records of (from, to] that this host holds for others, on their way to them. */
export interface Offer {
  readonly arc: HeldArc;
  readonly from: RingKey;
  readonly to: RingKey;
  readonly hosts: readonly number[];
  /** They have it already: what they still have afterwards is deleted here. */
  readonly isLast: boolean;
  listed: readonly ListedRecord[];
  end: RingKey;
  repair: Repair | undefined;
}

export interface HoldingState {
  /** Since when this host has records of an arc, named by its end, without being near its owner. */
  readonly since: Map<RingKey, number>;
  /** Arcs, by their ends, that were offered: from where to whom, and with which digest. */
  readonly offered: Map<RingKey, { readonly name: string; readonly sum: string; readonly at: number }>;
  /** Arcs that are not offered; undefined until they are counted again. */
  unofferedCount: number | undefined;
  /** Found in this round and not looked at yet. */
  arcs: HeldArc[];
  lookedAt: number;
  nextAt: number;
  /** What is being offered to the hosts that should have it. */
  offer: Offer | undefined;
}

export interface ReplicaCounts {
  keptCount: number;
  fetchedCount: number;
  refusedCount: number;
  /** Messages that were not what they should be, or not for whoever said them. */
  strangeCount: number;
  /** Values that found no room beside others when repair merged copies. */
  siblingsLostCount: number;
  /** Copies that repair left out, as a store does not take them. */
  skippedCount: number;
  sentCount: number;
  takenCount: number;
  healedCount: number;
  releasedCount: number;
  expiredCount: number;
  hintedCount: number;
  lostJobsCount: number;
}

/** A record's name in maps. */
export const mapName = (table: number, key: RingKey): string => String.fromCharCode(table) + key;
