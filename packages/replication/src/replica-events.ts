// Events of the store: each belongs to a job that was written down, and whoever ordered the job goes on.
import type { Outbox } from '@chordial/actor';
import type { RangeScanned, RecordsRead, RecordsWritten, StorageFailed } from '@chordial/storage/protocol';
import { onHintsAnswered, onHintsRead } from './hints.ts';
import { onAnswerFailed, onAnswerScanned } from './repair-answers.ts';
import { onRangeScanned } from './repair-scan.ts';
import { onListed, onMeasured, onPushesRead } from './repair-session.ts';
import { onExpiryFailed } from './replica-expiry.ts';
import { dropOffer, onOfferScanned, onReleaseFailed, onReleaseRead, onReleaseWritten } from './replica-holding.ts';
import { takeJob } from './replica-jobs.ts';
import { onEntriesFailed, onEntriesRead, onEntriesWritten } from './replica-keeping.ts';
import { onFetchFailed, onFetchRead, onServeFailed, onServeRead } from './replica-reading.ts';
import type { ReplicaState, Scan } from './replica-state.ts';
import { onDigestsFailed } from './replica-tree.ts';

export function onRecordsRead(state: ReplicaState, event: RecordsRead, now: number, out: Outbox): void {
  const job = takeJob(state, event.correlation);
  switch (job?.kind) {
    case 'read':
      return onEntriesRead(state, job.entries, event, now, out);
    case 'fetch':
      return onFetchRead(state, job, event, now, out);
    case 'serve':
      return onServeRead(state, job.message, event, now, out);
    case 'push': {
      const session = state.sessions.get(job.session);
      return session === undefined ? undefined : onPushesRead(state, session, event.records, now, out);
    }
    case 'hint':
      return onHintsRead(state, job.host, job.hints, event, now, out);
    case 'release-read':
      return onReleaseRead(state, job.offer, job.locked, event, now, out);
    default:
      return;
  }
}

export function onRecordsWritten(state: ReplicaState, event: RecordsWritten, now: number, out: Outbox): void {
  const job = takeJob(state, event.correlation);
  if (job?.kind === 'write') onEntriesWritten(state, job.entries, now, out);
  else if (job?.kind === 'release-write') onReleaseWritten(state, job.offer, job.records, now, out);
}

export function onScanned(state: ReplicaState, event: RangeScanned, now: number, out: Outbox): void {
  const job = takeJob(state, event.correlation);
  if (job?.kind !== 'scan') return;
  const scanned = onRangeScanned(state, job.scan, event, now, out);
  if (scanned === undefined) return;
  const { of } = job.scan;
  if (of.kind === 'answer') return onAnswerScanned(state, of.answering, scanned, now, out);
  if (of.kind === 'offer') return onOfferScanned(state, of.offer, scanned, now);
  const session = state.sessions.get(of.session);
  if (session === undefined) return;
  if (of.kind === 'measure') onMeasured(state, session, scanned);
  else onListed(state, session, scanned, of.theirs, now, out);
}

export function onStorageFailed(state: ReplicaState, failed: StorageFailed, now: number, out: Outbox): void {
  const job = takeJob(state, failed.correlation);
  switch (job?.kind) {
    case 'read':
    case 'write':
      return onEntriesFailed(state, job.entries, job.kind === 'write', failed, now, out);
    case 'fetch':
      return onFetchFailed(state, job, failed, out);
    case 'serve':
      return onServeFailed(state, job.message, failed, out);
    case 'scan':
      return onScanFailed(state, job.scan, failed, now, out);
    case 'digest':
      return onDigestsFailed(state, now);
    case 'expire':
      return onExpiryFailed(state);
    case 'push':
      return onSessionJobFailed(state, job.session, failed);
    case 'hint':
      return onHintsAnswered(state, job.host, job.hints, false, now, out);
    case 'release-read':
    case 'release-write':
      return onReleaseFailed(state, job, now, out);
    default:
      return;
  }
}

function onScanFailed(state: ReplicaState, { of }: Scan, failed: StorageFailed, now: number, out: Outbox): void {
  if (of.kind === 'answer') onAnswerFailed(state, of.answering, failed, out);
  else if (of.kind === 'offer') dropOffer(state, of.offer, now);
  else onSessionJobFailed(state, of.session, failed);
}

function onSessionJobFailed(state: ReplicaState, id: number, { sentence }: StorageFailed): void {
  const session = state.sessions.get(id);
  if (session === undefined) return;
  session.working--;
  session.trouble ||= `the own store fails: ${sentence}`;
}
