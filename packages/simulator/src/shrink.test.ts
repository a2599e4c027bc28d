// Shrinking on a planted rule: broken exactly when host 0 is paused and its disk is or was full, with at least three clients. All
// other faults are noise.
import type { LaneProgram } from '@chordial/actor';
import { describe, expect, it } from 'vitest';
import { type Fault, rollFaults } from './fault.ts';
import { inputOf, runScenario, type Scenario } from './scenario.ts';
import { simulateSeeds } from './seeds.ts';
import { shrink } from './shrink.ts';

const idle: LaneProgram<undefined> = () => {};

const planted: Scenario = {
  name: 'planted',
  description: 'for the test of shrinking',
  clientsCount: 10,
  build({ simulation, clientsCount }) {
    const server = simulation.addHost({ program: idle, config: undefined, lanesCount: 1 });
    for (let i = 0; i < clientsCount; i++) simulation.addClient(idle, undefined);
    let wasFull = false;
    // No actor steps in this world, so the rule is asked on a tick.
    const tick = (): void => {
      if (server.disk.state === 'full') wasFull = true;
      const isBroken = wasFull && server.lanes[0]?.phase === 'paused' && clientsCount >= 3;
      if (isBroken) simulation.violate(`paused after full at ${simulation.now}`, 'planted');
      else simulation.after(1, tick);
    };
    simulation.after(0, tick);
    return {};
  },
  faults: (random, durationMs) =>
    rollFaults(random, {
      kinds: ['fill-disk', 'pause-host', 'lose', 'delay', 'kill-lane', 'skew-clock'],
      hosts: [0],
      lanesCount: 1,
      withinMs: durationMs,
      everyMs: 500,
      durationMsMax: 400,
    }),
};

describe('shrink', () => {
  const failed = runScenario(planted, inputOf(planted, 3, 30_000));

  it('starts from a failure with much noise', () => {
    expect(failed.violation?.sentence).toContain('paused after full');
    expect(failed.input.plan.length).toBe(60);
  });

  it('finds the two faults that matter, shorter, and the fewest clients', () => {
    const { result, runs } = shrink(planted, failed);
    const kinds = result.input.plan.map(({ kind }: Fault) => kind).sort();
    expect(kinds).toEqual(['fill-disk', 'pause-host']);
    const lengthOf = (plan: readonly Fault[]): number => plan.reduce((sum, { durationMs }) => sum + durationMs, 0);
    const before = failed.input.plan.filter(({ at }) => result.input.plan.some((fault) => fault.at === at));
    expect(lengthOf(result.input.plan)).toBeLessThan(lengthOf(before) / 2);
    expect(result.input.clientsCount).toBe(3);
    expect(result.input.durationMs).toBeLessThan(failed.input.durationMs);
    expect(runs).toBeLessThan(300);
    expect(runScenario(planted, result.input).violation).toEqual(result.violation);
  });

  it('keeps to its number of runs', () => {
    const { result, runs } = shrink(planted, failed, { runsMax: 5 });
    expect(runs).toBe(5);
    expect(result.violation).toBeDefined();
  });
});

describe('simulateSeeds', () => {
  it('stops at the first failure, and says how far it came', () => {
    const seen: number[] = [];
    const onSeed = ({ input }: { input: { seed: number } }): void => void seen.push(input.seed);
    const { failures, seedsCount } = simulateSeeds(planted, {
      firstSeed: 3,
      seedsCount: 5,
      durationMs: 30_000,
      onSeed,
    });
    expect(failures).toHaveLength(1);
    expect(failures[0]!.seed).toBe(3);
    expect(seedsCount).toBe(1);
    expect(seen).toEqual([3]);
  });
});
