// What a request pays for its place on the ring: the hash of its key, the search for the owner, and the interval tests.
// Rounds take turns, because machines change speed; the median round is shown.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { addPowerOfTwo, between, KeyTable, midpoint, type RingKey, ringKeyFromText } from '@chordial/ring-key';

const help = `Nanoseconds per operation on ring keys, on one core.

  npx nx bench ring-key
  npx nx bench ring-key --rounds 9 --json ring-key.json

  --rounds N    rounds, each runs every operation once (default 5)
  --json FILE   also write the figures to FILE
`;

const keysCount = 1 << 16;
const members = (count: number): KeyTable =>
  new KeyTable(Array.from({ length: count }, (_, i) => ringKeyFromText(`member ${i}`)).sort());

function main(rounds: number, json: string | undefined): void {
  const texts = Array.from({ length: keysCount }, (_, i) => `sip:user${i}@example.com`);
  const keys = texts.map(ringKeyFromText);
  const at = (i: number): RingKey => keys[i & (keysCount - 1)]!;
  const tables = [64, 1_024, 10_000, 100_000].map(members);

  const operations: { name: string; times: number; run: (i: number) => unknown }[] = [
    { name: 'ringKeyFromText', times: 300_000, run: (i) => ringKeyFromText(texts[i & (keysCount - 1)]!) },
    ...tables.map((table) => ({
      name: `ownerIndex of ${table.count} members`,
      times: 1_000_000,
      run: (i: number) => table.ownerIndex(at(i)),
    })),
    { name: 'between', times: 1_000_000, run: (i) => between(at(i), at(i + 1), at(i + 2)) },
    { name: 'addPowerOfTwo', times: 1_000_000, run: (i) => addPowerOfTwo(at(i), i % 160) },
    { name: 'midpoint', times: 200_000, run: (i) => midpoint(at(i), at(i + 1)) },
  ];

  const figures = operations.map((): number[] => []);
  let kept: unknown;
  for (let round = 0; round <= rounds; round++) {
    for (const [index, { times, run }] of operations.entries()) {
      const started = performance.now();
      for (let i = 0; i < times; i++) kept = run(i);
      // The first round lets the compiler finish and is not counted.
      if (round > 0) figures[index]!.push(((performance.now() - started) * 1e6) / times);
    }
  }
  if (kept === undefined) throw new Error('the loop ran nothing');

  const results = operations.map(({ name }, index) => {
    const sorted = figures[index]!.toSorted((a, b) => a - b);
    return { name, nsMedian: sorted[sorted.length >> 1]!, nsMin: sorted[0]!, nsMax: sorted.at(-1)! };
  });
  console.log(`${'operation'.padEnd(32)} ns median     min - max`);
  for (const { name, nsMedian, nsMin, nsMax } of results) {
    console.log(
      `${name.padEnd(32)} ${nsMedian.toFixed(1).padStart(9)} ${`${nsMin.toFixed(1)} - ${nsMax.toFixed(1)}`.padStart(15)}`,
    );
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
