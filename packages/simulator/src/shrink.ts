// Makes a failing run as short as it gets: less time, fewer clients, fewer and shorter faults, as long as the same rule breaks.
// Lists are reduced by delta debugging (Zeller and Hildebrandt, TSE 2002, ddmin). Every try is a whole run with the same seed.
import type { Fault, FaultPlan } from './fault.ts';
import { type RunInput, type RunResult, runScenario, type Scenario } from './scenario.ts';
import type { Violation } from './world.ts';

export interface Shrunk {
  readonly result: RunResult;
  /** Runs that it took. */
  readonly runs: number;
}

export interface ShrinkOptions {
  /** Tries; the best so far is given when they are used up. The default is 300. */
  readonly runsMax?: number;
}

const slack = (atMs: number): number => atMs * 1.5 + 1_000;
const exactly = (atMs: number): number => atMs;

/** `failed` must have a violation. */
export function shrink(scenario: Scenario, failed: RunResult, { runsMax = 300 }: ShrinkOptions = {}): Shrunk {
  const search = new Search(scenario, failed, runsMax);
  for (let before = Infinity; before > search.size; ) {
    before = search.size;
    // With some time to spare, because with fewer clients the same rule may break a little later.
    search.cutAfter(slack);
    search.shortenTime();
    search.dropClients();
    search.dropFaults();
    search.shortenFaults();
  }
  search.cutAfter(exactly);
  return { result: search.best, runs: search.runs };
}

class Search {
  best: RunResult;
  runs = 0;
  readonly #scenario: Scenario;
  readonly #sentence: string;
  readonly #runsMax: number;

  constructor(scenario: Scenario, failed: RunResult, runsMax: number) {
    this.best = failed;
    this.#scenario = scenario;
    this.#sentence = gist(failed.violation);
    this.#runsMax = runsMax;
  }

  /** What a round makes smaller. */
  get size(): number {
    const { plan, clientsCount, durationMs } = this.best.input;
    const faultMs = plan.reduce((sum, fault) => sum + fault.durationMs, 0);
    return plan.length * 1e9 + clientsCount * 1e6 + durationMs + faultMs;
  }

  /** Ends the run soon after the rule broke. */
  cutAfter(allowance: (atMs: number) => number): void {
    const { violation, input } = this.best;
    const cut = Math.ceil(allowance(violation!.at)) + 1;
    if (cut < input.durationMs) this.#try({ durationMs: cut, plan: input.plan.filter((fault) => fault.at < cut) });
  }

  shortenTime(): void {
    while (this.#try({ durationMs: Math.floor(this.best.input.durationMs / 2) }));
  }

  dropClients(): void {
    for (let drop = this.best.input.clientsCount >> 1; drop > 0; ) {
      const clientsCount = this.best.input.clientsCount - drop;
      if (clientsCount < 1 || !this.#try({ clientsCount })) drop >>= 1;
    }
  }

  dropFaults(): void {
    if (this.best.input.plan.length > 0 && this.#try({ plan: [] })) return;
    for (let parts = 2; this.best.input.plan.length > 1; ) {
      const { plan } = this.best.input;
      const size = Math.ceil(plan.length / parts);
      let smaller = false;
      for (let at = 0; at < plan.length && !smaller; at += size) {
        smaller = this.#try({ plan: [...plan.slice(0, at), ...plan.slice(at + size)] });
      }
      if (smaller) parts = Math.max(2, parts - 1);
      else if (size === 1) return;
      else parts = Math.min(plan.length, parts * 2);
    }
  }

  shortenFaults(): void {
    for (let index = 0; index < this.best.input.plan.length; index++) {
      while (this.#try({ plan: halveAt(this.best.input.plan, index) }));
    }
  }

  /** Runs a change of the best input; keeps it when the same rule breaks. */
  #try(change: Partial<RunInput>): boolean {
    const input = { ...this.best.input, ...change };
    if (this.runs >= this.#runsMax || input.durationMs < 1) return false;
    if (input.plan.some((fault) => fault.durationMs < 1)) return false;
    this.runs++;
    const result = runScenario(this.#scenario, input);
    if (gist(result.violation) !== this.#sentence) return false;
    this.best = result;
    return true;
  }
}

function halveAt(plan: FaultPlan, index: number): FaultPlan {
  const halved = (fault: Fault): Fault => ({ ...fault, durationMs: Math.floor(fault.durationMs / 2) });
  return plan.map((fault, i) => (i === index ? halved(fault) : fault));
}

/** The sentence without its numbers: the same rule, broken another time. */
const gist = (violation: Violation | undefined): string => violation?.sentence.replace(/\d+/g, '#') ?? '';
