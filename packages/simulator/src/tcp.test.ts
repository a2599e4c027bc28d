// Tcp between hosts under faults: bytes in order or a broken connection, never anything between. What both shells must do on a
// fine day is in `test/conformance`.
import { describe, expect, it } from 'vitest';
import type { FaultPlan } from './fault.ts';
import { Simulation } from './simulation.ts';
import { emptyTcpLog, tcpClient, tcpServer } from './tcp.fixture.ts';

/** One connection that carries 100 octets, one every 10 ms, from 10 ms on. */
function converse(plan: FaultPlan, untilMs = 60_000, seed = 1) {
  const simulation = new Simulation({ seed });
  const heard = emptyTcpLog();
  const said = emptyTcpLog();
  const server = simulation.addHost({ program: tcpServer, config: { log: heard }, lanesCount: 1 });
  simulation.run(10);
  simulation.addClient(tcpClient, { log: said, server: server.address, count: 100, everyMs: 10 });
  simulation.inject(plan);
  simulation.run(untilMs);
  expect(simulation.violation).toBeUndefined();
  return { heard, said };
}

const all = Array.from({ length: 100 }, (_, value) => value);
const anyTime = { at: 0, durationMs: 60_000 };

describe('a connection', () => {
  it('carries everything and ends in order', () => {
    const { heard, said } = converse([]);
    expect(heard).toEqual({ events: ['tcp-listening', 'tcp-opened', 'closed '], received: all });
    expect(said.events).toEqual(['tcp-opened', 'closed ']);
  });

  it.each([1, 2, 3, 4, 5])('carries everything in order when much is lost and delayed (seed %i)', (seed) => {
    const { heard, said } = converse(
      [
        { ...anyTime, kind: 'lose', chance: 0.3 },
        { ...anyTime, kind: 'delay', chance: 0.5, delayMs: 200 },
      ],
      600_000,
      seed,
    );
    expect(heard.received).toEqual(all);
    expect(said.events).toEqual(['tcp-opened', 'closed ']);
  });

  it('survives a short partition and breaks in a long one, at both ends in time', () => {
    const short = converse([{ at: 500, durationMs: 3_000, kind: 'partition', hosts: [0], way: 'both' }]);
    expect(short.heard.received).toEqual(all);
    const long = converse([{ at: 500, durationMs: 60_000, kind: 'partition', hosts: [0], way: 'both' }]);
    expect(long.said.events).toEqual(['tcp-opened', 'closed ETIMEDOUT']);
    expect(long.heard.received).toEqual(all.slice(0, long.heard.received.length));
  });

  it('breaks when the other host crashes: reset at once, or without power when it is up again, or timed out', () => {
    const crash = (durationMs: number, silent: boolean, untilMs: number) =>
      converse([{ at: 500, durationMs, kind: 'crash-host', host: 0, disk: 'kept', silent }], untilMs).said.events;
    expect(crash(100_000, false, 600)).toEqual(['tcp-opened', 'closed ECONNRESET']);
    expect(crash(1_000, true, 1_400)).toEqual(['tcp-opened']);
    expect(crash(1_000, true, 60_000)).toEqual(['tcp-opened', 'closed ECONNRESET']);
    expect(crash(100_000, true, 60_000)).toEqual(['tcp-opened', 'closed ETIMEDOUT']);
  });

  it('is reset at once when the lane below the other end dies', () => {
    const { said } = converse([{ at: 500, durationMs: 10_000, kind: 'kill-lane', host: 0, lane: 0 }], 1_000);
    expect(said.events).toEqual(['tcp-opened', 'closed ECONNRESET']);
  });

  it('is not made while nobody can be reached, and made when that is over', () => {
    const { said } = converse([{ at: 0, durationMs: 4_000, kind: 'partition', hosts: [0], way: 'in' }], 3_900);
    expect(said.events).toEqual([]);
    expect(converse([{ at: 0, durationMs: 4_000, kind: 'partition', hosts: [0], way: 'in' }]).heard.received).toEqual(
      all,
    );
  });

  it('waits for a paused reader', () => {
    const { heard } = converse([{ at: 300, durationMs: 5_000, kind: 'pause-host', host: 0 }]);
    expect(heard.received).toEqual(all);
  });
});
