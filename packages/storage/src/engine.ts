// What a database must do to be a store: a port actor carries out the words over one of these. Calls come one at a time, the next one
// when the last is answered; an engine answers at once (SQLite) or later (PostgreSQL). What the world does wrong comes back as an
// `EngineFailure`, and then nothing was changed.
import type { RingKey } from '@chordial/ring-key';
import type { RecordName, StorageFailureCode, StoredRecord } from './protocol.ts';

/** At once or later. */
export type Later<T> = T | PromiseLike<T>;
export type Outcome<T> = Later<T | EngineFailure>;

export class EngineFailure {
  readonly code: StorageFailureCode;
  /** What happened, and what an operator can do. */
  readonly sentence: string;

  constructor(code: StorageFailureCode, sentence: string) {
    this.code = code;
    this.sentence = sentence;
  }
}

/** Goes on with a value that is there or will be, without a turn of the event loop where it is there. */
export function whenDone<T, U>(value: Later<T>, next: (value: T) => Later<U>): Later<U> {
  return isLater(value) ? value.then(next) : next(value);
}

const isLater = <T>(value: Later<T>): value is PromiseLike<T> =>
  typeof value === 'object' && value !== null && typeof (value as PromiseLike<T>).then === 'function';

/** Each name occurs once, in `records` or in `removals`. */
export interface WriteBatch {
  readonly records: readonly StoredRecord[];
  readonly removals: readonly RecordName[];
}
export interface ReadResult {
  readonly records: readonly (StoredRecord | undefined)[];
  readonly damaged: readonly RecordName[];
}
export interface ScanOrder {
  readonly from: RingKey;
  readonly to: RingKey;
  readonly table: number;
  readonly after: RecordName | undefined;
  readonly recordsMax: number;
}
export interface ScanResult {
  readonly records: readonly StoredRecord[];
  readonly damaged: readonly RecordName[];
  readonly next: RecordName | undefined;
}
export interface DigestResult {
  readonly buckets: readonly (readonly [bucket: number, high: number, low: number, recordsCount: number])[];
  readonly next: number;
}
export interface DeleteResult {
  readonly recordsCount: number;
  /** Everything up to this key is gone; undefined when all is. */
  readonly next: RingKey | undefined;
}
export interface DropResult {
  readonly dropped: readonly (readonly [table: number, key: RingKey, version: string])[];
  readonly hasMore: boolean;
}
export interface EngineDescription {
  readonly recordsCount: number;
  readonly bytes: number;
  readonly damagedCount: number;
}

/** Work that is done in slices between other jobs. */
export interface LongWork {
  /** Does a slice; `undefined` while there is more to do. */
  step(): Outcome<WorkDone | undefined>;
  /** Gives it up and leaves nothing behind. */
  abandon(): void;
}
export interface WorkDone {
  readonly recordsCount: number;
  readonly bytes: number;
}

/** `now` is always wall-clock milliseconds since 1970, a whole number. */
export interface Engine {
  readonly name: string;
  /** Where it is, without secrets. */
  readonly place: string;
  /** Sentences that an operator should see, such as what could not be saved from a damaged file. Called again after it failed. */
  open(now: number): Outcome<readonly string[]>;
  read(names: readonly RecordName[], now: number): Outcome<ReadResult>;
  /** All of it or nothing, durable when it is answered. */
  write(batch: WriteBatch, now: number): Outcome<undefined>;
  scan(order: ScanOrder, now: number): Outcome<ScanResult>;
  /** Counts what is kept, also what has expired and was not dropped yet: `drop` says what to take away. */
  digest(first: number, bucketsMax: number): Outcome<DigestResult>;
  /** A part of it, clockwise from `from`; to be called again from `next` on. */
  deleteRange(from: RingKey, to: RingKey, table: number): Outcome<DeleteResult>;
  drop(recordsMax: number, now: number): Outcome<DropResult>;
  beginExport(file: string, now: number): Outcome<LongWork>;
  beginImport(file: string, now: number): Outcome<LongWork>;
  describe(): Outcome<EngineDescription>;
  /** Sentences for the operator since the last call; most often none. */
  takeNews(): readonly string[];
  close(): Later<undefined>;
  /** Why it does nothing now: it is building anew what was damaged, slice by slice by `recover`; `open` is next. Undefined when it works. */
  readonly recovering?: EngineFailure | undefined;
  /** What went wrong, if anything; `open` begins again. */
  recover?(): EngineFailure | undefined;
}
