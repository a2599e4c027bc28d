// What a shell needs to run a peer of the ring, and a lane's view of the membership.
import type { Behaviour } from '@chordial/actor';
import { peerInvariants } from './invariants.ts';
import {
  type ChordMembershipConfig,
  type ChordMembershipState,
  initChordMembership,
  stepChordMembership,
} from './membership.ts';
import { initChordPeer, stepChordPeer } from './peer.ts';
import type { ChordPeerConfig, ChordPeerState } from './peer-state.ts';
import { type ChordMessage, chordWords, type MembershipMessage } from './protocol.ts';

/** A question that finds 8,192 others waiting goes back to the peer or dispatcher that sent it, which answers 503. */
export const chordPeer: Behaviour<ChordPeerState, ChordMessage, ChordPeerConfig> = {
  name: 'chord-peer',
  init: initChordPeer,
  step: stepChordPeer,
  mailbox: { messagesMax: 8_192, overflow: 'refuse' },
  words: chordWords,
  invariants: peerInvariants,
  /** Numbers only: an operator sees their sums, and a host may have 50,000 peers to ask. */
  inspect: ({ successors, fingers, asked }) => ({
    successorsCount: successors.length,
    fingersCount: fingers.length,
    queriesCount: asked === undefined ? 0 : 1,
  }),
};

export const chordMembership: Behaviour<ChordMembershipState, MembershipMessage, ChordMembershipConfig> = {
  name: 'chord-membership',
  init: initChordMembership,
  step: stepChordMembership,
  mailbox: { messagesMax: 1_024, overflow: 'drop-newest' },
  // All words of the ring, so that a lane without peers knows them too: its dispatcher asks peers of other lanes.
  words: chordWords,
  inspect: ({ epoch, members, watchers }) => ({
    epoch,
    membersCount: members.length,
    watchersCount: watchers.size,
  }),
};
