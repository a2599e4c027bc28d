// The state of a dispatcher, what it is told at birth, and what it counts.
import type { Address } from '@chordial/actor';
import type { FindSuccessor, Member, WatchRing } from '@chordial/chord/protocol';
import type { KeyTable, RingKey } from '@chordial/ring-key';
import type { RequestReceived, ServeRequest } from '@chordial/sip-transaction/protocol';
import { type SipTransportAddress, StatelessResponder } from '@chordial/sip-transport/protocol';
import { Domains } from './domains.ts';
import { PeekPool } from './peek-pool.ts';
import { PendingLookups } from './pending-lookups.ts';
import type { DispatcherMessage, DispatcherReady, ForwardRequest } from './protocol.ts';

export interface DispatcherConfig {
  /** The first is canonical; the others, and the listening addresses, mean the same service. */
  readonly domains: readonly string[];
  readonly lane: number;
  /** The number of this host in `Member.host`. */
  readonly host?: number;
  readonly routing: 'one-hop' | 'fingers';
  readonly membership: Address<WatchRing>;
  /** Hears when requests can be served. */
  readonly owner: Address<DispatcherReady>;
  /** A peer of this lane, for finger routing. */
  readonly chord?: Address<FindSuccessor>;
  /** The dispatchers of all lanes, by lane. */
  readonly dispatchers: readonly Address<ForwardRequest>[];
  readonly transport: SipTransportAddress;
  readonly transaction: Address<ServeRequest>;
  readonly hopsMax: number;
  /** Equal on all lanes, so that a retransmission gets the same To tag on any of them (RFC 3261 8.2.7). */
  readonly secret: number;
  /** Value of the Server header; none when empty. */
  readonly server?: string;
  readonly lookupsMax?: number;
  readonly lookupBytesMax?: number;
  readonly lookupMsMax?: number;
  /** How long the membership may take to tell the ring until it is asked again. */
  readonly watchRingMs?: number;
}

/** All only grow. */
export interface DispatcherCounts {
  received: number;
  /** Passed to the transactions of this lane. */
  served: number;
  /** To another lane, and from one. */
  forwarded: number;
  taken: number;
  /** Asked of the ring by fingers. */
  lookups: number;
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
  readonly domains: Domains;
  readonly responder: StatelessResponder;
  readonly peeks: PeekPool;
  readonly lookups: PendingLookups;
  readonly lookupMsMax: number;
  readonly watchRingMs: number;
  timerIsSet: boolean;
  epoch: number;
  members: readonly Member[];
  /** Undefined until the ring is known. */
  table: KeyTable | undefined;
  /** The services of attached peers of this lane, by key and by place in `members`. */
  readonly peers: Map<RingKey, Address<RequestReceived>>;
  services: (Address<RequestReceived> | undefined)[];
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
const STATUS_CODES = 700;

export function initState(config: DispatcherConfig, self: Address<DispatcherMessage>): State {
  return {
    self,
    config,
    host: config.host ?? 0,
    domains: new Domains(config.domains),
    responder: new StatelessResponder(config.secret, config.server ?? ''),
    peeks: new PeekPool(),
    lookups: new PendingLookups(config.lookupsMax ?? LOOKUPS_MAX, config.lookupBytesMax ?? LOOKUP_BYTES_MAX),
    lookupMsMax: config.lookupMsMax ?? LOOKUP_MS_MAX,
    watchRingMs: config.watchRingMs ?? WATCH_RING_MS,
    timerIsSet: false,
    epoch: -1,
    members: [],
    table: undefined,
    peers: new Map(),
    services: [],
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
      responses: 0,
      acks: 0,
      malformed: 0,
      refused: 0,
      answersLate: 0,
    },
  };
}
