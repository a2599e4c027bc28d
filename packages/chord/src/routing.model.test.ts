// Routing against the naive owner, who is found by looking at every member: fingers and one-hop agree with it for rings of 1 to
// 300 peers, whoever is asked, and a question takes at most log2 N hops.
import { addPowerOfTwo, betweenRightClosed, type RingKey, ringKeyFromText } from '@chordial/ring-key';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loneHostRing, RingOnOneLane, ringOfKeys } from '../bench/ring-on-one-lane.ts';
import type { FoundingRing } from './founding.ts';
import { closestPreceding, foundingPointers } from './pointers.ts';

function naiveOwner({ members }: FoundingRing, key: RingKey): number {
  return members.findIndex((member, i) => betweenRightClosed(members.at(i - 1)!.key, key, member.key));
}

const anyText = fc.string({ maxLength: 6 });
const anyStart = fc.nat();

/** Keys of users, of members, and one step beyond them. */
function keysToAsk(ring: FoundingRing, texts: readonly string[]): RingKey[] {
  const member = ring.members[texts.length % ring.members.length]!.key;
  return [...texts.map(ringKeyFromText), member, addPowerOfTwo(member, 0)];
}

describe('in a founding ring', () => {
  it('fingers and one-hop find the naive owner, in at most log2 N hops', () => {
    const anyRing = fc.tuple(fc.integer({ min: 1, max: 300 }), anyText);
    fc.assert(
      fc.property(anyRing, fc.array(anyText, { maxLength: 8 }), anyStart, ([peersCount, name], texts, start) => {
        const lane = new RingOnOneLane(loneHostRing(peersCount, name));
        const { members, table } = lane.ring;
        for (const key of keysToAsk(lane.ring, texts)) {
          const owner = naiveOwner(lane.ring, key);
          expect(table.ownerIndex(key)).toBe(owner);
          const found = lane.find(start % peersCount, key, true);
          expect(found.owner).toBe(members[owner]);
          expect(found.hops).toBeLessThanOrEqual(Math.ceil(Math.log2(peersCount)));
          expect(found.trace).toHaveLength(found.hops + 1);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('everyone finds every key in at most log2 N hops, at sizes around powers of two', () => {
    for (const peersCount of [1, 2, 3, 4, 16, 17, 18, 31, 32, 33, 63, 64, 65, 100]) {
      const lane = new RingOnOneLane(loneHostRing(peersCount));
      for (let start = 0; start < peersCount; start++) {
        for (const { key } of lane.ring.members) {
          expect(lane.find(start, key).hops).toBeLessThanOrEqual(Math.ceil(Math.log2(peersCount)));
        }
      }
    }
  });
});

describe('in a ring of any keys and any r', () => {
  const anyRing = fc
    .tuple(fc.uniqueArray(anyText, { minLength: 2, maxLength: 60 }), fc.integer({ min: 1, max: 16 }), fc.boolean())
    .map(([names, r, crowded]) => {
      // A crowd sits on one spot: its keys differ only in their last digits.
      const place = (text: string): RingKey =>
        (crowded ? `abc${'0'.repeat(32)}${ringKeyFromText(text).slice(0, 5)}` : ringKeyFromText(text)) as RingKey;
      const keys = [...new Set(names.map(place))].sort();
      return ringOfKeys(keys, Math.min(r, keys.length - 1));
    })
    .filter((ring) => ring.successorsCount > 0);

  it('fingers find the naive owner', () => {
    fc.assert(
      fc.property(anyRing, fc.array(anyText, { maxLength: 6 }), anyStart, (ring, texts, start) => {
        const lane = new RingOnOneLane(ring);
        for (const key of keysToAsk(ring, texts)) {
          expect(lane.find(start % ring.members.length, key).owner).toBe(ring.members[naiveOwner(ring, key)]);
        }
      }),
    );
  });

  it('the pointers of a peer are those of the definition', () => {
    fc.assert(
      fc.property(anyRing, anyStart, (ring, start) => {
        const { members, successorsCount } = ring;
        const index = start % members.length;
        const clockwise = [...members.slice(index + 1), ...members.slice(0, index)];
        const pointers = foundingPointers(ring, index);
        expect(pointers.predecessor).toBe(clockwise.at(-1));
        expect(pointers.successors).toEqual(clockwise.slice(0, successorsCount));
        const starts = Array.from({ length: 160 }, (_, k) => addPowerOfTwo(members[index]!.key, k));
        const naive = new Set(starts.map((key) => members[naiveOwner(ring, key)]!));
        expect(pointers.fingers).toEqual(clockwise.slice(successorsCount).filter((member) => naive.has(member)));
      }),
    );
  });

  it('the closest preceding member is the last one before the key', () => {
    fc.assert(
      fc.property(anyRing, anyStart, anyText, (ring, start, text) => {
        const { members } = ring;
        const index = start % members.length;
        const self = members[index]!.key;
        const pointers = foundingPointers(ring, index);
        for (const key of keysToAsk(ring, [text])) {
          const before = [...pointers.successors, ...pointers.fingers].filter(
            (member) => member.key !== key && betweenRightClosed(self, member.key, key),
          );
          expect(closestPreceding(self, pointers, key)).toBe(before.at(-1));
        }
      }),
    );
  });
});
