// Jobs for the store: each is written down under a correlation until its event comes, and given up when that takes too long, as when the
// store was started again meanwhile.
import type { Outbox } from '@chordial/actor';
import type { StorageFailed, StorageJob } from '@chordial/storage/protocol';
import { type Job, jobMsMax, type ReplicaState } from './replica-state.ts';

type Without<J, K extends string> = J extends unknown ? Omit<J, K> : never;
export type JobWords = Without<StorageJob, 'replyTo' | 'correlation' | 'withinMs'>;

/** What begins too late is of no use: who asked has turned to others. */
const withinMs = 5_000;

export function askStore(state: ReplicaState, words: JobWords, job: Job, now: number, out: Outbox): void {
  const correlation = state.correlation++;
  state.jobs.set(correlation, { job, askedAt: now });
  out.send(state.config.store, { ...words, replyTo: state.self, correlation, withinMs } as StorageJob);
}

/** The job of an event; undefined when it was given up. */
export function takeJob(state: ReplicaState, correlation: number): Job | undefined {
  const asked = state.jobs.get(correlation);
  if (asked !== undefined) state.jobs.delete(correlation);
  return asked?.job;
}

/** Events for jobs that the store has not answered in time. */
export function lostJobs(state: ReplicaState, now: number): StorageFailed[] {
  const lost: StorageFailed[] = [];
  for (const [correlation, { askedAt }] of state.jobs) {
    if (now - askedAt <= jobMsMax) break;
    lost.push(storeFailure(correlation, 'unavailable', 'the store has not answered for 15 s: see its news'));
  }
  state.counts.lostJobsCount += lost.length;
  return lost;
}

export const storeFailure = (correlation: number, code: StorageFailed['code'], sentence: string): StorageFailed => ({
  type: 'storage-failed',
  correlation,
  code,
  sentence,
});
