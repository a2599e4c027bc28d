// Planned leave of one peer (DESIGN section 5, rule 6): first check that nobody loses its last successor and that r + 1 members
// stay, then hand the data to the successor's service, then take the pointers out of the ring: the successor takes the
// range, the predecessor shifts its list. Whatever does not go as it should ends the leave, and the peer stays.
//
//   reading succ -> handing the range -> noting-successor (owns nothing from its answer on) -> noting-predecessor -> left
import type { Outbox } from '@chordial/actor';
import { dropPointers, isLost, markLost } from './failure.ts';
import { tellPhase } from './joining.ts';
import { handingMsMax, nextEpoch, setRange } from './ownership.ts';
import {
  type ChordPeerState,
  isIn,
  type Leaving,
  nextCorrelation,
  noQueries,
  queryMsOf,
  sameMember,
  successorsCountOf,
} from './peer-state.ts';
import type { LeaveRing, LeavingNoted, Member, MemberLeaving, PointersRead } from './protocol.ts';
import { askPointers, setQueryTimer } from './queries.ts';
import { askSuccessor } from './stabilization.ts';

/** Rule 7 holds from the moment the neighbours are asked to forget this peer. */
export const isNoting = ({ leaving }: ChordPeerState): boolean =>
  leaving?.stage === 'noting-successor' || leaving?.stage === 'noting-predecessor';

/** Rule 6: a planned leave first checks that no member loses its last live successor and r + 1 principals stay. */
export function onLeaveRing(state: ChordPeerState, message: LeaveRing, now: number, out: Outbox): void {
  const { replyTo, correlation } = message;
  const refuse = (sentence: string): void => out.send(replyTo, { type: 'leave-refused', correlation, sentence });
  if (state.phase === 'left' || state.phase === 'joining') {
    if (state.joining !== undefined) out.clearTimer(state.joining.timer);
    state.joining = undefined;
    if (state.phase === 'joining') leave(state, out);
    return out.send(replyTo, { type: 'ring-left', correlation });
  }
  if (state.leaving !== undefined) return refuse('the peer is leaving already');
  const { self, successors, predecessor } = state;
  const tooFew = tooFewOthers(state, successors);
  if (tooFew !== undefined) return refuse(tooFew);
  if (state.handing !== undefined || state.doubted || sameMember(predecessor, self))
    return refuse('the range of this peer is changing: ask again');
  const successor = successors[0]!;
  state.phase = 'leaving';
  state.leaving = { replyTo, asked: correlation, correlation: 0, startedAt: now, stage: 'reading', successor };
  askPointers(state, 'leave', successor, now, out);
}

/** A list ends before self: r members and a predecessor that is not among them are r + 1. */
function tooFewOthers(state: ChordPeerState, list: readonly Member[]): string | undefined {
  const { self, predecessor } = state;
  const others = new Set([...list, predecessor].map(({ key }) => key));
  others.delete(self.key);
  const least = successorsCountOf(state) + 1;
  if (others.size >= least) return undefined;
  return `at least ${least} other peers must stay in the ring, and this one knows ${others.size}`;
}

function stay(state: ChordPeerState, sentence: string, out: Outbox): void {
  const { leaving } = state;
  if (leaving === undefined) return;
  state.phase = 'member';
  state.leaving = undefined;
  out.send(leaving.replyTo, { type: 'leave-refused', correlation: leaving.asked, sentence });
}

export const onLeaveSilent = (state: ChordPeerState, out: Outbox): void =>
  stay(state, 'the successor does not answer: ask again', out);

/** Looked at once a period: a service that was started again has forgotten what it was asked. */
export function watchLeave(state: ChordPeerState, now: number, out: Outbox): void {
  const { leaving } = state;
  if (leaving?.stage === 'handing' && now - leaving.startedAt >= handingMsMax)
    stay(state, 'the records were not handed over within a minute: ask again', out);
}

/** Data first. */
export function onLeaveRead(state: ChordPeerState, message: PointersRead, _now: number, out: Outbox): void {
  const { leaving, self, owns, ownedFrom: from, config } = state;
  if (leaving === undefined) return;
  const tooFew = tooFewOthers(state, [message.self, ...message.successors]);
  if (tooFew !== undefined) return stay(state, tooFew, out);
  if (owns && !(message.owns && message.ownedFrom === self.key && sameMember(message.predecessor, self)))
    return stay(state, 'the range of the successor is changing: ask again', out);
  const { service } = message;
  if (!owns || config.service === undefined || service === undefined)
    return tellNeighbour(state, { ...leaving, stage: 'noting-successor' }, leaving.successor, out);
  const correlation = nextCorrelation(state);
  state.leaving = { ...leaving, stage: 'handing', correlation };
  const { key: to, chord: replyTo } = self;
  out.send(config.service, { type: 'hand-range', from, to, target: service, replyTo, correlation });
}

export function leavingReleased(state: ChordPeerState, correlation: number, out: Outbox): void {
  const { leaving } = state;
  if (leaving?.stage !== 'handing' || leaving.correlation !== correlation) return;
  if (!sameMember(leaving.successor, state.successors[0]!))
    return stay(state, 'the successor changed meanwhile: ask again', out);
  tellNeighbour(state, { ...leaving, stage: 'noting-successor' }, leaving.successor, out);
}

/** Then the ring. */
function tellNeighbour(state: ChordPeerState, leaving: Leaving, neighbour: Member, out: Outbox): void {
  const { self: leaver, predecessor, successors, owns, ownedFrom, epoch } = state;
  const correlation = nextCorrelation(state);
  state.leaving = { ...leaving, correlation };
  const pointers = { predecessor, successors, owns, ownedFrom, epoch };
  out.send(neighbour.chord, { type: 'member-leaving', leaver, ...pointers, correlation });
  setQueryTimer(correlation, queryMsOf(state), out);
}

/** Not answered while this peer is changing itself, or would lose its last successor: then the leaver stays and asks again. */
export function onMemberLeaving(state: ChordPeerState, message: MemberLeaving, now: number, out: Outbox): void {
  const { leaver, owns, ownedFrom, epoch, correlation } = message;
  const { self, predecessor, successors } = state;
  if (state.phase === 'leaving' || state.phase === 'joining') return;
  if (isIn(state)) {
    if (successors.every((member) => sameMember(member, leaver))) return;
    if (owns) {
      const isNext = sameMember(predecessor, leaver) && state.owns && state.ownedFrom === leaver.key;
      if (!isNext || state.handing !== undefined) return;
      setRange(state, true, ownedFrom, nextEpoch(self, state.epoch, epoch), out);
    }
    markLost(state, [], [leaver], now);
    dropPointers(state, (member) => sameMember(member, leaver), out);
  }
  out.send(leaver.chord, { type: 'leaving-noted', correlation });
  if (state.versionKnown === 0) askSuccessor(state, now, out);
}

export function onLeavingNoted(state: ChordPeerState, { correlation }: LeavingNoted, now: number, out: Outbox): void {
  const { leaving, predecessor, self } = state;
  if (leaving === undefined || leaving.correlation !== correlation) return;
  if (leaving.stage === 'noting-predecessor') return finish(state, leaving, out);
  // From here on the successor owns the range, with a higher epoch.
  state.owns = false;
  const isAlone = sameMember(predecessor, self) || sameMember(predecessor, leaving.successor);
  if (isAlone || isLost(state, predecessor, now)) return finish(state, leaving, out);
  tellNeighbour(state, { ...leaving, stage: 'noting-predecessor' }, predecessor, out);
}

/** A neighbour is silent: the successor must know, the predecessor will find out by itself. */
export function leavingDue(state: ChordPeerState, correlation: number, out: Outbox): void {
  const { leaving } = state;
  if (leaving === undefined || leaving.correlation !== correlation) return;
  if (leaving.stage === 'noting-predecessor') finish(state, leaving, out);
  else if (leaving.stage === 'noting-successor') onLeaveSilent(state, out);
}

function finish(state: ChordPeerState, { replyTo, asked }: Leaving, out: Outbox): void {
  leave(state, out);
  out.send(replyTo, { type: 'ring-left', correlation: asked });
}

/** What stays of the peer hands questions on, and answers nothing else. */
function leave(state: ChordPeerState, out: Outbox): void {
  const { self } = state;
  state.phase = 'left';
  state.leaving = undefined;
  state.queries = noQueries;
  setRange(state, false, self.key, state.epoch, out);
  tellPhase(state, out);
}
