// Many seeds of one scenario: what a test or the command `simulate` runs. A failure comes back with the shortest history found.
import { inputOf, type RunResult, runScenario, type Scenario } from './scenario.ts';
import { type Shrunk, shrink } from './shrink.ts';

export interface SeedsOptions {
  readonly firstSeed?: number;
  readonly seedsCount: number;
  /** Virtual time of each run. */
  readonly durationMs: number;
  /** Stop after so many failures; the default is 1. */
  readonly failuresMax?: number;
  readonly shrinkRuns?: number;
  /** Called after every seed. */
  readonly onSeed?: (result: RunResult) => void;
}

export interface SeedFailure {
  readonly seed: number;
  readonly first: RunResult;
  readonly shrunk: Shrunk;
  /** The shortest run again, with its last steps as lines. */
  readonly shown: RunResult;
}

export interface SeedsResult {
  readonly scenario: string;
  readonly seedsCount: number;
  readonly steps: number;
  readonly virtualMs: number;
  readonly failures: readonly SeedFailure[];
}

const linesShown = 40;

export function simulateSeeds(scenario: Scenario, options: SeedsOptions): SeedsResult {
  const { firstSeed = 1, seedsCount, durationMs, failuresMax = 1, shrinkRuns = 300, onSeed } = options;
  const failures: SeedFailure[] = [];
  let steps = 0;
  let virtualMs = 0;
  let seed = firstSeed;
  for (; seed < firstSeed + seedsCount && failures.length < failuresMax; seed++) {
    const first = runScenario(scenario, inputOf(scenario, seed, durationMs));
    steps += first.steps;
    virtualMs += first.violation?.at ?? durationMs;
    onSeed?.(first);
    if (first.violation === undefined) continue;
    const shrunk = shrink(scenario, first, { runsMax: shrinkRuns });
    failures.push({ seed, first, shrunk, shown: runScenario(scenario, shrunk.result.input, linesShown) });
  }
  return { scenario: scenario.name, seedsCount: seed - firstSeed, steps, virtualMs, failures };
}
