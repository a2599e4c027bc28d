// The state of a journal store, and the small acts that all its parts share: answers, news, timers, names of files.
import { type Address, type Birth, nobody, type Outbox, type TimerId } from '@chordial/actor';
import type { DiskFailed, DiskRequest } from '@chordial/actor/protocol';
import { createRandom, nextBelow, type Random } from '@chordial/actor/random';
import type { RingKey } from '@chordial/ring-key';
import { type Change, FrameWriter } from './journal-frames.ts';
import type { JournalFile } from './journal-manifest.ts';
import type { JournalReader } from './journal-reader.ts';
import { type Entry, JournalRecords } from './journal-records.ts';
import type {
  DeleteRange,
  DescribeStore,
  DigestBuckets,
  ExportStore,
  ImportStore,
  ReadRecords,
  ScanRange,
  StorageEvent,
  StorageFailureCode,
  StorageJob,
  StorageMessage,
  StorageNews,
  WriteRecord,
  WriteRecords,
} from './protocol.ts';

export interface JournalConfig {
  /** The disk port and the beginning of the names of the store's files; undefined: everything is kept in memory only. */
  readonly disk: { readonly port: Address<DiskRequest>; readonly file: string } | undefined;
  /** Hears what an operator should know; `nobody` for none. */
  readonly owner: Address<StorageNews>;
  /** Wall-clock milliseconds since 1970 at `now` = 0. */
  readonly startedAt: number;
  /** Files are not made smaller while they have no more than this beside twice what the records need; default 4 MB. */
  readonly compactionBytesMin?: number;
  /** Beyond this many bytes of records new ones fail with `full`; default 4 GB. */
  readonly bytesMax?: number;
  /** Jobs that wait at most; more fail with `busy`. Default 10,000. */
  readonly jobsMax?: number;
}

/** Jobs that wait, unless the config says otherwise. */
export const jobsMax = 10_000;
/** A disk that takes longer for a request is taken for one that has lost it. */
export const diskMsMax = 60_000;
/** How long after a failure of the disk it is tried again. */
export const retryMs = 5_000;

/** Jobs that change nothing. */
export type ReadJob = ReadRecords | ScanRange | DigestBuckets | DescribeStore | ExportStore;

/** A job that waits for its turn: a change for its commit, a read for the changes before it. */
export type Write =
  | {
      readonly kind: 'records';
      readonly job: WriteRecord | WriteRecords;
      readonly dueAt: number;
      readonly cameAt: number;
    }
  | { readonly kind: 'range'; readonly job: DeleteRange; dueAt: number; from: RingKey; removedCount: number }
  | { readonly kind: 'import'; readonly records: readonly Entry[]; readonly dueAt: number }
  | { readonly kind: 'read'; readonly job: ReadJob; readonly dueAt: number };

/** What the writer of the journal waits for: one thing at a time. */
export type Commit =
  | {
      readonly kind: 'append';
      readonly correlation: number;
      readonly items: readonly CommitItem[];
      readonly bytes: number;
    }
  | FileSwitch;
export interface CommitItem {
  readonly write: Write;
  readonly changes: readonly Change[];
  /** The end of the part of a range. */
  readonly end: RingKey | undefined;
}
/** Another set of files comes into force: a new file is emptied, then both copies of the manifest are replaced. */
export interface FileSwitch {
  readonly kind: 'switch';
  readonly reason: 'new-file' | 'adopt-snapshot';
  readonly files: JournalFile[];
  correlation: number;
  stage: 'file' | 'manifest' | 'copy';
}

export interface Snapshot {
  readonly slot: number;
  readonly salt: number;
  /** So many of the files are no longer needed when it is written. */
  readonly replacesCount: number;
  readonly writer: FrameWriter;
  bytes: number;
  /** The next bucket; `bucketsCount` when it is written. */
  bucket: number;
  /** 0 while nothing is under way. */
  correlation: number;
}

export interface Loading {
  stage: 'manifest' | 'copy' | 'files';
  correlation: number;
  firstManifest: Uint8Array;
  fileAt: number;
  reader: JournalReader | undefined;
}

/** An export or an import, piece by piece. */
export interface Transfer {
  readonly job: ExportStore | ImportStore;
  readonly dueAt: number;
  correlation: number;
  recordsCount: number;
  bytes: number;
  /** Export: what stood in the store when it began; import: nothing. */
  entries: readonly Entry[];
  at: number;
  /** Import: the first pass checks the whole file. */
  isChecked: boolean;
  rest: Uint8Array;
  lines: { count: number; isEnded: boolean };
}

export interface WaitingJob {
  readonly job: StorageJob;
  readonly dueAt: number;
  readonly cameAt: number;
}

export interface JournalState {
  readonly config: JournalConfig;
  readonly self: Address<StorageMessage>;
  readonly random: Random;
  readonly records: JournalRecords;
  readonly writer: FrameWriter;
  phase: 'memory' | 'loading' | 'open' | 'broken';
  loading: Loading | undefined;
  /** Jobs that came before the journal was read. */
  early: WaitingJob[];
  writes: Write[];
  /** Of writes that are not done yet: their characters, how many there are for each key, and how many ranges and imports. */
  charactersWaiting: number;
  readonly keysWaiting: Map<RingKey, number>;
  rangesWaiting: number;
  commit: Commit | undefined;
  files: JournalFile[];
  sequence: number;
  /** The next append needs a new file: there is none, or the end of the last one is not known. */
  needsFile: boolean;
  compactionWanted: boolean;
  /** No compaction before this time, after one that failed. */
  compactionAt: number;
  snapshot: Snapshot | undefined;
  transfers: Transfer[];
  timer: TimerId;
  timerAt: number;
  correlationNext: number;
  /** Requests that the disk has not answered, and when they were made. */
  readonly asked: Map<number, number>;
  /** Of the step under way. */
  now: number;
  trouble: string;
  damagedCount: number;
}

export function newState(config: JournalConfig, birth: Birth<StorageMessage>): JournalState {
  const random = createRandom(birth.seed);
  return {
    config,
    self: birth.self,
    random,
    records: new JournalRecords(),
    writer: new FrameWriter(),
    phase: config.disk === undefined ? 'memory' : 'loading',
    loading: undefined,
    early: [],
    writes: [],
    charactersWaiting: 0,
    keysWaiting: new Map(),
    rangesWaiting: 0,
    commit: undefined,
    files: [],
    sequence: 0,
    needsFile: true,
    compactionWanted: false,
    compactionAt: 0,
    snapshot: undefined,
    transfers: [],
    timer: 0,
    timerAt: 0,
    // Answers to a former life have other numbers.
    correlationNext: 1 + nextBelow(random, 2 ** 30) * 2 ** 16,
    asked: new Map(),
    now: birth.now,
    trouble: '',
    damagedCount: 0,
  };
}

export const wallClock = (state: JournalState, now: number): number => Math.floor(state.config.startedAt + now);

export function answer(job: { replyTo: Address<StorageEvent> }, event: StorageEvent, out: Outbox): void {
  out.send(job.replyTo, event);
}

export function fail(job: StorageJob, code: StorageFailureCode, sentence: string, out: Outbox): void {
  out.send(job.replyTo, { type: 'storage-failed', correlation: job.correlation, code, sentence });
}

/** Tells the owner when the trouble is another than before; an empty one says that it is over. */
export function setTrouble(state: JournalState, trouble: string, out: Outbox): void {
  if (state.trouble === trouble) return;
  state.trouble = trouble;
  tell(state, trouble === '' ? 'The store works again.' : trouble, out);
}

export function tell(state: JournalState, sentence: string, out: Outbox): void {
  if (state.config.owner !== nobody) out.send(state.config.owner, { type: 'storage-news', sentence });
}

/** Sees to it that `store-due` comes at `at` or earlier. */
export function wakeAt(state: JournalState, at: number, now: number, out: Outbox): void {
  if (state.timer !== 0) {
    if (state.timerAt <= at) return;
    out.clearTimer(state.timer);
  }
  state.timer = out.setTimer(Math.max(0, at - now), { type: 'store-due' });
  state.timerAt = at;
}

/** Numbers a request; one that the disk does not answer in time has failed, so that a lost one stops nothing for ever. */
export function diskCorrelation(state: JournalState, out: Outbox): number {
  const correlation = state.correlationNext++;
  state.asked.set(correlation, state.now);
  wakeAt(state, state.now + diskMsMax, state.now, out);
  return correlation;
}

export const fileName = (state: JournalState, slot: number): string => `${state.config.disk!.file}-${slot}.journal`;
export const manifestName = (state: JournalState, copy: 0 | 1): string =>
  `${state.config.disk!.file}.manifest${copy === 1 ? '-copy' : ''}`;

export function writeFile(
  state: JournalState,
  type: 'append-file' | 'replace-file',
  file: string,
  bytes: Uint8Array,
  length: number,
  out: Outbox,
): number {
  const correlation = diskCorrelation(state, out);
  const replyTo = state.self;
  out.send(state.config.disk!.port, { type, replyTo, correlation, file, bytes, start: 0, end: length });
  return correlation;
}

/** What a failure of the disk means to who wants to write, and what an operator can do. */
export function troubleOf({ code, sentence }: DiskFailed): { code: StorageFailureCode; sentence: string } {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return {
        code: 'full',
        sentence: `The disk of the store is full: make room; it goes on by itself (${code}).`,
      };
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return { code: 'read-only', sentence: `The store may not write to its disk: make it writable (${code}).` };
    case 'EBUSY':
      return { code: 'busy', sentence };
    default:
      return { code: 'failed', sentence: `The disk of the store fails: look at the system's log (${code}).` };
  }
}
