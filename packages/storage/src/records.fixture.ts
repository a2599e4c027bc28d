// Records and jobs for tests of stores.
import { ringKeyFromText } from '@chordial/ring-key';
import type { RecordName, StoredRecord } from './protocol.ts';
import type { Asked } from './store-lane.fixture.ts';

export const record = (name: string, changes: Partial<StoredRecord> = {}): StoredRecord => ({
  table: 1,
  key: ringKeyFromText(name),
  name,
  version: '1',
  value: `value of ${name}`,
  ttlMs: 0,
  ...changes,
});
export const nameOf = ({ table, key }: StoredRecord): RecordName => [table, key];
export const put = (stored: StoredRecord): Asked => ({ type: 'write-record', ...stored });
export const putAll = (records: readonly StoredRecord[], removals: readonly RecordName[] = []): Asked => ({
  type: 'write-records',
  records,
  removals,
});
export const get = (...names: readonly RecordName[]): Asked => ({ type: 'read-records', names });
