// Where everything lives on a host: which lane holds which peers, and the indices of the actors that each lane has. Every
// lane computes the same layout from the same data, so that no lane asks another for an address. All wiring starts here.
import { type Address, makeAddress } from '@chordial/actor';
import { type FoundingRing, foundingRing } from '@chordial/chord';
import type { ChordMessage } from '@chordial/chord/protocol';
import type { LocationMessage } from '@chordial/location/protocol';
import type { Contact } from '@chordial/membership';
import type { Endpoint } from './endpoint.ts';
import type { Options } from './options.ts';

/** Plain data that every lane of a host is started with. */
export interface HostConfig {
  /** Domains served; the first is canonical. */
  readonly domains: readonly string[];
  /** Other names under which phones reach this host: its addresses. */
  readonly aliases: readonly string[];
  readonly listen: Endpoint;
  readonly shared: boolean;
  readonly peersCount: number;
  readonly lanesCount: number;
  readonly routing: Options['routing'];
  /** Users of this host; each of its peers keeps its part of them. */
  readonly usersMax: number;
  /** For the To tags of stateless responses; equal on all lanes and hosts. */
  readonly secret: number;
  /** Decides the keys of the founders. */
  readonly ringName?: string;
  /** Wall-clock milliseconds at which this host founds the ring; absent for a host that joins one. */
  readonly foundedAt?: number;
  /** No other host was ever seen: the only lane of such a host founds the ring again when it is replaced. */
  readonly isAlone?: boolean;
  /** Where other hosts reach this one; absent for a host that is a ring of its own. */
  readonly ring?: Endpoint & { readonly fingerprint: string; readonly seeds: readonly Contact[] };
  /** The disk port keeps what is to outlive the process. */
  readonly isKept?: boolean;
  /** Where the records of this host are; a database blocks its thread, and has a lane of its own. */
  readonly store: StorePlace;
}

export type StorePlace =
  | { readonly kind: 'memory' }
  | { readonly kind: 'sqlite'; readonly file: string; readonly ballotsFile: string }
  | { readonly kind: 'postgres'; readonly url: string };

/** Well-known indices of the actors that every lane has once, the same on all hosts. */
export const at = {
  membership: 16,
  dispatcher: 17,
  transport: 18,
  transaction: 19,
  reporter: 20,
  coordinator: 21,
  replica: 22,
  store: 23,
  acceptor: 24,
  ballots: 25,
  storeDoor: 26,
} as const;

/** The lane of the store and of the replica in front of it: the storage lane follows those that serve. */
export const storeLaneOf = ({ store, lanesCount }: Pick<HostConfig, 'store' | 'lanesCount'>): number =>
  store.kind === 'memory' ? 0 : lanesCount;

/** The kernel numbers roots without a fixed place from here: first two for each peer (location, registrar), then the chord peers. */
const firstRootIndex = 32;

type Size = Pick<HostConfig, 'peersCount' | 'lanesCount'>;

/** Peers are dealt to the lanes in turn. */
export const peersOfLane = ({ peersCount, lanesCount }: Size, lane: number): number =>
  Math.floor((peersCount - lane - 1 + lanesCount) / lanesCount);

export const locationAddress = (host: number, lane: number, indexOnLane: number): Address<LocationMessage> =>
  makeAddress(host, lane, firstRootIndex + 2 * indexOnLane);

export const chordAddress = (size: Size, host: number, lane: number, indexOnLane: number): Address<ChordMessage> =>
  makeAddress(host, lane, firstRootIndex + 2 * peersOfLane(size, lane) + indexOnLane);

/** The ring that a host founds with its own peers; others join it. */
export function ringOf(config: Size & Pick<HostConfig, 'ringName' | 'foundedAt'>, host: number): FoundingRing {
  const { peersCount, lanesCount, ringName = 'chordial', foundedAt: life = 0 } = config;
  return foundingRing({
    hosts: [{ host, lanesCount }],
    peersCount,
    ringName,
    life,
    chordAddress: (lane, indexOnLane) => chordAddress(config, host, lane, indexOnLane),
  });
}
