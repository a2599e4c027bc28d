// Rule 8: two live peers that think each other dead are a partition. Hosts that were cut off, or falsely suspected, are reported lost and
// later hinted again, as a membership does it; the sides serve as rings of their own, their epochs never agree, and
// after the cut they merge into the ideal ring by the same rules.
import { makeAddress } from '@chordial/actor';
import { ringKeyFromText } from '@chordial/ring-key';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RingOnOneLane, ringOfKeys } from '../bench/ring-on-one-lane.ts';
import { fencingFault, ownershipFault, ringInvariants } from './invariants.ts';
import type { ChordPeerState } from './peer-state.ts';
import type { PeerChanged, PlacePeer } from './protocol.ts';

const hostsCount = 5;

/** What a membership tells each peer that it takes for alive: the next member clockwise. */
function hintAll(lane: RingOnOneLane): void {
  const ring = lane.states().toSorted((a, b) => (a.self.key < b.self.key ? -1 : 1));
  for (const [i, { self }] of ring.entries()) {
    const next = [...ring.slice(i + 1), ...ring.slice(0, i)].find(({ phase }) => phase === 'member');
    if (next !== undefined) lane.tell(self.chord, { type: 'successor-hinted', candidate: next.self });
  }
}

const anyRing = fc.record({
  name: fc.string({ maxLength: 3 }),
  count: fc.integer({ min: 12, max: 24 }),
  /** The hosts of the one side; the rest are the other. */
  side: fc.uniqueArray(fc.nat(hostsCount - 1), { minLength: 1, maxLength: hostsCount - 1 }),
  cutMs: fc.constantFrom(300, 2_000, 9_000),
  joins: fc.integer({ min: 0, max: 2 }),
});

const start = (name: string, count: number): RingOnOneLane =>
  new RingOnOneLane(
    ringOfKeys(
      Array.from({ length: count }, (_, i) => ringKeyFromText(`${name}/${i}`)).sort(),
      4,
      (i) => i % hostsCount,
    ),
  );

function expectWhole(lane: RingOnOneLane): void {
  const states = lane.states();
  expect(states.map(({ phase }) => phase)).toEqual(states.map(() => 'member'));
  expect(ringInvariants(states)).toBeUndefined();
  expect(ownershipFault(states)).toBeUndefined();
}

it('a partition heals: both sides merge, whoever joined meanwhile included', () => {
  fc.assert(
    fc.property(anyRing, ({ name, count, side, cutMs, joins }) => {
      const lane = start(name, count);
      lane.advance(2_000);
      const isHere = ({ self }: ChordPeerState): boolean => side.includes(self.host);
      const sideOf = new Map(lane.states().map((state) => [state.self.chord as number, isHere(state)]));
      lane.stepped = () => expect(fencingFault(lane.states())).toBeUndefined();
      lane.isCut = (from, to) => sideOf.has(from) && sideOf.get(from) !== sideOf.get(to);
      lane.advance(500);
      const others = Array.from({ length: hostsCount }, (_, host) => host).filter((host) => !side.includes(host));
      for (const state of lane.states())
        lane.tell(state.self.chord, { type: 'members-lost', hosts: isHere(state) ? others : side, members: [] });
      for (let i = 0; i < joins; i++) {
        const contact = lane.states().find((state) => isHere(state) === (i === 0))!.self;
        const joiner = lane.join({ contact, successorsCount: 4, host: contact.host, startedAt: 1 });
        sideOf.set(joiner, i === 0);
      }
      lane.advance(cutMs);
      for (const here of [true, false]) {
        const states = lane.states().filter((state) => sideOf.get(state.self.chord) === here);
        // A side of which nobody knows another peer serves nothing.
        if (cutMs > 5_000 && states.every(({ phase }) => phase === 'member'))
          expect(ownershipFault(states)).toBeUndefined();
      }
      lane.isCut = undefined;
      // Hosts are back one after the other, and a hint that is lost is given again.
      for (let round = 0; round < 3; round++) {
        hintAll(lane);
        lane.advance(5_000);
      }
      lane.advance(20_000);
      expectWhole(lane);
    }),
    { numRuns: 40 },
  );
}, 60_000);

it('hosts that were falsely suspected come back by themselves, and end with what was theirs', () => {
  fc.assert(
    fc.property(anyRing, ({ name, count, side, cutMs }) => {
      const lane = start(name, count);
      lane.advance(2_000);
      lane.stepped = () => expect(fencingFault(lane.states())).toBeUndefined();
      const suspected = side.slice(0, 2);
      for (const { self } of lane.states())
        if (!suspected.includes(self.host))
          lane.tell(self.chord, { type: 'members-lost', hosts: suspected, members: [] });
      lane.advance(cutMs);
      // They hear of it: their ranges may be others' now.
      for (const { self } of lane.states())
        if (suspected.includes(self.host)) lane.tell(self.chord, { type: 'ownership-doubted' });
      lane.advance(20_000);
      expectWhole(lane);
    }),
    { numRuns: 40 },
  );
}, 60_000);

it('two sides that gave the same place to two joiners merge: one of them looks for another', () => {
  fc.assert(
    fc.property(anyRing, ({ name, count, side }) => {
      const lane = start(name, count);
      lane.advance(2_000);
      const isHere = ({ self }: ChordPeerState): boolean => side.includes(self.host);
      const sideOf = new Map(lane.states().map((state) => [state.self.chord as number, isHere(state)]));
      lane.isCut = (from, to) => sideOf.has(from) && sideOf.get(from) !== sideOf.get(to);
      const joiners = [true, false].map((here) => {
        const contact = lane.states().find((state) => isHere(state) === here)!.self;
        // Nobody is at this address: places are given by hand.
        const membership = makeAddress<PlacePeer | PeerChanged>(0, 0, 3);
        const joiner = lane.join({ membership, successorsCount: 4, host: here ? 8 : 9, startedAt: 1 });
        sideOf.set(joiner, here);
        lane.advance(500);
        lane.tell(joiner, { type: 'peer-placed', key: ringKeyFromText('the same'), contact });
        return joiner;
      });
      const others = Array.from({ length: hostsCount }, (_, host) => host).filter((host) => !side.includes(host));
      for (const state of lane.states())
        lane.tell(state.self.chord, { type: 'members-lost', hosts: isHere(state) ? others : side, members: [] });
      lane.advance(8_000);
      lane.isCut = undefined;
      for (let round = 0; round < 6; round++) {
        hintAll(lane);
        const contact = lane.states().find(({ phase }) => phase === 'member')!.self;
        for (const joiner of joiners)
          lane.tell(joiner, { type: 'peer-placed', key: ringKeyFromText(`place ${round}`), contact });
        lane.advance(5_000);
      }
      lane.advance(10_000);
      expectWhole(lane);
    }),
    { numRuns: 40 },
  );
}, 60_000);
