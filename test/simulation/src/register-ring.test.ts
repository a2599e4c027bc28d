// The scenario `register-ring`: joins and leaves lose nothing and refuse nobody; faults lose no more than a crash must.
import { formatFault, inputOf, runScenario, simulateSeeds } from '@chordial/simulator';
import laneProgram from 'chordial/lane-program';
import { describe, expect, it } from 'vitest';
import { carelessProgram } from './careless-store.ts';
import { registerRing, registerRingOn } from './register-ring.ts';

describe('register-ring', () => {
  it.each([10_500, 11_000, 12_000, 30_000, 100_000])(
    'two hosts join while phones register: none is refused, and after %i ms every binding is where its key is',
    (durationMs) => {
      for (const seed of [1, 2, 3]) {
        const input = { ...inputOf(registerRing, seed, durationMs), plan: [] };
        const { violation, figures } = runScenario(registerRing, input);
        expect([violation, figures.unavailable, figures.timeouts]).toEqual([undefined, 0, 0]);
        if (durationMs > 20_000) expect(figures.owners).toBe(54);
      }
    },
  );

  it.each([22_000, 25_000, 40_000, 100_000])(
    'a host leaves: none is refused, and nothing is lost after %i ms',
    (durationMs) => {
      const scenario = registerRingOn(laneProgram, true);
      for (const seed of [1, 2, 3]) {
        const { violation, figures } = runScenario(scenario, { ...inputOf(scenario, seed, durationMs), plan: [] });
        expect([violation, figures.unavailable, figures.timeouts]).toEqual([undefined, 0, 0]);
        if (durationMs > 30_000) expect(figures.owners).toBe(36);
      }
    },
  );

  it('would find a store that drops what it is told to keep', () => {
    const scenario = registerRingOn(carelessProgram());
    const { violation } = runScenario(scenario, { ...inputOf(scenario, 2, 20_000), plan: [] });
    expect(violation?.sentence).toMatch(/ has 0 bindings at peer [0-9a-f]{40} of host-\d, 1 expected/);
  });

  it('answers rightly and serves everyone again, over 6 seeds of faults', () => {
    const { failures, steps } = simulateSeeds(registerRing, { seedsCount: 6, durationMs: 180_000 });
    expect(failures.map(({ seed, shown }) => [seed, shown.violation, shown.input.plan.map(formatFault)])).toEqual([]);
    expect(steps).toBeGreaterThan(50_000);
  });
});
