// What a membership keeps. Each family of messages has its own part of it and its own file.
import type { Address, TimerId } from '@chordial/actor';
import type { DiskRequest, HostsRequest } from '@chordial/actor/protocol';
import type { Random } from '@chordial/actor/random';
import type { ChordMessage, Member, RingChanged } from '@chordial/chord/protocol';
import type { RingKey } from '@chordial/ring-key';
import type {
  HostAnswered,
  HostOpinion,
  HostPhase,
  LeaveAnnounced,
  MembershipMessage,
  MembershipReport,
} from './protocol.ts';
import type { RingPicture } from './ring-picture.ts';
import type { Roster } from './roster.ts';
import type { Estimator } from './round-trip.ts';

/** A way to another host, without knowing more of it. */
export interface Contact {
  readonly host: number;
  readonly address: string;
  readonly port: number;
  readonly fingerprint: string;
}

export interface MembershipConfig {
  readonly host: number;
  /** Lane 0 leads, the others follow. */
  readonly lane: number;
  readonly lanesCount: number;
  /** Wall-clock milliseconds when the shell's clock was 0 (`LaneSetup.startedAt`). */
  readonly startedAt: number;
  /** Where other hosts reach this one. */
  readonly address: string;
  readonly port: number;
  readonly fingerprint: string;
  /** `udp:ADDR:PORT` of the SIP side, for others to read. */
  readonly sip: string;
  readonly hostsPort: Address<HostsRequest>;
  /** Given to the leader only; without it nothing is kept over a restart. */
  readonly disk?: Address<DiskRequest>;
  /** Hears news of hosts, from the leader. */
  readonly owner: Address<MembershipReport>;
  /** The membership of lane 0 of this host. */
  readonly leader: Address<MembershipMessage>;
  /** The well-known index of the membership, the same on all lanes of all hosts. */
  readonly at: number;
  readonly seeds?: readonly Contact[];
  /** Peers of this lane that are members from the beginning. */
  readonly founders?: readonly Member[];
  /** Places of an earlier life of this host, first to be given again. */
  readonly placesEarlier?: readonly RingKey[];
  readonly probeEveryMs?: number;
  readonly gossipEveryMs?: number;
  /** How long a host is slow before it is dead. */
  readonly slowToDeadMs?: number;
  /** In a larger ring no pages of others are kept and `ring-changed` tells hosts only: routing falls back to fingers. */
  readonly membersMax?: number;
}

export interface LocalPeer {
  self: Member;
  phase: 'joining' | 'member';
  /** The page it stands in, -1 for none. */
  page: number;
  hinted: Member | undefined;
  hintedAt: number;
  rehintUntil: number;
}

export interface Probe {
  /** The host whose answer is wanted. */
  readonly host: number;
  sentAt: number;
  /** The relay by which it goes, 0 for directly. */
  readonly via: number;
  /** `late`: the direct one after its time; `relayed`: on behalf of another host; `trial`: of the direct way while a relay serves; `detour`: through others only; `farewell`: of a leave. */
  kind: 'direct' | 'late' | 'indirect' | 'detour' | 'relayed' | 'trial' | 'dead' | 'farewell';
  /** Time for the answer, after which `answer-due` counts. */
  dueAt: number;
  /** An indirect probe is sent once more after a third of its time, a trial for the first time in the next turn; the rest of its time, 0 when that was done. */
  repeatMs: number;
  readonly asker: Address<HostAnswered> | undefined;
  readonly askerCorrelation: number;
}

/** How the leader sees the way to one host. */
export interface Way {
  readonly estimator: Estimator;
  /** The correlation of the indirect probe under way, 0 for none. */
  indirect: number;
  trialAt: number;
  trialMs: number;
  /** When the direct link was last told to be open. */
  linkedAt: number;
  /** When words that had been refused were sent once more. */
  saidAgainAt: number;
}

/** A lane of this host, as the leader knows it. */
export interface LaneView {
  life: number;
  heardAt: number;
  /** Heard within the last second; its peers are in the ring. */
  isUp: boolean;
  replyTo: Address<MembershipMessage>;
  /** The last change that was sent to it. */
  seen: number;
}

/** What others say of a host that this one thinks alive, until it answers or does not. */
export interface Accusation {
  readonly opinion: HostOpinion;
  askedAt: number;
  isOpen: boolean;
  readonly isPassedOn: boolean;
}

/** A place given to a joiner, and the member that it was told to ask. */
export interface Given {
  readonly key: RingKey;
  readonly until: number;
  readonly times: number;
  readonly contact: Member;
}

export interface MembershipState {
  readonly config: MembershipConfig;
  readonly self: Address<MembershipMessage>;
  readonly isLeader: boolean;
  readonly random: Random;
  readonly slowToDeadMs: number;
  /** This lane's life: wall-clock milliseconds of this actor's birth. */
  readonly life: number;
  /** Added to all lives of this host where an earlier life had higher ones (a clock that was set back). */
  lifeAhead: number;
  readonly roster: Roster;
  readonly picture: RingPicture;
  /** What is to be spread and told; taken by the next telling. */
  readonly news: { readonly records: Set<number>; readonly pages: Set<number>; readonly opinions: Set<number> };
  isUrgent: boolean;
  tellTimer: TimerId;
  // telling
  epoch: number;
  /** The members of each host that are in the picture, and the hosts that were alive when it was made. */
  readonly counted: Map<number, readonly Member[]>;
  readonly hostsUp: Set<number>;
  /** What the owner was told last of each host. */
  readonly toldPhases: Map<number, HostPhase>;
  readonly watchers: Set<Address<RingChanged>>;
  readonly peers: Map<Address<ChordMessage>, LocalPeer>;
  /** Own pages: how many peers each has, and which are to be written again. */
  readonly pageCounts: number[];
  readonly pagesDirty: Set<number>;
  /** Of each own page; all drawn from `pagesVersion`. */
  readonly pageVersions: number[];
  pagesVersion: number;
  // probing
  correlation: number;
  readonly probes: Map<number, Probe>;
  round: number[];
  readonly ways: Map<number, Way>;
  /** The round trips of all ways together. */
  readonly allWays: Estimator;
  /** Opinions still to be passed on with probes, most recent first. */
  recent: { readonly host: number; left: number }[];
  /** Hosts that are alive here and that others call slow or dead; asked at `askedAt`, 0 for not yet. `isOpen` until it answered. */
  readonly accusations: Map<number, Accusation>;
  /** The highest own (life, version) that somebody called slow or dead. */
  accused: { life: number; version: number };
  // routes
  readonly contacts: Map<number, Contact & { readonly since: number }>;
  /** What this lane's hosts port was told last, by host. */
  readonly routes: Map<number, string>;
  // lateness
  beatAt: number;
  lateMs: number;
  lateMsBefore: number;
  deadProbeAt: number;
  // lanes
  readonly lanes: Map<number, LaneView>;
  /** The own record is held back until then, or until all lanes beat; 0 afterwards. */
  heldUntil: number;
  leaderLife: number;
  leaderSeen: number;
  // placing
  readonly placesEarlier: RingKey[];
  readonly given: Map<Address<ChordMessage>, Given>;
  readonly waiters: Set<Address<ChordMessage>>;
  contactTurn: number;
  /** Sorted keys that are taken or given, rebuilt after changes of the ring. */
  taken: RingKey[] | undefined;
  // persistence
  reading: number;
  writing: number;
  isWriteDue: boolean;
  writtenAt: number;
  hasDiskFailed: boolean;
  // leaving
  leaving:
    | {
        readonly replyTo: Address<LeaveAnnounced>;
        readonly correlation: number;
        readonly waiting: Set<number>;
        until: number;
      }
    | undefined;
  isLeaving: boolean;
  // figures
  readonly counts: { probes: number; refutations: number; suspicions: number; relays: number; refused: number };
}
