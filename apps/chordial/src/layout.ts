// Where everything lives on a host: which lane holds which peers, and the indices of the actors that each lane has once. Every
// lane computes the same founding ring from the same data, so that no lane asks another for an address. All wiring starts here.
import { type Address, makeAddress } from '@chordial/actor';
import { type FoundingRing, foundingRing } from '@chordial/chord';
import type { ChordMessage } from '@chordial/chord/protocol';
import type { Endpoint, Options } from './options.ts';

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
