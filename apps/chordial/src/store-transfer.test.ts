// Restore: what comes back of a file, by its age, and what happens when the replica has too much to do. The file is a real one.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { CopiesStored } from '@chordial/replication/protocol';
import { ringKeyFromText } from '@chordial/ring-key';
import { SqliteEngine } from '@chordial/storage';
import type { StoredRecord } from '@chordial/storage/protocol';
import { expect, test } from 'vitest';
import type { Asking, Question } from './asking.ts';
import { restoreStore } from './store-transfer.ts';

const dayMs = 24 * 3_600_000;
const record = (name: string, ttlMs: number): StoredRecord => {
  return { table: 2, key: ringKeyFromText(name), name, version: '1.1|1.1', value: name, ttlMs };
};

/** An export of two records, one of which does not expire, begun so many days ago. */
async function exported(daysAgo: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'chordial-transfer-'));
  const engine = new SqliteEngine({ file: join(folder, 'records.sqlite') });
  const now = Date.now() - daysAgo * dayMs;
  engine.write({ records: [record('lasting', 0), record('passing', 100 * dayMs)], removals: [] }, now);
  const file = join(folder, 'copy');
  const work = await engine.beginExport(file, now);
  if (!('step' in work)) throw new Error(work.sentence);
  while ((await work.step()) === undefined);
  engine.close();
  return file;
}

/** A replica that answers in turn; the last answer stays. */
function replica(answers: readonly Omit<CopiesStored, 'type' | 'correlation'>[]): { asking: Asking; names: string[] } {
  const names: string[] = [];
  let asked = 0;
  const ask = async (_: unknown, { records }: Question): Promise<unknown> => {
    const answer = answers[Math.min(asked++, answers.length - 1)]!;
    if (answer.trouble === '') names.push(...(records as StoredRecord[]).map(({ name }) => name));
    return { type: 'copies-stored', correlation: 0, ...answer };
  };
  return { asking: { host: 0, storeLane: 1, ask } as unknown as Asking, names };
}
const well = { pauseMs: 0, trouble: '', skippedCount: 0 };

test('of a file that is older than removals are known, what does not expire is left out unless it is asked for', async () => {
  const fresh = replica([well]);
  expect(await restoreStore(fresh.asking, await exported(9))).toMatchObject({ recordsCount: 2, tooOldCount: 0 });
  const file = await exported(11);
  const old = replica([well]);
  expect(await restoreStore(old.asking, file)).toMatchObject({ recordsCount: 1, leftOutCount: 0, tooOldCount: 1 });
  expect(old.names).toEqual(['passing']);
  const forced = replica([well]);
  expect(await restoreStore(forced.asking, file, true)).toMatchObject({ recordsCount: 2, tooOldCount: 0 });
});

test('a file that does not say when it was made counts as old', async () => {
  const file = await exported(0);
  const lines = readFileSync(file, 'utf8').split('\n');
  const header = '["chordial-records",1]';
  lines[0] = `${crc32(header).toString(16).padStart(8, '0')} ${header}`;
  writeFileSync(file, lines.join('\n'));
  expect(await restoreStore(replica([well]).asking, file)).toMatchObject({ recordsCount: 1, tooOldCount: 1 });
});

test('what the replica wants sent again is sent again; what it refuses is not', async () => {
  const file = await exported(0);
  const busy = replica([{ ...well, pauseMs: 1, trouble: 'much is being kept already: send it again' }, well]);
  expect(await restoreStore(busy.asking, file)).toMatchObject({ recordsCount: 2 });
  expect(busy.names.toSorted()).toEqual(['lasting', 'passing']);
  const refusing = replica([{ ...well, trouble: 'the disk is full' }, well]);
  await expect(restoreStore(refusing.asking, file)).rejects.toThrow('the disk is full');
});

test('what cannot be kept is counted, not taken for restored', async () => {
  const full = replica([{ ...well, skippedCount: 1 }]);
  expect(await restoreStore(full.asking, await exported(0))).toMatchObject({ recordsCount: 1, skippedCount: 1 });
});
