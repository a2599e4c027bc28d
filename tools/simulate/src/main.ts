// The command `simulate`: runs a scenario over many seeds on all cores, and on failure prints the seed, the broken rule, the
// shortest history found and the command that repeats it. Exit code 0: all held, 1: a rule broke, 2: not understood.
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { scenarios } from '@chordial/test-simulation';
import { Command, InvalidArgumentError, Option } from 'commander';
import { formatDuration, parseDuration } from './duration.ts';
import { describeFailure } from './failure-report.ts';
import { describeVerdict, runMutants } from './mutant-run.ts';
import { type Progress, runSeeds } from './seed-run.ts';

interface Options {
  readonly scenario?: string;
  readonly seeds: number;
  readonly firstSeed: number;
  readonly time?: number;
  readonly mutants?: string | true;
  readonly mutantTime: number;
  readonly workers: number;
  readonly shrinkRuns: number;
  readonly json?: string;
  readonly list?: boolean;
}

const seedMax = 2 ** 45;
const durationMsDefault = 60_000;
const ttyEveryMs = 200;
const plainEveryMs = 5_000;

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > seedMax)
    throw new InvalidArgumentError('a whole number from 1 to 2^45');
  return value;
}

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('a duration such as 500ms, 30s, 10m or 1h');
  return ms;
}

const command = new Command('simulate')
  .description(
    'Runs a simulated world over many seeds: virtual time, faults by the dice, rules asked after every step.',
  )
  .option('--scenario <name>', 'which world (see --list)')
  .option('--seeds <n>', 'how many seeds', wholeNumber, 20)
  .option('--first-seed <s>', 'the first of them', wholeNumber, 1)
  .addOption(
    new Option(
      '--time <t>',
      'virtual time per seed: 500ms, 30s, 10m, 1h (default: that of the scenario, or 1m)',
    ).argParser(duration),
  )
  .option('--mutants [name]', 'plant mistakes in the protocol, those whose name contains NAME: each must be caught')
  .addOption(new Option('--mutant-time <t>', 'real time for each mutant').argParser(duration).default(600_000, '10m'))
  .option('--workers <n>', 'threads', wholeNumber, availableParallelism())
  .option('--shrink-runs <n>', 'tries to find a shorter history of a failure', wholeNumber, 300)
  .option('--json <file>', 'write the result there, failures with their faults and last steps included')
  .option('--list', 'show the scenarios')
  .addHelpText(
    'after',
    `
Examples:
  npx nx run simulate -- --list
  npx nx run simulate -- --scenario ping-pong --seeds 100 --time 10m
  npx nx run simulate -- --scenario ping-pong-hasty        a planted mistake, found and shrunk
  npx nx run simulate -- --mutants                        seeded protocol bugs, each caught by the scenarios
  npx nx run simulate -- --scenario ping-pong --seeds 1 --first-seed 42 --time 1h --json result.json`,
  )
  .exitOverride((exit) => process.exit(exit.exitCode === 0 ? 0 : 2));

/** Exit code 0: every mutant was caught. */
async function tryMutants({ mutants, mutantTime, workers, json }: Options): Promise<number> {
  const { verdicts } = await runMutants({
    only: mutants === true || mutants === undefined ? '' : mutants,
    realMsMax: mutantTime,
    workersCount: workers,
    onVerdict: (mutant, verdict) => console.log(describeVerdict(mutant, verdict)),
  });
  const survivors = verdicts.filter(({ caught }) => caught === undefined).map(({ name }) => name);
  const slowest = verdicts.reduce((most, { realMs }) => Math.max(most, realMs), 0);
  console.log(
    `${verdicts.length - survivors.length} of ${verdicts.length} mutants caught, the slowest in ${formatDuration(slowest)}` +
      `${survivors.length > 0 ? `; survived: ${survivors.join(', ')}` : ''}`,
  );
  if (json !== undefined && !wrote(json, { verdicts })) return 2;
  return verdicts.length > 0 && survivors.length === 0 ? 0 : 1;
}

function wrote(file: string, result: object): boolean {
  try {
    writeFileSync(file, `${JSON.stringify(result, jsonValue, 2)}\n`);
    return true;
  } catch (error) {
    console.error(`the result was not written: ${(error as Error).message}`);
    return false;
  }
}

async function main({ scenario: name, ...options }: Options): Promise<number> {
  if (options.mutants !== undefined) return tryMutants(options);
  const scenario = scenarios.find((candidate) => candidate.name === name);
  if (options.list === true || scenario === undefined) {
    if (options.list !== true)
      console.error(name === undefined ? 'which scenario? --scenario NAME:' : `no scenario is called ${name}:`);
    for (const known of scenarios) console.log(`${known.name.padEnd(18)} ${known.description}`);
    return options.list === true ? 0 : 2;
  }
  const { seeds: seedsCount, firstSeed, workers: workersCount, shrinkRuns } = options;
  const durationMs = options.time ?? scenario.durationMs ?? durationMsDefault;
  const progress: Progress = { seedsDone: 0, steps: 0, virtualMs: 0, figures: {}, failed: 0, failures: [] };
  const startedAt = performance.now();
  const realMs = (): number => performance.now() - startedAt;
  // What the threads computed: other processes may share the cores.
  const cpuMs = (): number => Object.values(process.cpuUsage()).reduce((sum, us) => sum + us / 1_000, 0);
  const line = (): string =>
    `${progress.seedsDone}/${seedsCount} seeds, ${formatDuration(progress.virtualMs)} virtual in ${formatDuration(realMs())} ` +
    `(${Math.round(progress.virtualMs / realMs())} times real time, ${Math.round(progress.virtualMs / cpuMs())} on one whole core, ` +
    `${Math.round(progress.steps / realMs())} steps/ms), ` +
    `${progress.failed} failed${progress.failed > progress.failures.length ? ', looking for a shorter history' : ''}`;
  const isTty = process.stderr.isTTY === true;
  const timer = setInterval(
    () => process.stderr.write(isTty ? `\r\x1b[K${line()}` : `${line()}\n`),
    isTty ? ttyEveryMs : plainEveryMs,
  );
  try {
    await runSeeds({ scenario: scenario.name, firstSeed, seedsCount, durationMs, shrinkRuns, workersCount }, progress);
  } finally {
    clearInterval(timer);
    if (isTty) process.stderr.write('\r\x1b[K');
  }
  console.log(line());
  if (scenario.summary !== undefined) console.log(scenario.summary(progress.figures));
  for (const failure of progress.failures) console.log(describeFailure(scenario.name, durationMs, failure));
  if (options.json !== undefined) {
    const result = {
      scenario: scenario.name,
      firstSeed,
      seedsCount,
      durationMs,
      realMs: Math.round(realMs()),
      ...progress,
    };
    if (!wrote(options.json, result)) return 2;
  }
  return progress.failures.length === 0 ? 0 : 1;
}

const jsonValue = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

process.exitCode = await main(command.parse().opts<Options>());
