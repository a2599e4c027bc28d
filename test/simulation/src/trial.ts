// A trial of planted mistakes: a fresh thread loads the code with them and runs scenarios, seed after seed, until a rule breaks or
// the time is over. Tests ask for a few seeds, the command `simulate --mutants` for minutes.
import { Worker } from 'node:worker_threads';
import type { Mutation } from './mutation.ts';

export interface Trial {
  readonly mutations: readonly Mutation[];
  /** Names of scenarios that take turns: seed 1 of each, then seed 2 of each. */
  readonly scenarios: readonly string[];
  readonly firstSeed?: number;
  readonly seedsMax: number;
  /** Real time; no seed is begun later, and a run that is still going a minute later is ended. */
  readonly realMsMax: number;
  /** Virtual time of each run; that of the scenario when left out. */
  readonly durationMs?: number;
}

export interface Catch {
  readonly scenario: string;
  readonly seed: number;
  /** The rule that broke, as a sentence, and where. */
  readonly sentence: string;
  readonly where: string;
  /** Virtual time of the violation. */
  readonly atMs: number;
}

export interface Verdict {
  /** Undefined: the mistake lived through all runs. */
  readonly caught: Catch | undefined;
  readonly runs: number;
  readonly realMs: number;
}

const graceMs = 60_000;

/** Rejects when the code cannot be loaded: a stale mutation, a mistake that is no TypeScript. */
export function tryMutations(trial: Trial): Promise<Verdict> {
  const worker = new Worker(new URL('./trial.worker.ts', import.meta.url), {
    workerData: trial,
    execArgv: ['--conditions=@chordial/source', '--disable-warning=ExperimentalWarning'],
  });
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => void worker.terminate(), trial.realMsMax + graceMs);
    worker.on('message', resolve);
    worker.on('error', (error) => reject(error));
    worker.on('exit', () => {
      clearTimeout(deadline);
      // After a message or an error this changes nothing.
      resolve({ caught: undefined, runs: 0, realMs: performance.now() - startedAt });
    });
  });
}
