// Every lane knows where every actor is without asking.
import { indexOf, laneOf } from '@chordial/actor/shell';
import { expect, test } from 'vitest';
import { chordAddress, locationAddress, peersOfLane, ringOf } from './layout.ts';

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
