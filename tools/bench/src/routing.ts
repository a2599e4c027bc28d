// npx nx run bench:routing: how far a request travels in rings of 1 to 1,024 peers, by fingers and by one hop. The peers are the
// real actors on one kernel, their questions are counted hop by hop, and every answer is compared with the key table.
import { ringKeyFromText } from '@chordial/ring-key';
import { Command } from 'commander';
import { sizesOf, wholeNumber } from './flags.ts';
import { type Bar, conclude, fixed, printHeading, tableText, whole } from './report.ts';
import { ringOnOneKernel } from './ring/one-kernel.ts';

const peersMax = 100_000;

interface Way {
  max: number;
  mean: number;
}
interface Routes {
  readonly peers: number;
  /** log2 N, rounded up. */
  readonly bound: number;
  /** Peers that hand the question on before it is answered. */
  readonly fingers: Way;
  /** Messages until the request is at its owner, when it goes along with the question. */
  readonly fingersToOwner: Way;
  readonly oneHopToOwner: Way;
}

const program = new Command('bench:routing')
  .description('Hops of a request to the owner of its key, by fingers and by one hop.')
  .option(
    '--peers <N,N>',
    'sizes of rings',
    sizesOf(1, peersMax),
    [1, 2, 3, 4, 8, 16, 17, 32, 64, 100, 128, 256, 300, 512, 1_000, 1_024],
  )
  .option('--lookups <N>', 'look-ups per ring, from peers in turn', wholeNumber(1, 1_000_000), 20_000)
  .option('--json <FILE>', 'write all figures there')
  .option('--strict', 'exit with 1 when a bar is missed')
  .addHelpText(
    'after',
    `
Examples:
  npx nx run bench:routing
  npx nx run bench:routing -- --peers=64,10000 --lookups=100000 --json=/tmp/routing.json`,
  );

program.parse();
const options = program.opts();
const lookups: number = options.lookups;
printHeading('How far a request travels', `${whole(lookups)} look-ups per ring, each peer asks in turn`);

const figures = (options.peers as number[]).map((peers) => measure(peers, lookups));
const both = ({ max, mean }: Way): string[] => [whole(max), fixed(mean, 2)];
const head = [
  'peers',
  'log2 N',
  'fingers: hops max',
  'mean',
  'to the owner max',
  'mean',
  'one-hop: to the owner max',
  'mean',
];
const rows = figures.map((each) => [
  whole(each.peers),
  whole(each.bound),
  ...both(each.fingers),
  ...both(each.fingersToOwner),
  ...both(each.oneHopToOwner),
]);
console.log(tableText(head, rows));

const excess = Math.max(...figures.map(({ fingers, bound }) => fingers.max - bound));
const oneHopMax = Math.max(...figures.map(({ oneHopToOwner }) => oneHopToOwner.max));
const bars: Bar[] = [
  { name: 'finger hops beyond log2 N, at worst', figure: excess, below: 1, unit: 'hops' },
  { name: 'one-hop messages to the owner, at worst', figure: oneHopMax, below: 2, unit: 'messages' },
];
conclude(bars, { lookups, figures }, options);

function measure(peers: number, count: number): Routes {
  const { ring, ask } = ringOnOneKernel(peers);
  const fingers: Way = { max: 0, mean: 0 };
  const fingersToOwner: Way = { max: 0, mean: 0 };
  const oneHopToOwner: Way = { max: 0, mean: 0 };
  const note = (way: Way, hops: number): void => {
    way.max = Math.max(way.max, hops);
    way.mean += hops / count;
  };
  for (let i = 0; i < count; i++) {
    const key = ringKeyFromText(`sip:user${i}@example.com`);
    const asked = ring.members[i % peers]!;
    const owner = ring.members[ring.table.ownerIndex(key)]!;
    const found = ask(i % peers, { key, correlation: i, hops: 0, trace: [] });
    if (found?.owner !== owner) throw new Error(`fingers and the key table disagree about ${key}`);
    note(fingers, found.hops);
    // Whoever answers is the owner, or its predecessor, which hands the request on once more.
    note(fingersToOwner, found.trace?.at(-1) === owner.key ? found.hops : found.hops + 1);
    note(oneHopToOwner, asked === owner ? 0 : 1);
  }
  return { peers, bound: Math.ceil(Math.log2(peers)), fingers, fingersToOwner, oneHopToOwner };
}
