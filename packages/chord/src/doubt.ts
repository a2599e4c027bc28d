// A host that stood still (suspended, starved, SIGSTOP) may have been taken for dead, and its ranges taken over. Until it knows better
// its peers own nothing: they ask the first successor on another host, which would be the one that took over (DESIGN 9).
import type { Outbox } from '@chordial/actor';
import { between } from '@chordial/ring-key';
import { setRange } from './ownership.ts';
import { type ChordPeerState, changeVersion } from './peer-state.ts';
import type { Member, PointersRead } from './protocol.ts';
import { askPointers, openQuery } from './queries.ts';

const firstElsewhere = (state: ChordPeerState): Member | undefined =>
  state.successors.find(({ host }) => host !== state.self.host);

export function onOwnershipDoubted(state: ChordPeerState, now: number, out: Outbox): void {
  // On a ring of one host nobody is left to take over.
  if (state.phase !== 'member' || !state.owns || firstElsewhere(state) === undefined) return;
  const { ownedFrom, epoch } = state;
  state.handing = undefined;
  state.doubted = true;
  setRange(state, false, ownedFrom, epoch, out);
  state.doubted = true;
  judgeDoubt(state, now, out);
}

/** Asks, or, given the answer, owns the range again unless a higher epoch covers it. */
export function judgeDoubt(state: ChordPeerState, now: number, out: Outbox, answer?: PointersRead): void {
  if (!state.doubted) return;
  const { self, ownedFrom, epoch } = state;
  const elsewhere = firstElsewhere(state);
  if (answer === undefined && elsewhere !== undefined) {
    if (openQuery(state, 'doubt') === undefined) askPointers(state, 'doubt', elsewhere, now, out);
    return;
  }
  state.doubted = false;
  const isTakenOver =
    answer?.owns === true && answer.epoch > epoch && between(answer.ownedFrom, self.key, answer.self.key);
  if (isTakenOver) changeVersion(state);
  else setRange(state, true, ownedFrom, epoch, out);
}
