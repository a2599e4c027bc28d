// The simulation as a whole: determinism, a fine day, and one test for each fault that shows its effect.
import { describe, expect, it } from 'vitest';
import { type ClientLog, echoClient, echoServer, emptyLog } from './echo.fixture.ts';
import type { FaultPlan } from './fault.ts';
import { firstDifference, formatLine } from './history.ts';
import { Simulation, type SimulationOptions } from './simulation.ts';

interface Trial {
  readonly simulation: Simulation;
  readonly log: ClientLog;
}

/** One echo server (host 0) and one client (host 1) that sends every 10 ms for 2 s. */
function runEcho(options: SimulationOptions, plan: FaultPlan = [], lanesCount = 1, keepsViews = false): Trial {
  const simulation = new Simulation(options);
  const log = emptyLog();
  const server = simulation.addHost({ program: echoServer, config: { keepsViews }, lanesCount });
  simulation.addClient(echoClient, { log, server: server.address, everyMs: 10 });
  simulation.inject(plan);
  simulation.run(2_000);
  return { simulation, log };
}

const always = { at: 0, durationMs: 2_000 };

describe('determinism', () => {
  const plan: FaultPlan = [
    { ...always, kind: 'lose', chance: 0.3 },
    { ...always, kind: 'reorder', chance: 0.3, delayMs: 50 },
    { at: 700, durationMs: 200, kind: 'crash-host', host: 0, disk: 'kept' },
  ];

  it('gives the same history for the same seed, byte for byte', () => {
    const runs = [1, 1].map(() => runEcho({ seed: 7, historyLinesMax: 100_000 }, plan, 2));
    const [one, other] = runs.map(({ simulation }) => simulation);
    expect(one!.history.lines.length).toBeGreaterThan(300);
    expect(one!.history.lines.map(formatLine)).toEqual(other!.history.lines.map(formatLine));
    expect(one!.historyHash).toBe(other!.historyHash);
  });

  it('gives another history for another seed, and shows where they part', () => {
    const [one, other] = [7, 8].map((seed) => runEcho({ seed, historyLinesMax: 100_000 }, plan).simulation);
    expect(one!.historyHash).not.toBe(other!.historyHash);
    expect(firstDifference(one!.history.lines, other!.history.lines)).toBeDefined();
    expect(firstDifference(one!.history.lines, one!.history.lines)).toBeUndefined();
  });

  it('does not change with the keeping of lines', () => {
    const kept = runEcho({ seed: 7, historyLinesMax: 10 }, plan).simulation;
    expect(kept.historyHash).toBe(runEcho({ seed: 7 }, plan).simulation.historyHash);
    expect(kept.history.tail()).toHaveLength(10);
  });

  it('can be told by the types of messages alone', () => {
    const hash = (seed: number): string => runEcho({ seed, historyDetail: 'types' }, plan).simulation.historyHash;
    expect(hash(7)).toBe(hash(7));
    expect(hash(7)).not.toBe(hash(8));
  });

  it('sees one changed byte in a message', () => {
    const hashes = [1, 2].map((last) => {
      const { history } = new Simulation({ seed: 1 });
      history.record(0, 0, 1, { type: 'x', bytes: new Uint8Array([9, last, 9]), start: 1, end: 2 } as { type: string });
      return history.hash;
    });
    expect(hashes[0]).not.toBe(hashes[1]);
  });
});

describe('a fine day', () => {
  it('brings every datagram back in order, within the network delays', () => {
    const { log } = runEcho({ seed: 1, delayMsMin: 1, delayMsMax: 3 });
    expect(log.sent).toBeGreaterThan(190);
    expect(log.heard.length).toBeGreaterThanOrEqual(log.sent - 1);
    expect(log.heard).toEqual(log.heard.map((_, index) => index));
    expect(log.garbled).toBe(0);
  });

  it('spreads senders over the lanes that share a port', () => {
    const simulation = new Simulation({ seed: 3 });
    const logs = Array.from({ length: 32 }, emptyLog);
    const server = simulation.addHost({ program: echoServer, config: { keepsViews: false }, lanesCount: 4 });
    for (const log of logs) simulation.addClient(echoClient, { log, server: server.address, everyMs: 50 });
    simulation.run(1_000);
    for (const log of logs) expect(log.heard.length).toBeGreaterThan(15);
    const steps = server.lanes.map((lane) => lane!.kernel.counts.steps);
    expect(Math.min(...steps)).toBeGreaterThan(50);
  });

  it('shows a core that keeps a byte view beyond its turn', () => {
    const { log } = runEcho({ seed: 1 }, [], 1, true);
    expect(log.heard).toHaveLength(1);
    expect(log.garbled).toBeGreaterThan(100);
  });
});

describe('faults on the network', () => {
  it('loses', () => {
    const { log, simulation } = runEcho({ seed: 1 }, [{ ...always, kind: 'lose', chance: 0.5, to: [0] }]);
    expect(gaps(log)).toBeGreaterThan(60);
    expect(log.heard.length).toBeGreaterThan(60);
    expect(simulation.network.counts.lost).toBeGreaterThan(60);
  });

  it('duplicates', () => {
    const { log } = runEcho({ seed: 1 }, [{ ...always, kind: 'duplicate', chance: 0.5, from: [0] }]);
    expect(log.heard.length - new Set(log.heard).size).toBeGreaterThan(60);
  });

  it('reorders', () => {
    const { log } = runEcho({ seed: 1 }, [{ ...always, kind: 'reorder', chance: 0.5, delayMs: 100 }]);
    expect(log.heard).not.toEqual([...log.heard].sort((a, b) => a - b));
    expect(new Set(log.heard).size).toBe(log.heard.length);
  });

  it('delays and keeps the order', () => {
    const slow = runEcho({ seed: 1 }, [{ ...always, kind: 'delay', chance: 1, delayMs: 500 }]).log;
    expect(slow.heard).toEqual(slow.heard.map((_, index) => index));
    expect(slow.heardAt[0]! - runEcho({ seed: 1 }).log.heardAt[0]!).toBeGreaterThan(20);
  });

  it.each(['both', 'out', 'in'] as const)('parts hosts (%s) and brings them together again', (way) => {
    const { log, simulation } = runEcho({ seed: 1 }, [
      { at: 500, durationMs: 500, kind: 'partition', hosts: [0], way },
    ]);
    expect(gaps(log)).toBeGreaterThan(45);
    expect(gaps(log)).toBeLessThan(55);
    expect(log.heard.at(-1)).toBeGreaterThan(log.sent - 3);
    const serverSteps = simulation.hosts[0]!.lanes[0]!.kernel.counts.steps;
    // With `out` the server still hears and answers everything.
    if (way === 'out') expect(serverSteps).toBeGreaterThan(390);
    else expect(serverSteps).toBeLessThan(330);
  });
});

describe('faults of hosts and lanes', () => {
  it('pauses a host: what waits is taken in one turn', () => {
    const { log } = runEcho({ seed: 1 }, [{ at: 500, durationMs: 500, kind: 'pause-host', host: 0 }]);
    expect(new Set(log.heard).size).toBeGreaterThanOrEqual(log.sent - 1);
    const late = log.heardAt.filter((at, index) => index > 0 && at - log.heardAt[index - 1]! > 400);
    expect(late).toHaveLength(1);
  });

  it('pauses a client: its socket tells of a backlog', () => {
    const { log } = runEcho({ seed: 1 }, [{ at: 500, durationMs: 500, kind: 'pause-host', host: 1 }]);
    expect(log.sent).toBeLessThan(160);
    const busy = runEcho({ seed: 1 }, [
      { ...always, kind: 'delay', chance: 1, delayMs: 300 },
      { at: 500, durationMs: 300, kind: 'pause-host', host: 1 },
    ]);
    expect(busy.log.backlogMax).toBeGreaterThan(5);
  });

  it('crashes a host and starts it again', () => {
    const { log, simulation } = runEcho({ seed: 1 }, [
      { at: 500, durationMs: 500, kind: 'crash-host', host: 0, disk: 'kept' },
    ]);
    expect(gaps(log)).toBeGreaterThan(45);
    expect(log.heard.at(-1)).toBeGreaterThan(log.sent - 3);
    expect(simulation.hosts[0]!.life).toBe(1);
  });

  it('kills one lane; the others go on and it comes back', () => {
    const simulation = new Simulation({ seed: 3 });
    const logs = Array.from({ length: 16 }, emptyLog);
    const server = simulation.addHost({ program: echoServer, config: { keepsViews: false }, lanesCount: 2 });
    for (const log of logs) simulation.addClient(echoClient, { log, server: server.address, everyMs: 10 });
    simulation.run(500);
    const before = server.lanes[0];
    simulation.inject([{ at: 0, durationMs: 200, kind: 'kill-lane', host: 0, lane: 0 }]);
    simulation.run(600);
    expect(server.lanes[0]).toBeUndefined();
    expect(server.lanes[1]!.phase).toBe('up');
    simulation.run(1_000);
    expect(server.lanes[0]).toBeDefined();
    expect(server.lanes[0]).not.toBe(before);
    // While it was away all senders reached the other lane.
    for (const log of logs) expect(gaps(log)).toBeLessThan(3);
  });

  it('replaces a lane that is silent for too long, and lets a short pause pass', () => {
    const silent = (durationMs: number) => {
      const simulation = new Simulation({ seed: 3 });
      const server = simulation.addHost({ program: echoServer, config: { keepsViews: false }, lanesCount: 2 });
      simulation.run(100);
      const before = server.lanes[1];
      simulation.inject([{ at: 0, durationMs, kind: 'pause-lane', host: 0, lane: 1 }]);
      simulation.run(1_600);
      const wasSlow = before!.isSlow;
      simulation.run(6_000);
      return { wasSlow, isReplaced: server.lanes[1] !== before };
    };
    expect(silent(900)).toEqual({ wasSlow: false, isReplaced: false });
    expect(silent(3_000)).toEqual({ wasSlow: true, isReplaced: false });
    expect(silent(5_500)).toEqual({ wasSlow: true, isReplaced: true });
  });

  it('skews a clock: timers follow it, and keep their local due times', () => {
    const rate = (value: number) =>
      runEcho({ seed: 1 }, [{ ...always, at: 100, kind: 'skew-clock', host: 1, rate: value, jumpMs: 0 }]).log.sent;
    expect(rate(0.5)).toBeLessThan(rate(1) * 0.6);
    expect(rate(2)).toBeGreaterThan(rate(1) * 1.7);
  });
});

const gaps = (log: ClientLog): number => log.sent - new Set(log.heard).size;
