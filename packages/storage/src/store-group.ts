// A group: reads and writes that waited together and share one commit. Writes are laid over each other by name, reads take what was written
// before them in the group from there and the rest from the database, and everybody is answered after the commit.
import { type Engine, EngineFailure, type Later, whenDone } from './engine.ts';
import type {
  ReadRecords,
  RecordName,
  StorageEvent,
  StorageJob,
  StoredRecord,
  WriteRecord,
  WriteRecords,
} from './protocol.ts';

export type GroupJob = ReadRecords | WriteRecord | WriteRecords;
export type Answer = (job: StorageJob, event: StorageEvent) => void;

export const isOfGroup = (job: StorageJob): job is GroupJob =>
  job.type === 'write-record' || job.type === 'read-records' || job.type === 'write-records';

/** How much of a group's limit a job takes. */
export const weightOf = (job: GroupJob): number =>
  job.type === 'write-record'
    ? 1
    : 1 + (job.type === 'read-records' ? job.names.length : job.records.length + job.removals.length);

/** What an earlier job of the group made of a name: a record, or nothing. */
type Overlay = Map<string, StoredRecord | undefined>;

interface Reading {
  readonly job: ReadRecords;
  /** Where the overlay knows nothing: undefined in `known`, and the place among what the database is asked. */
  readonly known: (StoredRecord | undefined)[];
  readonly asked: number[];
  usesOverlay: boolean;
}

const idOf = (table: number, key: string): string => key + String.fromCharCode(table);

/** Answers every job; what the database said about the writes, or the reads where there are none. */
export function runGroup(
  engine: Engine,
  jobs: readonly GroupJob[],
  now: number,
  answer: Answer,
): Later<EngineFailure | undefined> {
  const overlay: Overlay = new Map();
  const removals = new Map<string, RecordName>();
  const names: RecordName[] = [];
  const readings: Reading[] = [];
  for (const job of jobs) {
    if (job.type === 'read-records') readings.push(lookThrough(job, overlay, names));
    else layOver(job, overlay, removals);
  }
  const read = names.length === 0 ? { records: [], damaged: [] } : engine.read(names, now);
  return whenDone(read, (result) =>
    whenDone(overlay.size === 0 ? undefined : engine.write(batchOf(overlay, removals), now), (written) => {
      if (written === undefined) {
        let at = 0;
        for (const job of jobs) {
          if (job.type !== 'read-records') answer(job, { type: 'records-written', correlation: job.correlation });
          else answerReading(readings[at++]!, result, answer);
        }
        return result instanceof EngineFailure ? result : undefined;
      }
      return whenDone(readAgain(engine, readings, result, now, answer), () => {
        for (const job of jobs) if (job.type !== 'read-records') answer(job, failed(job, written));
        return written;
      });
    }),
  );
}

function layOver(job: WriteRecord | WriteRecords, overlay: Overlay, removals: Map<string, RecordName>): void {
  if (job.type === 'write-record') {
    overlay.set(idOf(job.table, job.key), job);
    return;
  }
  for (const record of job.records) overlay.set(idOf(record.table, record.key), record);
  for (const name of job.removals) {
    const id = idOf(name[0], name[1]);
    overlay.set(id, undefined);
    removals.set(id, name);
  }
}

function lookThrough(job: ReadRecords, overlay: Overlay, names: RecordName[]): Reading {
  const reading: Reading = { job, known: [], asked: [], usesOverlay: false };
  for (const name of job.names) {
    const id = idOf(name[0], name[1]);
    const isKnown = overlay.size > 0 && overlay.has(id);
    reading.usesOverlay ||= isKnown;
    reading.known.push(isKnown ? plain(overlay.get(id)) : undefined);
    reading.asked.push(isKnown ? -1 : names.push(name) - 1);
  }
  return reading;
}

/** Without what else a job carries. */
function plain(record: StoredRecord | undefined): StoredRecord | undefined {
  if (record === undefined) return undefined;
  const { table, key, name, version, value, ttlMs } = record;
  return { table, key, name, version, value, ttlMs };
}

function batchOf(overlay: Overlay, removals: Map<string, RecordName>) {
  const records: StoredRecord[] = [];
  const removed: RecordName[] = [];
  for (const [id, record] of overlay) {
    if (record === undefined) removed.push(removals.get(id)!);
    else records.push(record);
  }
  return { records, removals: removed };
}

type Read = Awaited<ReturnType<Engine['read']>>;

function answerReading({ job, known, asked }: Reading, result: Read, answer: Answer): void {
  if (result instanceof EngineFailure) {
    answer(job, failed(job, result));
    return;
  }
  const records = known.map((record, i) => (asked[i]! < 0 ? record : result.records[asked[i]!]));
  const damaged =
    result.damaged.length === 0
      ? result.damaged
      : job.names.filter(([table, key]) => result.damaged.some((name) => name[0] === table && name[1] === key));
  answer(job, { type: 'records-read', correlation: job.correlation, records, damaged });
}

/** The writes of the group came to nothing, so reads that relied on them look again. */
function readAgain(
  engine: Engine,
  readings: readonly Reading[],
  result: Read,
  now: number,
  answer: Answer,
): Later<unknown> {
  let chain: Later<unknown>;
  for (const reading of readings) {
    if (!reading.usesOverlay) {
      answerReading(reading, result, answer);
      continue;
    }
    chain = whenDone(chain, () =>
      whenDone(engine.read(reading.job.names, now), (again) => {
        const { job, known } = reading;
        answerReading({ job, known, asked: known.map((_, i) => i), usesOverlay: false }, again, answer);
      }),
    );
  }
  return chain;
}

export const failed = (job: StorageJob, { code, sentence }: EngineFailure): StorageEvent => ({
  type: 'storage-failed',
  correlation: job.correlation,
  code,
  sentence,
});
