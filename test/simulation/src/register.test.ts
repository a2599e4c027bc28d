// The scenario `register` over a few seeds: with faults, and on a fine day.
import type { Behaviour, Typed } from '@chordial/actor';
import type { RangeChanged } from '@chordial/chord/protocol';
import type { LocationState } from '@chordial/location';
import { formatFault, inputOf, runScenario, simulateSeeds } from '@chordial/simulator';
import { describe, expect, it } from 'vitest';
import { carelessProgram } from './careless-store.ts';
import { register, registerOn } from './register.ts';

/** A location service whose cache is empty whenever somebody looks: all ranges change before. */
const forgetful = (behaviour: Behaviour<unknown, Typed, unknown>): typeof behaviour =>
  behaviour.name !== 'location'
    ? behaviour
    : {
        ...behaviour,
        step(state, received, out) {
          const { range } = state as LocationState;
          if (received.message.type === 'list-bindings' && range !== undefined) {
            const message: RangeChanged = { ...range, epoch: range.epoch + 1 };
            behaviour.step(state, { ...received, message }, out);
          }
          behaviour.step(state, received, out);
        },
      };

describe('register', () => {
  it('would find a store that keeps nothing, behind a cache that forgets', () => {
    const scenario = registerOn(carelessProgram(forgetful));
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
