// Jobs of the store that are not part of a group: each one asks the engine by itself, at once or in slices.
import { type Engine, EngineFailure, type Later, type LongWork, type Outcome, whenDone } from './engine.ts';
import type {
  DeleteRange,
  DescribeStore,
  DigestBuckets,
  DropExpired,
  ExportStore,
  ImportStore,
  ScanRange,
  StorageEvent,
} from './protocol.ts';
import { failed } from './store-group.ts';

export type ShortJob = ScanRange | DigestBuckets | DropExpired | DescribeStore;
type LongJob = ExportStore | ImportStore | DeleteRange;

/** The event that answers it. */
export function runShortJob(engine: Engine, job: ShortJob, wall: number, trouble: string): Later<StorageEvent> {
  const { correlation } = job;
  switch (job.type) {
    case 'scan-range':
      return answered(job, engine.scan(job, wall), (result) => ({ type: 'range-scanned', correlation, ...result }));
    case 'digest-buckets':
      return answered(job, engine.digest(job.first, job.bucketsMax), (result) => ({
        type: 'buckets-digested',
        correlation,
        ...result,
      }));
    case 'drop-expired':
      return answered(job, engine.drop(job.recordsMax, wall), (result) => ({
        type: 'expired-dropped',
        correlation,
        ...result,
      }));
    default:
      return answered(job, engine.describe(), (result) => ({
        type: 'store-described',
        correlation,
        engine: engine.name,
        place: engine.place,
        ...result,
        trouble,
      }));
  }
}

function answered<T>(job: ShortJob, outcome: Outcome<T>, event: (result: T) => StorageEvent): Later<StorageEvent> {
  return whenDone(outcome, (result) => (result instanceof EngineFailure ? failed(job, result) : event(result)));
}

export function beginLongJob(engine: Engine, job: LongJob, wall: number): Outcome<LongWork> {
  switch (job.type) {
    case 'export-store':
      return engine.beginExport(job.file, wall);
    case 'import-store':
      return engine.beginImport(job.file, wall);
    default:
      return deletion(engine, job);
  }
}

/** A range is deleted part by part; all other jobs wait for its end. */
function deletion(engine: Engine, { from, to, table }: DeleteRange): LongWork {
  let start = from;
  let recordsCount = 0;
  return {
    step: () =>
      whenDone(engine.deleteRange(start, to, table), (result) => {
        if (result instanceof EngineFailure) return result;
        recordsCount += result.recordsCount;
        if (result.next === undefined) return { recordsCount, bytes: 0 };
        start = result.next;
        return undefined;
      }),
    abandon: () => {},
  };
}
