// What a shell needs to run a peer of the ring.
import type { Behaviour } from '@chordial/actor';
import { peerInvariants } from './invariants.ts';
import { initChordPeer, stepChordPeer } from './peer.ts';
import type { ChordPeerConfig, ChordPeerState } from './peer-state.ts';
import { type ChordMessage, chordWords } from './protocol.ts';

/** A question that finds 8,192 others waiting goes back to the peer or dispatcher that sent it, which answers 503. */
export const chordPeer: Behaviour<ChordPeerState, ChordMessage, ChordPeerConfig> = {
  name: 'chord-peer',
  init: initChordPeer,
  step: stepChordPeer,
  mailbox: { messagesMax: 8_192, overflow: 'refuse' },
  words: chordWords,
  hearsSystem: true,
  invariants: peerInvariants,
  /** Numbers only: an operator sees their sums, and a host may have 50,000 peers to ask. */
  inspect: ({ successors, fingers, queries, phase, owns }) => ({
    successorsCount: successors.length,
    fingersCount: fingers.length,
    queriesCount: queries.length,
    membersCount: phase === 'member' || phase === 'leaving' ? 1 : 0,
    ownersCount: owns ? 1 : 0,
  }),
};
