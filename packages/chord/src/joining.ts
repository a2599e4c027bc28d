// Joining (DESIGN section 5, rule 2): a place is given by the membership, or is the middle of the largest of log2 N probed arcs; then
// the peer walks to the member m with between(m, j, m.succ[0]), takes its list and itself as m's successor in one read, and tells
// nobody: stabilization will. It owns nothing until the old owner hands it the range. An attempt that does not
// get on is begun again after a pause with jitter.
import type { Outbox } from '@chordial/actor';
import { between, betweenRightClosed, distance, midpoint, parseRingKey, type RingKey } from '@chordial/ring-key';
import { isLost } from './failure.ts';
import { startFingers } from './fingers.ts';
import { tellRange } from './ownership.ts';
import {
  type ChordPeerState,
  changeVersion,
  draw,
  isLaterLife,
  type Joining,
  known,
  nextCorrelation,
  noQueries,
  queryMsOf,
  sameMember,
  stabiliseMsOf,
  successorsCountOf,
} from './peer-state.ts';
import { successorsAfter } from './pointers.ts';
import type { Member, PeerPlaced, PointersRead, SuccessorFound } from './protocol.ts';
import { askPointers } from './queries.ts';
import { askSuccessor } from './stabilization.ts';

/** Reads of one attempt to walk to a place; the question before them led there already. */
const stepsMax = 32;
const probesMax = 20;
/** Attempts after which a place that was taken is followed by a long pause like any other failure. */
const soonAttemptsMax = 3;
/** An attempt takes a few queries; whoever does not answer ends it. */
const queriesPerAttempt = 5;
const firstDelayMsMax = 200;
const jitterDigits = 8;

/** What a peer is called that has no place yet: nobody can ask for it. */
export const unplaced = parseRingKey('0'.repeat(40))!;

const idle: Omit<Joining, 'timer'> = {
  stage: 'waiting',
  contact: undefined,
  attemptsCount: 0,
  correlation: 0,
  stepsLeft: stepsMax,
  probesLeft: 0,
  place: undefined,
  arc: 0,
};

export function startJoining(state: ChordPeerState, out: Outbox): void {
  const timer = out.setTimer(draw(state) * firstDelayMsMax, { type: 'join-due' });
  state.joining = { ...idle, timer };
}

/**
 * No successor is left, or its place `isTaken`: the peer is out of the ring and asks again, keeping its key if it can. It does so as a
 * new incarnation, so that whoever still points to the old one finds out that that one is gone.
 */
export function rejoin(state: ChordPeerState, isTaken: boolean, out: Outbox): void {
  const self = { ...state.self, life: state.self.life + 1 };
  state.self = self;
  Object.assign(state, { phase: 'joining', predecessor: self, successors: [], fingers: [], queries: noQueries });
  Object.assign(state, { owns: false, ownedFrom: self.key, doubted: false, versionKnown: 0 });
  state.handing = state.handed = state.leaving = state.hinted = undefined;
  changeVersion(state);
  tellRange(state, out);
  tellPhase(state, out);
  if (isTaken) state.self = state.predecessor = { ...self, key: unplaced };
  startJoining(state, out);
}

/** An attempt did not get on: again after a pause, at another place if this one is `taken`. */
export function retryJoin(state: ChordPeerState, isTaken: boolean, out: Outbox): void {
  const { joining } = state;
  if (joining === undefined) return;
  out.clearTimer(joining.timer);
  if (isTaken) state.self = state.predecessor = { ...state.self, key: unplaced };
  const { attemptsCount } = joining;
  // A place is often taken because the membership that gave it had heard of a part of the ring, and hears of the rest at this moment.
  const isSoon = isTaken && attemptsCount <= soonAttemptsMax;
  const pauseMs = queryMsOf(state) * (0.5 + draw(state)) * (isSoon ? 0.2 : 1);
  state.queries = noQueries;
  state.joining = { ...idle, attemptsCount, timer: out.setTimer(pauseMs, { type: 'join-due' }) };
}

const setAttemptTimer = (state: ChordPeerState, out: Outbox): number =>
  out.setTimer(queryMsOf(state) * (queriesPerAttempt + draw(state)), { type: 'join-due' });

export function onJoinDue(state: ChordPeerState, now: number, out: Outbox): void {
  if (state.phase !== 'joining') return;
  const { membership, contact } = state.config;
  const timer = setAttemptTimer(state, out);
  state.queries = noQueries;
  const attemptsCount = (state.joining?.attemptsCount ?? 0) + 1;
  state.joining = { ...idle, attemptsCount, timer, stage: membership === undefined ? 'waiting' : 'placing' };
  if (membership !== undefined) out.send(membership, { type: 'place-peer', chord: state.self.chord });
  else if (contact !== undefined && state.self.key !== unplaced) walkFrom(state, contact, now, out);
  else if (contact !== undefined) {
    state.joining = { ...state.joining, stage: 'probing', contact };
    askPointers(state, 'join', contact, now, out);
  }
}

export function onPeerPlaced(state: ChordPeerState, { key, contact }: PeerPlaced, now: number, out: Outbox): void {
  if (state.joining?.stage !== 'placing') return;
  if (state.self.key === unplaced) takePlace(state, key, out);
  walkFrom(state, contact, now, out);
}

/** A peer that has lost all others, and has nobody to ask, is told of a member. */
export function joinByHint(state: ChordPeerState, candidate: Member, now: number, out: Outbox): void {
  if (state.joining?.stage === 'waiting' && state.self.key !== unplaced) walkFrom(state, candidate, now, out);
}

function takePlace(state: ChordPeerState, key: RingKey, out: Outbox): void {
  state.self = { ...state.self, key };
  state.predecessor = state.self;
  state.ownedFrom = key;
  tellPhase(state, out);
}

/** Each second attempt reads its way clockwise, in case that a question by fingers meets one that is dead. */
function walkFrom(state: ChordPeerState, contact: Member, now: number, out: Outbox): void {
  const { joining } = state;
  if (joining === undefined) return;
  if (joining.attemptsCount % 2 === 0) {
    state.joining = { ...joining, stage: 'walking', contact };
    return askPointers(state, 'join', contact, now, out);
  }
  // The answer comes from a peer that may not know the way to a new host yet, and is lost then: the next attempt soon reads its way.
  out.clearTimer(joining.timer);
  const timer = out.setTimer((queryMsOf(state) * (1 + draw(state))) / 3, { type: 'join-due' });
  state.joining = { ...joining, stage: 'finding', contact, timer, correlation: nextCorrelation(state) };
  askContact(state, state.self.key, out);
}

function askContact(state: ChordPeerState, key: RingKey, out: Outbox): void {
  const { contact, correlation } = state.joining!;
  const replyTo = state.self.chord;
  out.send(contact!.chord, { type: 'find-successor', key, replyTo, correlation, hops: 0 });
}

/** True when the answer was for the joiner. */
export function joinerFound(state: ChordPeerState, message: SuccessorFound, now: number, out: Outbox): boolean {
  const { joining } = state;
  if (joining === undefined || message.correlation !== joining.correlation || joining.correlation === 0) return false;
  if (joining.stage === 'finding') {
    out.clearTimer(joining.timer);
    const timer = setAttemptTimer(state, out);
    state.joining = { ...joining, correlation: 0, stage: 'walking', timer };
  } else state.joining = { ...joining, correlation: 0 };
  askPointers(state, 'join', message.owner, now, out);
  return true;
}

export function onJoinRead(state: ChordPeerState, message: PointersRead, now: number, out: Outbox): void {
  const { joining } = state;
  if (joining?.stage === 'probing') probeArc(state, joining, message, now, out);
  else if (joining?.stage === 'walking') walkOn(state, joining, message, now, out);
}

/** The first read tells how many probes there shall be, each later one an arc. */
function probeArc(state: ChordPeerState, joining: Joining, message: PointersRead, now: number, out: Outbox): void {
  const { self, predecessor, successors } = message;
  let { place, arc, probesLeft } = joining;
  if (place === undefined) {
    const span = Number(distance(self.key, successors.at(-1)!.key)) / 2 ** 160 || 1;
    probesLeft = Math.min(probesMax, Math.max(1, Math.ceil(Math.log2(successors.length / span))));
  }
  const probed = Number(distance(predecessor.key, self.key)) / 2 ** 160 || 1;
  if (probed > arc) {
    arc = probed;
    // Not quite the middle: others may probe the same arc at this moment.
    const middle = midpoint(predecessor.key, self.key);
    place = (middle.slice(0, 40 - jitterDigits) + randomKey(state).slice(0, jitterDigits)) as RingKey;
  }
  if (probesLeft === 0) {
    takePlace(state, place!, out);
    walkFrom(state, joining.contact!, now, out);
    return;
  }
  const correlation = nextCorrelation(state);
  state.joining = { ...joining, place, arc, probesLeft: probesLeft - 1, correlation };
  askContact(state, randomKey(state), out);
}

function randomKey(state: ChordPeerState): RingKey {
  let key = '';
  while (key.length < 40)
    key += Math.floor(draw(state) * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return key as RingKey;
}

/** Rule 2: in one read take m's successor list and set pred := m; recheck in that read. Refuse a taken id. */
function walkOn(state: ChordPeerState, joining: Joining, message: PointersRead, now: number, out: Outbox): void {
  const { self } = state;
  const { self: m, predecessor, successors } = message;
  const seen = [m, predecessor, ...successors];
  if (seen.some((one) => one.key === self.key && !sameMember(one, self) && !isLaterLife(one, self)))
    return retryJoin(state, true, out);
  const list = successors.filter((one) => one.key !== self.key && !isLost(state, one, now));
  const first = list[0];
  // A ring of one is never grown, and a peer that has lost its neighbours is no way to a place.
  if (first === undefined || first.key === m.key || joining.stepsLeft === 0) return retryJoin(state, false, out);
  if (m.key !== self.key && between(m.key, self.key, first.key)) return becomeMember(state, m, list, now, out);
  // Where the owner was found the place is behind it: back by one, unless m's list reaches over it. Else clockwise by lists.
  const isFound = joining.attemptsCount % 2 === 1 && !betweenRightClosed(m.key, self.key, list.at(-1)!.key);
  const isBehind = isFound || betweenRightClosed(predecessor.key, self.key, m.key);
  const next = isBehind ? predecessor : list.findLast((one) => between(m.key, one.key, self.key));
  if (next === undefined || next.key === m.key) return retryJoin(state, false, out);
  state.joining = { ...joining, stepsLeft: joining.stepsLeft - 1 };
  askPointers(state, 'join', next, now, out);
}

function becomeMember(
  state: ChordPeerState,
  predecessor: Member,
  list: readonly Member[],
  now: number,
  out: Outbox,
): void {
  const { self, joining } = state;
  out.clearTimer(joining!.timer);
  state.joining = undefined;
  state.queries = noQueries;
  state.phase = 'member';
  state.predecessor = known(state, predecessor);
  state.successors = successorsAfter(self, list[0]!, list.slice(1), successorsCountOf(state)).map((one) =>
    known(state, one),
  );
  state.versionKnown = 0;
  state.successorWaits = state.successorCovers = false;
  changeVersion(state);
  tellPhase(state, out);
  tellRange(state, out);
  if (!state.isTicking) out.setTimer(stabiliseMsOf(state) * (0.5 + draw(state) / 2), { type: 'stabilise-due' });
  state.isTicking = true;
  startFingers(state, out);
  askSuccessor(state, now, out);
}

export function tellPhase({ self, phase, config }: ChordPeerState, out: Outbox): void {
  if (config.membership === undefined || phase === 'leaving') return;
  out.send(config.membership, { type: 'peer-changed', self, phase });
}
