// The toy scenario holds under all faults, and its planted mistake is found and shrunk.
import { formatFault, inputOf, runScenario, simulateSeeds } from '@chordial/simulator';
import { describe, expect, it } from 'vitest';
import { pingPong, pingPongHasty } from './ping-pong.ts';

describe('ping-pong', () => {
  it('loses nothing acknowledged and serves everyone again, over 20 seeds of faults', () => {
    const { failures, seedsCount, steps } = simulateSeeds(pingPong, { seedsCount: 20, durationMs: 40_000 });
    expect(failures.map(({ shown }) => [shown.violation, shown.input.plan.map(formatFault)])).toEqual([]);
    expect(seedsCount).toBe(20);
    expect(steps).toBeGreaterThan(500_000);
  });

  it('repeats itself', () => {
    const [one, other] = [1, 1].map(() => runScenario(pingPong, inputOf(pingPong, 5, 20_000)));
    expect(one!.historyHash).toBe(other!.historyHash);
    expect(one!.historyHash).not.toBe(runScenario(pingPong, inputOf(pingPong, 6, 20_000)).historyHash);
  });

  it('finds the planted mistake and shrinks it to one fault that loses a write', () => {
    const { failures } = simulateSeeds(pingPongHasty, { seedsCount: 50, durationMs: 60_000 });
    expect(failures).toHaveLength(1);
    const { first, shown } = failures[0]!;
    expect(first.violation!.sentence).toContain('was acknowledged');
    expect(first.input.plan.length).toBeGreaterThan(10);
    expect(shown.violation!.sentence).toContain('was acknowledged');
    expect(shown.input.plan).toHaveLength(1);
    expect(['crash-host', 'kill-lane', 'fill-disk', 'lock-disk']).toContain(shown.input.plan[0]!.kind);
    expect(shown.input.clientsCount).toBeLessThan(first.input.clientsCount);
    expect(shown.lines.length).toBeGreaterThan(10);
    // The shortest history is one that anyone can run again.
    expect(runScenario(pingPongHasty, shown.input).historyHash).toBe(shown.historyHash);
  });
});
