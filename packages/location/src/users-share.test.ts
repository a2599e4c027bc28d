// The users of a host are divided among its peers: the sum is bounded, and names that fall evenly all find room.
import { KeyTable, type RingKey, ringKeyFromText } from '@chordial/ring-key';
import { describe, expect, test } from 'vitest';
import { usersShareOf } from './users-share.ts';

function sharesOf(peersCount: number, usersMax: number) {
  const keys = Array.from({ length: peersCount }, (_, i): RingKey => ringKeyFromText(`peer ${i}`)).sort();
  const shares = keys.map((key, i) => usersShareOf(keys.at(i - 1)!, key, usersMax));
  return { table: new KeyTable(keys), shares };
}
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

describe('the users of a host', () => {
  test.each([
    [1, 1_000_000],
    [3, 1_000],
    [64, 1_000_000],
    [100, 1_000_000],
    [1_000, 1_000_000],
    [10_000, 1_000_000],
  ])('%i peers keep hardly more than %i together', (peersCount, usersMax) => {
    const { shares } = sharesOf(peersCount, usersMax);
    expect(sum(shares)).toBeGreaterThanOrEqual(usersMax);
    expect(sum(shares)).toBeLessThanOrEqual(usersMax + 6 * Math.sqrt(usersMax * peersCount) + 9 * peersCount);
  });

  test('a peer that is alone keeps them all, and no peer more than all', () => {
    expect(sharesOf(1, 1_000_000).shares).toEqual([1_000_000]);
    expect(sharesOf(64, 5).shares).toEqual(new Array(64).fill(5));
  });

  test('64 peers keep at most 5 % more than a million', () => {
    expect(sum(sharesOf(64, 1_000_000).shares)).toBeLessThan(1_050_000);
  });

  test.each([[7], [64], [100], [5_000]])('as many users as the host keeps find room on %i peers', (peersCount) => {
    const usersMax = 100_000;
    const { table, shares } = sharesOf(peersCount, usersMax);
    const counts = new Array<number>(peersCount).fill(0);
    for (let n = 0; n < usersMax; n++) counts[table.ownerIndex(ringKeyFromText(`user${n}@example.com`))]!++;
    expect(counts.filter((count, owner) => count > shares[owner]!)).toEqual([]);
  });
});
