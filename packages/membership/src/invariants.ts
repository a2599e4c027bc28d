// What holds in a membership after every step, said as the sentence that is returned when it does not.
import type { Member } from '@chordial/chord/protocol';
import {
  contactsMax,
  hostsMax,
  localPeersMax,
  pagesMax,
  peersPerPageMax,
  probesMax,
  waitersMax,
  watchersMax,
} from './limits.ts';
import { memberOrder } from './ring-picture.ts';
import { laneLife } from './roster.ts';
import type { MembershipState } from './state.ts';

/** The first broken invariant, or undefined. */
export function membershipInvariants(state: MembershipState): string | undefined {
  return boundsBroken(state) ?? rosterBroken(state) ?? pictureBroken(state);
}

function boundsBroken({
  roster,
  watchers,
  peers,
  probes,
  contacts,
  waiters,
  tellTimer,
  news,
  isUrgent,
}: MembershipState): string | undefined {
  if (roster.entries.size > hostsMax) return 'hostsMax holds';
  if (roster.pagesCount > pagesMax) return 'pagesMax holds';
  if (watchers.size > watchersMax) return 'watchersMax holds';
  if (peers.size > localPeersMax) return 'localPeersMax holds';
  if (probes.size > probesMax) return 'probesMax holds';
  if (contacts.size > contactsMax) return 'contactsMax holds';
  if (waiters.size > waitersMax) return 'waitersMax holds';
  if (isUrgent) return 'what is urgent is told within the step';
  const untold = roster.dirty.size + news.records.size + news.pages.size + news.opinions.size;
  return untold > 0 && tellTimer === 0 ? 'a timer runs while something is to be told' : undefined;
}

function rosterBroken({ roster, isLeader, contacts }: MembershipState): string | undefined {
  let pagesCount = 0;
  let peersCount = 0;
  for (const [host, { record, pages, host: own }] of roster.entries) {
    if (host !== own || host !== record.host) return `host ${host} is found under its own number`;
    if (contacts.has(host)) return `host ${host} is known and no mere contact`;
    for (const { page, peersCount: count } of pages.values()) {
      pagesCount++;
      peersCount += count;
      if (page.peers.length > peersPerPageMax) return 'peersPerPageMax holds';
      const up = laneLife(record, page.lane);
      if (up !== undefined && page.life < up)
        return `pages of a former life of lane ${page.lane} of host ${host} are dropped`;
    }
  }
  if (pagesCount !== roster.pagesCount) return 'pagesCount counts the pages of all hosts';
  if (peersCount !== roster.peersCount) return 'peersCount counts the peers of all pages';
  return isLeader && !roster.entries.has(roster.own) ? 'the leader has its own record' : undefined;
}

/** Arrays that were found in order; they are never changed. */
const inOrder = new WeakSet<readonly Member[]>();

function pictureBroken({ picture, counted }: MembershipState): string | undefined {
  const { sorted, members } = picture;
  let count = 0;
  for (const ofHost of counted.values()) count += ofHost.length;
  if (count !== sorted.length) return 'the picture holds the members of all hosts that count';
  if (inOrder.has(sorted) && inOrder.has(members)) return undefined;
  for (let i = 1; i < sorted.length; i++) {
    if (memberOrder(sorted[i - 1]!, sorted[i]!) > 0) return 'members are sorted';
  }
  for (let i = 1; i < members.length; i++) {
    if (members[i - 1]!.key >= members[i]!.key) return 'keys told to watchers are strictly ascending';
  }
  inOrder.add(sorted).add(members);
  return undefined;
}
