// Tries every mutant: each in threads of its own, several at once, until a rule of the scenarios breaks or its time is over. A mutant
// that survives says that the rules are too weak.
import { type Mutant, mutants, tryMutations, type Verdict } from '@chordial/test-simulation';

export interface MutantOptions {
  /** Only those whose name contains this. */
  readonly only: string;
  readonly realMsMax: number;
  readonly workersCount: number;
  readonly onVerdict: (mutant: Mutant, verdict: Verdict) => void;
}

export interface MutantsResult {
  readonly verdicts: readonly (Verdict & { readonly name: string; readonly file: string; readonly breaks: string })[];
}

const seedsMax = 1_000_000;

/** Rejects when a mutant is stale. */
export async function runMutants({ only, realMsMax, workersCount, onVerdict }: MutantOptions): Promise<MutantsResult> {
  const chosen = mutants.filter(({ name }) => name.includes(only));
  const verdicts = new Map<Mutant, Verdict>();
  const waiting = chosen.values();
  const work = async (): Promise<void> => {
    for (const mutant of waiting) {
      const { scenarios } = mutant;
      const verdict = await tryMutations({ mutations: [mutant], scenarios, seedsMax, realMsMax });
      verdicts.set(mutant, verdict);
      onVerdict(mutant, verdict);
    }
  };
  await Promise.all(Array.from({ length: workersCount }, work));
  return {
    verdicts: chosen.map((mutant) => {
      const { name, file, breaks } = mutant;
      return { name, file, breaks, ...verdicts.get(mutant)! };
    }),
  };
}

/** One row of the table: what was planted, and how it was found. */
export function describeVerdict({ name, breaks }: Mutant, { caught, runs, realMs }: Verdict): string {
  const seconds = `${(realMs / 1_000).toFixed(1)} s`.padStart(8);
  const found =
    caught === undefined
      ? `SURVIVED ${runs} runs`
      : `${caught.scenario} seed ${caught.seed} at ${(caught.atMs / 1_000).toFixed(1)} s: ${caught.sentence}`;
  return `${name.padEnd(34)} ${seconds}  ${found}\n${' '.repeat(45)}planted: ${breaks}`;
}
