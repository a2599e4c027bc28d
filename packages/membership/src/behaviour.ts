// What a shell needs to run a membership.
import type { Behaviour } from '@chordial/actor';
import {
  initMembership,
  type MembershipConfig,
  type MembershipState,
  membershipInvariants,
  stepMembership,
} from './membership.ts';
import { type MembershipMessage, membershipWords } from './protocol.ts';

export const membershipBehaviour: Behaviour<MembershipState, MembershipMessage, MembershipConfig> = {
  name: 'membership',
  init: initMembership,
  step: stepMembership,
  mailbox: { messagesMax: 1_000, overflow: 'refuse' },
  words: membershipWords,
  invariants: membershipInvariants,
  inspect: ({ total }) => ({ total }),
};
