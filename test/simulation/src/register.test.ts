// The scenario `register` over a few seeds: with faults, and on a fine day.
import { formatFault, inputOf, runScenario, simulateSeeds } from '@chordial/simulator';
import { describe, expect, it } from 'vitest';
import { register } from './register.ts';

describe('register', () => {
  it('answers rightly and serves everyone again, over 20 seeds of faults', () => {
    const { failures, steps } = simulateSeeds(register, { seedsCount: 20, durationMs: 150_000 });
    expect(failures.map(({ seed, shown }) => [seed, shown.violation, shown.input.plan.map(formatFault)])).toEqual([]);
    expect(steps).toBeGreaterThan(50_000);
  });

  it('serves every phone on a fine day', () => {
    const input = { ...inputOf(register, 1, 90_000), plan: [] };
    const { violation, historyHash, lines } = runScenario(register, input, 20_000);
    expect(violation).toBeUndefined();
    expect(
      lines.filter(({ actor, message }) => actor === 'registrar' && /^request-received/.test(message)).length,
    ).toBeGreaterThan(150);
    expect(historyHash).toBe(runScenario(register, input).historyHash);
  });
});
