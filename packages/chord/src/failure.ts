// Failure: a member that stays silent, or that the membership reports lost, is dropped from all pointers at once and the ring closes
// around it (DESIGN section 5, rules 3 and 8). Who was found dead is remembered for a few periods, because the lists of others may
// still name it; whoever makes itself heard is alive. A peer that knows nobody alive is out of the ring and joins again.
import type { Outbox } from '@chordial/actor';
import { judgeDoubt } from './doubt.ts';
import { hurryFingers } from './fingers.ts';
import { rejoin, retryJoin } from './joining.ts';
import { onLeaveSilent } from './leaving.ts';
import {
  type ChordPeerState,
  changeVersion,
  isIn,
  type Lost,
  noLost,
  noQueries,
  type Query,
  queryMsOf,
  sameMember,
  stabiliseMsOf,
} from './peer-state.ts';
import type { Member, MembersLost } from './protocol.ts';
import { notifySuccessor, takePredecessor } from './rectification.ts';
import { askSuccessor } from './stabilization.ts';

/** The longest ago are forgotten first; they only save a query. */
const lostMax = 32;
/** Periods after which lists no longer name who died. */
const lostPeriods = 3;

export function isLost({ lost }: ChordPeerState, member: Member, now: number): boolean {
  return lost.some((entry) => now < entry.until && names(entry, member));
}

const names = ({ hosts, members }: Lost, member: Member): boolean =>
  hosts.includes(member.host) || members.some((one) => sameMember(one, member));

export function markLost(
  state: ChordPeerState,
  hosts: readonly number[],
  members: readonly Member[],
  now: number,
): void {
  const until = now + lostPeriods * Math.max(stabiliseMsOf(state), queryMsOf(state));
  const fresh = state.lost.filter((entry) => now < entry.until);
  state.lost = [...(fresh.length < lostMax ? fresh : fresh.slice(1)), { hosts, members, until }];
}

/** Rule 8: whom we hear from is not dead, whatever we were told. */
export function contactHeard(state: ChordPeerState, member: Member): void {
  if (state.lost.length === 0 || !state.lost.some((entry) => names(entry, member))) return;
  const kept = state.lost.map(
    ({ hosts, members, until }): Lost => ({
      hosts: hosts.filter((host) => host !== member.host),
      members: members.filter((one) => !sameMember(one, member)),
      until,
    }),
  );
  const lost = kept.filter(({ hosts, members }) => hosts.length + members.length > 0);
  state.lost = lost.length === 0 ? noLost : lost;
}

/** Whoever was asked is silent, or answered as somebody else. What that means depends on why it was asked. */
export function queryFailed(state: ChordPeerState, query: Query, now: number, out: Outbox): void {
  const { purpose, member } = query;
  if (purpose === 'join') return retryJoin(state, false, out);
  if (!isIn(state)) return;
  markLost(state, [], [member], now);
  if (!dropPointers(state, (one) => sameMember(one, member), out)) return;
  switch (purpose) {
    // Rule 3, dead: drop it, shift, go on.
    case 'successor':
      return askSuccessor(state, now, out);
    case 'candidate':
      return notifySuccessor(state, out);
    // Rule 4: replace only if dead.
    case 'predecessor':
      if (query.rectify !== undefined && sameMember(state.predecessor, state.self))
        takePredecessor(state, query.rectify, now, out);
      return;
    case 'doubt':
      return judgeDoubt(state, now, out);
    case 'leave':
      return onLeaveSilent(state, out);
    default:
      purpose satisfies never;
  }
}

/** Drops them at once and, if the first successor is among them, reads the next one at once. */
export function onMembersLost(state: ChordPeerState, message: MembersLost, now: number, out: Outbox): void {
  const { self } = state;
  const hosts = message.hosts.filter((host) => host !== self.host);
  const { members } = message;
  const isGone = (member: Member): boolean =>
    !sameMember(member, self) && (hosts.includes(member.host) || members.some((one) => sameMember(one, member)));
  if (state.phase === 'left') return;
  markLost(state, hosts, members, now);
  const failed = state.queries.filter(({ member }) => isGone(member));
  if (failed.length > 0) {
    const open = state.queries.filter((query) => !failed.includes(query));
    state.queries = open.length === 0 ? noQueries : open;
  }
  if (isIn(state) && !dropPointers(state, isGone, out)) return;
  for (const query of failed) queryFailed(state, query, now, out);
  if (isIn(state) && state.versionKnown === 0) askSuccessor(state, now, out);
}

/** False when no successor is left: then the peer is out of the ring. */
export function dropPointers(state: ChordPeerState, isGone: (member: Member) => boolean, out: Outbox): boolean {
  const { self, successors, fingers, predecessor, handing } = state;
  if (state.hinted !== undefined && isGone(state.hinted)) state.hinted = undefined;
  if (handing !== undefined && isGone(handing.to)) state.handing = undefined;
  if (fingers.some(isGone)) {
    state.fingers = fingers.filter((member) => !isGone(member));
    hurryFingers(state, out);
  }
  const isPredecessorGone = predecessor !== self && isGone(predecessor);
  if (isPredecessorGone) state.predecessor = self;
  const live = successors.filter((member) => !isGone(member));
  if (live.length < successors.length || isPredecessorGone) changeVersion(state);
  if (live.length === successors.length) return true;
  // Should the successor know better, its list is read again although it did not change.
  state.versionKnown = 0;
  if (live[0] !== successors[0]) {
    state.successorWaits = state.successorCovers = false;
  }
  state.successors = live;
  return live.length > 0 || closeRing(state, out);
}

/**
 * The list is used up, more than rule 1 allows for: whoever else is known is read next, and leads back to the nearest live member by
 * its predecessors. Until then questions are only forwarded. Nobody else known: join again.
 */
function closeRing(state: ChordPeerState, out: Outbox): boolean {
  const { self, fingers, predecessor } = state;
  const next = fingers[0] ?? predecessor;
  if (next === self) {
    rejoin(state, false, out);
    return false;
  }
  state.successors = [next];
  state.fingers = fingers.slice(1);
  state.successorWaits = true;
  return true;
}
