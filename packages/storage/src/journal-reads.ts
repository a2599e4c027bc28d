// Answers to jobs that change nothing, from the records in memory.
import type { Outbox } from '@chordial/actor';
import { bucketsCount } from './digest.ts';
import { recordOf, scanPage } from './journal-range.ts';
import { filesBytes } from './journal-snapshot.ts';
import { answer, type JournalState, type ReadJob, wallClock } from './journal-state.ts';
import { addTransfer } from './journal-transfer.ts';
import type { BucketsDigested, DigestBuckets, ReadRecords, StoreDescribed } from './protocol.ts';

const bucketsPerPageMax = 4_096;

export function carryOutRead(state: JournalState, job: ReadJob, dueAt: number, now: number, out: Outbox): void {
  switch (job.type) {
    case 'read-records':
      onReadRecords(state, job, now, out);
      break;
    case 'scan-range':
      answer(job, scanPage(state.records, job, wallClock(state, now)), out);
      break;
    case 'digest-buckets':
      answer(job, digestPage(state, job), out);
      break;
    case 'describe-store':
      answer(job, describe(state, job.correlation), out);
      break;
    case 'export-store':
      addTransfer(state, job, dueAt, now, out);
      break;
    default:
      job satisfies never;
  }
}

function onReadRecords(state: JournalState, job: ReadRecords, now: number, out: Outbox): void {
  const wallNow = wallClock(state, now);
  const records = job.names.map(([table, key]) => recordOf(state.records.get(table, key), wallNow));
  answer(job, { type: 'records-read', correlation: job.correlation, records, damaged: [] }, out);
}

function digestPage(state: JournalState, { correlation, first, bucketsMax }: DigestBuckets): BucketsDigested {
  const buckets: (readonly [number, number, number, number])[] = [];
  const max = Math.min(bucketsMax, bucketsPerPageMax);
  let next = state.records.nextBucket(first);
  while (next !== undefined && buckets.length < max) {
    buckets.push(state.records.digest(next));
    next = state.records.nextBucket(next + 1);
  }
  return { type: 'buckets-digested', correlation, buckets, next: next ?? bucketsCount };
}

export function describe(state: JournalState, correlation: number): StoreDescribed {
  const { disk } = state.config;
  return {
    type: 'store-described',
    correlation,
    engine: disk === undefined ? 'memory' : 'journal',
    place: disk === undefined ? 'memory' : `${disk.file}.manifest, ${disk.file}-*.journal`,
    recordsCount: state.records.recordsCount,
    bytes: disk === undefined ? state.records.bytes : filesBytes(state),
    damagedCount: state.damagedCount,
    trouble: state.trouble === '' && state.phase === 'loading' ? 'The store still reads its journal.' : state.trouble,
  };
}
