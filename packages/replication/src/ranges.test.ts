// Who of a range's group is known to be the same, as the ring changes.
import type { Member } from '@chordial/chord/protocol';
import { expect, it } from 'vitest';
import { at, memberAt } from './coordinator.fixture.ts';
import { changeRing, createRing } from './coordinator-ring.ts';
import { RangeTable, refreshRange, setSame, strangersOf } from './ranges.ts';

const copiesCount = 3;
const hostsCount = 5;
const membersOf = (...hosts: readonly number[]): readonly Member[] => hosts.map((host) => memberAt(`${host}`, host));

it('a host that moves up into the group is a stranger, as it was sent nothing while it was beyond', () => {
  const ring = createRing();
  changeRing(ring, { members: membersOf(1, 2, 3, 4, 5) });
  const range = new RangeTable().add(memberAt('1', 1), at('5'), 1);
  refreshRange(range, ring, 1, hostsCount);
  expect(range.hosts).toEqual([1, 2, 3, 4, 5]);
  // All of the neighbourhood was asked when the range came.
  for (const host of range.hosts) setSame(range, host, true);
  expect(strangersOf(range, copiesCount)).toEqual([]);
  changeRing(ring, { members: membersOf(1, 2, 4, 5) });
  refreshRange(range, ring, 1, hostsCount);
  expect(strangersOf(range, copiesCount)).toEqual([4]);
  setSame(range, 4, true);
  // It is beyond for a while and comes back.
  changeRing(ring, { members: membersOf(1, 2, 3, 4, 5) });
  refreshRange(range, ring, 1, hostsCount);
  expect(strangersOf(range, copiesCount)).toEqual([3]);
  changeRing(ring, { members: membersOf(1, 2, 4, 5) });
  refreshRange(range, ring, 1, hostsCount);
  expect(strangersOf(range, copiesCount)).toEqual([4]);
});
