// Links to a host that pauses, crashes, loses its power, starts again, moves: what the sender is told, and what arrives in which life.
import { describe, expect, it } from 'vitest';
import { numbers, openPair, TestHost } from './ring.fixture.ts';
import { Simulation } from './simulation.ts';

describe('when the other host', () => {
  it('pauses for less than 3 s: the link stays, and what was sent waits there', () => {
    const { simulation, one, other, inject } = openPair();
    one.sendEvery(other, 10, 9_000);
    inject([{ at: 1_000, durationMs: 3_000, kind: 'pause-host', host: 1 }]);
    simulation.run(3_900);
    expect(other.log.notes.length).toBeLessThan(101);
    simulation.run(10_000);
    expect(other.log.notes).toEqual(numbers(0, 899));
    expect(one.log.events).toEqual(['host-linked 2']);
  });

  it('pauses for longer: no ping is answered, the link breaks, and what had arrived there is still taken', () => {
    const { simulation, one, other, inject } = openPair();
    one.sendEvery(other, 10, 9_000);
    inject([{ at: 1_000, durationMs: 6_000, kind: 'pause-host', host: 1 }]);
    simulation.run(10_000);
    const { notes } = other.log;
    expect(notes.slice(0, 300)).toEqual(numbers(0, 300));
    expect(notes).toEqual([...new Set(notes)].sort((x, y) => x - y));
    expect(notes.at(-1)).toBe(898);
    expect(one.log.events.slice(0, 2)).toEqual(['host-linked 2', 'host-unlinked 2 ETIMEDOUT']);
    expect(one.log.eventsAt[1]).toBeGreaterThan(4_000);
    expect(one.log.eventsAt[1]).toBeLessThan(4_500);
    expect(one.log.events.at(-1)).toBe('host-linked 2');
  });

  it('takes no more while it pauses than its window: the rest waits at the sender', () => {
    const { simulation, one, other, inject } = openPair();
    one.send(other, 0, 1);
    simulation.run(100);
    inject([{ at: 0, durationMs: 2_000, kind: 'pause-host', host: 1 }]);
    simulation.run(101);
    one.send(other, 1, 30, { bytes: 100_000 });
    one.send(other, 31, 20, { bytes: 100_000 });
    simulation.run(2_000);
    // The queue holds 4 MiB beside the window of 256 KiB.
    expect(one.log.refused.length).toBeGreaterThan(4);
    expect(one.log.refused.length).toBeLessThan(9);
    simulation.run(3_000);
    expect(other.log.notes).toEqual(numbers(0, 51 - one.log.refused.length));
    expect(one.log.events).toEqual(['host-linked 2']);
  });

  it('does not answer a first call while it pauses', () => {
    const { simulation, one, other, inject } = openPair();
    inject([{ at: 0, durationMs: 10_000, kind: 'pause-host', host: 1 }]);
    simulation.run(10);
    one.send(other, 0, 1);
    simulation.run(2_900);
    expect(one.log.events).toEqual([]);
    simulation.run(12_000);
    expect(one.log.events).toEqual(['host-unlinked 2 ETIMEDOUT']);
    expect(other.log.notes).toEqual([]);
  });

  it('calls in a later life: links to the earlier one are lost at once', () => {
    const { simulation, one, other, inject } = openPair();
    one.send(other, 0, 1);
    inject([{ at: 1_000, durationMs: 100, kind: 'crash-host', host: 1, disk: 'kept', silent: true }]);
    simulation.run(2_000);
    expect(one.log.events).toEqual(['host-linked 2']);
    other.route(one);
    other.send(one, 1, 1);
    simulation.run(2_100);
    expect(one.log.events).toEqual(['host-linked 2', 'host-unlinked 2 former-life']);
    expect(one.log.notes).toEqual([1]);
    one.send(other, 2, 1);
    simulation.run(2_200);
    expect(other.log.notes).toEqual([0, 2]);
  });

  it('is heard to live anew: the link to its former life is left, and nothing that is sent from then on is lost', () => {
    const { simulation, one, other, inject } = openPair();
    const hear = (): void => one.route(other, '', 0, Math.floor(other.host.beganAt + 1));
    hear();
    one.send(other, 0, 1);
    inject([{ at: 1_000, durationMs: 100, kind: 'crash-host', host: 1, disk: 'kept', silent: true }]);
    simulation.run(2_000);
    hear();
    one.send(other, 1, 3);
    simulation.run(2_100);
    expect(other.log.notes).toEqual([0, 1, 2, 3]);
    expect(one.log.refused).toEqual([]);
    expect(one.log.events).toEqual(['host-linked 2', 'host-unlinked 2 former-life', 'host-linked 2']);
    // Said again it is no news, and an older life is none either.
    hear();
    one.route(other);
    one.send(other, 4, 1);
    simulation.run(2_200);
    expect(other.log.notes).toEqual([0, 1, 2, 3, 4]);
    expect(one.log.events).toHaveLength(3);
  });

  it('is heard to live anew only after a link was opened to that life: the link stays', () => {
    const { simulation, one, other, inject } = openPair();
    const hear = (): void => one.route(other, '', 0, Math.floor(other.host.beganAt + 1));
    hear();
    one.send(other, 0, 1);
    inject([{ at: 1_000, durationMs: 100, kind: 'crash-host', host: 1, disk: 'kept' }]);
    simulation.run(2_000);
    one.send(other, 1, 1);
    simulation.run(2_100);
    hear();
    one.send(other, 2, 1);
    simulation.run(2_200);
    expect(other.log.notes).toEqual([0, 1, 2]);
    expect(one.log.events).toEqual(['host-linked 2', 'host-unlinked 2 ECONNRESET', 'host-linked 2']);
  });

  it('is heard to live anew while it is called: what waits for the link is kept', () => {
    const { simulation, one, other, inject } = openPair();
    const hear = (): void => one.route(other, '', 0, Math.floor(other.host.beganAt + 1));
    hear();
    inject([{ at: 20, durationMs: 1_000, kind: 'crash-host', host: 1, disk: 'kept', silent: true }]);
    simulation.run(30);
    one.send(other, 0, 2);
    simulation.run(1_100);
    hear();
    one.send(other, 2, 1);
    simulation.run(1_200);
    expect(other.log.notes).toEqual([0, 1, 2]);
    expect(one.log.events).toEqual(['host-linked 2']);
  });

  it('forgets this one: its link there is cut', () => {
    const { simulation, one, other } = openPair();
    one.send(other, 0, 1);
    simulation.run(100);
    other.request({ type: 'forget-host', host: 1 });
    simulation.run(200);
    expect(one.log.events).toEqual(['host-linked 2', 'host-unlinked 2 ECONNRESET']);
  });

  it('crashes behind a cut: the reset does not come through, so the link gives up', () => {
    const { simulation, one, other, inject } = openPair();
    one.send(other, 0, 1);
    inject([
      { at: 900, durationMs: 50_000, kind: 'lose', chance: 1, from: [1], to: [0] },
      { at: 1_000, durationMs: 1_000, kind: 'crash-host', host: 1, disk: 'kept' },
    ]);
    simulation.run(3_000);
    expect(one.log.events).toEqual(['host-linked 2']);
    simulation.run(4_200);
    expect(one.log.events).toEqual(['host-linked 2', 'host-unlinked 2 ETIMEDOUT']);
  });

  it('has moved: the next link leads to the new place', () => {
    const { simulation, one, other } = openPair();
    one.send(other, 0, 1);
    simulation.run(100);
    const moved = new TestHost(simulation, 2);
    simulation.run(200);
    one.route(moved);
    other.host.stop();
    simulation.run(210);
    one.send(moved, 1, 1);
    simulation.run(220);
    // Down for a moment, as after every break.
    expect(one.log.refused).toEqual([1]);
    simulation.run(300);
    one.send(moved, 2, 1);
    simulation.run(400);
    expect([other.log.notes, moved.log.notes]).toEqual([[0], [2]]);
    expect(simulation.hostByNumber(2)).toBe(moved.host);
  });

  it('crashes: reset at once, refused until it is back; nothing reaches the wrong life', () => {
    const { simulation, one, other, inject } = openPair();
    one.sendEvery(other, 10, 4_000);
    inject([{ at: 1_000, durationMs: 1_000, kind: 'crash-host', host: 1, disk: 'kept' }]);
    simulation.run(1_020);
    expect(one.log.events).toEqual(['host-linked 2', 'host-unlinked 2 ECONNRESET']);
    simulation.run(10_000);
    expect(one.log.events.slice(2, -1)).toEqual(
      new Array(one.log.events.length - 3).fill('host-unlinked 2 ECONNREFUSED'),
    );
    expect(one.log.events.length).toBeGreaterThan(4);
    expect(one.log.events.at(-1)).toBe('host-linked 2');
    const { notes } = other.log;
    const secondLife = notes.filter((number) => number > 105);
    expect(secondLife[0]).toBeGreaterThan(190);
    expect(notes.at(-1)).toBe(398);
    expect(other.log.startedAt).toHaveLength(2);
  });

  it('loses its power: silence until the link gives up', () => {
    const { simulation, one, other, inject } = openPair();
    one.sendEvery(other, 10, 4_500);
    inject([{ at: 1_000, durationMs: 100_000, kind: 'crash-host', host: 1, disk: 'kept', silent: true }]);
    simulation.run(3_900);
    expect(one.log.events).toEqual(['host-linked 2']);
    simulation.run(60_000);
    expect(one.log.events.slice(1)).toEqual(['host-unlinked 2 ETIMEDOUT', 'host-unlinked 2 ETIMEDOUT']);
  });

  it('is back from a power failure: the next message finds that nobody knows the connection', () => {
    const { simulation, one, other, inject } = openPair();
    one.send(other, 0, 1);
    inject([{ at: 1_000, durationMs: 100, kind: 'crash-host', host: 1, disk: 'kept', silent: true }]);
    simulation.run(5_000);
    expect(one.log.events).toEqual(['host-linked 2']);
    one.send(other, 1, 1);
    simulation.run(6_000);
    expect(one.log.events).toEqual(['host-linked 2', 'host-unlinked 2 ECONNRESET']);
    one.send(other, 2, 1);
    simulation.run(7_000);
    expect(other.log.notes).toEqual([0, 2]);
  });

  it('loses the lane where the link ends: reset, and another lane takes the next', () => {
    const { simulation, one, other } = openPair(1, 2);
    one.send(other, 0, 1);
    simulation.run(100);
    const at = other.host.lanes.findIndex((lane) => lane!.hosts.incoming.size > 0);
    other.host.replaceLane(at, 1_000);
    simulation.run(200);
    expect(one.log.events).toEqual(['host-linked 2', 'host-unlinked 2 ECONNRESET']);
    one.send(other, 1, 1, { toLane: 1 - at });
    simulation.run(500);
    expect(other.log.notes).toEqual([0, 1]);
  });

  it('is stopped for good, starts late, restarts', () => {
    const simulation = new Simulation({ seed: 1 });
    const one = new TestHost(simulation, 1);
    const other = new TestHost(simulation, 2, { startAtMs: 1_000 });
    expect(simulation.hostByNumber(2)).toBe(other.host);
    expect(simulation.hostByNumber(3)).toBeUndefined();
    simulation.run(10);
    one.route(other);
    one.send(other, 0, 1);
    simulation.run(1_100);
    expect(one.log.events).toEqual(['host-unlinked 2 ECONNREFUSED']);
    one.send(other, 1, 1);
    simulation.run(1_200);
    expect(other.log.notes).toEqual([1]);
    other.host.restart();
    simulation.run(1_300);
    one.send(other, 2, 1);
    simulation.run(1_400);
    expect(other.log.notes).toEqual([1, 2]);
    expect(other.host.life).toBe(1);
    other.host.crash(100);
    other.host.stop();
    simulation.run(10_000);
    expect(other.host.isUp).toBe(false);
  });
});
