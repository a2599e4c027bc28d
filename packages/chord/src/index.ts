// The public face of the ring: founding, invariants and types. Behaviours are in `@chordial/chord/behaviour`, words in
// `@chordial/chord/protocol`.
export {
  type FoundingLayout,
  type FoundingRing,
  foundingFault,
  foundingRing,
  loadOf,
  ringOfMembers,
} from './founding.ts';
export { ringInvariants } from './invariants.ts';
export type { ChordMembershipConfig, ChordMembershipState } from './membership.ts';
export type { ChordPeerConfig, ChordPeerState } from './peer-state.ts';
