// Records a second between two threads: this ring (visited in place, and copied out), postMessage, and ringbuf.js. The
// contenders take turns in every round, because machines change speed: compare the ratios, not the figures of two runs.

import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { CONTENDERS } from './record.ts';
import { createSender } from './senders.ts';

const HELP = `Records a second between two threads, this ring beside postMessage and ringbuf.js.

  npx nx bench sharedarraybuffer-ringbuffer
  npx nx bench sharedarraybuffer-ringbuffer --rounds 9 --seconds 2 --json ring.json

  --rounds N    rounds, each runs every contender once (default 5)
  --seconds S   seconds per contender and round (default 1)
  --bytes B     bytes per record, 8 to 65536 (default 600)
  --json FILE   also write the figures to FILE
`;

const options = {
  rounds: { type: 'string', default: '5' },
  seconds: { type: 'string', default: '1' },
  bytes: { type: 'string', default: '600' },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

function readOptions() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    process.exit(2);
  }
}

const values = readOptions();

function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

async function main(rounds: number, seconds: number, bytes: number): Promise<void> {
  const senders = await Promise.all(CONTENDERS.map((contender) => createSender(contender, bytes)));
  const figures = senders.map((): number[] => []);
  for (const sender of senders) await sender.run(0.3); // lets the compiler finish before the first round
  for (let round = 1; round <= rounds; round++) {
    for (const [index, sender] of senders.entries()) figures[index]!.push(await sender.run(seconds));
    console.log(
      `round ${round}/${rounds}  ${figures.map((row, i) => `${CONTENDERS[i]} ${millions(row.at(-1)!)}`).join('  ')}`,
    );
  }
  await Promise.all(senders.map((sender) => sender.stop()));

  const base = figures[CONTENDERS.indexOf('postMessage')]!;
  const results = figures.map((row, index) => ({
    contender: CONTENDERS[index]!,
    medianPerSecond: median(row),
    minPerSecond: Math.min(...row),
    maxPerSecond: Math.max(...row),
    ratioToPostMessage: median(row.map((figure, round) => figure / base[round]!)),
  }));
  console.log(
    `\n${bytes}-byte records, ${rounds} rounds of ${seconds} s, Node ${process.version}, ${cpus()[0]?.model}`,
  );
  console.log('contender      median M/s       min - max   x postMessage');
  for (const result of results) {
    const spread = `${millions(result.minPerSecond)} - ${millions(result.maxPerSecond)}`;
    const ratio = result.ratioToPostMessage.toFixed(1);
    console.log(
      `${result.contender.padEnd(14)} ${millions(result.medianPerSecond).padStart(10)} ${spread.padStart(15)} ${ratio.padStart(15)}`,
    );
  }
  if (values.json !== undefined) {
    const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
    writeFileSync(values.json, `${JSON.stringify({ bytes, rounds, seconds, machine, results }, undefined, 2)}\n`);
  }
}

function millions(perSecond: number): string {
  return (perSecond / 1e6).toFixed(2);
}

const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const bytes = Number(values.bytes);
const understood =
  Number.isInteger(rounds) && rounds > 0 && seconds > 0 && Number.isInteger(bytes) && bytes >= 8 && bytes <= 65536;
if (values.help) {
  console.log(HELP);
} else if (understood) {
  await main(rounds, seconds, bytes);
} else {
  console.error(`--rounds, --seconds or --bytes is out of range\n\n${HELP}`);
  process.exitCode = 2;
}
