// The mutation fuzzer: `npx nx run rfc:fuzz -- --executions 20000000 --seed 1`. Each execution mutates a message of the corpus and
// asks of `disagreement` that nothing is thrown and the two parsers agree; after it, inputs made to be slow are
// doubled and the octets looked at per octet given must not grow. On failure: exit code 1, the minimised input in a file.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Peek } from '@chordial/sip-parser';
import { disagreement } from './agreement.ts';
import { allMessages, corpusIsPresent } from './corpus.ts';
import { minimise, mutate, SeededRandom } from './mutation.ts';
import { superLinearShapes } from './work-count.ts';

export interface FuzzFailure {
  readonly execution: number;
  readonly input: Uint8Array;
  readonly problem: string;
}

/** Runs mutations until one fails; `progress` is called every 100,000 executions. */
export function fuzz(
  seeds: readonly Uint8Array[],
  executions: number,
  seed: number,
  progress: (done: number) => void = () => {},
): FuzzFailure | undefined {
  const random = new SeededRandom(seed);
  const seen = new Peek();
  for (let execution = 1; execution <= executions; execution++) {
    const input = mutate(seeds[random.below(seeds.length)]!, seeds[random.below(seeds.length)]!, random);
    if (disagreement(input, seen) !== undefined) {
      const smallest = minimise(input, (bytes) => disagreement(bytes, seen) !== undefined);
      return { execution, input: smallest, problem: disagreement(smallest, seen)! };
    }
    if (execution % 100_000 === 0) progress(execution);
  }
  return undefined;
}

const usage = `Usage: nx run rfc:fuzz -- [options]
  --executions N   mutated messages to try (default 200000)
  --seed N         first number of the random sequence (default 1)
  --output FILE    where the minimised input of a failure goes (default fuzz-failure.bin)
  --help`;

function main(): number {
  const { values } = parseArgs({
    options: {
      executions: { type: 'string', default: '200000' },
      seed: { type: 'string', default: '1' },
      output: { type: 'string', default: 'fuzz-failure.bin' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const executions = Number(values.executions);
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(executions) || executions < 1 || !Number.isSafeInteger(seed)) {
    console.error(`--executions and --seed must be whole numbers\n${usage}`);
    return 2;
  }
  if (!corpusIsPresent) return 0;
  const seeds = allMessages().map((message) => message.bytes);
  const began = performance.now();
  console.log(`${seeds.length} messages to start from, ${executions} executions, seed ${seed}`);
  const failure = fuzz(seeds, executions, seed, (done) => {
    const perSecond = Math.round((done * 1000) / (performance.now() - began));
    if (done % 1_000_000 === 0 || done < 1_000_000) console.log(`${done} of ${executions}, ${perSecond}/s`);
  });
  if (failure !== undefined) {
    writeFileSync(values.output, failure.input);
    console.error(`execution ${failure.execution} with seed ${seed}: ${failure.problem}`);
    console.error(
      `${failure.input.length} octets in ${values.output}: ${JSON.stringify(Buffer.from(failure.input).toString('latin1'))}`,
    );
    return 1;
  }
  const slow = superLinearShapes();
  for (const shape of slow) console.error(`more than linear: ${shape}`);
  if (slow.length === 0) console.log(`${executions} executions: no exception, no disagreement, no super-linear case`);
  return slow.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = main();
