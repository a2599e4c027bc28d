// What holds in a replica after every step, said as the sentence that is returned when it does not.

import { sessionsWaitingMax } from './repair-ranges.ts';
import { cachedCharactersMax, cachedRecordsMax } from './replica-cache.ts';
import { batchesRunningMax, batchesWaitingMax } from './replica-keeping.ts';
import { servingMax } from './replica-reading.ts';
import { copiesUnderWayMax, hintsMax, type ReplicaState } from './replica-state.ts';

/** The first broken invariant, or undefined. */
export function replicaInvariants(state: ReplicaState): string | undefined {
  const { copiesUnderWay, busy, jobs, cache, tree, servingCount, batchesWaiting, batchesDone } = state;
  if (state.timer === 0) return 'the timer is set';
  if (copiesUnderWay < 0 || copiesUnderWay > copiesUnderWayMax) return 'copiesUnderWayMax holds';
  if (copiesUnderWay > 0 && busy.size === 0) return 'a copy that is under way has a name that is busy';
  if (busy.size > 0 && jobs.size === 0) return 'a busy name waits for a job';
  if (servingCount < 0 || servingCount > servingMax) return 'servingMax holds';
  if (cache.count > cachedRecordsMax || cache.characters > cachedCharactersMax) return 'the cache is bounded';
  if (state.batchesRunning < 0 || state.batchesRunning > batchesRunningMax) return 'batchesRunningMax holds';
  if (batchesDone.length > 0) return 'whoever sent a batch hears of its end in the same step';
  // Beside those of other hosts, each session may have a few.
  if (batchesWaiting.length > batchesWaitingMax * 2 + state.heals.size) return 'few batches wait';
  if (tree.tree.recordsCount < 0) return 'no bucket has fewer records than none';
  return sessionsInvariants(state) ?? hintsInvariants(state);
}

function sessionsInvariants({ sessions, sessionsWaiting, asked, repairs }: ReplicaState): string | undefined {
  if (sessionsWaiting.length > sessionsWaitingMax) return 'sessionsWaitingMax holds';
  const questions = new Map<number, number>();
  for (const { for: reason } of asked.values())
    if (reason.kind === 'session') questions.set(reason.session, (questions.get(reason.session) ?? 0) + 1);
  for (const session of sessions.values()) {
    if (session.working < 0 || session.asked < 0) return 'a session ends what it began';
    if (session.asked !== (questions.get(session.id) ?? 0)) return 'a session waits for what it asked';
    if (!repairs.has(session.repair)) return 'a session belongs to a repair';
  }
  return sessions.size + sessionsWaiting.length >= repairs.size ? undefined : 'a repair ends with its last session';
}

function hintsInvariants({ hints, hintsCount, hintsNew }: ReplicaState): string | undefined {
  if (hintsNew.length > 0) return 'hints are noted at the end of a step';
  if (hintsCount > hintsMax) return 'hintsMax holds';
  let count = 0;
  for (const one of hints.values()) {
    if (one.size === 0) return 'a host without hints is dropped';
    count += one.size;
  }
  return count === hintsCount ? undefined : 'hintsCount counts the hints of all hosts';
}

/** A small picture for operators. */
export const inspectReplica = (state: ReplicaState): unknown => ({
  records: state.tree.tree.recordsCount,
  copiesUnderWay: state.copiesUnderWay,
  hints: state.hintsCount,
  sessions: state.sessions.size,
  sessionsWaiting: state.sessionsWaiting.length,
  repairs: state.repairs.size,
  arcsHeld: state.holding.since.size,
  bucketsInDoubt: state.tree.doubtful.size,
  bucketsLoaded: state.tree.loadedBelow,
  cachedRecords: state.cache.count,
  hosts: state.ring.hosts.size,
  jobs: state.jobs.size,
  ...state.counts,
});
