// Stabilization: once in a period a peer reads its successor's pointers, adopts its list, and notifies it (DESIGN section 5,
// rules 3, 5 and 7; Zave, TSE 2017). Reading is one query, so that the list and the predecessor are of one moment. In a quiet ring a
// period costs two short messages: pointers that did not change are not sent again, and a successor that already
// has us as its predecessor is not notified, which would change nothing.
import type { Outbox } from '@chordial/actor';
import { between } from '@chordial/ring-key';
import { judgeDoubt } from './doubt.ts';
import { contactHeard, isLost, queryFailed } from './failure.ts';
import { joinByHint, onJoinRead, rejoin } from './joining.ts';
import { isNoting, onLeaveRead, watchLeave } from './leaving.ts';
import { compareWithSuccessor } from './ownership.ts';
import {
  type ChordPeerState,
  changeVersion,
  isIn,
  isLaterLife,
  known,
  type Query,
  sameMember,
  stabiliseMsOf,
  successorsCountOf,
} from './peer-state.ts';
import { sameMembers, successorsAfter } from './pointers.ts';
import type {
  Member,
  PointersPending,
  PointersRead,
  PointersUnchanged,
  QueryDue,
  ReadPointers,
  StabiliseDue,
  SuccessorHinted,
} from './protocol.ts';
import { askPointers, closeQuery, isSilent, openQuery, queryOf } from './queries.ts';
import { notifySuccessor } from './rectification.ts';

/** Rule 3: read succ[0]'s (pred, list) in one query. The answer to the last one is looked at first: silence means dead. */
export function onStabiliseDue(state: ChordPeerState, message: StabiliseDue, now: number, out: Outbox): void {
  state.isTicking = isIn(state);
  if (!state.isTicking) return;
  out.setTimer(stabiliseMsOf(state), message);
  judgeDoubt(state, now, out);
  watchLeave(state, now, out);
  const open = openQuery(state, 'successor', 'candidate');
  if (open === undefined) askSuccessor(state, now, out);
  else if (open.purpose === 'successor' && isSilent(state, open, now, out)) queryFailed(state, open, now, out);
}

/** One question at a time decides about the first successor. */
export function askSuccessor(state: ChordPeerState, now: number, out: Outbox): void {
  if (openQuery(state, 'successor', 'candidate') !== undefined) return;
  const { hinted, self, successors } = state;
  const successor = successors[0]!;
  state.hinted = undefined;
  if (hinted !== undefined && between(self.key, hinted.key, successor.key)) {
    askPointers(state, 'candidate', hinted, now, out);
  } else if (!sameMember(successor, self)) askPointers(state, 'successor', successor, now, out);
}

/** Rule 7: between asking and applying, a peer answers "pending" to questions about its pointers. One that has left is silent. */
export function onReadPointers(state: ChordPeerState, message: ReadPointers, out: Outbox): void {
  const { correlation, replyTo } = message;
  const { self, phase, version } = state;
  if (phase === 'left') return;
  if (phase === 'joining' || isNoting(state)) {
    out.send(replyTo, { type: 'pointers-pending', correlation, self });
  } else if (message.versionKnown === version) {
    out.send(replyTo, { type: 'pointers-unchanged', correlation });
  } else {
    const { predecessor, successors, owns, ownedFrom, epoch, config } = state;
    const pointers = { self, predecessor, successors, owns, ownedFrom, epoch };
    const answer = { type: 'pointers-read', correlation, version, ...pointers } as const;
    out.send(replyTo, config.service === undefined ? answer : { ...answer, service: config.service });
  }
}

/** The successor lives, its list is the one that we have, and we are its predecessor: the period is over. */
export function onPointersUnchanged(state: ChordPeerState, { correlation }: PointersUnchanged): void {
  const query = queryOf(state, correlation);
  if (query?.purpose === 'successor') closeQuery(state, query);
}

/** Alive, but not to be adopted (rule 7); or it is another life of whom we asked, who is dead then. */
export function onPointersPending(state: ChordPeerState, message: PointersPending, now: number, out: Outbox): void {
  const query = queryAnsweredBy(state, message.correlation, message.self);
  if (query === undefined) return;
  closeQuery(state, query);
  if (!sameMember(message.self, query.member)) return queryFailed(state, query, now, out);
  if (query.purpose === 'candidate') notifySuccessor(state, out);
  else if (query.purpose === 'join' || query.purpose === 'leave') queryFailed(state, query, now, out);
}

/** Rule 5: only an answer of the peer that was asked, to this question, is looked at. */
function queryAnsweredBy(state: ChordPeerState, correlation: number, self: Member): Query | undefined {
  const query = queryOf(state, correlation);
  return query !== undefined && query.member.chord === self.chord ? query : undefined;
}

export function onPointersRead(state: ChordPeerState, message: PointersRead, now: number, out: Outbox): void {
  const query = queryAnsweredBy(state, message.correlation, message.self);
  if (query === undefined) return;
  closeQuery(state, query);
  // A joiner may have been given a member of long ago as its contact, and asks it only for its way.
  const isAsked = sameMember(message.self, query.member) || query.purpose === 'join';
  if (!isAsked) return queryFailed(state, query, now, out);
  contactHeard(state, query.member);
  switch (query.purpose) {
    case 'successor':
    case 'candidate':
      return onSuccessorRead(state, query.member, message, now, out);
    case 'predecessor':
      return;
    case 'doubt':
      return judgeDoubt(state, now, out, message);
    case 'join':
      return onJoinRead(state, message, now, out);
    case 'leave':
      return onLeaveRead(state, message, now, out);
    default:
      query.purpose satisfies never;
  }
}

/**
 * Rule 3, live: adopt [succ[0]] + its list; if its pred lies between, read that peer's list next (step two) and adopt it if
 * live. Only a member that answers in this period is adopted as the first one (rule 5): this is its answer.
 */
function onSuccessorRead(state: ChordPeerState, asked: Member, message: PointersRead, now: number, out: Outbox): void {
  const { self } = state;
  const first = state.successors[0]!;
  if (!sameMember(asked, first) && !between(self.key, asked.key, first.key)) return askSuccessor(state, now, out);
  const { predecessor } = message;
  // Two took the same place at one moment, and the successor knows the other one: this one looks for another.
  if (predecessor.key === self.key && !sameMember(predecessor, self) && !isLaterLife(predecessor, self))
    return rejoin(state, true, out);
  const theirs =
    state.lost.length === 0 ? message.successors : message.successors.filter((member) => !isLost(state, member, now));
  adopt(state, successorsAfter(self, asked, theirs, successorsCountOf(state)));
  compareWithSuccessor(state, message, out);
  const isSettled =
    sameMember(predecessor, self) && message.owns && message.ownedFrom === self.key && state.owns && !isUneasy(state);
  state.versionKnown = isSettled && theirs.length === message.successors.length ? message.version : 0;
  if (between(self.key, predecessor.key, asked.key) && !isLost(state, predecessor, now)) {
    askPointers(state, 'candidate', predecessor, now, out);
  } else {
    if (!isSettled) notifySuccessor(state, out);
    if (state.hinted !== undefined) askSuccessor(state, now, out);
  }
}

const isUneasy = ({ doubted, leaving }: ChordPeerState): boolean => doubted || leaving !== undefined;

function adopt(state: ChordPeerState, successors: readonly Member[]): void {
  if (sameMembers(successors, state.successors)) return;
  state.successors = successors.map((member) => known(state, member));
  const { self } = state;
  const last = successors.at(-1)!.key;
  state.fingers = state.fingers.filter(({ key }) => between(last, key, self.key));
  changeVersion(state);
}

/** A hint is read before it is adopted (rule 5), and only when it is nearer than the successor that we have. */
export function onSuccessorHinted(state: ChordPeerState, message: SuccessorHinted, now: number, out: Outbox): void {
  const { candidate } = message;
  if (state.phase === 'joining') return joinByHint(state, candidate, now, out);
  if (!isIn(state) || !between(state.self.key, candidate.key, state.successors[0]!.key)) return;
  if (openQuery(state, 'successor', 'candidate') !== undefined) state.hinted = candidate;
  else askPointers(state, 'candidate', candidate, now, out);
}

export function onQueryDue(state: ChordPeerState, { correlation }: QueryDue, now: number, out: Outbox): void {
  const query = queryOf(state, correlation);
  if (query !== undefined && isSilent(state, query, now, out)) queryFailed(state, query, now, out);
}
