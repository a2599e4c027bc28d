// The scenario `register` over a few seeds: with faults, and on a fine day.
import type { Behaviour, LaneSetup, Typed } from '@chordial/actor';
import { formatFault, inputOf, runScenario, simulateSeeds } from '@chordial/simulator';
import laneProgram from 'chordial/lane-program';
import { describe, expect, it } from 'vitest';
import { register, registerOn, type ServerProgram } from './register.ts';

/** A location service that begins anew with every message: it answers rightly and remembers nothing. */
function forgetful(behaviour: Behaviour<unknown, Typed, unknown>, config: unknown): typeof behaviour {
  const birth = { self: 0 as never, now: 0, seed: 1 };
  return {
    ...behaviour,
    step: (_, received, out) => behaviour.step(behaviour.init(config, birth, out), received, out),
  };
}

const forgetfulProgram: ServerProgram = (setup) => {
  const spawn = (behaviour: Behaviour<unknown, Typed, unknown>, config: unknown, at?: number) =>
    setup.spawn(behaviour.name === 'location' ? forgetful(behaviour, config) : behaviour, config, at);
  laneProgram({ ...setup, spawn: spawn as unknown as LaneSetup<unknown>['spawn'] });
};

describe('register', () => {
  it('would find a location service that forgets', () => {
    const scenario = registerOn(forgetfulProgram);
    const { violation } = runScenario(scenario, { ...inputOf(scenario, 1, 90_000), plan: [] });
    expect(violation?.sentence).toMatch(/ has 0 bindings at peer [0-9a-f]{40} of server, 1 expected/);
  });

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
