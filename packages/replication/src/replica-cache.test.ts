// The cache keeps what is used and stays within its bounds.
import { expect, it } from 'vitest';
import { copyOf } from './copies.fixture.ts';
import { aliveRecord, cachedCharactersMax, cachedRecordsMax, RecordCache } from './replica-cache.ts';

const record = copyOf('alice', 1);

it('what is used again stays, however much else comes', () => {
  const cache = new RecordCache();
  cache.put('used', record, 0);
  for (let i = 0; i < cachedRecordsMax * 2; i++) {
    cache.put(`other ${i}`, record, 0);
    if (i % 1_000 === 0) expect(cache.get('used')?.record).toBe(record);
    expect(cache.count).toBeLessThanOrEqual(cachedRecordsMax);
  }
  expect(cache.get('other 0')).toBeUndefined();
});

it('large records are few', () => {
  const cache = new RecordCache();
  const large = { ...record, value: 'x'.repeat(30_000) };
  for (let i = 0; i < 2_000; i++) {
    cache.put(`large ${i}`, large, 0);
    expect(cache.characters).toBeLessThanOrEqual(cachedCharactersMax);
  }
  for (let i = 0; i < 2_000; i++) cache.delete(`large ${i}`);
  expect([cache.count, cache.characters]).toEqual([0, 0]);
});

it('a record has the time left that it has now, and is gone when that is over', () => {
  const cached = { record: { ...record, ttlMs: 1_000 }, expiresAt: 5_000 };
  expect(aliveRecord(cached, 4_000)).toBe(cached.record);
  expect(aliveRecord(cached, 4_400)?.ttlMs).toBe(600);
  expect(aliveRecord(cached, 5_000)).toBeUndefined();
  expect(aliveRecord({ record: { ...record, ttlMs: 0 }, expiresAt: 0 }, 9e9)?.ttlMs).toBe(0);
});
