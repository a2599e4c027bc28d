// The core of one peer of the ring, message by message; what each family of messages does is in a file of its own (routing, stabilization,
// rectification, ownership, failure, joining, leaving, fingers). Stoica et al. 2001 for the ring and its fingers, Zave, TSE
// 2017, for the pointers. A ring of one is a peer that precedes and succeeds itself and owns everything.
import { assert, type Birth, type Outbox, type Received } from '@chordial/actor';
import type { SystemEvent } from '@chordial/actor/protocol';
import { onOwnershipDoubted } from './doubt.ts';
import { onMembersLost } from './failure.ts';
import { fingerFound, onFixFingersDue, startFingers } from './fingers.ts';
import { joinerFound, onJoinDue, onPeerPlaced, startJoining, tellPhase, unplaced } from './joining.ts';
import { leavingDue, leavingReleased, onLeaveRing, onLeavingNoted, onMemberLeaving } from './leaving.ts';
import { onRangeHanded, onRangeReleased, tellRange } from './ownership.ts';
import { type ChordPeerConfig, type ChordPeerState, draw, noLost, noQueries, stabiliseMsOf } from './peer-state.ts';
import { foundingPointers } from './pointers.ts';
import type { ChordMessage, Member } from './protocol.ts';
import { onRectify } from './rectification.ts';
import { onFindSuccessor, onMessageRefused } from './routing.ts';
import {
  onPointersPending,
  onPointersRead,
  onPointersUnchanged,
  onQueryDue,
  onReadPointers,
  onStabiliseDue,
  onSuccessorHinted,
} from './stabilization.ts';

/** Founders start with it; each later owner has a higher one. */
const firstEpoch = 1;
const foundersQuietRounds = 6;

export function initChordPeer(config: ChordPeerConfig, birth: Birth<ChordMessage>, out: Outbox): ChordPeerState {
  const { founding } = config;
  const self = config.self ?? joinerAt(birth, config);
  const index = founding === undefined || config.self === undefined ? -1 : founding.table.indexOf(self.key);
  assert(config.self === undefined || index >= 0, 'a founding peer is one of the founding members');
  const isFounder = index >= 0;
  const pointers = isFounder ? foundingPointers(founding!, index) : { predecessor: self, successors: [], fingers: [] };
  const state: ChordPeerState = {
    // What each question reads stands together.
    self,
    phase: isFounder ? 'member' : 'joining',
    owns: isFounder,
    ownedFrom: pointers.predecessor.key,
    successors: pointers.successors,
    fingers: pointers.fingers,
    predecessor: pointers.predecessor,
    config,
    version: 0,
    correlation: 0,
    queries: noQueries,
    versionKnown: 0,
    successorWaits: false,
    successorCovers: false,
    epoch: isFounder ? firstEpoch : 0,
    predecessorEpoch: isFounder ? firstEpoch : 0,
    doubted: false,
    orphanReadsCount: 0,
    handing: undefined,
    handed: undefined,
    lost: noLost,
    joining: undefined,
    leaving: undefined,
    hinted: undefined,
    fingerExponent: 0,
    fingerCorrelation: 0,
    fingerQuietRounds: 0,
    fingersTimer: 0,
    isTicking: isFounder,
    seed: birth.seed % 2 ** 30,
    drawsCount: 0,
  };
  const drawn = 1 + Math.floor(draw(state) * 2 ** 30);
  if (isFounder) {
    // What all founders compute alike none has to read from the next.
    state.version = state.versionKnown = founding!.version;
    startFounder(state, out);
  } else {
    state.version = drawn;
    startJoining(state, out);
  }
  return state;
}

const joinerAt = ({ self, now }: Birth<ChordMessage>, config: ChordPeerConfig): Member => {
  const { host = 0, lane = 0, startedAt = 0 } = config;
  return { key: unplaced, host, lane, chord: self, life: Math.floor(startedAt + now) };
};

function startFounder(state: ChordPeerState, out: Outbox): void {
  // The first tick falls anywhere within the period, so that the peers of a host never tick together.
  out.setTimer(Math.floor(draw(state) * stabiliseMsOf(state)), { type: 'stabilise-due' });
  startFingers(state, out, foundersQuietRounds);
  tellPhase(state, out);
  tellRange(state, out);
}

export function stepChordPeer(
  state: ChordPeerState,
  { message, now }: Received<ChordMessage | SystemEvent>,
  out: Outbox,
): void {
  switch (message.type) {
    case 'find-successor':
      return onFindSuccessor(state, message, out);
    case 'successor-found':
      if (!fingerFound(state, message)) joinerFound(state, message, now, out);
      return;
    case 'stabilise-due':
      return onStabiliseDue(state, message, now, out);
    case 'read-pointers':
      return onReadPointers(state, message, out);
    case 'pointers-read':
      return onPointersRead(state, message, now, out);
    case 'pointers-unchanged':
      return onPointersUnchanged(state, message);
    case 'pointers-pending':
      return onPointersPending(state, message, now, out);
    case 'rectify':
      return onRectify(state, message, now, out);
    case 'query-due':
      leavingDue(state, message.correlation, out);
      return onQueryDue(state, message, now, out);
    case 'fix-fingers-due':
      return onFixFingersDue(state, out);
    case 'join-due':
      return onJoinDue(state, now, out);
    case 'peer-placed':
      return onPeerPlaced(state, message, now, out);
    case 'range-handed':
      return onRangeHanded(state, message, out);
    case 'range-released':
      leavingReleased(state, message.correlation, out);
      return onRangeReleased(state, message, out);
    case 'leave-ring':
      return onLeaveRing(state, message, now, out);
    case 'member-leaving':
      return onMemberLeaving(state, message, now, out);
    case 'leaving-noted':
      return onLeavingNoted(state, message, now, out);
    case 'successor-hinted':
      return onSuccessorHinted(state, message, now, out);
    case 'members-lost':
      return onMembersLost(state, message, now, out);
    case 'ownership-doubted':
      return onOwnershipDoubted(state, now, out);
    case 'message-refused':
      return onMessageRefused(state, message, out);
    case 'child-stopped':
      return;
    default:
      message satisfies never;
  }
}
