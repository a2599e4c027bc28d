// The thread of a trial: plants the mistakes, then imports the scenarios and everything under them.
import { parentPort, workerData } from 'node:worker_threads';
import { plant } from './mutation.ts';
import type { Catch, Trial, Verdict } from './trial.ts';

const durationMsDefault = 60_000;
const trial = workerData as Trial;
const { loaded } = plant(trial.mutations);
const { inputOf, runScenario } = await import('@chordial/simulator');
const { scenarios } = await import('./index.ts');

const absent = trial.mutations.filter(({ name }) => !loaded.has(name));
if (absent.length > 0) throw new Error(`not loaded by any scenario: ${absent.map(({ file }) => file).join(', ')}`);

const startedAt = performance.now();
const chosen = trial.scenarios.map((name) => {
  const scenario = scenarios.find((candidate) => candidate.name === name);
  if (scenario === undefined) throw new Error(`no scenario is called ${name}`);
  return scenario;
});

function judge(): Verdict {
  const { firstSeed = 1, seedsMax, realMsMax } = trial;
  let runs = 0;
  for (let seed = firstSeed; seed < firstSeed + seedsMax; seed++) {
    for (const scenario of chosen) {
      const realMs = performance.now() - startedAt;
      if (realMs > realMsMax) return { caught: undefined, runs, realMs };
      runs++;
      const durationMs = trial.durationMs ?? scenario.durationMs ?? durationMsDefault;
      const { violation } = runScenario(scenario, inputOf(scenario, seed, durationMs));
      if (violation === undefined) continue;
      const { sentence, where, at } = violation;
      const caught: Catch = { scenario: scenario.name, seed, sentence, where, atMs: at };
      return { caught, runs, realMs: performance.now() - startedAt };
    }
  }
  return { caught: undefined, runs, realMs: performance.now() - startedAt };
}

parentPort!.postMessage(judge());
