// Groups against a naive model: walk clockwise from the key, member by member, and note each host that was not met before.
import type { Member } from '@chordial/chord/protocol';
import { type RingKey, ringKeyFromText } from '@chordial/ring-key';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { memberAt } from './coordinator.fixture.ts';
import { groupOf, groupOfOwner } from './group.ts';

const anyMembers = fc
  .uniqueArray(fc.tuple(fc.nat(300), fc.integer({ min: 1, max: 7 })), { maxLength: 40, selector: ([place]) => place })
  .map((places) =>
    places.map(([place, host]): Member => ({ ...memberAt('0', host), key: ringKeyFromText(`${place}`) })),
  )
  .map((members) => members.sort((a, b) => (a.key < b.key ? -1 : 1)));
const anyKey = fc.nat(600).map((place) => ringKeyFromText(`${place}`));

function naive(members: readonly Member[], key: RingKey, count: number): number[] {
  const clockwise = [...members.filter((member) => member.key >= key), ...members.filter((member) => member.key < key)];
  return [...new Set(clockwise.map(({ host }) => host))].slice(0, count);
}

it('a group is the first n distinct hosts clockwise, or all where there are fewer', () => {
  fc.assert(
    fc.property(anyMembers, anyKey, fc.integer({ min: 1, max: 6 }), (members, key, count) => {
      expect(groupOf(members, key, count)).toEqual(naive(members, key, count));
    }),
    { numRuns: 2_000 },
  );
});

it('the owner of a range sees the group that everybody sees for each key in it, once it is a member', () => {
  fc.assert(
    fc.property(anyMembers, anyKey, fc.integer({ min: 1, max: 6 }), (members, key, count) => {
      const index = members.findIndex((member) => member.key >= key);
      const owner = members[Math.max(index, 0)];
      if (owner === undefined) return;
      expect(groupOfOwner(members, owner.host, owner.key, count)).toEqual(groupOf(members, key, count));
    }),
    { numRuns: 2_000 },
  );
});

it('an owner that nobody knows yet is of its group', () => {
  const members = ['2:2', '4:3', '6:2', '8:4'].map((one) => memberAt(one[0]!, Number(one[2])));
  expect(groupOfOwner(members, 9, memberAt('3', 9).key, 3)).toEqual([9, 3, 2]);
  expect(groupOfOwner([], 9, memberAt('3', 9).key, 3)).toEqual([9]);
});
