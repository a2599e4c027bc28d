// How long the checker takes for histories of a register that is atomic, for the same with one false answer, and for single
// busy keys; states tried say more than seconds, which other work on the machine changes.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { checkHistory } from '../src/check.ts';
import { isAnswered } from '../src/history.ts';
import type { RegisterOperation } from '../src/history-file.ts';
import { compareAndSetRegister } from '../src/models/compare-and-set-register.ts';
import { type Shape, trueHistory } from '../src/true-history.fixture.ts';

const help = `Time to check histories of compare-and-set registers, on one core.

  npx nx bench linearizability
  npx nx bench linearizability --rounds 9 --json linearizability.json

  --rounds N    rounds, each with other histories (default 5); the median is shown
  --json FILE   also write the figures to FILE
`;

const shapes: readonly (Shape & { readonly name: string })[] = [
  { name: '10,000 operations, 100 keys, 20 clients', operationsCount: 10_000, clientsCount: 20, keysCount: 100 },
  {
    name: 'the same, 5 % without answer',
    operationsCount: 10_000,
    clientsCount: 20,
    keysCount: 100,
    shareUnanswered: 0.05,
  },
  { name: '10,000 operations, 1 key, 5 clients', operationsCount: 10_000, clientsCount: 5 },
  { name: '2,000 operations, 1 key, 20 clients', operationsCount: 2_000, clientsCount: 20 },
  {
    name: '2,000 operations, 1 key, 8 clients, 5 % without answer',
    operationsCount: 2_000,
    clientsCount: 8,
    shareUnanswered: 0.05,
  },
  {
    name: '2,000 operations, 1 key, 5 clients, 5 values that come back',
    operationsCount: 2_000,
    clientsCount: 5,
    valuesCount: 5,
  },
];

/** A read in the middle says that it found what was never written. */
function withFalseRead(operations: readonly RegisterOperation[]): RegisterOperation[] {
  const reads = operations.filter((one) => isAnswered(one) && one.input.kind === 'read');
  const victim = reads[reads.length >> 1];
  return operations.map((one) =>
    one === victim ? { ...one, output: { outcome: 'ok', value: 'never written' } } : one,
  );
}

interface Figure {
  readonly verdict: string;
  readonly ms: number;
  readonly statesCount: number;
}

function measured(operations: readonly RegisterOperation[]): Figure {
  const startedAt = performance.now();
  const { verdict, statesCount } = checkHistory(compareAndSetRegister(), operations);
  return { verdict, ms: performance.now() - startedAt, statesCount };
}

/** The round in the middle by time, and all verdicts. */
function middleOf(figures: readonly Figure[]): Figure {
  const middle = figures.toSorted((a, b) => a.ms - b.ms)[figures.length >> 1]!;
  return { ...middle, verdict: [...new Set(figures.map(({ verdict }) => verdict))].join(', ') };
}

function main(rounds: number, json: string | undefined): void {
  const rows = shapes.flatMap(({ name, ...shape }) => {
    const good: Figure[] = [];
    const bad: Figure[] = [];
    for (let seed = 1; seed <= rounds; seed++) {
      const operations = trueHistory(seed, shape);
      good.push(measured(operations));
      bad.push(measured(withFalseRead(operations)));
    }
    return [
      { name, ...middleOf(good) },
      { name: '  with one false read', ...middleOf(bad) },
    ];
  });
  for (const { name, verdict, ms, statesCount } of rows) {
    console.log(
      `${name.padEnd(62)} ${ms.toFixed(0).padStart(7)} ms ${`${statesCount}`.padStart(9)} states  ${verdict}`,
    );
  }
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(rows, null, 2)}\n`);
}

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, json: { type: 'string' }, help: { type: 'boolean' } },
});
const rounds = Number(values.rounds);
if (values.help === true) console.log(help);
else if (Number.isInteger(rounds) && rounds >= 1 && rounds <= 1_000) main(rounds, values.json);
else {
  console.error('--rounds: a whole number from 1 to 1000');
  process.exitCode = 2;
}
