// Where everything lives on a host: which lane holds which peers, and the indices of the actors that each lane has once. Every
// lane computes the same founding ring from the same data, so that no lane asks another for an address. All wiring starts here.
import { type Address, makeAddress } from '@chordial/actor';
import { type FoundingRing, foundingRing } from '@chordial/chord';
import type { ChordMessage } from '@chordial/chord/protocol';
import { distance, keyBits, type RingKey } from '@chordial/ring-key';
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
  /** Users of the whole host; `usersMaxOf` divides them among its peers. */
  readonly usersMax: number;
  /** For the To tags of stateless responses; equal on all lanes. */
  readonly secret: number;
}

/** Well-known indices of the actors that every lane has once. */
export const at = { membership: 16, dispatcher: 17, transport: 18, transaction: 19, reporter: 20 } as const;

const thisHost = 0;
/** The kernel numbers roots without a fixed place from here; chord peers are the first of them. */
const firstRootIndex = 32;

export const chordAddress = (lane: number, indexOnLane: number): Address<ChordMessage> =>
  makeAddress(thisHost, lane, firstRootIndex + indexOnLane);

/** The ring of a host on its own: peers dealt to the lanes in turn. */
export const ringOf = ({ peersCount, lanesCount }: Pick<HostConfig, 'peersCount' | 'lanesCount'>): FoundingRing =>
  foundingRing({ hosts: [{ host: thisHost, lanesCount }], peersCount, ringName: 'chordial', chordAddress });

/**
 * The users that the peer with this key may keep, of the `usersMax` of its host. Peers share no counter, as cores share no state,
 * so each has its part of the ring of them and room for chance: names fall on the ring evenly, and a peer with m users on
 * average has more than m + 6 sqrt(m) + 8 less than once in 10^8 fillings. A host that is full therefore refuses nobody too early; whoever
 * chooses names to fill every peer gets at most 6 sqrt(usersMax * peers) + 9 * peers users above `usersMax`: 5 % at a
 * million users on 64 peers. Shares change with the ranges when those can (join and failure).
 */
export function usersMaxOf({ members, table }: FoundingRing, key: RingKey, usersMax: number): number {
  const arc = distance(members.at(table.ownerIndex(key) - 1)!.key, key);
  // From a peer that is alone to itself it is once around.
  const usersMean = arc === 0n ? usersMax : usersMax * (Number(arc) / 2 ** keyBits);
  return Math.min(usersMax, Math.ceil(usersMean + 6 * Math.sqrt(usersMean)) + 8);
}
