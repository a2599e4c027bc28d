// What a shell needs to run the membership of a lane.
import type { Behaviour, Words } from '@chordial/actor';
import { hostsWords } from '@chordial/actor/protocol';
import { chordWords } from '@chordial/chord/protocol';
import { membershipInvariants } from './invariants.ts';
import { initMembership, stepMembership } from './membership.ts';
import { type MembershipMessage, membershipWords } from './protocol.ts';
import type { MembershipConfig, MembershipState } from './state.ts';

/** Words of peers and of the hosts port stand beside the membership's, since a lane may have no peer; one table has each number once. */
const words = Object.fromEntries(
  Object.entries({ ...chordWords, ...hostsWords, ...membershipWords }).map(([type, [, ...fields]], i) => [
    type,
    [i + 1, ...fields],
  ]),
) as unknown as Words<MembershipMessage>;

/** A message that finds 10,000 others waiting is dropped: all that matters is said again. */
export const membership: Behaviour<MembershipState, MembershipMessage, MembershipConfig> = {
  name: 'membership',
  init: initMembership,
  step: stepMembership,
  mailbox: { messagesMax: 10_000, overflow: 'drop-newest' },
  hearsSystem: true,
  words,
  invariants: membershipInvariants,
  inspect: ({ roster, picture, peers, watchers, counts, probes, epoch }) => {
    const phases = { alive: 0, slow: 0, dead: 0, left: 0 };
    for (const { phase } of roster.entries.values()) phases[phase]++;
    return {
      hosts: roster.entries.size,
      ...phases,
      members: roster.isTooLarge ? roster.peersCount : picture.members.length,
      isTooLarge: roster.isTooLarge ? 1 : 0,
      localPeers: peers.size,
      watchers: watchers.size,
      pages: roster.pagesCount,
      probesUnderWay: probes.size,
      epoch,
      ...counts,
    };
  },
};
