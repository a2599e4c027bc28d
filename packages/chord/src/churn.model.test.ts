// Any interleaving of joins, silent deaths, reported deaths and planned leaves heals: the ring's invariants hold after every step of
// every peer, no key is ever owned twice with one epoch, and a quiet ring is the ideal one, owned exactly once.
import { type Behaviour, makeAddress, nobody } from '@chordial/actor';
import { createRandom, nextFloat } from '@chordial/actor/random';
import { ringKeyFromText } from '@chordial/ring-key';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RingOnOneLane, ringOfKeys } from '../bench/ring-on-one-lane.ts';
import { fencingFault, ownershipFault, ringInvariants } from './invariants.ts';
import { isIn } from './peer-state.ts';
import type { HandRange, RangeReleased } from './protocol.ts';

interface Deed {
  readonly what: 'join' | 'die' | 'lost' | 'leave' | 'doubt';
  readonly whom: number;
  /** Ring time that passes afterwards. */
  readonly ms: number;
}

const anyDeed: fc.Arbitrary<Deed> = fc.record({
  what: fc.constantFrom('join', 'join', 'die', 'lost', 'leave', 'doubt'),
  whom: fc.nat(),
  ms: fc.constantFrom(0, 3, 300, 1_000, 2_500),
});

const founders = (name: string, count: number, r: number) =>
  ringOfKeys(Array.from({ length: count }, (_, i) => ringKeyFromText(`${name}/${i}`)).sort(), r, (i) => i % 4);

/** Releases a range after 300 ms, and forgets one in four requests, as one that was started again. */
const slowService: Behaviour<{ asked: number }, HandRange | ReleaseDue, undefined> = {
  name: 'slow-service',
  init: () => ({ asked: 0 }),
  step: (state, { message }, out) => {
    if (message.type === 'release-due') return out.send(message.replyTo, message.released);
    state.asked++;
    const { replyTo, correlation } = message;
    const due: ReleaseDue = { type: 'release-due', replyTo, released: { type: 'range-released', correlation } };
    if (state.asked % 4 !== 3) out.setTimer(300, due);
  },
  mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
};

interface ReleaseDue {
  readonly type: 'release-due';
  readonly replyTo: HandRange['replyTo'];
  readonly released: RangeReleased;
}

/** A minority: fewer die or leave at once, before the ring has healed, than a successor list has members. */
function play(name: string, count: number, r: number, deeds: readonly Deed[], lossShare = 0): void {
  // Everyone's records take a while to be handed over.
  const service = makeAddress<HandRange>(0, 0, 2);
  const lane = new RingOnOneLane(founders(name, count, r), undefined, { service });
  lane.kernel.spawnRoot(slowService, undefined, 2);
  const contact = lane.ring.members[0]!;
  const random = createRandom(count);
  lane.isCut = (from) => from !== nobody && nextFloat(random) < lossShare;
  const check = (): void => {
    const states = lane.states().filter(isIn);
    if (lossShare === 0) expect(ringInvariants(states)).toBeUndefined();
    expect(fencingFault(states)).toBeUndefined();
  };
  lane.stepped = check;
  let wounds = 0;
  for (const { what, whom, ms } of deeds) {
    const members = lane.states().filter((state) => isIn(state) && state.self.chord !== contact.chord);
    const chosen = members[whom % members.length];
    if (what === 'join')
      lane.join({ service, contact, successorsCount: r, host: whom % 5, startedAt: lane.kernel.now + 1 });
    else if (chosen === undefined) continue;
    else if (what === 'doubt') lane.tell(chosen.self.chord, { type: 'ownership-doubted' });
    // Enough stay, also of several that leave at once and each count the others.
    else if (members.length > r + 4) {
      if (++wounds >= r) {
        lane.advance(8_000);
        wounds = 1;
      }
      const { self } = chosen;
      if (what === 'leave') lane.leave(self.chord);
      else lane.kill(self.chord);
      const others = what === 'lost' ? lane.states() : [];
      for (const { self: other } of others)
        lane.tell(other.chord, { type: 'members-lost', hosts: [], members: [self] });
    }
    lane.advance(ms);
  }
  lane.isCut = undefined;
  lane.advance(30_000);
  lane.stepped = undefined;
  lane.advance(170_000);
  check();
  expect(ringInvariants(lane.states())).toBeUndefined();
  const states = lane.states().filter(({ phase }) => phase !== 'left');
  expect(states.map(({ phase }) => phase)).toEqual(states.map(() => 'member'));
  expect(ownershipFault(states)).toBeUndefined();
  const ring = states.toSorted((a, b) => (a.self.key < b.self.key ? -1 : 1));
  ring.forEach((state, i) => {
    const clockwise = [...ring.slice(i + 1), ...ring.slice(0, i)].map(({ self }) => self.key);
    expect(state.successors.map(({ key }) => key).slice(0, r)).toEqual(clockwise.slice(0, r));
    expect(state.versionKnown).toBeGreaterThan(0);
  });
}

it('any interleaving of joins, failures and leaves heals to the ideal ring', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 3 }),
      fc.integer({ min: 6, max: 16 }),
      fc.integer({ min: 2, max: 4 }),
      fc.array(anyDeed, { maxLength: 12 }),
      (name, count, r, deeds) => play(name, count, r, deeds),
    ),
    { numRuns: Number(process.env.CHORD_RUNS ?? 60) },
  );
}, 60_000);

it('also when one message in thirty is lost meanwhile, so that living peers are taken for dead', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 3 }),
      fc.integer({ min: 10, max: 16 }),
      fc.array(anyDeed, { maxLength: 8 }),
      (name, count, deeds) => play(name, count, 4, deeds, 1 / 30),
    ),
    { numRuns: Number(process.env.CHORD_RUNS ?? 60) },
  );
}, 60_000);
