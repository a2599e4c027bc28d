// Every lane knows where every actor is without asking; and the users of a host are divided among its peers.
import { indexOf, laneOf } from '@chordial/actor/shell';
import { expect, test } from 'vitest';
import { chordAddress, locationAddress, peersOfLane, ringOf, usersMaxOf } from './layout.ts';

test.each([
  [1, 1],
  [1, 4],
  [7, 2],
  [64, 3],
  [100, 8],
])('%i peers on %i lanes: dealt in turn, each actor at an index of its own', (peersCount, lanesCount) => {
  const size = { peersCount, lanesCount };
  const lanes = Array.from({ length: lanesCount }, (_, lane) => peersOfLane(size, lane));
  expect(lanes.reduce((sum, count) => sum + count, 0)).toBe(peersCount);
  expect(Math.max(...lanes) - Math.min(...lanes)).toBeLessThanOrEqual(1);
  const { members } = ringOf({ ...size, foundedAt: 5 }, 9);
  lanes.forEach((count, lane) => {
    const chords = Array.from({ length: count }, (_, i) => chordAddress(size, 9, lane, i));
    expect(members.filter((member) => member.lane === lane).map(({ chord }) => chord)).toEqual(chords);
    // A location and a registrar for each peer, then the chord peers, without a gap.
    const locations = Array.from({ length: count }, (_, i) => indexOf(locationAddress(9, lane, i)));
    expect(
      [...locations, ...locations.map((index) => index + 1), ...chords.map(indexOf)].toSorted((a, b) => a - b),
    ).toEqual(Array.from({ length: 3 * count }, (_, i) => 32 + i));
    expect(chords.every((chord) => laneOf(chord) === lane)).toBe(true);
  });
  expect(members.every(({ host, life }) => host === 9 && life === 5)).toBe(true);
});

test('no peer keeps more users than the host, and together they keep at least as many', () => {
  for (const peersCount of [1, 3, 64, 1_000]) {
    for (const usersMax of [5, 1_000, 1_000_000]) {
      const each = usersMaxOf({ peersCount, usersMax });
      expect(each).toBeLessThanOrEqual(usersMax);
      expect(each * peersCount).toBeGreaterThanOrEqual(usersMax);
    }
  }
});
