// Words of the ring. A peer answers for the keys that it owns; whoever wants the owner of a key either asks a peer
// (`find-successor`, routed recursively by fingers) or watches the membership of its lane (`ring-changed`, one hop).
// Pointers (predecessor, successors) say how the ring hangs together; ownership follows them only when the range has been handed over or
// its owner is dead, and carries an epoch. Source: Stoica et al. 2001, corrected by Zave, TSE 2017.
import type { Address, Words } from '@chordial/actor';
import type { RingKey } from '@chordial/ring-key';

// What whoever places peers needs, without an actor.
export { type Plan, planPlacement } from './planning.ts';

/** One peer as others know it. The host is the unit of failure, the lane says on which thread of it the peer lives. */
export interface Member {
  readonly key: RingKey;
  readonly host: number;
  readonly lane: number;
  readonly chord: Address<ChordMessage>;
  /** Wall-clock milliseconds at the peer's birth: a peer that came back at the same key and address is another member. */
  readonly life: number;
}

// --- routing ---------------------------------------------------------------------------------------------------------

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

// --- stabilization ---------------------------------------------------------------------------------------------------

/** Stabilization reads a peer's predecessor and successor list in one query; so do a joiner and `chordial ring --check`. */
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
  /** Changes whenever a pointer or the owned range changes, and with every restart; never 0. */
  readonly version: number;
  readonly self: Member;
  readonly predecessor: Member;
  readonly successors: readonly Member[];
  /** The peer owns (ownedFrom, self] clockwise; nothing at all unless `owns`. Equal keys and `owns`: the whole ring. */
  readonly owns: boolean;
  readonly ownedFrom: RingKey;
  /** Fencing token of the owned range: higher than that of whoever owned any part of it before. */
  readonly epoch: number;
  /** The peer's service, to which a leaving predecessor or successor hands records; absent where there is none. */
  readonly service?: Address<never>;
}
/** The answer to `read-pointers` when the pointers are those of `versionKnown`. */
export interface PointersUnchanged {
  readonly type: 'pointers-unchanged';
  readonly correlation: number;
}
/** Rule 7: the peer lives but its pointers are not to be used, since it is joining, or its neighbours are forgetting it. */
export interface PointersPending {
  readonly type: 'pointers-pending';
  readonly correlation: number;
  readonly self: Member;
}
/** The notifier believes that it is the receiver's predecessor. */
export interface Rectify {
  readonly type: 'rectify';
  readonly notifier: Member;
  /** What the notifier last knew of its own range, so that the epoch of a take-over or hand-over is higher. */
  readonly epoch: number;
  readonly owns: boolean;
  /** Where the notifier's service takes records that are handed over. */
  readonly service?: Address<never>;
}
export interface StabiliseDue {
  readonly type: 'stabilise-due';
}
/** A query's time is over: whoever was asked and has not answered counts as dead for this peer. */
export interface QueryDue {
  readonly type: 'query-due';
  readonly correlation: number;
}
/** One finger is looked up again. */
export interface FixFingersDue {
  readonly type: 'fix-fingers-due';
}

// --- join, hand-over, leave ------------------------------------------------------------------------------------------

/** A joining peer tries (again). */
export interface JoinDue {
  readonly type: 'join-due';
}
/** From the old owner to the new one after its service has handed the records over: you own (from, you] from now on. */
export interface RangeHanded {
  readonly type: 'range-handed';
  readonly from: RingKey;
  /** The key of the one it is meant for: a peer that lost the ring meanwhile may stand elsewhere, at the same address. */
  readonly to: RingKey;
  readonly giver: Member;
  readonly epoch: number;
}
/** Planned leave of one peer (rule 6): data first, then the ring. Answered by `ring-left` or `leave-refused`. */
export interface LeaveRing {
  readonly type: 'leave-ring';
  readonly replyTo: Address<RingLeft | LeaveRefused>;
  readonly correlation: number;
}
export interface RingLeft {
  readonly type: 'ring-left';
  readonly correlation: number;
}
/** Too few members would remain, or a neighbour did not answer; the peer stays. */
export interface LeaveRefused {
  readonly type: 'leave-refused';
  readonly correlation: number;
  readonly sentence: string;
}
/** From a leaving peer to its two neighbours: forget me. The successor takes the range, the predecessor the list. */
export interface MemberLeaving {
  readonly type: 'member-leaving';
  readonly leaver: Member;
  readonly predecessor: Member;
  readonly successors: readonly Member[];
  readonly owns: boolean;
  readonly ownedFrom: RingKey;
  readonly epoch: number;
  readonly correlation: number;
}
export interface LeavingNoted {
  readonly type: 'leaving-noted';
  readonly correlation: number;
}

// --- between a peer and whoever serves its range -----------------------------------------------------------------------

/** To the listeners of a peer: it owns (from, self], clockwise, or nothing. Sent when it becomes a member and after every change. */
export interface RangeChanged {
  readonly type: 'range-changed';
  readonly self: Member;
  readonly owns: boolean;
  /** Equal to `self.key` with `owns`: the whole ring. */
  readonly from: RingKey;
  readonly epoch: number;
}
/** To the peer's service: send what belongs to (from, to] to `target`, mirror what changes meanwhile, then say `range-released`. */
export interface HandRange {
  readonly type: 'hand-range';
  readonly from: RingKey;
  readonly to: RingKey;
  readonly target: Address<never>;
  readonly replyTo: Address<RangeReleased>;
  readonly correlation: number;
}
export interface RangeReleased {
  readonly type: 'range-released';
  readonly correlation: number;
}

// --- between a peer and the membership of its lane ----------------------------------------------------------------------

/** A peer joins (and has a key), is a member, or has left. Sent after every change. */
export interface PeerChanged {
  readonly type: 'peer-changed';
  readonly self: Member;
  readonly phase: 'joining' | 'member' | 'left';
}
/** Where should I join, and whom can I ask? Answered when there is an answer; asked again at `join-due`. */
export interface PlacePeer {
  readonly type: 'place-peer';
  readonly chord: Address<ChordMessage>;
}
/** `key` is the middle of a largest arc, or a place that this peer had in an earlier life; `contact` is a live member. */
export interface PeerPlaced {
  readonly type: 'peer-placed';
  readonly key: RingKey;
  readonly contact: Member;
}
/** A hint: this live member follows the peer most closely as far as the membership knows. Adopted only after it was read (rule 5). */
export interface SuccessorHinted {
  readonly type: 'successor-hinted';
  readonly candidate: Member;
}
/** These members do not answer (their host, lane or they themselves): drop pointers to them and close the ring around them. */
export interface MembersLost {
  readonly type: 'members-lost';
  /** Every member of these hosts; empty where single members are meant. */
  readonly hosts: readonly number[];
  readonly members: readonly Member[];
}
/** This host stood still for a while and others may have taken over: own nothing until the successor was read again. */
export interface OwnershipDoubted {
  readonly type: 'ownership-doubted';
}

export type ChordMessage =
  | FindSuccessor
  | SuccessorFound
  | ReadPointers
  | PointersRead
  | PointersUnchanged
  | PointersPending
  | Rectify
  | StabiliseDue
  | QueryDue
  | FixFingersDue
  | JoinDue
  | RangeHanded
  | LeaveRing
  | MemberLeaving
  | LeavingNoted
  | RangeReleased
  | PeerPlaced
  | SuccessorHinted
  | MembersLost
  | OwnershipDoubted;

// --- the whole ring, as one lane knows it --------------------------------------------------------------------------------

/** Watching: the current members at once, then after every change. */
export interface WatchRing {
  readonly type: 'watch-ring';
  readonly replyTo: Address<RingChanged>;
}
export interface RingChanged {
  readonly type: 'ring-changed';
  /** Grows with every change of membership, on this lane. */
  readonly epoch: number;
  /** The members that answer, sorted by key, clockwise from 0. Hosts that are slow or dead are left out. */
  readonly members: readonly Member[];
  /** Only where the ring is too large to tell the members: the hosts that have some, the own one among them. */
  readonly hosts?: readonly number[];
}

/** What peers and the membership are sent and, since answers cross lanes and hosts as well, what they send. */
export const chordWords: Words<
  ChordMessage | RangeChanged | HandRange | RingLeft | LeaveRefused | PeerChanged | PlacePeer | WatchRing | RingChanged
> = {
  'find-successor': [1, 'key', 'replyTo', 'correlation', 'hops', 'trace'],
  'successor-found': [7, 'correlation', 'key', 'owner', 'hops', 'trace'],
  'stabilise-due': [5],
  'read-pointers': [2, 'replyTo', 'correlation', 'versionKnown'],
  'pointers-read': [
    3,
    'correlation',
    'version',
    'self',
    'predecessor',
    'successors',
    'owns',
    'ownedFrom',
    'epoch',
    'service',
  ],
  'pointers-unchanged': [6, 'correlation'],
  'pointers-pending': [11, 'correlation', 'self'],
  rectify: [4, 'notifier', 'epoch', 'owns', 'service'],
  'range-changed': [8, 'self', 'owns', 'from', 'epoch'],
  'watch-ring': [9, 'replyTo'],
  'ring-changed': [10, 'epoch', 'members', 'hosts'],
  'query-due': [12, 'correlation'],
  'fix-fingers-due': [13],
  'join-due': [14],
  'range-handed': [15, 'from', 'giver', 'epoch', 'to'],
  'leave-ring': [16, 'replyTo', 'correlation'],
  'ring-left': [17, 'correlation'],
  'leave-refused': [18, 'correlation', 'sentence'],
  'member-leaving': [19, 'leaver', 'predecessor', 'successors', 'owns', 'ownedFrom', 'epoch', 'correlation'],
  'leaving-noted': [20, 'correlation'],
  'hand-range': [21, 'from', 'to', 'target', 'replyTo', 'correlation'],
  'range-released': [22, 'correlation'],
  'peer-changed': [23, 'self', 'phase'],
  'place-peer': [24, 'chord'],
  'peer-placed': [25, 'key', 'contact'],
  'successor-hinted': [26, 'candidate'],
  'members-lost': [27, 'hosts', 'members'],
  'ownership-doubted': [28],
};
