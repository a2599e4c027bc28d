// The public face of the ring: founding, planning, invariants and types. The behaviour is in `@chordial/chord/behaviour`, words in
// `@chordial/chord/protocol`.
export {
  type FoundingLayout,
  type FoundingRing,
  foundingFault,
  foundingRing,
  loadOf,
  ringOfMembers,
} from './founding.ts';
export { fencingFault, ownershipFault, type PeerPicture, ringFault, ringInvariants } from './invariants.ts';
export type { ChordPeerConfig, ChordPeerState } from './peer-state.ts';
export { type Plan, planPlacement } from './planning.ts';
