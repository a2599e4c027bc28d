// npx nx run bench:figure-6: how long a ring takes until all know a join and a failure, per size of ring, beside the paper's 2 s. The peers
// and memberships are the real actors, one of each on every simulated host, in three areas; time is virtual.
import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { chartSvg, type Panel } from './chart/chart.ts';
import { sizesOf, wholeNumber } from './flags.ts';
import { paperChangeMs } from './paper.ts';
import { type Bar, conclude, printHeading, tableText, whole } from './report.ts';
import { type Changes, measureChanges } from './ring/change.ts';
import { threeAreas } from './ring/networks.ts';
import { distributionOf, type Spread, spreadOf } from './statistics.ts';

const peersMax = 1_000;

interface SizeFigures {
  readonly peers: number;
  /** One for each seed; none for a ring of one, which is never grown. */
  readonly changes: readonly Changes[];
}

const program = new Command('bench:figure-6')
  .description('Time until all know a join and a failure, beside the 2 s of the paper.')
  .option('--peers <N,N>', 'sizes of rings before the join', sizesOf(1, peersMax), [1, 2, 4, 8, 16, 32, 64, 128])
  .option('--seeds <N>', 'rings of each size, each with dice of its own', wholeNumber(1, 10_000), 10)
  .option('--first-seed <N>', 'the first of them', wholeNumber(1, 1_000_000), 1)
  .option('--json <FILE>', 'write all figures there')
  .option('--svg <FILE>', 'draw the figure there')
  .option('--strict', 'exit with 1 when a bar is missed')
  .addHelpText(
    'after',
    `
Each ring is founded, joined by one host that knows one other, left alone until it is quiet, and then one of its hosts
dies without a word, as without power. Times count from the first step of the joiner, and from the death.

Examples:
  npx nx run bench:figure-6
  npx nx run bench:figure-6 -- --svg=/tmp/figure-6.svg --json=/tmp/figure-6.json
  npx nx run bench:figure-6 -- --peers=128 --seeds=100 --strict`,
  );

program.parse();
const options = program.opts();
printHeading(
  'Figure 6: until all know a change',
  `${whole(options.seeds)} rings of each size; one peer and one membership a host; virtual time`,
  `${threeAreas.name}: ${threeAreas.sentence}`,
);

const all = (options.peers as number[]).toSorted((a, b) => a - b).map(measure);
const figures = all.filter(({ changes }) => changes.length > 0);
if (figures.length < all.length) {
  console.log('  A ring of one owns everything and is never grown (Zave 2017): a ring is founded by two or more.');
}

type Time = (changes: Changes) => number;
/** What is alike in both panels looks alike. */
const styles: Readonly<Record<string, number>> = {
  'neighbours point to it': 1,
  'no pointer names it': 1,
  'it owns its range': 2,
  'its range has an owner': 2,
  'the first knows it': 3,
};
const joinTimes: Readonly<Record<string, Time>> = {
  'all know it': ({ join }) => join.allKnowMs,
  'neighbours point to it': ({ join }) => join.neighboursMs,
  'it owns its range': ({ join }) => join.ownsMs,
};
const failureTimes: Readonly<Record<string, Time>> = {
  'all know it': ({ failure }) => failure.allKnowMs,
  'the first knows it': ({ failure }) => failure.firstKnowsMs,
  'no pointer names it': ({ failure }) => failure.pointersMs,
  'its range has an owner': ({ failure }) => failure.ownedMs,
};

print('Join', joinTimes);
print('Failure, silent', failureTimes);
if (options.svg !== undefined) writeFileSync(options.svg, picture());
conclude(bars(), { seeds: options.seeds, firstSeed: options.firstSeed, paper: { paperChangeMs }, figures }, options);

function measure(peers: number): SizeFigures {
  const changes: Changes[] = [];
  if (peers === 1) return { peers, changes };
  for (let i = 0; i < options.seeds; i++) {
    process.stderr.write(`  ${whole(peers)} peers, ring ${i + 1} of ${options.seeds} ...\n`);
    changes.push(measureChanges(peers, threeAreas, options.firstSeed + i));
  }
  return { peers, changes };
}

function spread({ changes }: SizeFigures, time: Time): Spread {
  return spreadOf(changes.map(time));
}

function print(title: string, times: Readonly<Record<string, Time>>): void {
  const head = ['peers', ...Object.keys(times).flatMap((name) => [`${name}: median ms`, 'most']), 'paper'];
  const rows = all.map((each) => [
    whole(each.peers),
    ...Object.values(times).flatMap((time) => {
      if (each.changes.length === 0) return ['-', '-'];
      const { median, max } = spread(each, time);
      return [whole(median), whole(max)];
    }),
    whole(paperChangeMs),
  ]);
  console.log(`\n${title}: virtual ms until\n${tableText(head, rows)}`);
}

function bars(): Bar[] {
  const most = (time: Time): number => Math.max(...figures.flatMap(({ changes }) => changes.map(time)));
  return [
    {
      name: 'all know a join, at worst (paper: 2 s)',
      figure: most(joinTimes['all know it']!),
      below: paperChangeMs,
      unit: 'ms',
    },
    {
      name: 'all know a failure, at worst (paper: 2 s)',
      figure: most(failureTimes['all know it']!),
      below: paperChangeMs,
      unit: 'ms',
    },
  ];
}

function picture(): string {
  const panelOf = (title: string, times: Readonly<Record<string, Time>>): Panel => ({
    title,
    xLabel: 'peers (each tick doubles)',
    yLabel: 'virtual ms',
    series: Object.entries(times).map(([name, time]) => ({
      name,
      style: styles[name] ?? 0,
      points: figures.map((each) => [each.peers, spread(each, time).median]),
      ...(styles[name] === undefined
        ? {
            band: figures.map((each) => {
              const { min, max } = spread(each, time);
              return [each.peers, min, max] as const;
            }),
          }
        : {}),
    })),
    marks: [],
    levels: [{ y: paperChangeMs, label: 'paper: 2 s' }],
  });
  const last = figures.at(-1)!;
  const ofLast = (time: Time) => distributionOf(last.changes.map(time));
  const [join, failure] = [ofLast(joinTimes['all know it']!), ofLast(failureTimes['all know it']!)];
  const seconds = (ms: number) => (ms / 1_000).toFixed(1);
  return chartSvg({
    title: `Figure 6: ${whole(last.peers)} peers all know a join after ${seconds(join.p50)} s and a failure after ${seconds(failure.p50)} s (most: ${seconds(join.max)} and ${seconds(failure.max)} s; paper: 2 s)`,
    subtitle: `Real chord peers and memberships, one of each a host, ${whole(options.seeds)} rings of each size; ${threeAreas.name}: ${threeAreas.sentence}.`,
    panels: [panelOf('A host joins', joinTimes), panelOf('A host dies in silence', failureTimes)],
    markName: '',
    bandName: 'least to most, all know it',
    notes: ['Lines: medians. A join counts from the first step of the joiner, a failure from the death.'],
  });
}
