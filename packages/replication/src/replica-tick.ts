// What a replica does by itself, at the end of each step and by its timer: jobs that the store lost, questions that nobody answered, sessions, hints,
// expiry, what is held for others, and a few words to the operator.
import type { Outbox } from '@chordial/actor';
import type { StorageFailed } from '@chordial/storage/protocol';
import { deliverHints, noteHints, onHintsAnswered } from './hints.ts';
import { onCopiesKept } from './repair-answers.ts';
import { resendAsked } from './repair-asking.ts';
import { runSessions } from './repair-ranges.ts';
import { onFetchedKept } from './repair-session.ts';
import { dropExpired } from './replica-expiry.ts';
import { onHealFailed, onHealKept, tellHealing } from './replica-healing.ts';
import { lookForHeld } from './replica-holding.ts';
import { lostJobs } from './replica-jobs.ts';
import { beginBatches } from './replica-keeping.ts';
import { watchRing } from './replica-ring.ts';
import type { Asked, Batch, ReplicaState } from './replica-state.ts';
import { readDigests } from './replica-tree.ts';

const restMs = 1_000;
/** While something is repaired or asked. */
const busyMs = 100;

export function onRepairDue(
  state: ReplicaState,
  now: number,
  out: Outbox,
  onStorageFailed: (failed: StorageFailed) => void,
): void {
  state.timer = 0;
  for (const failed of lostJobs(state, now)) onStorageFailed(failed);
  for (const { to, message } of state.repairedUnsent.splice(0)) out.send(to, message);
  for (const asked of resendAsked(state, now, out)) onGivenUp(state, asked, now, out);
  watchRing(state, now, out);
  dropExpired(state, now, out);
  deliverHints(state, now, out);
  lookForHeld(state, now, out);
  tellHealing(state, now, out);
}

/** Nobody waits any more for an answer to this. */
export function onGivenUp(state: ReplicaState, asked: Asked, now: number, out: Outbox): void {
  const { host, for: reason } = asked;
  if (reason.kind === 'hint') onHintsAnswered(state, host, reason.hints, false, now, out);
  else if (reason.kind === 'heal') onHealFailed(state, reason.name);
  else {
    const session = state.sessions.get(reason.session);
    if (session === undefined) return;
    session.asked--;
    session.trouble ||= `host ${host} is silent`;
  }
}

/** At the end of each step: what became possible by it. */
export function settle(state: ReplicaState, now: number, out: Outbox): void {
  if (state.hintsNew.length > 0) noteHints(state);
  do {
    for (let batch = state.batchesDone.shift(); batch !== undefined; batch = state.batchesDone.shift())
      onBatchDone(state, batch, now, out);
    beginBatches(state, now, out);
    // A batch without news for the store is done at once.
  } while (state.batchesDone.length > 0);
  readDigests(state, now, out);
  if (hasSessions(state)) runSessions(state, now, out);
  // One arc after another, without waiting for the timer.
  if (state.holding.offer?.repair?.left === 0) {
    lookForHeld(state, now, out);
    if (hasSessions(state)) runSessions(state, now, out);
  }
  setTick(state, now, out);
}

const hasSessions = ({ sessions, sessionsWaiting }: ReplicaState): boolean =>
  sessions.size + sessionsWaiting.length > 0;

function onBatchDone(state: ReplicaState, batch: Batch, now: number, out: Outbox): void {
  const { from } = batch;
  if (from.kind === 'store-copies') return onCopiesKept(state, from.message, batch, out);
  if (from.kind === 'heal') return onHealKept(state, from.name, batch.trouble + batch.skippedFault);
  const session = state.sessions.get(from.session);
  if (session !== undefined) onFetchedKept(state, session, batch, now);
}

export function setTick(state: ReplicaState, now: number, out: Outbox): void {
  const isBusy = hasSessions(state) || state.asked.size > 0;
  const dueAt = now + (isBusy ? busyMs : restMs);
  if (state.timer !== 0) {
    if (state.timerAt <= dueAt) return;
    out.clearTimer(state.timer);
  }
  state.timerAt = dueAt;
  state.timer = out.setTimer(dueAt - now, { type: 'repair-due' });
}
