// What a host carries: messages between lanes, round trips, echoed datagrams (batched system calls beside plain node:dgram),
// timers, and the wire's codec beside msgpackr. Contenders take turns within each round, because machines change speed:
// compare the ratios within a run, not the figures of two runs.

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { makeAddress, type Typed } from '@chordial/actor';
import { type Host, startHost } from '@chordial/runtime';
import { codecs } from './codecs.ts';
import { type BenchMessage, benchAt } from './lane-program.ts';

const HELP = `What a host carries: messages between two lanes, round trips, echoed datagrams, timers, codec.

  npx nx bench runtime
  npx nx bench runtime --rounds 5 --seconds 2 --json runtime.json

  --rounds N    rounds, each runs every measurement once (default 3)
  --seconds S   seconds per measurement of datagrams (default 1)
  --json FILE   also write the figures to FILE
`;

interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly values: number[];
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        rounds: { type: 'string', default: '3' },
        seconds: { type: 'string', default: '1' },
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    process.exit(2);
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const start = (lanesCount: number, batching: boolean): Promise<Host> =>
  startHost({
    program: new URL('./lane-program.ts', import.meta.url).href,
    config: {},
    lanesCount,
    batching,
    onEvent: ({ kind, sentence }) => {
      if (kind !== 'lane-up') console.error(sentence);
    },
  });
const ask = <Answer>(host: Host, message: BenchMessage): Promise<Answer> =>
  host.ask(0, makeAddress<Typed>(0, 0, benchAt), message, 120_000) as Promise<unknown> as Promise<Answer>;

async function perSecond(count: number, work: () => unknown): Promise<number> {
  const from = performance.now();
  await work();
  return (count / (performance.now() - from)) * 1_000;
}

/** Processor time of lane 0 so far. */
const cpuMsOf = async (host: Host): Promise<number> => (await host.inspect())[0]!.cpuMs;

/** Over processor time, because a timer's own delay is not work: all of them are due within half a second. */
async function timers(host: Host, count: number): Promise<number> {
  const before = await cpuMsOf(host);
  await ask(host, { type: 'set-timers', count });
  return (count / ((await cpuMsOf(host)) - before)) * 1_000;
}

async function echoes(host: Host, seconds: number): Promise<{ perSecond: number; cpuUsEach: number }> {
  const { port } = await ask<{ port: number }>(host, { type: 'tell-port' });
  const before = await cpuMsOf(host);
  const generator = fileURLToPath(new URL('./generator.ts', import.meta.url));
  const run = promisify(execFile)(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    generator,
    String(port),
    String(seconds),
  ]);
  const { echoed } = JSON.parse((await run).stdout) as { echoed: number };
  return { perSecond: echoed / seconds, cpuUsEach: (((await cpuMsOf(host)) - before) * 1_000) / echoed };
}

async function main(rounds: number, seconds: number): Promise<Figure[]> {
  const figures = new Map<string, Figure>();
  function note(name: string, unit: string, value: number): void {
    const figure = figures.get(name) ?? { name, unit, values: [] };
    figures.set(name, figure);
    figure.values.push(value);
  }
  const [pair, batched, plain] = [await start(2, true), await start(1, true), await start(1, false)];
  const count = 500_000;
  const stream = (viewBytes: number) => perSecond(count, () => ask(pair, { type: 'stream', count, viewBytes }));
  for (let round = 0; round <= rounds; round++) {
    // Round 0 only warms up.
    const keep: typeof note = round === 0 ? () => {} : note;
    keep('lane to lane, small message', '/s', await stream(0));
    keep('lane to lane, 500-byte view', '/s', await stream(500));
    const { roundTripsUs } = await ask<{ roundTripsUs: number[] }>(pair, { type: 'play', count: 20_000 });
    const sorted = roundTripsUs.toSorted((a, b) => a - b);
    keep('round trip between sleeping lanes, p50', 'us', sorted[sorted.length >> 1]!);
    keep('round trip between sleeping lanes, p99', 'us', sorted[Math.floor(sorted.length * 0.99)]!);
    for (const [name, host] of [
      ['batched', batched],
      ['node:dgram', plain],
    ] as const) {
      const echo = await echoes(host, round === 0 ? 0.5 : seconds);
      keep(`udp echo through an actor, ${name}`, '/s', echo.perSecond);
      keep(`udp echo, lane time each, ${name}`, 'us', echo.cpuUsEach);
    }
    keep('timers set and fired, in a second of lane time', '/s', await timers(pair, 200_000));
    for (const [name, codec] of codecs) keep(name, '/s', await perSecond(200_000, () => codec(200_000)));
    if (round > 0) console.log(`round ${round}/${rounds} done`);
  }
  await Promise.all([pair, batched, plain].map((host) => host.stop()));
  return [...figures.values()];
}

function show(figures: readonly Figure[]): void {
  console.log(`\nNode ${process.version}, ${cpus()[0]?.model}, ${cpus().length} cores`);
  const format = (value: number) => (value >= 1_000 ? Math.round(value).toLocaleString('en') : value.toFixed(1));
  console.log(`${'measurement'.padEnd(44)} ${'median'.padStart(12)}      min - max`);
  for (const { name, unit, values } of figures) {
    const spread = `${format(Math.min(...values))} - ${format(Math.max(...values))}`;
    console.log(`${name.padEnd(44)} ${format(median(values)).padStart(12)} ${unit.padEnd(3)}  ${spread}`);
  }
}

const values = readOptions();
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
if (values.help) {
  console.log(HELP);
} else if (Number.isInteger(rounds) && rounds > 0 && seconds > 0) {
  const figures = await main(rounds, seconds);
  show(figures);
  if (values.json !== undefined) {
    const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
    const results = figures.map((figure) => ({ ...figure, median: median(figure.values) }));
    writeFileSync(values.json, `${JSON.stringify({ rounds, seconds, machine, results }, undefined, 2)}\n`);
  }
} else {
  console.error(`--rounds or --seconds is out of range\n\n${HELP}`);
  process.exitCode = 2;
}
