// What an actor costs: a step of its core alone, a step through the kernel with queue and send, a short life, and memory
// while idle. Rounds take turns, because machines change speed; the median round is shown with the fastest and the slowest.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { nobody, type Outbox } from '@chordial/actor';
import { parent, runner, send, startCircle, startLane } from './lane.ts';

const help = `What an actor costs, on one core.

  npx nx bench actor
  npx nx bench actor --rounds 9 --json actor.json

  --rounds N    rounds, each runs every measurement once (default 5)
  --json FILE   also write the figures to FILE
`;

interface Measurement {
  readonly name: string;
  readonly unit: string;
  /** Runs once and returns a figure in that unit. */
  readonly run: () => number;
}

function nsPerStepBare(): number {
  const times = 2_000_000;
  let sentCount = 0;
  const out = { send: () => sentCount++ } as unknown as Outbox;
  const self = nobody as number as Parameters<typeof runner.init>[1]['self'];
  const state = runner.init(undefined, { self, now: 0, seed: 1 }, out);
  const received = { now: 0, from: nobody, message: { type: 'pass' } } as const;
  const started = performance.now();
  for (let i = 0; i < times; i++) runner.step(state, received, out);
  const ns = ((performance.now() - started) * 1e6) / times;
  if (state.stepsCount !== times || sentCount !== times) throw new Error('the core did not run');
  return ns;
}

/** The circles live on from round to round, as lanes do. */
function nsPerStepInKernel(lane: number, runnersCount: number, shapesCount: number): () => number {
  const times = 1_000_000;
  const kernel = startCircle(lane, runnersCount, shapesCount);
  return () => {
    const before = kernel.counts.steps;
    const started = performance.now();
    kernel.run(times);
    const ns = ((performance.now() - started) * 1e6) / times;
    if (kernel.counts.steps - before !== times) throw new Error('the circle broke');
    return ns;
  };
}

function livesPerSecond(): number {
  const times = 200_000;
  const kernel = startLane(0);
  const mother = kernel.spawnRoot(parent, undefined);
  send(kernel, mother, { type: 'breed', childrenCount: times });
  const started = performance.now();
  kernel.run(1);
  const seconds = (performance.now() - started) / 1_000;
  if (kernel.counts.actors !== 1) throw new Error('children were left');
  return times / seconds;
}

function bytesPerIdleActor(collect: () => void): number {
  const times = 100_000;
  collect();
  const before = process.memoryUsage().heapUsed;
  const kernel = startLane(0);
  for (let i = 0; i < times; i++) kernel.spawnRoot(runner, undefined);
  collect();
  const bytes = (process.memoryUsage().heapUsed - before) / times;
  if (kernel.counts.actors !== times) throw new Error('actors are missing');
  return bytes;
}

function main(rounds: number, json: string | undefined): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const measurements: readonly Measurement[] = [
    { name: 'step, bare', unit: 'ns', run: nsPerStepBare },
    { name: 'step in the kernel, 64 actors', unit: 'ns', run: nsPerStepInKernel(0, 64, 1) },
    { name: 'the same, 5 behaviours, lane 9', unit: 'ns', run: nsPerStepInKernel(9, 64, 5) },
    { name: 'the same, 10,000 actors', unit: 'ns', run: nsPerStepInKernel(9, 10_000, 5) },
    { name: 'spawn and stop', unit: 'per s', run: livesPerSecond },
    { name: 'idle actor with its state', unit: 'bytes', run: () => bytesPerIdleActor(collect) },
  ];

  const figures = measurements.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, { run }] of measurements.entries()) {
      const figure = run();
      // The first round lets the compiler finish and is not counted.
      if (round > 0) figures[index]!.push(figure);
    }
  }

  const results = measurements.map(({ name, unit }, index) => {
    const sorted = figures[index]!.toSorted((a, b) => a - b);
    return { name, unit, median: sorted[sorted.length >> 1]!, min: sorted[0]!, max: sorted.at(-1)! };
  });
  const shown = (figure: number): string =>
    figure < 1_000 ? figure.toFixed(1) : Math.round(figure).toLocaleString('en');
  console.log(`${'measurement'.padEnd(32)} ${'median'.padStart(12)} unit   min - max`);
  for (const { name, unit, median, min, max } of results) {
    console.log(`${name.padEnd(32)} ${shown(median).padStart(12)} ${unit.padEnd(6)} ${shown(min)} - ${shown(max)}`);
  }
  if (json !== undefined) {
    const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
    writeFileSync(json, `${JSON.stringify({ rounds, machine, results }, undefined, 2)}\n`);
  }
}

const options = {
  rounds: { type: 'string', default: '5' },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

function readOptions() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${help}`);
    process.exit(2);
  }
}

const values = readOptions();
const rounds = Number(values.rounds);
if (values.help) {
  console.log(help);
} else if (Number.isInteger(rounds) && rounds > 0) {
  main(rounds, values.json);
} else {
  console.error(`--rounds is out of range\n\n${help}`);
  process.exitCode = 2;
}
