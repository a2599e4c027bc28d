// A scan over hosts whose records are large: the answer is bounded, and what it leaves out comes by `next`.
import { parseRingKey, type RingKey } from '@chordial/ring-key';
import type { ScanRange, StoredRecord } from '@chordial/storage/protocol';
import { expect, test } from 'vitest';
import type { Asking, Question } from './asking.ts';
import { scanRecords } from './record-scan.ts';

const keyOf = (n: number): RingKey => parseRingKey((n + 1).toString(16).padStart(40, '0'))!;

/** Hosts that all have the same records. */
function hostsWith(hosts: readonly number[], recordsCount: number, value: string): Asking {
  const ask = async (_: unknown, question: Question): Promise<unknown> => {
    const { after, recordsMax } = question as unknown as ScanRange;
    const first = after === undefined ? 0 : Number.parseInt(after[1], 16);
    const count = Math.min(recordsMax, recordsCount - first);
    const records = Array.from({ length: count }, (_, i): StoredRecord => {
      return { table: 2, key: keyOf(first + i), name: `n${first + i}`, version: '1', value, ttlMs: 0 };
    });
    const next = first + count < recordsCount ? [2, keyOf(first + count - 1)] : undefined;
    return { type: 'range-scanned', correlation: 0, records, damaged: [], next };
  };
  const listHosts = async () => ({ hosts: hosts.map((host) => ({ host, phase: 'alive' })) });
  return { host: hosts[0]!, ask, listHosts } as unknown as Asking;
}

test('large values end a page early, and pages after one another have everything once', async () => {
  const recordsCount = 3_000;
  const asking = hostsWith([1, 2, 3, 4], recordsCount, 'v'.repeat(30_000));
  const seen: string[] = [];
  let after: string | undefined;
  let pagesCount = 0;
  do {
    const page = await scanRecords(asking, { table: undefined, limit: 10_000, host: 'all', after });
    let characters = 0;
    for (const { name, value, hosts } of page.records) {
      seen.push(name);
      characters += value.length;
      expect(hosts).toEqual([1, 2, 3, 4]);
    }
    // A page of each host may go beyond the limit by what one answer holds.
    expect(characters).toBeLessThan(20_000_000);
    after = page.next;
    pagesCount++;
  } while (after !== undefined);
  expect(pagesCount).toBeGreaterThan(1);
  expect(seen).toEqual(Array.from({ length: recordsCount }, (_, i) => `n${i}`));
});
