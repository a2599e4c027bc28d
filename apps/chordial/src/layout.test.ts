// The users of a host are divided among its peers: the sum is bounded, and names that fall evenly all find room.
import { ringKeyFromText } from '@chordial/ring-key';
import { describe, expect, test } from 'vitest';
import { ringOf, usersMaxOf } from './layout.ts';

function sharesOf(peersCount: number, usersMax: number) {
  const ring = ringOf({ peersCount, lanesCount: 2 });
  return { ring, shares: ring.members.map(({ key }) => usersMaxOf(ring, key, usersMax)) };
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
    const { ring, shares } = sharesOf(peersCount, usersMax);
    const counts = new Array<number>(peersCount).fill(0);
    for (let n = 0; n < usersMax; n++) {
      const owner = ring.table.ownerIndex(ringKeyFromText(`sip:user${n}@example.com`));
      counts[owner] = counts[owner]! + 1;
    }
    expect(counts.filter((count, owner) => count > shares[owner]!)).toEqual([]);
  });
});
