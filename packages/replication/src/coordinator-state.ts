// What a coordinator is told once (config), what it keeps (state), and its limits. State grows with the peers of its lane (about 200 bytes a
// range), with the hosts of the ring (a way to each) and with what is under way, never with users.
import type { Address, Birth, TimerId } from '@chordial/actor';
import { createRandom, nextBelow, type Random } from '@chordial/actor/random';
import type { WatchRing } from '@chordial/chord/protocol';
import type { RingKey } from '@chordial/ring-key';
import { createRing, type RingView } from './coordinator-ring.ts';
import { neighboursCount } from './group.ts';
import type { Handing } from './handing.ts';
import type { Operation } from './operations.ts';
import { createOrdered, type OrderedState } from './ordered-state.ts';
import type { CoordinatorMessage, ReplicaMessage } from './protocol.ts';
import { type OwnedRange, RangeTable } from './ranges.ts';
import type { Sibling } from './versions.ts';

/**
 * Siblings of a record as one value with its time left (0: does not expire), the latest write last. It must give the same whichever copies
 * are merged in which order.
 */
export type MergeSiblings = (siblings: readonly Sibling[]) => readonly [value: string, ttlLeftMs: number];

export interface TableConfig {
  /** 1..255. */
  readonly table: number;
  readonly name: string;
  /** Hosts that keep a record, that answer a read, that have kept a write before it is acknowledged. */
  readonly n: number;
  readonly r: number;
  readonly w: number;
  /** What a reader sees of concurrent writes: all, the one that was written last, or what a function makes of them. */
  readonly merge: 'siblings' | 'latest' | MergeSiblings;
  /** Changed only by `change-ordered`. */
  readonly isOrdered: boolean;
}

export interface CoordinatorLimits {
  /** Then somebody else is asked beside whoever is silent. */
  readonly copyMsMax: number;
  readonly operationMsMax: number;
  /** At a time; more are refused as `busy`. At most 65,536. */
  readonly operationsMax: number;
  /** UTF-16 units. */
  readonly valueCharactersMax: number;
  /** Each range is compared with its group once in about this time. */
  readonly entropyMs: number;
  /** Changes of the ring are gathered for so long before ranges are looked at. */
  readonly gatherMs: number;
}

export const defaultCoordinatorLimits: CoordinatorLimits = {
  copyMsMax: 400,
  operationMsMax: 2_000,
  operationsMax: 10_000,
  valueCharactersMax: 16_000,
  entropyMs: 60_000,
  gatherMs: 500,
};

export interface CoordinatorConfig extends CoordinatorLimits {
  readonly host: number;
  readonly lane: number;
  /** Wall-clock milliseconds when `now` was 0. */
  readonly startedAt: number;
  /** Of this host. */
  readonly replica: Address<ReplicaMessage>;
  /** The well-known place of another host's. */
  readonly replicaOf: (host: number) => Address<ReplicaMessage>;
  readonly membership: Address<WatchRing>;
  readonly tables: readonly TableConfig[];
  /** An acceptor of ordered tables whose host is out of the ring for so long is replaced; the default is ten minutes. */
  readonly removalMs?: number;
}

/** A question to the own replica that is under way. */
export interface Repair {
  readonly kind: 'settle' | 'group' | 'hand';
  readonly range: OwnedRange | undefined;
  readonly handing: Handing | undefined;
  readonly from: RingKey;
  readonly to: RingKey;
  readonly hosts: readonly number[];
  readonly generation: number;
  readonly startedAt: number;
  /** When the replica was told of it last. */
  toldAt: number;
}
/** Said of (from, to]: this host has all of it. */
export interface Given {
  readonly from: RingKey;
  readonly at: number;
}

export interface CoordinatorState {
  readonly config: CoordinatorConfig;
  readonly self: Address<CoordinatorMessage>;
  /** The site of its dots: unique per lane of a host. */
  readonly site: number;
  /** As it begins in a context. */
  readonly siteText: string;
  /** Of the last dot. */
  counter: number;
  readonly random: Random;
  readonly tables: readonly (TableConfig | undefined)[];
  /** The largest n, and the size of a neighbourhood. */
  readonly copiesCount: number;
  readonly hostsCount: number;
  readonly ring: RingView;
  /** When the membership was asked last to tell of the ring. */
  watchedAt: number;
  readonly ranges: RangeTable;
  /** By host: where its replica was heard from. */
  readonly ways: Map<number, Address<ReplicaMessage>>;
  readonly ordered: OrderedState;

  // Operations (operations.ts).
  readonly operations: Operation[];
  readonly slotsFree: Operation[];
  operationsCount: number;
  round: number;
  /** Under way, by the time at which they are looked at. */
  oldest: Operation | undefined;
  newest: Operation | undefined;
  copyTimer: TimerId;

  // Repairs (coordinator-repair.ts) and ranges given away (handing.ts).
  readonly repairs: Map<number, Repair>;
  repairNext: number;
  urgentCount: number;
  calmCount: number;
  readonly unsettled: Set<OwnedRange>;
  /** With the time from which it may be repaired (again). */
  readonly drifting: Map<OwnedRange, number>;
  /** Ranges yet to be looked at since the ring changed. */
  walkLeft: number;
  walkAt: number;
  walkNext: number;
  entropyAt: number;
  entropyNext: number;
  repairTimer: TimerId;
  repairAt: number;
  readonly handings: Handing[];
  /** By the end of the range. */
  readonly givens: Map<RingKey, Given>;

  readonly counts: CoordinatorCounts;
}

export interface CoordinatorCounts {
  got: number;
  put: number;
  refused: number;
  /** Copies given to a host for another one that did not answer. */
  hinted: number;
  readRepairs: number;
  sent: number;
  taken: number;
  handed: number;
  /** Requests for ranges that were just given away. */
  passedOn: number;
  /** Ranges released without their records, as the taker was silent. */
  handingsGivenUp: number;
  settled: number;
  repairs: number;
  /** Messages that others may not send, or that were not whole. */
  unheeded: number;
}

/** Lanes of a host have different sites, as an address has eight bits for them. */
const lanesMax = 256;
const tablesMax = 255;
/** Hosts of a neighbourhood have a bit each. */
const copiesMax = 24;
/** A former life's answers must not be taken for this one's. */
const roundsMax = 2 ** 30;
/** Of a voter of ordered tables, from when it was lost. */
const removalMs = 600_000;

export function createState(
  config: CoordinatorConfig,
  { self, now, seed }: Birth<CoordinatorMessage>,
): CoordinatorState {
  const random = createRandom(seed);
  const site = config.host * lanesMax + config.lane;
  const ways = new Map<number, Address<ReplicaMessage>>();
  const way = (host: number) => (host === config.host ? config.replica : (ways.get(host) ?? config.replicaOf(host)));
  const tables: (TableConfig | undefined)[] = [];
  for (const table of config.tables) if (table.table > 0 && table.table <= tablesMax) tables[table.table] = table;
  const most = config.tables.reduce((most, { n }) => Math.max(most, n), 1);
  const copiesCount = Math.min(most, copiesMax);
  return {
    config,
    self,
    site,
    siteText: `${site.toString(36)}.`,
    counter: 0,
    random,
    tables,
    copiesCount,
    hostsCount: copiesCount + neighboursCount,
    ring: createRing(),
    watchedAt: now,
    ranges: new RangeTable(),
    ways,
    ordered: createOrdered(
      {
        host: config.host,
        site,
        lane: config.lane,
        startedAt: config.startedAt,
        changeMsMax: config.operationMsMax,
        removalMs: config.removalMs ?? removalMs,
        self,
        wayTo: way,
      },
      seed,
    ),
    operations: [],
    slotsFree: [],
    operationsCount: 0,
    round: 1 + nextBelow(random, roundsMax),
    oldest: undefined,
    newest: undefined,
    copyTimer: 0,
    repairs: new Map(),
    repairNext: 1 + nextBelow(random, roundsMax),
    urgentCount: 0,
    calmCount: 0,
    unsettled: new Set(),
    drifting: new Map(),
    walkLeft: 0,
    walkAt: 0,
    walkNext: 0,
    entropyAt: now,
    entropyNext: 0,
    repairTimer: 0,
    repairAt: 0,
    handings: [],
    givens: new Map(),
    counts: {
      got: 0,
      put: 0,
      refused: 0,
      hinted: 0,
      readRepairs: 0,
      sent: 0,
      taken: 0,
      handed: 0,
      passedOn: 0,
      handingsGivenUp: 0,
      settled: 0,
      repairs: 0,
      unheeded: 0,
    },
  };
}

/** No other host is in the ring: there is nobody to repair with. */
export const isAlone = ({ ring, config }: CoordinatorState): boolean =>
  ring.generation > 0 && ring.hosts.every((host) => host === config.host);

/** Where a host's replica is: as it was heard last, or by its door. */
export const wayTo = (state: CoordinatorState, host: number): Address<ReplicaMessage> =>
  host === state.config.host ? state.config.replica : (state.ways.get(host) ?? state.config.replicaOf(host));
