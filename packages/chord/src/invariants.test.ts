// Each invariant of a ring is reported when it is broken: a state is bent by hand and must be told apart from a whole one.
import { ringKeyFromText } from '@chordial/ring-key';
import { expect, it } from 'vitest';
import { loneHostRing, RingOnOneLane, ringOfKeys } from '../bench/ring-on-one-lane.ts';
import { fencingFault, ownershipFault, peerInvariants, ringFault, ringInvariants } from './invariants.ts';
import type { ChordPeerState } from './peer-state.ts';

const ring = ringOfKeys(Array.from({ length: 12 }, (_, i) => ringKeyFromText(`peer ${i}`)).sort(), 2);
const states = (): ChordPeerState[] => new RingOnOneLane(ring).states();
const member = (i: number) => ring.members[i % 12]!;

it('a founding ring of any size is whole', () => {
  for (const count of [1, 2, 3, 17, 18, 100]) {
    expect(ringInvariants(new RingOnOneLane(loneHostRing(count)).states())).toBeUndefined();
  }
});

it('the order of the states does not matter', () => expect(ringInvariants(states().reverse())).toBeUndefined());

it('dead peers are skipped while a successor lives', () => {
  const dead = new Set([3, 8]);
  const alive = states().filter((_, i) => !dead.has(i));
  expect(ringInvariants(alive)).toBeUndefined();
});

it('everyone has a live successor', () => {
  const alive = states().filter((_, i) => i !== 3 && i !== 4);
  expect(ringInvariants(alive)).toBe(`${member(2).key} has a live successor`);
});

it('a list has at least one and at most 64 members, in clockwise order, never past self', () => {
  const bend = (successors: ChordPeerState['successors']) => peerInvariants({ ...states()[5]!, successors });
  expect(bend([])).toBe('a peer knows a successor');
  expect(bend(Array.from({ length: 65 }, () => member(6)))).toBe('a successor list has at most 64 members');
  expect(bend([member(7), member(6)])).toContain('stands in clockwise order');
  expect(bend([member(6), member(6)])).toContain('stands in clockwise order');
  expect(bend([member(5), member(6)])).toContain('stands in clockwise order');
  expect(bend([member(4), member(6)])).toContain('stands in clockwise order');
  expect(bend([member(6), member(7)])).toBeUndefined();
});

it('there is one ring', () => {
  // Even and odd peers go round apart.
  const apart = states().map(
    (state, i): ChordPeerState => ({ ...state, fingers: [], successors: [member(i + 2), member(i + 4)] }),
  );
  expect(ringInvariants(apart)).toBe('there is one ring');
});

it('the ring goes round once', () => {
  // Steps of 5 visit all 12 peers, but only after five turns.
  const wound = states().map((state, i): ChordPeerState => ({ ...state, fingers: [], successors: [member(i + 5)] }));
  expect(ringInvariants(wound)).toBe('the ring is ordered: it goes round once');
});

it('at least r + 1 members are skipped by nobody', () => {
  // Peers 1 and 2 go on to 3 as they should; 0 skips both. Twelve less two remain, then less nine more.
  const skip = (steps: number) =>
    states().map(
      (state, i): ChordPeerState => (i === 0 ? { ...state, fingers: [], successors: [member(steps)] } : state),
    );
  expect(ringInvariants(skip(3))).toBeUndefined();
  expect(ringInvariants(skip(10))).toBeUndefined();
  expect(ringInvariants(skip(11))).toBe('at least 3 members are principals, not 2');
});

it('a picture of a living ring is judged like its states', () => {
  const pictures = states().map(({ self, predecessor, successors, owns, ownedFrom, epoch }) => {
    return { self, predecessor, successors, owns, ownedFrom, epoch };
  });
  expect(ringFault(pictures, 2)).toBeUndefined();
  expect(ringFault([pictures[0]!, ...pictures], 2)).toBe('no two members have the same key');
  expect(ringFault(pictures.slice(0, 1), 2)).toBeUndefined();
  expect(
    ringFault(
      pictures.filter((_, i) => i % 4 === 0),
      2,
    ),
  ).toBe(`${member(0).key} has a live successor`);
});

it('a peer owns only as a member, and remembers what it is doing, no more', () => {
  const bend = (bent: Partial<ChordPeerState>) => peerInvariants({ ...states()[5]!, ...bent });
  expect(bend({ phase: 'left' })).toContain('owns a range only as a member');
  expect(bend({ phase: 'joining', owns: false })).toContain('has an attempt');
  expect(bend({ phase: 'leaving' })).toContain('remembers who asked');
  const query = { purpose: 'doubt', member: member(6), correlation: 3, askedAt: 0 } as const;
  expect(bend({ queries: [query, query] })).toBe('open queries differ');
});

it('in a quiet ring the ranges cover everything once', () => {
  const bend = (bent: Partial<ChordPeerState>) =>
    ownershipFault(states().map((state, i) => (i === 5 ? { ...state, ...bent } : state)));
  expect(bend({})).toBeUndefined();
  expect(ownershipFault(new RingOnOneLane(loneHostRing(1)).states())).toBeUndefined();
  expect(bend({ owns: false })).toBe(`${member(5).key} owns a range`);
  expect(bend({ ownedFrom: member(3).key })).toContain(`not what follows ${member(3).key}`);
  expect(bend({ predecessor: member(3) })).toContain(`not ${member(3).key}`);
  expect(bend({ successors: [member(7)] })).toContain(`not ${member(7).key}`);
});

it('no key is owned by two peers with equal epochs', () => {
  const bend = (bent: Partial<ChordPeerState>) =>
    fencingFault(states().map((state, i) => (i === 5 ? { ...state, ...bent } : state)));
  expect(bend({})).toBeUndefined();
  expect(bend({ ownedFrom: member(3).key })).toContain('with different epochs');
  expect(bend({ ownedFrom: member(3).key, epoch: 2 })).toBeUndefined();
  expect(bend({ ownedFrom: member(5).key })).toContain('with different epochs');
  expect(bend({ ownedFrom: member(3).key, owns: false })).toBeUndefined();
});
