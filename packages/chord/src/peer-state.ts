// What one peer keeps. Everything big in it (members, the key table) is shared with the other peers of its lane, and what is
// needed only while something changes (queries, joining, leaving, a hand-over) is absent in a quiet ring.
import type { Address } from '@chordial/actor';
import { createRandom, nextFloat } from '@chordial/actor/random';
import type { RingKey } from '@chordial/ring-key';
import { type FoundingRing, successorsCountDefault } from './founding.ts';
import type { Pointers } from './pointers.ts';
import type {
  HandRange,
  LeaveRefused,
  Member,
  PeerChanged,
  PlacePeer,
  RangeChanged,
  Rectify,
  RingLeft,
} from './protocol.ts';

/** Plain data, shared by reference: all joiners of a lane can have one and the same. */
export interface ChordPeerConfig {
  /** A founder is one of the founding ring's members; both are absent for a joiner. */
  readonly self?: Member;
  /** Built once per lane and shared by its peers. */
  readonly founding?: FoundingRing;
  /** Where a joiner lives; 0 when left out. A founder's member says it. */
  readonly host?: number;
  readonly lane?: number;
  /** Wall-clock milliseconds when the shell's clock was 0, so that a joiner's life is later than all before; 0 when left out. */
  readonly startedAt?: number;
  /** r; without it that of the founding ring, or 16. */
  readonly successorsCount?: number;
  /** Places joiners and is told of each change of phase. */
  readonly membership?: Address<PlacePeer | PeerChanged>;
  /** Without a membership: a member through which a joiner probes for a place and joins. */
  readonly contact?: Member;
  /** Who is told of the peer's range. */
  readonly listeners?: readonly Address<RangeChanged>[];
  /** Hands records over before a range changes its owner; told of the range only when it is among the listeners. */
  readonly service?: Address<HandRange>;
  /** How often the successor is read; 1,000 when left out. */
  readonly stabiliseMs?: number;
  /** How long an answer may take before whoever was asked counts as dead; 1,000 when left out. */
  readonly queryMsMax?: number;
}

export type Phase = 'joining' | 'member' | 'leaving' | 'left';

/** An open `read-pointers`; why it was asked decides what its answer, or silence, means. */
export interface Query {
  /** successor: rule 3, step one; candidate: step two, or a hint; predecessor: rule 4; doubt: did somebody take my range over? */
  readonly purpose: 'successor' | 'candidate' | 'predecessor' | 'doubt' | 'join' | 'leave';
  readonly member: Member;
  readonly correlation: number;
  readonly askedAt: number;
  /** Who takes the predecessor's place if it is dead. */
  readonly rectify?: Rectify;
}

/** Found dead lately: not adopted from lists that others have not yet brought up to date. */
export interface Lost {
  readonly hosts: readonly number[];
  readonly members: readonly Member[];
  readonly until: number;
}

export interface Joining {
  /** probing: looking for a place without a membership. walking: reading towards the place. */
  readonly stage: 'waiting' | 'placing' | 'probing' | 'finding' | 'walking';
  readonly contact: Member | undefined;
  readonly attemptsCount: number;
  /** The open find-successor. */
  readonly correlation: number;
  readonly stepsLeft: number;
  readonly probesLeft: number;
  /** The middle of the largest arc probed so far, and that arc as a part of the ring. */
  readonly place: RingKey | undefined;
  readonly arc: number;
  readonly timer: number;
}

export interface Handing {
  readonly to: Member;
  readonly correlation: number;
  readonly startedAt: number;
}
/** A range given away, until its new owner is heard to own it: `range-handed` may be lost with a link. */
export interface Handed {
  readonly to: Member;
  readonly from: RingKey;
  readonly epoch: number;
}

export interface Leaving {
  readonly replyTo: Address<RingLeft | LeaveRefused>;
  /** Of the request, and of the question that is open now. */
  readonly asked: number;
  readonly correlation: number;
  readonly startedAt: number;
  readonly stage: 'reading' | 'handing' | 'noting-successor' | 'noting-predecessor';
  readonly successor: Member;
}

export interface ChordPeerState extends Pointers {
  readonly config: ChordPeerConfig;
  /** Without a meaning of its key until a joiner was placed. */
  self: Member;
  phase: Phase;
  /** 1 or more; changes with every change of a pointer or of the owned range, and starts elsewhere after a restart. */
  version: number;
  correlation: number;
  queries: readonly Query[];
  /**
   * The version of the first successor's pointers that were adopted last; 0 until everything in them is as it shall stay, so
   * that they are read, and the successor notified, again.
   */
  versionKnown: number;
  /** The first successor, when last read, owned nothing yet. */
  successorWaits: boolean;
  /** The first successor, when last read, still owned what this peer waits for. */
  successorCovers: boolean;

  /** Owns (ownedFrom, self], or nothing. */
  owns: boolean;
  ownedFrom: RingKey;
  epoch: number;
  predecessorEpoch: number;
  /** Owned the range before the host stood still, and asks whether somebody took it over. */
  doubted: boolean;
  /** How often in a row the successor's range was seen to begin here while this peer owns nothing. */
  orphanReadsCount: number;
  handing: Handing | undefined;
  handed: Handed | undefined;

  lost: readonly Lost[];
  joining: Joining | undefined;
  leaving: Leaving | undefined;
  /** A member that the membership named while another question was open. */
  hinted: Member | undefined;

  /** The finger looked up next, the open look-up's number (0 for none), and how many rounds in a row changed nothing. */
  fingerExponent: number;
  fingerCorrelation: number;
  fingerQuietRounds: number;
  fingersTimer: number;
  isTicking: boolean;

  readonly seed: number;
  drawsCount: number;
}

export const noQueries: readonly Query[] = Object.freeze([]);
export const noLost: readonly Lost[] = Object.freeze([]);

const stabiliseMsDefault = 1_000;
const queryMsDefault = 1_000;
/** Versions and correlations count within 31 bits, which travel in few bytes. */
const numbersMax = 2 ** 31 - 1;

export const stabiliseMsOf = ({ config }: ChordPeerState): number => config.stabiliseMs ?? stabiliseMsDefault;
export const queryMsOf = ({ config }: ChordPeerState): number => config.queryMsMax ?? queryMsDefault;
export const successorsCountOf = ({ config }: ChordPeerState): number =>
  config.successorsCount ?? config.founding?.successorsCount ?? successorsCountDefault;

/** Whether the peer answers as a member of the ring: a leaving one does until it has left. */
export const isIn = ({ phase }: ChordPeerState): boolean => phase === 'member' || phase === 'leaving';

/** A number in [0, 1) that differs at each call and repeats with the seed; the generator itself would cost each peer 100 bytes. */
export function draw(state: ChordPeerState): number {
  state.drawsCount++;
  return nextFloat(createRandom(state.seed + state.drawsCount));
}

export function nextCorrelation(state: ChordPeerState): number {
  state.correlation = state.correlation < numbersMax ? state.correlation + 1 : 1;
  return state.correlation;
}

export function changeVersion(state: ChordPeerState): void {
  state.version = state.version < numbersMax ? state.version + 1 : 1;
}

/** The shared reference to a member, where there is one: what crossed a thread is a copy. */
export function known({ config, successors, fingers, predecessor, self }: ChordPeerState, member: Member): Member {
  const { founding } = config;
  if (founding !== undefined) {
    const founder = founding.members[founding.table.indexOf(member.key)];
    if (founder !== undefined && sameMember(founder, member)) return founder;
  }
  for (const one of successors) if (sameMember(one, member)) return one;
  for (const one of fingers) if (sameMember(one, member)) return one;
  if (sameMember(predecessor, member)) return predecessor;
  return sameMember(self, member) ? self : member;
}

export const sameMember = (a: Member, b: Member): boolean =>
  a === b || (a.key === b.key && a.chord === b.chord && a.life === b.life);

/** `later` came back at the place of `earlier`, which is dead. */
export const isLaterLife = (earlier: Member, later: Member): boolean =>
  earlier.key === later.key && earlier.host === later.host && earlier.life < later.life;
