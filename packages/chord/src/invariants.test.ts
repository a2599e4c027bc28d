// Each invariant of a ring is reported when it is broken: a state is bent by hand and must be told apart from a whole one.
import { ringKeyFromText } from '@chordial/ring-key';
import { expect, it } from 'vitest';
import { loneHostRing, RingOnOneLane, ringOfKeys } from '../bench/ring-on-one-lane.ts';
import { peerInvariants, ringInvariants } from './invariants.ts';
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

it('a list has at least one and at most r members, in clockwise order, never past self', () => {
  const bend = (successors: ChordPeerState['successors']) => peerInvariants({ ...states()[5]!, successors });
  expect(bend([])).toBe('a peer knows a successor');
  expect(bend([member(6), member(7), member(8)])).toBe('a successor list has at most r members');
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
