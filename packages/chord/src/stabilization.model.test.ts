// Stabilization heals: peers that know only some of the members, as after joins, all come to the pointers of the whole ring,
// for any choice of who was unknown; the ring's invariants hold after every step on the way.
import { ringKeyFromText } from '@chordial/ring-key';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { loneHostRing, RingOnOneLane, ringOfKeys } from '../bench/ring-on-one-lane.ts';
import { ringOfMembers } from './founding.ts';
import { ringInvariants } from './invariants.ts';

const anyRing = fc
  .tuple(fc.integer({ min: 4, max: 24 }), fc.integer({ min: 1, max: 5 }), fc.string({ maxLength: 4 }))
  .filter(([count, r]) => count > r + 1)
  .map(([count, r, name]) => {
    const keys = Array.from({ length: count }, (_, i) => ringKeyFromText(`${name}/${i}`));
    return ringOfKeys(keys.sort(), r);
  });

it('members that nobody knew are found, and every successor list becomes whole', () => {
  fc.assert(
    fc.property(anyRing, fc.infiniteStream(fc.boolean()), (ring, coins) => {
      const { members, successorsCount } = ring;
      // At least r + 1 members know each other; the others know all, and nobody knows them.
      const isNew = members.map((_, i) => i > successorsCount && coins.next().value === true);
      const old = ringOfMembers(
        members.filter((_, i) => !isNew[i]),
        successorsCount,
      );
      const lane = new RingOnOneLane(ring, (i) => (isNew[i] ? ring : old));
      lane.stepped = () => expect(ringInvariants(lane.states())).toBeUndefined();
      // A newcomer becomes known one period after its successor heard of it; then lists travel one member a period.
      lane.advance(1_000 * (2 * members.length + successorsCount));
      lane.states().forEach(({ predecessor, successors }, i) => {
        expect(predecessor.key).toBe(members.at(i - 1)!.key);
        const clockwise = [...members.slice(i + 1), ...members.slice(0, i)];
        expect(successors.map(({ key }) => key)).toEqual(clockwise.slice(0, successorsCount).map(({ key }) => key));
      });
    }),
    { numRuns: 40 },
  );
}, 60_000);

it('a ring that is whole stays as it is', () => {
  const lane = new RingOnOneLane(ringOfKeys(Array.from({ length: 20 }, (_, i) => ringKeyFromText(`${i}`)).sort(), 4));
  const before = structuredClone(lane.states().map(({ successors, fingers }) => ({ successors, fingers })));
  lane.advance(5_000);
  expect(lane.states().map(({ successors, fingers }) => ({ successors, fingers }))).toEqual(before);
  expect(lane.states().every(({ versionKnown }) => versionKnown > 0)).toBe(true);
});

it('fingers that are right stay, also where a member stands exactly 2^k further on, as founders do', () => {
  const lane = new RingOnOneLane(loneHostRing(128));
  const fingers = () => lane.states().map((state) => state.fingers.map(({ key }) => key));
  const before = fingers();
  expect(before.every((each) => each.length > 0)).toBe(true);
  // Each finger is looked up at least once: three of them, one every 4 s at most.
  lane.advance(16_000);
  expect(fingers()).toEqual(before);
});
