// Words of the membership: hosts watch each other (probes, suspicion) and tell each other who is in the ring (gossip), and
// the lanes of a host share one picture of it. What a host says of itself is its roster: a record of the host, and pages of its peers.
// Only the host itself writes its roster; order is by (life, version). Sources: Das, Gupta, Motivala, *SWIM*, DSN 2002; Dadgar
// et al., *Lifeguard*, 2017; DeCandia et al., *Dynamo*, SOSP 2007, 4.8.
import type { Address, Words } from '@chordial/actor';
import type { DiskEvent, HostsEvent, MessageRefused } from '@chordial/actor/protocol';
import type { PeerChanged, PlacePeer, WatchRing } from '@chordial/chord/protocol';
import type { RingKey } from '@chordial/ring-key';

/** `slow`: out of routing, neighbours take over its ranges; it may come back. `dead`: slow for long, or it left. */
export type HostPhase = 'alive' | 'slow' | 'dead' | 'left';

/** A host, as it describes itself. Replaced as a whole by a record with a higher (life, version). */
export interface HostRecord {
  readonly host: number;
  /** Where other hosts reach it. */
  readonly address: string;
  readonly port: number;
  /** SHA-256 of its public key (SPKI), base64url: who it is. A number belongs to one fingerprint. */
  readonly fingerprint: string;
  /** Wall-clock milliseconds at its start, or higher where an earlier life was seen with more. */
  readonly life: number;
  /** Grows with every change of the record and with every refutation of a suspicion (SWIM's incarnation). */
  readonly version: number;
  /** Lanes that answer, each with its life: peers of other lanes, and of other lives of a lane, are out of routing. */
  readonly lanesUp: readonly (readonly [lane: number, life: number])[];
  readonly lanesCount: number;
  readonly isLeaving: boolean;
  /** SIP side of the host, for tools and for other hosts: `udp:ADDR:PORT`. */
  readonly sip: string;
}

/** At most 512 peers of one lane; `page` counts from 0. The life is the lane's, so that a page outlives a restart of another lane. */
export interface RosterPage {
  readonly host: number;
  readonly lane: number;
  readonly page: number;
  readonly life: number;
  readonly version: number;
  /** Members only: a joining peer is not yet there. `place` is the address of its chord actor within the lane (generation and index). */
  readonly peers: readonly (readonly [place: number, key: RingKey, life: number])[];
}

/** What a host thinks of another; the higher (life, version) counts, then the worse phase. */
export interface HostOpinion {
  readonly host: number;
  readonly life: number;
  readonly version: number;
  readonly phase: HostPhase;
}

/** Are you there? Between hosts. `about` asks for somebody else (indirect probe): the receiver probes it and passes the answer on. */
export interface ProbeHost {
  readonly type: 'probe-host';
  readonly replyTo: Address<HostAnswered>;
  readonly correlation: number;
  /** The host whose answer is wanted; the receiver's own number, or one that it shall probe for the asker. */
  readonly about: number;
  readonly opinions: readonly HostOpinion[];
}
export interface HostAnswered {
  readonly type: 'host-answered';
  readonly correlation: number;
  readonly host: number;
  /** How late the answering host's own timers run, in ms: a lagging host is slow before it is silent. */
  readonly lagMs: number;
  readonly opinions: readonly HostOpinion[];
  /** Of an answer that is passed on: the host by which it was asked for, 0 for directly. */
  readonly via: number;
}
/** News, passed on at once to a few hosts by everyone to whom it is news. */
export interface SpreadNews {
  readonly type: 'spread-news';
  /** An answer to `compare-rosters`: what the receiver lacked. Many pages at once are not passed on, the others compare too. */
  readonly isAnswer: boolean;
  readonly records: readonly HostRecord[];
  readonly pages: readonly RosterPage[];
  readonly opinions: readonly HostOpinion[];
}
/** Anti-entropy, once a second with one random host: this is what I have of the hosts `first` to `last`. */
export interface CompareRosters {
  readonly type: 'compare-rosters';
  readonly replyTo: Address<MembershipMessage>;
  /** Asked for by an answer: do not answer again. */
  readonly isAnswer: boolean;
  readonly first: number;
  readonly last: number;
  readonly records: readonly (readonly [host: number, life: number, version: number])[];
  readonly pages: readonly (readonly [host: number, lane: number, page: number, life: number, version: number])[];
  readonly opinions: readonly HostOpinion[];
}

/** From another lane of the host to the leading one, every 250 ms: I live; send me what I lack (by `picture-sent`). */
export interface LaneBeat {
  readonly type: 'lane-beat';
  readonly lane: number;
  readonly life: number;
  readonly replyTo: Address<MembershipMessage>;
  /** The leader's life that `seen` belongs to; 0 for none. */
  readonly leaderLife: number;
  /** The last change of the leader's picture that this lane has seen; 0 asks for everything. */
  readonly seen: number;
  /** The highest version of this lane's pages: the leader asks for them when it has less. */
  readonly version: number;
}
/** From the leading lane to another one: what changed in the picture after change `after`, up to change `changes`. */
export interface PictureSent {
  readonly type: 'picture-sent';
  /** The leader's own; another one means that the leader was restarted and counts anew. */
  readonly leaderLife: number;
  readonly after: number;
  readonly changes: number;
  readonly records: readonly HostRecord[];
  readonly pages: readonly RosterPage[];
  readonly opinions: readonly HostOpinion[];
  /** Hosts that are reached through another one, and those that are no longer (0). */
  readonly vias: readonly (readonly [host: number, via: number])[];
  /** More members than `membersMax`: pages of others hold one peer, and `ring-changed` tells hosts only. */
  readonly isTooLarge: boolean;
  /** The leader lacks pages of this lane: send them all. */
  readonly wantsPages: boolean;
}
/** From another lane to the leading one: pages of the lane's own peers, as they are now. */
export interface LanePagesChanged {
  readonly type: 'lane-pages-changed';
  readonly pages: readonly RosterPage[];
}

export interface ProbeDue {
  readonly type: 'probe-due';
}
export interface AnswerDue {
  readonly type: 'answer-due';
  readonly correlation: number;
}
export interface GossipDue {
  readonly type: 'gossip-due';
}
export interface BeatDue {
  readonly type: 'beat-due';
}
/** Changes gathered for a moment are told now. */
export interface TellDue {
  readonly type: 'tell-due';
}

/** The host leaves: say so to everybody, then answer. Its peers have left the ring before. */
export interface AnnounceLeave {
  readonly type: 'announce-leave';
  readonly replyTo: Address<LeaveAnnounced>;
  readonly correlation: number;
}
export interface LeaveAnnounced {
  readonly type: 'leave-announced';
  readonly correlation: number;
}
/** For operators: all hosts and what is thought of them. */
export interface ListHosts {
  readonly type: 'list-hosts';
  readonly replyTo: Address<HostsListed>;
  readonly correlation: number;
}
export interface HostsListed {
  readonly type: 'hosts-listed';
  readonly correlation: number;
  readonly hosts: readonly (HostRecord & {
    readonly phase: HostPhase;
    readonly peersCount: number;
    readonly rttMs: number;
    readonly via: number;
  })[];
}
/** To the owner of the host (its main thread): another host has this host's number; it must start again with a new one. */
export interface HostNumberTaken {
  readonly type: 'host-number-taken';
  readonly host: number;
  readonly sentence: string;
}
/** To the owner of the host: a change that an operator should see, as a sentence (a host is slow, dead, back, joined, left). */
export interface HostNews {
  readonly type: 'host-news';
  readonly host: number;
  readonly phase: HostPhase | 'joined';
  readonly sentence: string;
}

export type MembershipMessage =
  | WatchRing
  | PeerChanged
  | PlacePeer
  | ProbeHost
  | HostAnswered
  | SpreadNews
  | CompareRosters
  | LaneBeat
  | PictureSent
  | LanePagesChanged
  | ProbeDue
  | AnswerDue
  | GossipDue
  | BeatDue
  | TellDue
  | AnnounceLeave
  | ListHosts
  | HostsEvent
  | DiskEvent
  | MessageRefused;
export type MembershipReport = HostNumberTaken | HostNews;

export const membershipWords: Words<
  | ProbeHost
  | HostAnswered
  | SpreadNews
  | CompareRosters
  | LaneBeat
  | PictureSent
  | LanePagesChanged
  | AnnounceLeave
  | LeaveAnnounced
  | ListHosts
  | HostsListed
> = {
  'probe-host': [1, 'replyTo', 'correlation', 'about', 'opinions'],
  'host-answered': [2, 'correlation', 'host', 'lagMs', 'opinions', 'via'],
  'spread-news': [3, 'isAnswer', 'records', 'pages', 'opinions'],
  'compare-rosters': [4, 'replyTo', 'isAnswer', 'first', 'last', 'records', 'pages', 'opinions'],
  'lane-beat': [5, 'lane', 'life', 'replyTo', 'leaderLife', 'seen', 'version'],
  'picture-sent': [
    6,
    'leaderLife',
    'after',
    'changes',
    'records',
    'pages',
    'opinions',
    'vias',
    'isTooLarge',
    'wantsPages',
  ],
  'lane-pages-changed': [7, 'pages'],
  'announce-leave': [8, 'replyTo', 'correlation'],
  'leave-announced': [9, 'correlation'],
  'list-hosts': [10, 'replyTo', 'correlation'],
  'hosts-listed': [11, 'correlation', 'hosts'],
};
