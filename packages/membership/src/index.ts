// The public face of the membership; its words are in `@chordial/membership/protocol`.
export { membershipBehaviour } from './behaviour.ts';
export { initMembership, type MembershipConfig, type MembershipState, stepMembership } from './membership.ts';
