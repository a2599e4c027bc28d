// A store as a map, for tests: what jobs make of it, and what its digests and its order are.
import { bucketOf, digestOf } from './digest.ts';
import type { RecordName, StoredRecord } from './protocol.ts';
import { nameOf } from './records.fixture.ts';
import type { Asked } from './store-lane.fixture.ts';

/** What the digests of these records are. */
export function digestsOf(records: readonly StoredRecord[]): [number, number, number, number][] {
  const buckets = new Map<number, [number, number, number, number]>();
  for (const { table, key, version } of records) {
    const bucket = bucketOf(key);
    const sum = buckets.get(bucket) ?? [bucket, 0, 0, 0];
    const [high, low] = digestOf(table, key, version);
    buckets.set(bucket, [bucket, (sum[1] ^ high) >>> 0, (sum[2] ^ low) >>> 0, sum[3] + 1]);
  }
  return [...buckets.values()].sort((a, b) => a[0] - b[0]);
}

export const clockwise = (first: string) => (a: StoredRecord, b: StoredRecord) => {
  const place = ({ key, table }: StoredRecord) => `${key > first ? 0 : 1}${key}${String.fromCharCode(table)}`;
  return place(a) < place(b) ? -1 : 1;
};

const idOf = ([table, key]: RecordName): string => `${table} ${key}`;

/** The job on a map; what its answer shows. */
export function carriedOut(model: Map<string, StoredRecord>, job: Asked): unknown {
  switch (job.type) {
    case 'write-record': {
      const { table, key, name, version, value, ttlMs } = job;
      model.set(idOf([table, key]), { table, key, name, version, value, ttlMs });
      return 'records-written';
    }
    case 'write-records':
      for (const one of job.records) model.set(idOf(nameOf(one)), one);
      for (const name of job.removals) model.delete(idOf(name));
      return 'records-written';
    case 'read-records':
      return job.names.map((name) => model.get(idOf(name)));
    case 'delete-range':
      for (const { table, key } of [...model.values()]) {
        const { from: a, to: b } = job;
        const isInside = a < b ? key > a && key <= b : key > a || key <= b;
        if (isInside && (job.table === 0 || job.table === table)) model.delete(idOf([table, key]));
      }
      return 'range-deleted';
    default:
      throw new Error(job.type);
  }
}
