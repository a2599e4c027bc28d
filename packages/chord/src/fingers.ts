// Fix-fingers: one finger a tick is looked up again, from the nearest to the farthest, since the way to a finger leads over the nearer
// ones. The period backs off from 1 s to 64 s while rounds change nothing, and starts again at 1 s when a finger is
// found dead. Fingers are hints for routing only (DESIGN section 5, rule 5).
import type { Outbox } from '@chordial/actor';
import { addPowerOfTwo, between, betweenRightClosed, keyBits } from '@chordial/ring-key';
import { type ChordPeerState, draw, isIn, known, nextCorrelation, sameMember } from './peer-state.ts';
import { closestPreceding } from './pointers.ts';
import type { Member, SuccessorFound } from './protocol.ts';

const periodMs = 1_000;
/** Where a membership reports the dead. */
const doublingsReported = 6;
/** Where nobody does. */
const doublingsAlone = 2;

/** Founders computed their fingers: they begin with the longest period. */
export function startFingers(state: ChordPeerState, out: Outbox, quietRounds = 0): void {
  state.fingerQuietRounds = Math.min(quietRounds, doublingsOf(state));
  state.fingerExponent = keyBits;
  setFingersTimer(state, out);
}

const doublingsOf = ({ config }: ChordPeerState): number =>
  config.membership === undefined ? doublingsAlone : doublingsReported;

function setFingersTimer(state: ChordPeerState, out: Outbox): void {
  if (state.fingersTimer !== 0) out.clearTimer(state.fingersTimer);
  const delayMs = periodMs * 2 ** state.fingerQuietRounds * (0.5 + draw(state) / 2);
  state.fingersTimer = out.setTimer(delayMs, { type: 'fix-fingers-due' });
}

/** Something changed: back to the shortest period. */
export function hurryFingers(state: ChordPeerState, out: Outbox): void {
  if (state.fingerQuietRounds === 0) return;
  state.fingerQuietRounds = 0;
  setFingersTimer(state, out);
}

export function onFixFingersDue(state: ChordPeerState, out: Outbox): void {
  state.fingersTimer = 0;
  if (!isIn(state)) return;
  const { self, predecessor, successors } = state;
  if (state.fingerCorrelation !== 0) dropFirstHop(state);
  if (state.fingerExponent >= keyBits) {
    state.fingerExponent = firstExponent(state);
    state.fingerQuietRounds = Math.min(doublingsOf(state), state.fingerQuietRounds + 1);
  }
  setFingersTimer(state, out);
  const last = successors.at(-1)!;
  if (state.fingerExponent >= keyBits || sameMember(last, predecessor) || sameMember(last, self)) {
    state.fingerExponent = keyBits;
    return;
  }
  const correlation = nextCorrelation(state);
  state.fingerCorrelation = correlation;
  const { chord: replyTo } = self;
  const key = addPowerOfTwo(self.key, state.fingerExponent);
  out.send(replyTo, { type: 'find-successor', key, replyTo, correlation, hops: 0 });
}

/** The nearest finger that the successor list does not hold. */
function firstExponent({ self, successors }: ChordPeerState): number {
  const last = successors.at(-1)!.key;
  let exponent = keyBits;
  while (exponent > 0 && !betweenRightClosed(self.key, addPowerOfTwo(self.key, exponent - 1), last)) exponent--;
  return exponent;
}

/** A look-up that was not answered may have met a dead finger, and the first one on its way is the only one that we know. */
function dropFirstHop(state: ChordPeerState): void {
  state.fingerCorrelation = 0;
  state.fingerQuietRounds = 0;
  const { self, fingers } = state;
  const hop = closestPreceding(self.key, state, addPowerOfTwo(self.key, Math.min(state.fingerExponent, keyBits - 1)));
  state.fingers = fingers.filter((finger) => finger !== hop);
  state.fingerExponent++;
}

/** True when the answer was for a finger. */
export function fingerFound(state: ChordPeerState, { correlation, owner, key }: SuccessorFound): boolean {
  if (correlation !== state.fingerCorrelation || correlation === 0) return false;
  const { self, fingers, successors, fingerExponent } = state;
  state.fingerCorrelation = 0;
  // The question of a member that has lost the ring meanwhile and joins again.
  if (successors.length === 0) return true;
  state.fingerExponent++;
  // No finger stands between the start and the owner found, and one is enough up to the next start.
  const next = fingerExponent + 1 < keyBits ? addPowerOfTwo(self.key, fingerExponent + 1) : self.key;
  const isHere = ({ key: at }: Member): boolean => at === key || between(key, at, next);
  // An owner that stands exactly at the start leaves no room before it, where `between` would name the whole ring.
  const isSkipped = (finger: Member): boolean => owner.key !== key && between(key, finger.key, owner.key);
  const isKept = (finger: Member): boolean => !isHere(finger) && !isSkipped(finger);
  const kept = fingers.filter(isKept);
  const isBeyond = between(successors.at(-1)!.key, owner.key, self.key);
  if (isBeyond && !kept.some((finger) => sameMember(finger, owner))) {
    const at = kept.findIndex((finger) => between(self.key, owner.key, finger.key));
    kept.splice(at < 0 ? kept.length : at, 0, known(state, owner));
  }
  if (kept.length !== fingers.length || kept.some((finger, i) => !sameMember(finger, fingers[i]!))) {
    state.fingers = kept;
    state.fingerQuietRounds = 0;
  }
  return true;
}
