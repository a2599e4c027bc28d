// Backup and restore of a host while it runs. The store writes its own backup. A restore reads the file here and gives the records to the
// replica of the host as copies, so they are merged with what is there by their versions, and the other hosts of their groups get them by repair.
import { makeAddress } from '@chordial/actor';
import type { CopiesStored, CopyRefused } from '@chordial/replication/protocol';
import { ExportReader } from '@chordial/storage';
import type { StorageFailed, StoredRecord, StoreExported } from '@chordial/storage/protocol';
import { type Asking, QuestionFault } from './asking.ts';
import { at } from './layout.ts';
import { tables } from './tables.ts';

/** A large store takes its time. */
export const transferMsMax = 15 * 60_000;
const batchMsMax = 30_000;
const batchRecordsMax = 200;
const batchCharactersMax = 40_000;
const batchesAtOnce = 4;
const triesMax = 20;
/** For how long the replication remembers what was removed (its `tombstoneMs`): what is older and was removed would come back. */
const removalsKnownMs = 10 * 24 * 3_600_000;

export interface StoreTransfer {
  readonly file: string;
  readonly recordsCount: number;
  /** Of a restore: records that have expired since, and states of votes, which must not come back. */
  readonly leftOutCount: number;
  /** Of a restore: records that do not expire, of a file so old that nobody may know any more which of them were removed since. */
  readonly tooOldCount: number;
  /** Of a restore: records that cannot be kept beside what the ring has of them, as both together are too large. */
  readonly skippedCount: number;
}

export async function backUpStore({ ask, host, storeLane }: Asking, file: string): Promise<StoreTransfer> {
  const to = makeAddress<never>(host, storeLane, at.store);
  const message = { type: 'export-store', withinMs: 0, file };
  const answer = await ask<StoreExported | StorageFailed>(to, message, transferMsMax, storeLane);
  if (answer.type !== 'store-exported') throw new Error(answer.sentence);
  return { file, recordsCount: answer.recordsCount, leftOutCount: 0, tooOldCount: 0, skippedCount: 0 };
}

/**
 * The file is read twice: the first time to know that all of it is whole. `withOld`: also what may have been removed since. Rejects with
 * `QuestionFault` for a file that is none.
 */
export async function restoreStore(asking: Asking, file: string, withOld = false): Promise<StoreTransfer> {
  for await (const _ of batchesOf(file, Number.POSITIVE_INFINITY, false));
  let recordsCount = 0;
  let leftOutCount = 0;
  let tooOldCount = 0;
  let skippedCount = 0;
  const underWay = new Set<Promise<void>>();
  let failure: Error | undefined;
  for await (const { records, leftOut, tooOld } of batchesOf(file, Date.now(), withOld)) {
    leftOutCount += leftOut;
    tooOldCount += tooOld;
    recordsCount += records.length;
    if (records.length === 0) continue;
    const storing: Promise<void> = storeBatch(asking, records)
      .then((skipped) => {
        skippedCount += skipped;
      })
      .catch((reason: Error) => {
        failure ??= reason;
      })
      .finally(() => underWay.delete(storing));
    underWay.add(storing);
    if (underWay.size >= batchesAtOnce) await Promise.race(underWay);
    if (failure !== undefined) break;
  }
  await Promise.all(underWay);
  if (failure !== undefined) throw failure;
  return { file, recordsCount: recordsCount - skippedCount, leftOutCount, tooOldCount, skippedCount };
}

interface RecordBatch {
  readonly records: readonly StoredRecord[];
  readonly leftOut: number;
  readonly tooOld: number;
}

const restored: ReadonlySet<number> = new Set(tables.filter(({ isOrdered }) => !isOrdered).map(({ table }) => table));

/** `now` is wall-clock time; what has expired by then is left out. Lets others go on between batches. */
async function* batchesOf(file: string, now: number, withOld: boolean): AsyncGenerator<RecordBatch> {
  const reader = opened(file);
  try {
    let records: StoredRecord[] = [];
    let characters = 0;
    let leftOut = 0;
    let tooOld = 0;
    for (let isOver = false; !isOver; ) {
      const next = reader.next();
      if (typeof next === 'string') throw new QuestionFault(`${file}: ${next}`);
      isOver = next === undefined;
      if (next !== undefined) {
        const { expires, ...record } = next;
        if (!restored.has(next.table) || (expires !== 0 && expires <= now)) leftOut++;
        else if (expires === 0 && !withOld && now - reader.exportedAt > removalsKnownMs) tooOld++;
        else {
          records.push({ ...record, ttlMs: expires === 0 ? 0 : expires - now });
          characters += 80 + record.name.length + record.version.length + record.value.length;
        }
      }
      const isFull = records.length >= batchRecordsMax || characters >= batchCharactersMax;
      if (!isFull && !isOver && leftOut + tooOld < batchRecordsMax) continue;
      yield { records, leftOut, tooOld };
      await new Promise((resolve) => setImmediate(resolve));
      records = [];
      characters = leftOut = tooOld = 0;
    }
  } finally {
    reader.close();
  }
}

function opened(file: string): ExportReader {
  try {
    return new ExportReader(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new QuestionFault(
      `${file} cannot be read by the host (${code}); expected a file that \`chordial backup\` wrote`,
    );
  }
}

/** A replica that has too much to do is asked again. How many of them it cannot keep. */
async function storeBatch({ ask, host, storeLane }: Asking, records: readonly StoredRecord[]): Promise<number> {
  const to = makeAddress<never>(host, storeLane, at.replica);
  for (let tries = 1; ; tries++) {
    const message = { type: 'store-copies', records };
    const answer = await ask<CopiesStored | CopyRefused>(to, message, batchMsMax, storeLane);
    const isStored = answer.type === 'copies-stored';
    const trouble = isStored ? answer.trouble : answer.sentence;
    const pauseMs = isStored ? answer.pauseMs : 500;
    // What is only too much at once is to be sent again after the pause; merging it twice changes nothing.
    const mayPass = isStored ? pauseMs > 0 : answer.code === 'busy';
    if (trouble !== '' && (!mayPass || tries >= triesMax)) throw new Error(trouble);
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    if (trouble === '') return isStored ? answer.skippedCount : 0;
  }
}
