// What one peer keeps. Everything big in it (members, the key table) is shared with the other peers of its lane.
import type { Address } from '@chordial/actor';
import type { FoundingRing } from './founding.ts';
import type { Pointers } from './pointers.ts';
import type { Member, RangeChanged } from './protocol.ts';

export interface ChordPeerConfig {
  /** One of the founding ring's members. */
  readonly self: Member;
  /** Built once per lane and shared by its peers. */
  readonly founding: FoundingRing;
  /** Who is told of the peer's range; nobody when left out. */
  readonly service?: Address<RangeChanged>;
  /** How often the successor is read; 1,000 when left out. */
  readonly stabiliseMs?: number;
}

export interface ChordPeerState extends Pointers {
  readonly config: ChordPeerConfig;
  /** 1 or more; changes with every change of the predecessor or of the successors, and starts elsewhere after a restart. */
  version: number;
  /** The open query: whom it went to, undefined for none, and its number. Answers to others come too late. */
  asked: Member | undefined;
  correlation: number;
  /**
   * The version of the first successor's pointers that were adopted last; 0 while it did not yet have us as its
   * predecessor, so that it is read, and notified, again.
   */
  versionKnown: number;
}
