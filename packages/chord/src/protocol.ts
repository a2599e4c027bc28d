// Words of the ring. A peer answers for the keys in (predecessor, self]; whoever wants the owner of a key either asks a
// peer (`find-successor`, routed recursively by fingers) or watches the membership of its lane (`ring-changed`,
// one hop). Join, leave and failure use the same words. Source: Stoica et al. 2001, corrected by Zave, TSE 2017.
import type { Address, Words } from '@chordial/actor';
import type { RingKey } from '@chordial/ring-key';

/** One peer as others know it. The host is the unit of failure, the lane says on which thread of it the peer lives. */
export interface Member {
  readonly key: RingKey;
  readonly host: number;
  readonly lane: number;
  readonly chord: Address<ChordMessage>;
}

/** Who owns `key`? Forwarded from peer to peer until the owner's predecessor, or the owner, answers `replyTo`. */
export interface FindSuccessor {
  readonly type: 'find-successor';
  readonly key: RingKey;
  readonly replyTo: Address<SuccessorFound>;
  readonly correlation: number;
  /** Forwarding steps taken so far; 0 when asked. */
  readonly hops: number;
  /** Keys of the peers passed so far, kept only when the asker set it to an empty array. */
  readonly trace?: readonly RingKey[];
}
export interface SuccessorFound {
  readonly type: 'successor-found';
  readonly correlation: number;
  readonly key: RingKey;
  readonly owner: Member;
  readonly hops: number;
  readonly trace?: readonly RingKey[];
}

/** Stabilization reads a peer's predecessor and successor list in one query. */
export interface ReadPointers {
  readonly type: 'read-pointers';
  readonly replyTo: Address<ChordMessage>;
  readonly correlation: number;
  /** The version that the asker read last from this peer, 0 for none: pointers that are still the same are not sent again. */
  readonly versionKnown: number;
}
export interface PointersRead {
  readonly type: 'pointers-read';
  readonly correlation: number;
  /** Changes whenever a pointer changes, and with every restart; never 0. */
  readonly version: number;
  readonly self: Member;
  readonly predecessor: Member;
  readonly successors: readonly Member[];
}
/** The answer to `read-pointers` when the pointers are those of `versionKnown`. */
export interface PointersUnchanged {
  readonly type: 'pointers-unchanged';
  readonly correlation: number;
}
/** The notifier believes that it is the receiver's predecessor. */
export interface Rectify {
  readonly type: 'rectify';
  readonly notifier: Member;
}
export interface StabiliseDue {
  readonly type: 'stabilise-due';
}

export type ChordMessage = FindSuccessor | ReadPointers | PointersRead | PointersUnchanged | Rectify | StabiliseDue;

/** To whoever serves the peer's range: it is (predecessor, self], clockwise. Sent at the start and after every change. */
export interface RangeChanged {
  readonly type: 'range-changed';
  readonly self: Member;
  readonly predecessor: Member;
}

/** Watching: the current membership at once, then every change. */
export interface WatchRing {
  readonly type: 'watch-ring';
  readonly replyTo: Address<RingChanged>;
}
export interface RingChanged {
  readonly type: 'ring-changed';
  /** Grows with every change of membership. */
  readonly epoch: number;
  /** Sorted by key, clockwise from 0. */
  readonly members: readonly Member[];
}
export type MembershipMessage = WatchRing;

/** What peers and the membership are sent and, since answers cross lanes as well, what they send. */
export const chordWords: Words<ChordMessage | SuccessorFound | RangeChanged | MembershipMessage | RingChanged> = {
  'find-successor': [1, 'key', 'replyTo', 'correlation', 'hops', 'trace'],
  'successor-found': [7, 'correlation', 'key', 'owner', 'hops', 'trace'],
  'stabilise-due': [5],
  'read-pointers': [2, 'replyTo', 'correlation', 'versionKnown'],
  'pointers-read': [3, 'correlation', 'version', 'self', 'predecessor', 'successors'],
  'pointers-unchanged': [6, 'correlation'],
  rectify: [4, 'notifier'],
  'range-changed': [8, 'self', 'predecessor'],
  'watch-ring': [9, 'replyTo'],
  'ring-changed': [10, 'epoch', 'members'],
};
