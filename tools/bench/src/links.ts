// npx nx run bench:links: messages between two processes on loopback, over Chordial's links between hosts, a bare TLS 1.3 connection, and gRPC. All ways
// are measured in turns within a round, and ratios are taken within a round.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createIdentity } from '@chordial/runtime';
import { Command } from 'commander';
import { secondsOf, wholeNumber } from './flags.ts';
import { chordialWay } from './links-chordial.ts';
import { grpcStreamWay, grpcUnaryWay } from './links-grpc.ts';
import { tlsWay } from './links-tls.ts';
import { type LinkCaller, type LinkWay, largeBytes, largeWindow, smallBytes } from './links-way.ts';
import { type Bar, conclude, fixed, printHeading, spreadText, tableText, whole } from './report.ts';
import { type Started, start } from './server-process.ts';
import { ratiosOf, spreadOf } from './statistics.ts';

const program = new Command('bench:links')
  .description('Round trips and bytes a second between two processes: Chordial, raw TLS, gRPC.')
  .option('--rounds <N>', 'rounds; each measures every way once', wholeNumber(1, 1_000), 5)
  .option('--seconds <S>', 'measured seconds per way, figure and round', secondsOf, 1)
  .option('--json <FILE>', 'write all figures there')
  .option('--strict', 'exit with 1 when a bar is missed')
  .addHelpText(
    'after',
    `
Examples:
  npx nx run bench:links
  npx nx run bench:links -- --rounds=9 --seconds=3 --json=/tmp/links.json`,
  );

program.parse();
const { rounds, seconds, json, strict } = program.opts();

/** What is measured of every way. */
const figuresOf = {
  'round trips/s, 1 under way': (caller: LinkCaller) => caller.roundTrips(1, seconds),
  'round trips/s, 64 under way': (caller: LinkCaller) => caller.roundTrips(64, seconds),
  'MB/s': async (caller: LinkCaller) => (await caller.bytes(seconds)) / 1e6,
};
type FigureName = keyof typeof figuresOf;
const names = Object.keys(figuresOf) as FigureName[];

interface Measured {
  readonly way: LinkWay;
  readonly caller: LinkCaller;
  readonly server: Started;
  readonly figures: Record<FigureName, number[]>;
}

printHeading(
  'Links between two processes on loopback, TLS 1.3 with keys on both sides',
  `${smallBytes}-byte messages to and fro, ${largeBytes}-byte messages one way with ${largeWindow} under way, ${rounds} rounds of ${seconds} s`,
);
const all = await Promise.all([chordialWay, tlsWay, grpcStreamWay, grpcUnaryWay].map(open));
try {
  for (const { caller } of all) for (const name of names) await figuresOf[name](caller);
  for (const { figures } of all) for (const name of names) figures[name].length = 0;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      for (const { caller, figures } of round % 2 === 0 ? all : all.toReversed()) {
        figures[name].push(await figuresOf[name](caller));
      }
    }
  }
} finally {
  await Promise.all(all.map(({ caller }) => caller.close()));
  await Promise.all(all.map(({ server }) => server.stop()));
}

const [chordial, tls, stream, calls] = all as [Measured, Measured, Measured, Measured];
const rows = all.map(({ way, figures }) => [
  way.name,
  ...names.map((name) => spreadText(spreadOf(figures[name]), whole)),
]);
console.log(tableText(['median (min-max)', ...names], rows));
const times = (value: number) => fixed(value, 2);
const ratioRows = [tls, stream, calls].map((other) => [
  `Chordial / ${other.way.name}`,
  ...names.map((name) => spreadText(spreadOf(ratiosOf(chordial.figures[name], other.figures[name])), times)),
]);
console.log(`\n${tableText(['ratio per round', ...names], ratioRows)}`);

const bars: Bar[] = names.map((name) => ({
  name: `${name}, Chordial / the better of gRPC`,
  figure: Math.min(
    ...[stream, calls].map((other) => spreadOf(ratiosOf(chordial.figures[name], other.figures[name])).median),
  ),
  atLeast: 1,
  unit: 'times',
}));
const ways = all.map(({ way, figures }) => ({ name: way.name, figures }));
conclude(bars, { rounds, seconds, smallBytes, largeBytes, largeWindow, ways }, { json, strict });
process.exit();

async function open(way: LinkWay): Promise<Measured> {
  const identity = await createIdentity();
  const file = fileURLToPath(new URL('./links-server.ts', import.meta.url));
  process.env.LINKS_IDENTITY = JSON.stringify(identity);
  const server = start([process.execPath, '--disable-warning=ExperimentalWarning', file, way.name]);
  const lines = createInterface(server.child.stdout!);
  const [line] = (await Promise.race([once(lines, 'line'), once(server.child, 'exit').then(() => [''])])) as [string];
  if (line === '') throw new Error(`the server of ${way.name} ended: ${server.complaints()}`);
  const { port } = JSON.parse(line) as { port: number };
  const figures = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<FigureName, number[]>;
  return { way, caller: await way.call(port, identity), server, figures };
}
