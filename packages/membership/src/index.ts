// The public face of the membership; its words are in `@chordial/membership/protocol`, what a shell needs in `/behaviour`.

export { middleOfLargestArc } from './arcs.ts';
export { membership } from './behaviour.ts';
export { initMembership, stepMembership } from './membership.ts';
export type { Contact, MembershipConfig, MembershipState } from './state.ts';
