// Relays: who becomes one, who does not, and that a host which was reached through one is reached directly again.
import { makeAddress } from '@chordial/actor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostAnswered } from './protocol.ts';
import { ringOf, type World } from './world.fixture.ts';

/** Lets a host reach another by a third one, as if it had been found out. */
function relay(world: World, from: number, to: number, via: number): void {
  const { state, routes } = world.lane(from);
  const entry = state.roster.entries.get(to)!;
  entry.via = via;
  entry.viaChangedAt = ++state.roster.changes;
  routes.set(to, { ...routes.get(to)!, via });
  state.routes.delete(to);
}

const viaOf = (world: World, from: number, to: number): number => world.lane(from).state.roster.entries.get(to)!.via;

describe('a host that is asked for through others', () => {
  it.each([
    ['directly: that one is the relay', 0, 2],
    ['through a third host: that one is', 3, 3],
    ['through the asker: nobody is', 1, 0],
    ['through one that is not known: nobody is', 9, 0],
  ])('answers one that reaches it %s', (_, via, relayTaken) => {
    const world = ringOf(4);
    world.run(2_000);
    world.tell(1, 0, { type: 'host-unlinked', host: 4, code: 'silent', sentence: 'no answer' });
    const [correlation] = [...world.lane(1).state.probes].find(([, { kind }]) => kind === 'detour')!;
    const answered = { type: 'host-answered', correlation, host: 4, lagMs: 0, opinions: [], via } as const;
    world.tell(1, 0, answered, makeAddress(2, 0, 16));
    expect(viaOf(world, 1, 4)).toBe(relayTaken);
  });

  it('is not reached by a relay that is reached through another one itself', () => {
    const world = ringOf(4);
    world.run(2_000);
    relay(world, 1, 2, 3);
    world.tell(1, 0, { type: 'host-unlinked', host: 4, code: 'silent', sentence: 'no answer' });
    const [correlation] = [...world.lane(1).state.probes].find(([, { kind }]) => kind === 'detour')!;
    const answered = { type: 'host-answered', correlation, host: 4, lagMs: 0, opinions: [], via: 0 } as const;
    world.tell(1, 0, answered, makeAddress(2, 0, 16));
    expect(viaOf(world, 1, 4)).toBe(0);
  });

  it('is told of with the way by which the answer came', () => {
    const world = ringOf(4);
    world.run(2_000);
    relay(world, 2, 4, 3);
    world.log = [];
    const replyTo = makeAddress<HostAnswered>(1, 0, 16);
    world.tell(2, 0, { type: 'probe-host', replyTo, correlation: 77, about: 4, opinions: [] });
    world.run(20);
    const passed = world.log.map(({ message }) => message).filter(({ type }) => type === 'host-answered');
    expect(passed).toContainEqual(expect.objectContaining({ correlation: 77, host: 4, via: 3 }));
  });
});

it('a trial goes by the direct way and not by the relay: while the direct way is cut, its link may look open', () => {
  const world = ringOf(3);
  world.run(2_000);
  world.cut([1], [2]);
  world.runUntil(() => viaOf(world, 1, 2) === 3, 4_000);
  world.run(5_000);
  world.tell(1, 0, { type: 'host-linked', host: 2 });
  const until = world.now + 2_000;
  while (world.now < until) {
    world.run(10);
    expect(viaOf(world, 1, 2)).toBe(3);
  }
});

it.each(Array.from({ length: 20 }, (_, i) => i + 1))(
  'hosts that all took each other for relays, and so lose all they say, find out without suspicion (%i)',
  (seed) => {
    const world = ringOf(3, seed, { founders: 1 });
    world.run(2_000 + seed * 37);
    const hosts = [1, 2, 3];
    for (const from of hosts) for (const to of hosts) if (from !== to) relay(world, from, to, 6 - from - to);
    world.run(12_000);
    for (const from of hosts) {
      for (const to of hosts) expect(viaOf(world, from, to)).toBe(0);
      expect(world.newsOf(from)).toEqual(['joined', 'joined']);
    }
  },
);

// When the weather is over every host reaches every other directly, and nobody suspects, asks for a detour or changes a way any more.
const weather = fc.array(
  fc.record({
    ms: fc.integer({ min: 50, max: 3_000 }),
    cuts: fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })), { maxLength: 4 }),
    loss: fc.constantFrom(0, 0.1, 0.3, 0.6),
  }),
  { minLength: 1, maxLength: 6 },
);

function unrest(world: World): unknown {
  return [...world.hosts.keys()].map((host) => {
    const { counts, roster } = world.lane(host).state;
    const ways = [...roster.entries.values()].map(({ viaChangedAt }) => viaChangedAt);
    return [counts.suspicions, counts.relays, counts.refutations, ways];
  });
}

it.each([3, 4])('%i hosts come to rest after any weather, each reaching each directly', (hostsCount) => {
  fc.assert(
    fc.property(weather, fc.integer({ min: 1, max: 1_000 }), (spells, seed) => {
      const world = ringOf(hostsCount, seed, { founders: 1 });
      world.run(1_000);
      for (const { ms, cuts, loss } of spells) {
        world.loss = loss;
        for (const [from, to] of cuts) world.cuts.add(`${from}>${to}`);
        world.run(ms);
        world.cuts.clear();
      }
      world.loss = 0;
      world.run(12_000);
      const before = unrest(world);
      world.run(5_000);
      expect(unrest(world)).toEqual(before);
      for (const host of world.hosts.keys()) {
        expect(world.keys(host)).toHaveLength(hostsCount);
        for (const { via } of world.lane(host).state.roster.entries.values()) expect(via).toBe(0);
        for (const { via } of world.lane(host).routes.values()) expect(via).toBe(0);
      }
    }),
    { numRuns: 60 },
  );
});
