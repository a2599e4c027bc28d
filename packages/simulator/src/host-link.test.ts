// Links between hosts: what a stream of messages may do on a fine day, on bad ways and by a relay.
import { describe, expect, it } from 'vitest';
import { numbers, openPair, TestHost } from './ring.fixture.ts';
import { Simulation } from './simulation.ts';

const anyTime = { at: 0, durationMs: 600_000 };

describe('on a fine day', () => {
  it.each([1, 3])('carries messages in order both ways, on %i lanes', (lanesCount) => {
    const { simulation, one, other } = openPair(1, lanesCount);
    for (let i = 0; i < 10; i++) one.send(other, i * 100, 100, { isEchoed: true, toLane: i % lanesCount });
    simulation.run(1_000);
    expect(simulation.violation).toBeUndefined();
    const evenly = (heard: number[]): number[][] =>
      Array.from({ length: lanesCount }, (_, lane) => heard.filter((n) => Math.floor(n / 100) % lanesCount === lane));
    expect(evenly(other.log.notes)).toEqual(evenly(numbers(0, 1_000)));
    expect(evenly(one.log.notes)).toEqual(evenly(numbers(0, 1_000)));
    expect(new Set(other.log.lanes).size).toBe(lanesCount);
    expect(one.log.events[0]).toBe('host-linked 2');
    expect(other.log.events).toContain('host-introduced 1 10.0.0.1');
  });

  it('refuses without a route, after forget-host, and for its own number nothing is routed', () => {
    const { simulation, one, other } = openPair();
    other.send(one, 0, 2);
    simulation.run(100);
    expect(other.log.refused).toEqual([0, 1]);
    one.send(other, 0, 1);
    simulation.run(200);
    one.request({ type: 'forget-host', host: 2 });
    one.send(other, 1, 1);
    simulation.run(300);
    expect(one.log.refused).toEqual([1]);
    expect(other.log.notes).toEqual([0]);
    expect(one.log.events).toEqual(['host-linked 2']);
  });

  it('refuses a message that is too long, and what the queue cannot hold', () => {
    const { simulation, one, other } = openPair();
    one.send(other, 0, 1, { bytes: 200_000 });
    one.send(other, 1, 50, { bytes: 100_000 });
    simulation.run(1_000);
    expect(one.log.refused[0]).toBe(0);
    expect(one.log.refused.length).toBeGreaterThan(5);
    expect(other.log.notes).toEqual(numbers(1, 51 - one.log.refused.length));
  });

  it('refuses another key than the route names', () => {
    const simulation = new Simulation({ seed: 1 });
    const one = new TestHost(simulation, 1);
    const other = new TestHost(simulation, 2, { fingerprint: 'liar' });
    simulation.run(10);
    one.route(other, 'truth');
    one.send(other, 0, 1);
    simulation.run(100);
    expect(one.log.events).toEqual(['host-unlinked 2 wrong-key']);
    expect(other.log).toMatchObject({ notes: [], events: [] });
    one.route(other, 'liar');
    one.send(other, 1, 1);
    simulation.run(1_000);
    expect(other.log.notes).toEqual([1]);
  });

  it('does not take another host at the same address for the one it wants', () => {
    const simulation = new Simulation({ seed: 1 });
    const one = new TestHost(simulation, 1);
    const other = new TestHost(simulation, 2);
    simulation.run(10);
    const { address } = other.host;
    one.request({ type: 'route-host', host: 3, address, port: 1, fingerprint: '', via: 0 });
    const third = new TestHost(simulation, 3);
    one.send(third, 0, 1);
    simulation.run(100);
    expect(one.log.events).toEqual(['host-unlinked 3 wrong-host']);
  });
});

it('takes as long as two areas are apart', () => {
  const simulation = new Simulation({ seed: 1, areas: { insideMs: [0.3, 0.3], betweenMs: [40, 50] } });
  const [near, here, far] = ['a', 'a', 'b'].map((area, i) => new TestHost(simulation, i + 1, { area })) as [
    TestHost,
    TestHost,
    TestHost,
  ];
  simulation.run(10);
  here.route(near);
  here.route(far);
  here.send(near, 0, 1);
  here.send(far, 0, 1);
  simulation.run(12);
  expect([near.log.notes, far.log.notes]).toEqual([[0], []]);
  // A round trip to connect, then one way.
  simulation.run(10 + 3 * 40);
  expect(far.log.notes).toEqual([]);
  simulation.run(10 + 3 * 50 + 1);
  expect(far.log.notes).toEqual([0]);
});

describe('on bad ways', () => {
  it.each([1, 2, 3, 4, 5])('keeps order and sends again what was lost (seed %i)', (seed) => {
    const { simulation, one, other, inject } = openPair(seed);
    inject([
      { ...anyTime, kind: 'lose', chance: 0.2 },
      { ...anyTime, kind: 'delay', chance: 0.5, delayMs: 100 },
      { ...anyTime, kind: 'duplicate', chance: 0.5 },
      { ...anyTime, kind: 'reorder', chance: 0.5, delayMs: 100 },
    ]);
    one.sendEvery(other, 10, 3_000);
    simulation.run(20_000);
    expect(simulation.violation).toBeUndefined();
    expect(other.log.notes).toEqual(numbers(0, other.log.notes.length));
    expect(other.log.notes.length).toBe(299);
  });

  it.each(['both', 'in', 'out'] as const)('stands still in a short partition (%s) and then goes on', (way) => {
    const { simulation, one, other, inject } = openPair();
    one.sendEvery(other, 10, 3_000);
    inject([{ at: 500, durationMs: 1_200, kind: 'partition', hosts: [1], way }]);
    simulation.run(1_700);
    // What was under way when only the acknowledgements were cut has arrived.
    expect(Math.abs(other.log.notes.length - 50)).toBeLessThan(4);
    simulation.run(20_000);
    expect(other.log.notes).toEqual(numbers(0, 299));
    expect(one.log.events).toEqual(['host-linked 2']);
  });

  it.each(['both', 'in', 'out'] as const)(
    'breaks after 3 s of partition (%s), loses what waits, links again',
    (way) => {
      const { simulation, one, other, inject } = openPair();
      one.sendEvery(other, 10, 12_000);
      inject([{ at: 500, durationMs: 7_000, kind: 'partition', hosts: [1], way }]);
      simulation.run(20_000);
      const { notes } = other.log;
      expect(notes).toEqual([...notes].sort((a, b) => a - b));
      expect(new Set(notes).size).toBe(notes.length);
      expect(notes.at(-1)).toBe(1_198);
      expect(notes.length).toBeLessThan(600);
      expect(one.log.events.slice(0, 2)).toEqual(['host-linked 2', 'host-unlinked 2 ETIMEDOUT']);
      expect(one.log.eventsAt[1]).toBeGreaterThan(3_500);
      expect(one.log.eventsAt[1]).toBeLessThan(3_530);
      expect(one.log.events.at(-1)).toBe('host-linked 2');
      expect(one.log.refused.length).toBeGreaterThan(0);
    },
  );
});

describe('a relay', () => {
  function openThree() {
    const simulation = new Simulation({ seed: 1 });
    const [one, other, relay] = [1, 2, 3].map((number) => new TestHost(simulation, number)) as [
      TestHost,
      TestHost,
      TestHost,
    ];
    simulation.run(10);
    for (const a of [one, other, relay]) for (const b of [one, other, relay]) if (a !== b) a.route(b);
    return { simulation, one, other, relay };
  }

  it('passes messages on while the direct way is cut', () => {
    const { simulation, one, other, relay } = openThree();
    const cut = { kind: 'cut', from: [0], to: [1], chance: 1, delayMs: 0 } as const;
    simulation.network.add(cut);
    one.route(other, '', 3);
    one.send(other, 0, 10);
    simulation.run(100);
    expect(other.log.notes).toEqual(numbers(0, 10));
    expect(relay.host.lanes[0]!.hosts.counts.relayed).toBe(10);
    expect(one.log.events).toEqual(['host-linked 3']);
    simulation.network.remove(cut);
    one.route(other);
    one.send(other, 10, 10);
    // The direct way was tried beside the relay, and is tried again when its pause is over.
    simulation.run(1_500);
    expect(other.log.notes).toEqual(numbers(0, 20));
    expect(relay.host.lanes[0]!.hosts.counts.relayed).toBe(10);
  });

  it('does not pass on twice', () => {
    const { simulation, one, other, relay } = openThree();
    one.route(other, '', 3);
    relay.route(other, '', 1);
    one.send(other, 0, 5);
    simulation.run(1_000);
    expect(other.log.notes).toEqual([]);
    expect(relay.host.lanes[0]!.hosts.counts).toMatchObject({ relayed: 0, refused: 5 });
  });
});

it('gives the same history for the same seed, and startedAt is the same wall clock for all', () => {
  const hash = (seed: number): string => {
    const { simulation, one, other, inject } = openPair(seed, 2);
    inject([
      { ...anyTime, kind: 'lose', chance: 0.3 },
      { at: 700, durationMs: 200, kind: 'crash-host', host: 1, disk: 'kept', silent: true },
    ]);
    one.sendEvery(other, 5, 3_000);
    simulation.run(5_000);
    expect(new Set([...one.log.startedAt, ...other.log.startedAt]).size).toBe(1);
    return simulation.historyHash;
  };
  expect(hash(7)).toBe(hash(7));
  expect(hash(7)).not.toBe(hash(8));
});
