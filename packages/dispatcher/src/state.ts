// The state of a dispatcher, what it is told at birth, and what it counts. Its place on the ring's hosts is that of its own address:
// every lane of every host has its dispatcher at the same well-known index.
import type { Address } from '@chordial/actor';
import { hostOf, indexOf, laneOf } from '@chordial/actor/shell';
import type { FindSuccessor, Member, WatchRing } from '@chordial/chord/protocol';
import type { KeyTable } from '@chordial/ring-key';
import type { ServeRequest } from '@chordial/sip-transaction/protocol';
import { type SipTransportAddress, StatelessResponder } from '@chordial/sip-transport/protocol';
import { Domains } from './domains.ts';
import { OwnedRanges } from './owned-ranges.ts';
import { PeekPool } from './peek-pool.ts';
import { PendingLookups } from './pending-lookups.ts';
import type { DispatcherMessage, DispatcherReady } from './protocol.ts';

export interface DispatcherConfig {
  /** The first is canonical; the others, and the listening addresses, mean the same service. */
  readonly domains: readonly string[];
  readonly routing: 'one-hop' | 'fingers';
  readonly membership: Address<WatchRing>;
  /** Hears when requests can be served. */
  readonly owner: Address<DispatcherReady>;
  /** A peer of this lane, or of another where it has none: finger routing, and what to ask when no members are listed. */
  readonly chord?: Address<FindSuccessor>;
  readonly transport: SipTransportAddress;
  readonly transaction: Address<ServeRequest>;
  /** Hops to other lanes and rests of one request, over all lanes. */
  readonly hopsMax: number;
  /** Equal on all lanes and hosts, so that a retransmission gets the same To tag on any of them (RFC 3261 8.2.7). */
  readonly secret: number;
  /** Value of the Server header; none when empty. */
  readonly server?: string;
  readonly lookupsMax?: number;
  readonly lookupBytesMax?: number;
  readonly lookupMsMax?: number;
  /** How long a request rests while the ring does not agree on its owner. */
  readonly restMs?: number;
  /** How long the membership may take to tell the ring until it is asked again. */
  readonly watchRingMs?: number;
}

/** All only grow. */
export interface DispatcherCounts {
  received: number;
  /** Passed to the transactions of this lane. */
  served: number;
  /** To another lane or host, and from one. */
  forwarded: number;
  taken: number;
  /** Asked of the ring. */
  lookups: number;
  /** Rested, as the ring did not agree on their owner, or its host could not be reached. */
  rested: number;
  /** Answered 503, as they had been everywhere. */
  hopsExceeded: number;
  /** Dropped: responses, ACKs, and what is too broken to be answered. */
  responses: number;
  acks: number;
  malformed: number;
  /** Came back because a mailbox or a link to another lane was full. */
  refused: number;
  /** Answers of the ring that came too late. */
  answersLate: number;
}

export interface State {
  readonly self: Address<DispatcherMessage>;
  readonly config: DispatcherConfig;
  readonly host: number;
  readonly lane: number;
  /** Where the dispatcher of every lane of every host is. */
  readonly at: number;
  readonly domains: Domains;
  readonly responder: StatelessResponder;
  readonly peeks: PeekPool;
  readonly lookups: PendingLookups;
  readonly lookupMsMax: number;
  /** Requests that wait for the ring to agree. */
  readonly resting: PendingLookups;
  readonly restMs: number;
  readonly watchRingMs: number;
  timerIsSet: boolean;
  restTimerIsSet: boolean;
  epoch: number;
  members: readonly Member[];
  /** Undefined until the ring is known. */
  table: KeyTable | undefined;
  /** What peers of this lane own, and who answers for it. */
  readonly ranges: OwnedRanges;
  peersAreAttached: boolean;
  readyIsTold: boolean;
  /** Whole requests by method, as `countedMethod` names it: at most 15 names. */
  readonly methods: Map<string, number>;
  /** Our own answers by status code. */
  readonly answered: Uint32Array;
  readonly counts: DispatcherCounts;
}

const LOOKUPS_MAX = 4096;
const LOOKUP_BYTES_MAX = 4_194_304;
const LOOKUP_MS_MAX = 2_000;
const WATCH_RING_MS = 1_000;
const REST_MS = 100;
const STATUS_CODES = 700;

export function initState(config: DispatcherConfig, self: Address<DispatcherMessage>): State {
  return {
    self,
    config,
    host: hostOf(self),
    lane: laneOf(self),
    at: indexOf(self),
    domains: new Domains(config.domains),
    responder: new StatelessResponder(config.secret, config.server ?? ''),
    peeks: new PeekPool(),
    lookups: new PendingLookups(config.lookupsMax ?? LOOKUPS_MAX, config.lookupBytesMax ?? LOOKUP_BYTES_MAX),
    lookupMsMax: config.lookupMsMax ?? LOOKUP_MS_MAX,
    resting: new PendingLookups(config.lookupsMax ?? LOOKUPS_MAX, config.lookupBytesMax ?? LOOKUP_BYTES_MAX),
    restMs: config.restMs ?? REST_MS,
    watchRingMs: config.watchRingMs ?? WATCH_RING_MS,
    timerIsSet: false,
    restTimerIsSet: false,
    epoch: -1,
    members: [],
    table: undefined,
    ranges: new OwnedRanges(),
    peersAreAttached: false,
    readyIsTold: false,
    methods: new Map(),
    answered: new Uint32Array(STATUS_CODES),
    counts: {
      received: 0,
      served: 0,
      forwarded: 0,
      taken: 0,
      lookups: 0,
      rested: 0,
      hopsExceeded: 0,
      responses: 0,
      acks: 0,
      malformed: 0,
      refused: 0,
      answersLate: 0,
    },
  };
}
