// A scenario: a world to build, faults to expect, rules that must hold. One run of it is named by a seed, a plan of faults, a
// virtual time and a number of clients, and can be repeated from them.
import { createRandom, type Random } from '@chordial/actor/random';
import type { FaultPlan } from './fault.ts';
import type { HistoryLine } from './history.ts';
import { Simulation, type SimulationOptions } from './simulation.ts';
import type { Violation } from './world.ts';

/** What a scenario is built and judged by. */
export interface Stage {
  readonly simulation: Simulation;
  readonly random: Random;
  readonly durationMs: number;
  /** Virtual time at which the last fault of the run is over. */
  readonly calmFromMs: number;
  /** How many clients to add: at most `clientsCount` of the scenario, fewer while a failure is shrunk. */
  readonly clientsCount: number;
}

/** The rules of one run; they share the state that `build` made. */
export interface Rules {
  /** Asked after every step; must be cheap. */
  invariant?(): string | undefined;
  /** Asked at the end: what should have come right by then. */
  finish?(): string | undefined;
  /** Counts of the run, asked at the end; those of many seeds are added up. */
  figures?(): Figures;
}

export type Figures = Readonly<Record<string, number>>;

export interface Scenario {
  readonly name: string;
  readonly description: string;
  readonly clientsCount: number;
  /** Virtual time of a run where nobody says another; the default is a minute. */
  readonly durationMs?: number;
  readonly options?: Omit<SimulationOptions, 'seed'>;
  build(stage: Stage): Rules;
  /** The figures of many runs, added up, as people read them. */
  summary?(figures: Figures): string;
  /** The faults of one run. They should leave some calm time at the end of `durationMs`. */
  faults(random: Random, durationMs: number, seed: number): FaultPlan;
}

/** Everything that determines a run. */
export interface RunInput {
  readonly seed: number;
  readonly durationMs: number;
  readonly clientsCount: number;
  readonly plan: FaultPlan;
}

export interface RunResult {
  readonly input: RunInput;
  readonly violation: Violation | undefined;
  readonly historyHash: string;
  readonly steps: number;
  readonly figures: Figures;
  /** The last steps, when lines were asked for. */
  readonly lines: readonly HistoryLine[];
}

const faultsConcern = 7;

/** The input that a seed stands for. */
export function inputOf(scenario: Scenario, seed: number, durationMs: number): RunInput {
  const plan = scenario.faults(createRandom(seed * 16 + faultsConcern), durationMs, seed);
  return { seed, durationMs, clientsCount: scenario.clientsCount, plan };
}

/** Runs a scenario once. `linesMax` of the last steps come back as lines. */
export function runScenario(scenario: Scenario, input: RunInput, linesMax = 0): RunResult {
  const { seed, durationMs, clientsCount, plan } = input;
  const simulation = new Simulation({ ...scenario.options, seed, historyLinesMax: linesMax });
  const calmFromMs = plan.reduce((latest, fault) => Math.max(latest, fault.at + fault.durationMs), 0);
  const random = simulation.scenarioRandom;
  const rules = scenario.build({ simulation, random, durationMs, calmFromMs, clientsCount });
  if (rules.invariant !== undefined) simulation.invariant = () => rules.invariant?.();
  simulation.inject(plan);
  simulation.run(durationMs);
  const unfinished = simulation.isOver ? undefined : rules.finish?.();
  if (unfinished !== undefined) simulation.violate(unfinished, scenario.name);
  return {
    input,
    violation: simulation.violation,
    historyHash: simulation.historyHash,
    steps: simulation.history.steps,
    figures: rules.figures?.() ?? {},
    lines: simulation.history.tail(),
  };
}
