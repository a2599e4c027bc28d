// A founding ring with one peer on each of N hosts. Hosts are numbered from 1, so that host number n has index n - 1.
import { type Address, makeAddress } from '@chordial/actor';
import { type FoundingRing, foundingRing, ringOfMembers } from '@chordial/chord';
import type { ChordMessage } from '@chordial/chord/protocol';

/** The kernel numbers actors without a fixed place from here: the first one is a host's only peer. */
const firstIndex = 32;
export const successorsMax = 16;

export const peerAddress = (host: number): Address<ChordMessage> => makeAddress(host, 0, firstIndex);

/** Peers know r = 16 successors, or all others where there are fewer. */
export function onePeerAHost(peersCount: number): FoundingRing {
  // Keys as a founding gives them; a founding of two hosts would ask for more peers than there are here.
  const { members } = foundingRing({
    hosts: [{ host: 0, lanesCount: 1 }],
    peersCount,
    ringName: 'chordial',
    chordAddress: (lane, i) => makeAddress(0, lane, firstIndex + i),
  });
  return ringOfMembers(
    members.map((member, i) => ({ ...member, host: i + 1, chord: peerAddress(i + 1) })),
    Math.min(successorsMax, peersCount - 1),
  );
}
