// A ring of the keys 10, 20, ... e0 with three successors each, where digits say who is who: founders live on host 0, everybody
// else on host 1.
import { makeAddress } from '@chordial/actor';
import { parseRingKey, type RingKey } from '@chordial/ring-key';
import { PeerAlone, service } from '../bench/peer-alone.ts';
import { ringOfKeys } from '../bench/ring-on-one-lane.ts';
import type { ChordPeerConfig } from './peer-state.ts';
import type { ChordMessage, Member, PointersRead, Rectify } from './protocol.ts';

export const at = (digits: string): RingKey => parseRingKey(digits.padEnd(40, '0'))!;
export const stranger = makeAddress<ChordMessage>(0, 0, 98);
export const ring = ringOfKeys([...'123456789abcde'].map(at), 3);

export const member = (digits: string, host = 1, life = 0): Member =>
  ring.members.find(({ key }) => key === at(digits)) ?? {
    key: at(digits),
    host,
    lane: 0,
    chord: makeAddress(host, 0, 50 + Number.parseInt(digits, 16)),
    life,
  };

export const peerAt = (digits: string, founding = ring, more: Partial<ChordPeerConfig> = {}): PeerAlone =>
  new PeerAlone({ self: member(digits), founding, listeners: [service], ...more });

export const names = (members: readonly Member[]): string => members.map(({ key }) => key.replace(/0+$/, '')).join(' ');

/** What `of` answers to the question that the peer asked last: it owns what follows its predecessor, unless `more` says otherwise. */
export const pointers = (
  peer: PeerAlone,
  of: string,
  predecessor: string,
  successors: string,
  more: Partial<PointersRead> = {},
): PointersRead => ({
  type: 'pointers-read',
  correlation: peer.state.queries.at(-1)?.correlation ?? 0,
  version: 77,
  self: member(of),
  predecessor: member(predecessor),
  successors: successors.split(' ').map((digits) => member(digits)),
  owns: true,
  ownedFrom: at(predecessor),
  epoch: 1,
  ...more,
});

export const rectify = (by: string, more: Partial<Rectify> = {}): Rectify => ({
  type: 'rectify',
  notifier: member(by),
  epoch: 0,
  owns: false,
  ...more,
});

/** The types of what was sent, in order. */
export const types = (sent: readonly { readonly message: { readonly type: string } }[]): string =>
  sent.map(({ message }) => message.type).join(' ');
