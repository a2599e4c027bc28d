// Words of a host's store: durable records behind messages. Whoever wants a record hands the store a job and gets one event when it is done,
// as with DMA: nobody waits. A job is answered exactly once, by its event or by `storage-failed`; what a version or a value says is not the
// store's business. Two carry these words out: a journal (pure, over the disk port; also without a disk) and SQL databases in a thread
// of their own (SQLite, PostgreSQL). One conformance suite holds for all.
import type { Address, Words } from '@chordial/actor';
import type { DiskEvent } from '@chordial/actor/protocol';
import type { RingKey } from '@chordial/ring-key';

export { bucketOf, bucketsCount, digestOf, type RecordDigest } from './digest.ts';
export { nameCharactersMax, valueCharactersMax } from './limits.ts';

/** One record as it is kept and as it travels. (key, table) names it: `key` is the hash of `name`. */
export interface StoredRecord {
  /** 1..255. */
  readonly table: number;
  readonly key: RingKey;
  /** At most `nameCharactersMax`. */
  readonly name: string;
  /** Equal versions mean equal values. At most `versionCharactersMax`. */
  readonly version: string;
  /** At most `valueCharactersMax` UTF-16 units; binary data as base64. */
  readonly value: string;
  /** Milliseconds left when it was sent; 0 for a record that does not expire. An expired record is nowhere to be seen. */
  readonly ttlMs: number;
}
export type RecordName = readonly [table: number, key: RingKey];

/** Who asks, and for how long the answer is of use: a job whose time is over before it began fails with `deadline`. */
interface Job {
  readonly replyTo: Address<StorageEvent>;
  readonly correlation: number;
  /** 0: no deadline. */
  readonly withinMs: number;
}

/** At most `recordsPerJobMax`. */
export interface ReadRecords extends Job {
  readonly type: 'read-records';
  readonly names: readonly RecordName[];
}
/** All or nothing, each replacing what was there; `records-written` follows the commit. Jobs that wait together share a commit. */
export interface WriteRecords extends Job {
  readonly type: 'write-records';
  readonly records: readonly StoredRecord[];
  readonly removals: readonly RecordName[];
}
/** One record, without a list around it: the usual job. */
export interface WriteRecord extends Job, StoredRecord {
  readonly type: 'write-record';
}
/**
 * Records of (from, to], clockwise (equal keys: the whole ring), in clockwise order of (key, table), after the place `after`; at most
 * `recordsMax` of them and about 32,000 characters. A table of 0 means all.
 */
export interface ScanRange extends Job {
  readonly type: 'scan-range';
  readonly from: RingKey;
  readonly to: RingKey;
  readonly table: number;
  readonly after: RecordName | undefined;
  readonly recordsMax: number;
}
/**
 * The digests of the 65,536 buckets of the ring from bucket `first` on, of all tables: see `digest.ts`. Only for buckets that have records. An
 * expired record counts until it is dropped.
 */
export interface DigestBuckets extends Job {
  readonly type: 'digest-buckets';
  readonly first: number;
  readonly bucketsMax: number;
}
/** Removes (from, to] of one table, or of all (0). */
export interface DeleteRange extends Job {
  readonly type: 'delete-range';
  readonly from: RingKey;
  readonly to: RingKey;
  readonly table: number;
}
/** Removes at most `recordsMax` expired records and says which, since digests are kept elsewhere too. */
export interface DropExpired extends Job {
  readonly type: 'drop-expired';
  readonly recordsMax: number;
}
/** Writes a consistent copy of everything to a file, while the store runs. A journal and a database write the same format. */
export interface ExportStore extends Job {
  readonly type: 'export-store';
  readonly file: string;
}
/** Adds what an exported file has and the store has not: records that are there stay as they are. */
export interface ImportStore extends Job {
  readonly type: 'import-store';
  readonly file: string;
}
export interface DescribeStore extends Job {
  readonly type: 'describe-store';
}
/** A job that has not begun is not begun any more: it fails with `cancelled`. Later than that it does nothing. */
export interface CancelJob {
  readonly type: 'cancel-job';
  readonly replyTo: Address<StorageEvent>;
  readonly correlation: number;
}

/** In the order of the names; undefined where there is none. Names of records whose checksum is wrong are in `damaged`, and undefined. */
export interface RecordsRead {
  readonly type: 'records-read';
  readonly correlation: number;
  readonly records: readonly (StoredRecord | undefined)[];
  readonly damaged: readonly RecordName[];
}
export interface RecordsWritten {
  readonly type: 'records-written';
  readonly correlation: number;
}
export interface RangeScanned {
  readonly type: 'range-scanned';
  readonly correlation: number;
  readonly records: readonly StoredRecord[];
  readonly damaged: readonly RecordName[];
  /** Ask again after this one; undefined at the end. */
  readonly next: RecordName | undefined;
}
export interface BucketsDigested {
  readonly type: 'buckets-digested';
  readonly correlation: number;
  readonly buckets: readonly (readonly [bucket: number, high: number, low: number, recordsCount: number])[];
  /** Ask again from this bucket on; `bucketsCount` at the end. */
  readonly next: number;
}
export interface RangeDeleted {
  readonly type: 'range-deleted';
  readonly correlation: number;
  readonly recordsCount: number;
}
export interface ExpiredDropped {
  readonly type: 'expired-dropped';
  readonly correlation: number;
  readonly dropped: readonly (readonly [table: number, key: RingKey, version: string])[];
  readonly hasMore: boolean;
}
export interface StoreExported {
  readonly type: 'store-exported';
  readonly correlation: number;
  readonly file: string;
  readonly recordsCount: number;
  readonly bytes: number;
}
export interface StoreImported {
  readonly type: 'store-imported';
  readonly correlation: number;
  readonly recordsCount: number;
}
export interface StoreDescribed {
  readonly type: 'store-described';
  readonly correlation: number;
  /** `memory`, `journal`, `sqlite` or `postgres`. */
  readonly engine: string;
  /** Where it is, without secrets. */
  readonly place: string;
  readonly recordsCount: number;
  readonly bytes: number;
  /** Records that were found damaged since the start. */
  readonly damagedCount: number;
  /** Empty when it works; else what an operator should know and do. */
  readonly trouble: string;
}

/** `full` and `read-only` last until an operator acts; `busy` and `unavailable` pass. */
export type StorageFailureCode =
  | 'full'
  | 'read-only'
  | 'busy'
  | 'deadline'
  | 'cancelled'
  | 'unavailable'
  | 'invalid'
  | 'failed';
/** Nothing was changed, but where a connection to a database broke (`unavailable`): then it may have been. */
export interface StorageFailed {
  readonly type: 'storage-failed';
  readonly correlation: number;
  readonly code: StorageFailureCode;
  readonly sentence: string;
}

/** To the owner of the host: something that an operator should see (full, read-only, damaged records, back again), once per change. */
export interface StorageNews {
  readonly type: 'storage-news';
  readonly sentence: string;
}

/** Time for a commit, for work that was put off, for compaction. */
export interface StoreDue {
  readonly type: 'store-due';
}

export type StorageJob =
  | ReadRecords
  | WriteRecord
  | WriteRecords
  | ScanRange
  | DigestBuckets
  | DeleteRange
  | DropExpired
  | ExportStore
  | ImportStore
  | DescribeStore;
export type StorageMessage = StorageJob | CancelJob | StoreDue | DiskEvent;
export type StorageEvent =
  | RecordsRead
  | RecordsWritten
  | RangeScanned
  | BucketsDigested
  | RangeDeleted
  | ExpiredDropped
  | StoreExported
  | StoreImported
  | StoreDescribed
  | StorageFailed;

export const storageWords: Words<StorageJob | CancelJob | StorageEvent> = {
  'read-records': [1, 'replyTo', 'correlation', 'withinMs', 'names'],
  'write-records': [2, 'replyTo', 'correlation', 'withinMs', 'records', 'removals'],
  'write-record': [3, 'replyTo', 'correlation', 'withinMs', 'table', 'key', 'name', 'version', 'value', 'ttlMs'],
  'scan-range': [4, 'replyTo', 'correlation', 'withinMs', 'from', 'to', 'table', 'after', 'recordsMax'],
  'digest-buckets': [5, 'replyTo', 'correlation', 'withinMs', 'first', 'bucketsMax'],
  'delete-range': [6, 'replyTo', 'correlation', 'withinMs', 'from', 'to', 'table'],
  'drop-expired': [7, 'replyTo', 'correlation', 'withinMs', 'recordsMax'],
  'export-store': [8, 'replyTo', 'correlation', 'withinMs', 'file'],
  'import-store': [9, 'replyTo', 'correlation', 'withinMs', 'file'],
  'describe-store': [10, 'replyTo', 'correlation', 'withinMs'],
  'cancel-job': [11, 'replyTo', 'correlation'],
  'records-read': [12, 'correlation', 'records', 'damaged'],
  'records-written': [13, 'correlation'],
  'range-scanned': [14, 'correlation', 'records', 'damaged', 'next'],
  'buckets-digested': [15, 'correlation', 'buckets', 'next'],
  'range-deleted': [16, 'correlation', 'recordsCount'],
  'expired-dropped': [17, 'correlation', 'dropped', 'hasMore'],
  'store-exported': [18, 'correlation', 'file', 'recordsCount', 'bytes'],
  'store-imported': [19, 'correlation', 'recordsCount'],
  'store-described': [20, 'correlation', 'engine', 'place', 'recordsCount', 'bytes', 'damagedCount', 'trouble'],
  'storage-failed': [21, 'correlation', 'code', 'sentence'],
};
