// Rectifying (DESIGN section 5, rule 4; Zave, TSE 2017): a peer that is told of a predecessor takes it when it is closer, and
// otherwise probes the one it has and replaces it only if that is dead. What follows for the range that it owns is in `ownership.ts`.
import type { Outbox } from '@chordial/actor';
import { between } from '@chordial/ring-key';
import { contactHeard, isLost } from './failure.ts';
import { isNoting } from './leaving.ts';
import { predecessorHeard } from './ownership.ts';
import { type ChordPeerState, changeVersion, isIn, isLaterLife, known, sameMember } from './peer-state.ts';
import type { Rectify } from './protocol.ts';
import { askPointers, openQuery } from './queries.ts';

/** Rule 3: "notify the successor each time". */
export function notifySuccessor(state: ChordPeerState, out: Outbox): void {
  const { self, successors, epoch, owns, config } = state;
  const successor = successors[0];
  // The successor of a leaver that was asked to forget it would take it back and hand it the range again.
  if (successor === undefined || sameMember(successor, self) || !isIn(state) || isNoting(state)) return;
  const message = { type: 'rectify', notifier: self, epoch, owns } as const;
  out.send(successor.chord, config.service === undefined ? message : { ...message, service: config.service });
}

/** Rule 4: if between(pred, notifier, self), take it; else probe pred and replace it only if dead. */
export function onRectify(state: ChordPeerState, message: Rectify, now: number, out: Outbox): void {
  const { self, predecessor } = state;
  const { notifier } = message;
  if (!isIn(state) || notifier.key === self.key) return;
  contactHeard(state, notifier);
  if (sameMember(predecessor, notifier)) return predecessorHeard(state, message, now, out);
  const isNone = sameMember(predecessor, self);
  const isCloser = between(predecessor.key, notifier.key, self.key);
  if (isNone || isCloser || isLaterLife(predecessor, notifier) || isLost(state, predecessor, now)) {
    takePredecessor(state, message, now, out);
    // The peer that preceded us until now has a nearer successor: it need not wait for its next period to find out.
    if (isCloser && !isNone) out.send(predecessor.chord, { type: 'successor-hinted', candidate: notifier });
  } else if (openQuery(state, 'predecessor') === undefined) {
    askPointers(state, 'predecessor', predecessor, now, out, message);
  }
}

/** The notifier contacted us in this step, or waited for the probe of the one that it replaces. */
export function takePredecessor(state: ChordPeerState, message: Rectify, now: number, out: Outbox): void {
  state.predecessor = known(state, message.notifier);
  changeVersion(state);
  predecessorHeard(state, message, now, out);
}
