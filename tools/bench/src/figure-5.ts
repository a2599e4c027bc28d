// npx nx run bench:figure-5: hops and routing time per size of ring, by fingers and by one hop, beside the paper's. The peers are the
// real actors, one on each simulated host; time between them is virtual, the processor's is measured.
import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { chartSvg, type Panel, type Point } from './chart/chart.ts';
import { sizesOf, wholeNumber } from './flags.ts';
import { paperHops, paperRoutingMs } from './paper.ts';
import { type Bar, conclude, fixed, printHeading, tableText, whole } from './report.ts';
import { lan, type SimulatedNetwork, threeAreas } from './ring/networks.ts';
import { measureOnNetwork, measureProcessor, type NetworkFigures, type ProcessorFigures } from './routing-figures.ts';
import type { Distribution } from './statistics.ts';

const peersMax = 2_048;
const processorLookups = 20_000;

interface SizeFigures {
  readonly peers: number;
  /** log2 N, rounded up. */
  readonly bound: number;
  readonly lan: NetworkFigures;
  readonly areas: NetworkFigures;
  readonly processor: ProcessorFigures;
}

const program = new Command('bench:figure-5')
  .description('Hops and routing time per ring size, by fingers and by one hop, beside the values of the paper.')
  .option('--peers <N,N>', 'sizes of rings', sizesOf(1, peersMax), [1, 2, 4, 8, 16, 32, 64, 128, 1_024])
  .option('--lookups <N>', 'requests per ring and network, from peers in turn', wholeNumber(1, 1_000_000), 4_000)
  .option('--seed <N>', 'seed of the simulated networks', wholeNumber(1, 1_000_000), 1)
  .option('--json <FILE>', 'write all figures there')
  .option('--svg <FILE>', 'draw the figure there')
  .option('--strict', 'exit with 1 when a bar is missed')
  .addHelpText(
    'after',
    `
Routing time is virtual: the delays of the network on a request's way, until it is at the owner of its key. Fingers ask
the ring first (hops, and the answer), then send the request; one hop knows all members.

Examples:
  npx nx run bench:figure-5
  npx nx run bench:figure-5 -- --svg=/tmp/figure-5.svg --json=/tmp/figure-5.json
  npx nx run bench:figure-5 -- --peers=100,1000 --lookups=20000 --strict`,
  );

program.parse();
const options = program.opts();
const lookups: number = options.lookups;
printHeading(
  'Figure 5: how far and how long a request travels',
  `${whole(lookups)} requests per ring, each peer asks in turn; one peer a host; delays one way, uniform`,
  `${lan.name}: ${lan.sentence}; ${threeAreas.name}: ${threeAreas.sentence}`,
);

const figures = (options.peers as number[]).toSorted((a, b) => a - b).map(measure);
const sizes = figures.map(({ peers }) => peers);

printHops();
printTimes(lan, (each) => each.lan);
printTimes(threeAreas, (each) => each.areas);
printProcessor();
if (options.svg !== undefined) writeFileSync(options.svg, picture());
conclude(bars(), { lookups, seed: options.seed, paper: { paperHops, paperRoutingMs }, figures }, options);

function measure(peers: number): SizeFigures {
  process.stderr.write(`  ${whole(peers)} peers ...\n`);
  const on = (network: SimulatedNetwork) => measureOnNetwork(peers, network, lookups, options.seed);
  const bound = Math.ceil(Math.log2(peers));
  return { peers, bound, lan: on(lan), areas: on(threeAreas), processor: measureProcessor(peers, processorLookups) };
}

function printHops(): void {
  const head = [
    'peers',
    'log2 N',
    'fingers: hops max',
    'mean',
    'messages to the owner max',
    'one hop: hops max',
    'paper',
  ];
  const rows = figures.map(({ peers, bound, lan: { fingers, oneHop } }) => [
    whole(peers),
    whole(bound),
    whole(fingers.hops.max),
    fixed(fingers.hops.mean, 2),
    whole(fingers.messages.max),
    whole(oneHop.messages.max),
    paperAt(paperHops, peers, (hops) => whole(hops)),
  ]);
  console.log(`\nHops\n${tableText(head, rows)}`);
}

function printTimes(network: SimulatedNetwork, of: (each: SizeFigures) => NetworkFigures): void {
  const head = [
    'peers',
    'fingers: p50 ms',
    'p99',
    'max',
    'opening links: max',
    'look-up alone: max',
    'one hop: p50 ms',
    'p99',
    'max',
    'paper',
  ];
  const three = ({ p50, p99, max }: Distribution): string[] => [p50, p99, max].map((ms) => fixed(ms, 2));
  const rows = figures.map((each) => {
    const { fingers, oneHop, coldMs } = of(each);
    return [
      whole(each.peers),
      ...three(fingers.routingMs),
      fixed(coldMs.max, 2),
      fixed(fingers.lookupMs.max, 2),
      ...three(oneHop.routingMs),
      paperAt(paperRoutingMs, each.peers, (ms) => `${ms} ms`),
    ];
  });
  console.log(`\nRouting time, ${network.name} (${network.sentence}), virtual ms\n${tableText(head, rows)}`);
}

function printProcessor(): void {
  const head = ['peers', 'us a hop', 'us of a whole look-up, mean', 'us in the table of members (one hop)'];
  const rows = figures.map(({ peers, processor, lan: { fingers } }) => [
    whole(peers),
    fixed(processor.stepUs, 2),
    fixed(processor.stepUs * (fingers.hops.mean + 2), 2),
    fixed(processor.tableUs, 3),
  ]);
  console.log(
    `\nProcessor time of the actors, measured on one core of this machine, without links\n${tableText(head, rows)}`,
  );
}

function paperAt(values: readonly Point[], peers: number, show: (value: number) => string): string {
  const value = values.find(([at]) => at === peers)?.[1];
  return value === undefined ? '' : show(value);
}

function bars(): Bar[] {
  const both = figures.flatMap((each) => [each.lan, each.areas].map((network) => ({ ...each, network })));
  const excess = Math.max(...both.map(({ network, bound }) => network.fingers.hops.max - bound));
  const oneHopMax = Math.max(...both.map(({ network }) => network.oneHop.messages.max));
  const judged: Bar[] = [
    { name: 'finger hops beyond log2 N, at worst', figure: excess, below: 1, unit: 'hops' },
    { name: 'one-hop messages to the owner, at worst', figure: oneHopMax, below: 2, unit: 'messages' },
  ];
  for (const { peers, lan: network } of figures) {
    const hops = paperHops.find(([at]) => at === peers)?.[1];
    const ms = paperRoutingMs.find(([at]) => at === peers)?.[1];
    const { fingers, oneHop } = network;
    if (hops !== undefined) {
      const name = `finger hops at ${whole(peers)} peers (paper: ${hops})`;
      judged.push({ name, figure: fingers.hops.max, below: hops + 1, unit: 'hops' });
    }
    if (ms !== undefined) {
      const name = (way: string) => `${way}: routing time at ${whole(peers)} peers, LAN, max (paper: ${ms} ms)`;
      judged.push(
        { name: name('fingers'), figure: fingers.routingMs.max, below: ms, unit: 'ms' },
        { name: name('one hop'), figure: oneHop.routingMs.max, below: ms, unit: 'ms' },
      );
    }
  }
  return judged;
}

function picture(): string {
  const line = (of: (each: SizeFigures) => number): Point[] => figures.map((each) => [each.peers, of(each)]);
  const inRange = (values: readonly Point[]): Point[] =>
    values.filter(([at]) => at <= sizes.at(-1)! && at >= sizes[0]!);
  const most = figures.find(({ peers }) => peers === 128) ?? figures.at(-1)!;
  const hopsPanel: Panel = {
    title: 'Hops, most of all requests',
    xLabel: 'peers (each tick doubles)',
    yLabel: 'hops',
    series: [
      { name: 'bound: log2 N', style: 4, isReference: true, points: line(({ bound }) => bound), endLabel: 'log2 N' },
      {
        name: 'fingers',
        style: 0,
        points: line(({ lan: { fingers } }) => fingers.hops.max),
        endLabel: 'fingers, most',
      },
      { name: 'fingers, mean', style: 1, points: line(({ lan: { fingers } }) => fingers.hops.mean) },
      {
        name: 'one hop',
        style: 2,
        points: line(({ lan: { oneHop } }) => oneHop.messages.max),
        endLabel: 'one hop, most',
      },
    ],
    marks: inRange(paperHops).map((point) => ({ point, label: `paper: ${point[1]}` })),
  };
  const timesPanel = (network: SimulatedNetwork, of: (each: SizeFigures) => NetworkFigures): Panel => ({
    title: `Routing time, ${network.name}`,
    xLabel: 'peers (each tick doubles)',
    yLabel: 'virtual ms until the request is at its owner',
    series: [
      {
        name: 'fingers',
        style: 0,
        points: line((each) => of(each).fingers.routingMs.p99),
        band: figures.map((each) => [each.peers, of(each).fingers.routingMs.p50, of(each).fingers.routingMs.max]),
        endLabel: 'fingers, p99',
      },
      {
        name: 'one hop',
        style: 2,
        points: line((each) => of(each).oneHop.routingMs.p99),
        band: figures.map((each) => [each.peers, of(each).oneHop.routingMs.p50, of(each).oneHop.routingMs.max]),
        endLabel: 'one hop, p99',
      },
    ],
    marks: inRange(paperRoutingMs).map((point) => ({ point, label: `paper: ${point[1]} ms` })),
  });
  const { hops, routingMs } = most.lan.fingers;
  return chartSvg({
    title: `Figure 5: ${whole(most.peers)} peers answer within ${hops.max} hops and ${fixed(routingMs.max, 1)} ms by fingers, ${fixed(most.lan.oneHop.routingMs.max, 1)} ms by one hop (paper: 7 hops, 8 ms)`,
    subtitle: `Real chord peers, one on each simulated host; ${whole(lookups)} requests a ring. LAN: ${lan.sentence}; three areas: ${threeAreas.sentence}.`,
    panels: [hopsPanel, timesPanel(lan, (each) => each.lan), timesPanel(threeAreas, (each) => each.areas)],
    markName: 'paper',
    bandName: 'median to most',
    notes: [
      'Hops: peers that hand the question on before it is answered. Routing time by fingers: the hops, the answer to the asker, and the request to the owner; links are open.',
    ],
  });
}
