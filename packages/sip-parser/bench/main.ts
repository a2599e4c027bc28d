// Messages a second of the 473-octet REGISTER: `peek` and ring key, response, full parse, beside npm sip, drachtio-sip and libosip2.
// All take turns in every round, because machines change speed: compare the ratios, not the figures of two runs.

import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Contender, npmContenders, ownContenders } from './contenders.ts';
import { osipContender } from './osip.ts';
import { buildRegisters, registerBytes } from './register.ts';

const usage = `Messages a second of a ${registerBytes}-octet REGISTER, this parser beside npm sip, drachtio-sip and libosip2.

  npx nx bench sip-parser
  npx nx bench sip-parser -- --rounds 15 --json parser.json

  --rounds N    rounds, each runs every contender once (default 9)
  --ms N        milliseconds per contender and round (default 250)
  --json FILE   also write the figures to FILE
  --help
`;

const options = {
  rounds: { type: 'string', default: '9' },
  ms: { type: 'string', default: '250' },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/** What must be shown: figure of the first, over that of the second (or over a rate), at least this. */
const bars = [
  { name: 'peek + ring key', over: 'a million a second', least: 1 },
  { name: 'peek + ring key', over: 'npm sip 0.0.6', least: 4 },
  { name: 'peek + ring key', over: 'drachtio-sip 0.6.3', least: 4 },
  { name: 'peek + ring key', over: 'libosip2', least: 3 },
  { name: 'every header', over: 'npm sip 0.0.6', least: 1 },
] as const;

function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

async function perSecond(contender: Contender, count: number): Promise<number> {
  return (count * 1e9) / (await contender.run(count));
}

async function main(rounds: number, ms: number, file: string | undefined): Promise<void> {
  const set = buildRegisters(4096);
  const osip = osipContender(set);
  const contenders = [...ownContenders(set), ...npmContenders(set), ...(osip === undefined ? [] : [osip])];
  const counts: number[] = [];
  // Warm-up: the compiler finishes, and the rate says how many messages fill a turn.
  for (const contender of contenders) {
    await contender.run(20_000);
    counts.push(Math.max(1000, Math.round(((await perSecond(contender, 20_000)) * ms) / 1000)));
  }
  const figures = contenders.map((): number[] => []);
  for (let round = 1; round <= rounds; round++) {
    for (const [index, contender] of contenders.entries())
      figures[index]!.push(await perSecond(contender, counts[index]!));
    console.log(`round ${round}/${rounds}`);
  }
  for (const contender of contenders) contender.stop?.();

  const results = contenders.map(({ name }, index) => ({
    name,
    medianPerSecond: Math.round(median(figures[index]!)),
    minPerSecond: Math.round(Math.min(...figures[index]!)),
    maxPerSecond: Math.round(Math.max(...figures[index]!)),
  }));
  console.log(
    `\n${registerBytes}-octet REGISTER, ${set.count} different ones, Node ${process.version}, ${cpus()[0]?.model}`,
  );
  console.log('contender               median /s        min - max /s');
  for (const { name, medianPerSecond, minPerSecond, maxPerSecond } of results) {
    console.log(
      `${name.padEnd(20)} ${String(medianPerSecond).padStart(12)} ${`${minPerSecond} - ${maxPerSecond}`.padStart(22)}`,
    );
  }
  const row = (name: string): readonly number[] | undefined =>
    figures[contenders.findIndex((contender) => contender.name === name)];
  const ratios = bars.flatMap(({ name, over, least }) => {
    const own = row(name)!;
    const other = over === 'a million a second' ? own.map(() => 1_000_000) : row(over);
    return other === undefined
      ? []
      : [{ name, over, least, ratio: median(own.map((figure, round) => figure / other[round]!)) }];
  });
  console.log('');
  for (const { name, over, least, ratio } of ratios) {
    console.log(`${name} / ${over}: ${ratio.toFixed(2)} (wanted: ${least}) ${ratio >= least ? 'met' : 'NOT met'}`);
  }
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
  if (file !== undefined)
    writeFileSync(file, `${JSON.stringify({ registerBytes, rounds, machine, results, ratios }, undefined, 2)}\n`);
}

const { values } = parseArgs({ options });
const rounds = Number(values.rounds);
const ms = Number(values.ms);
if (values.help) console.log(usage);
else if (!(Number.isInteger(rounds) && rounds > 0 && ms > 0)) {
  console.error(usage);
  process.exitCode = 2;
} else await main(rounds, ms, values.json);
