// A store for tests that carries out the words in memory and can be made to fail: it may be full, be silent for a while, or have damaged records.
import type { Behaviour, Outbox, Received } from '@chordial/actor';
import { betweenRightClosed, type RingKey } from '@chordial/ring-key';
import {
  bucketOf,
  digestOf,
  type RecordName,
  type StorageEvent,
  type StorageFailureCode,
  type StorageJob,
  type StorageMessage,
  type StoredRecord,
} from '@chordial/storage/protocol';

export interface Kept {
  readonly record: StoredRecord;
  readonly expiresAt: number;
}

export interface FixtureStore {
  readonly records: Map<string, Kept>;
  readonly damaged: Set<string>;
  /** Writes of these fail with a code. */
  readonly unfit: Map<string, StorageFailureCode>;
  /** Every write fails with it. */
  failure: StorageFailureCode | undefined;
  isSilent: boolean;
  /** Types of jobs, as they came. */
  readonly heard: string[];
}

const nameOf = (table: number, key: RingKey): string => `${key}/${String(table).padStart(3, '0')}`;

export const fixtureStore: Behaviour<FixtureStore, StorageMessage, Map<string, Kept>> = {
  name: 'fixture-store',
  init: (records) => ({
    records,
    damaged: new Set(),
    unfit: new Map(),
    failure: undefined,
    isSilent: false,
    heard: [],
  }),
  step: stepFixtureStore,
  mailbox: { messagesMax: 100_000, overflow: 'drop-newest' },
};

function stepFixtureStore(store: FixtureStore, { now, message }: Received<StorageMessage>, out: Outbox): void {
  if (!('withinMs' in message)) return;
  store.heard.push(message.type);
  if (store.isSilent) return;
  const { replyTo, correlation } = message;
  const isWrite = message.type === 'write-record' || message.type === 'write-records';
  const records = message.type === 'write-record' ? [message] : message.type === 'write-records' ? message.records : [];
  const unfit = records.map(({ table, key }) => store.unfit.get(nameOf(table, key))).find((code) => code !== undefined);
  const code = store.failure ?? unfit;
  const failed = { type: 'storage-failed', correlation, code: code ?? 'failed', sentence: 'as told' } as const;
  out.send(replyTo, isWrite && code !== undefined ? failed : carriedOut(store, message, now));
}

function carriedOut(store: FixtureStore, job: StorageJob, now: number): StorageEvent {
  const { correlation } = job;
  const alive = (name: string): StoredRecord | undefined => {
    const kept = store.records.get(name);
    if (kept === undefined || (kept.expiresAt !== 0 && kept.expiresAt <= now) || store.damaged.has(name))
      return undefined;
    return { ...kept.record, ttlMs: kept.expiresAt === 0 ? 0 : kept.expiresAt - now };
  };
  const put = ({ table, key, name, version, value, ttlMs }: StoredRecord): void => {
    store.damaged.delete(nameOf(table, key));
    const record = { table, key, name, version, value, ttlMs };
    store.records.set(nameOf(table, key), { record, expiresAt: ttlMs === 0 ? 0 : now + ttlMs });
  };
  switch (job.type) {
    case 'read-records': {
      const damaged = job.names.filter((name) => store.damaged.has(nameOf(...name)));
      return { type: 'records-read', correlation, records: job.names.map((name) => alive(nameOf(...name))), damaged };
    }
    case 'write-record':
      put(job);
      return { type: 'records-written', correlation };
    case 'write-records':
      for (const record of job.records) put(record);
      for (const name of job.removals) store.records.delete(nameOf(...name));
      return { type: 'records-written', correlation };
    case 'scan-range': {
      const names = [...store.records.keys()].sort();
      const inRange = names.filter((name) => betweenRightClosed(job.from, name.slice(0, 40) as RingKey, job.to));
      const clockwise = [
        ...inRange.filter((name) => name.slice(0, 40) > job.from),
        ...inRange.filter((name) => name.slice(0, 40) <= job.from),
      ];
      const after = job.after === undefined ? -1 : clockwise.indexOf(nameOf(...job.after));
      const records: StoredRecord[] = [];
      const damaged: RecordName[] = [];
      let next: RecordName | undefined;
      let last: RecordName | undefined;
      for (const name of clockwise.slice(after + 1)) {
        if (records.length === job.recordsMax) {
          next = last;
          break;
        }
        last = [Number(name.slice(41)), name.slice(0, 40) as RingKey];
        const record = alive(name);
        if (store.damaged.has(name)) damaged.push(last);
        else if (record !== undefined && (job.table === 0 || record.table === job.table)) records.push(record);
      }
      return { type: 'range-scanned', correlation, records, damaged, next };
    }
    case 'digest-buckets': {
      const buckets = new Map<number, [number, number, number]>();
      for (const { record } of store.records.values()) {
        const bucket = bucketOf(record.key);
        if (bucket < job.first || bucket >= job.first + job.bucketsMax) continue;
        const [high, low] = digestOf(record.table, record.key, record.version);
        const sum = buckets.get(bucket) ?? [0, 0, 0];
        buckets.set(bucket, [(sum[0] ^ high) >>> 0, (sum[1] ^ low) >>> 0, sum[2] + 1]);
      }
      const listed = [...buckets].map(([bucket, sum]) => [bucket, ...sum] as const);
      return { type: 'buckets-digested', correlation, buckets: listed, next: job.first + job.bucketsMax };
    }
    case 'drop-expired': {
      const dropped: [number, RingKey, string][] = [];
      for (const [name, { record, expiresAt }] of store.records) {
        if (expiresAt === 0 || expiresAt > now || dropped.length === job.recordsMax) continue;
        dropped.push([record.table, record.key, record.version]);
        store.records.delete(name);
      }
      return { type: 'expired-dropped', correlation, dropped, hasMore: dropped.length === job.recordsMax };
    }
    default:
      return { type: 'storage-failed', correlation, code: 'invalid', sentence: 'not in tests' };
  }
}
