// npx nx run bench:replication: durable puts and gets of one host and of three, beside a plain SQLite file and a PostgreSQL server, and whether
// their cost stays the same as records and peers grow. Hosts are processes on loopback; a client inside each drives its coordinator.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { secondsOf, sizesOf, wholeNumber } from './flags.ts';
import { type Curve, peersPicture, recordsPicture } from './replication-figure.ts';
import {
  type GrowthFigures,
  growthBar,
  measureEach,
  measureTogether,
  peerSizes,
  recordSizes,
  showGrowth,
} from './replication-growth.ts';
import { valueCharacters } from './replication-load.ts';
import { settingsText } from './replication-postgres.ts';
import { measureStores } from './replication-stores.ts';
import { type Bar, conclude, printHeading, whole } from './report.ts';

const recordsMax = 10_000_000;
const peersMax = 10_000;

const program = new Command('bench:replication')
  .description(
    'Durable puts and gets of one host and three beside SQLite and PostgreSQL, and their cost as records and peers grow.',
  )
  .option('--rounds <N>', 'rounds; each measures every store and size once', wholeNumber(1, 1_000), 5)
  .option('--seconds <S>', 'measured seconds per figure and round', secondsOf, 2)
  .option('--records <N>', 'records of the comparison', wholeNumber(1_000, 1_000_000), 100_000)
  .option('--peers <N>', 'peers of each host', wholeNumber(1, peersMax), 64)
  .option('--window <N>', 'puts or gets under way, of all hosts together', wholeNumber(1, 8_000), 2_000)
  .option(
    '--records-sizes <N,N>',
    'records of the curve',
    sizesOf(1_000, recordsMax),
    [1_000, 10_000, 100_000, 1_000_000],
  )
  .option('--peers-sizes <N,N>', 'peers of the curve, of one host', sizesOf(1, peersMax), [4, 16, 64, 256, 1_024])
  .option('--three-sizes <N,N>', 'the same, of each of three hosts', sizesOf(1, peersMax), [4, 16, 64, 256, 1_024])
  .option('--full', 'also 10,000,000 records: some minutes, 10 GB of disk')
  .addOption(new Option('--only <PART>', 'a part of it').choices(['stores', 'records', 'peers']))
  .option('--folder <DIR>', 'where the data directories lie: the disk that is measured', tmpdir())
  .option('--json <FILE>', 'write all figures there')
  .option('--svg <DIR>', 'draw replication-records.svg and replication-peers.svg there')
  .option('--strict', 'exit with 1 when a bar is missed')
  .addHelpText(
    'after',
    `
Every acknowledged put is synced to disk: by the one host, by at least two of three (w = 2, n = 3), by SQLite
(WAL, synchronous = full), by PostgreSQL as it comes.

Examples:
  npx nx run bench:replication
  npx nx run bench:replication -- --rounds=1 --seconds=1 --records-sizes=1000,10000 --peers-sizes=4,64 --three-sizes=4
  npx nx run bench:replication -- --only=stores --folder=/var/lib --strict
  npx nx run bench:replication -- --full --only=records --json=/tmp/replication.json --svg=/tmp`,
  );

program.parse();
const options = program.opts();
const { rounds, seconds, window, peers } = options;
const has = (part: string): boolean => options.only === undefined || options.only === part;
printHeading(
  'Replication: durable puts and gets, closed loop, hosts as processes on loopback',
  `values of ${valueCharacters} characters, ${whole(options.records)} records, ${window} under way, ${rounds} rounds of ${seconds} s`,
  `hosts: SQLite on a storage lane, one lane that serves, ${peers} peers; three hosts: n = 3, r = 2, w = 2; PostgreSQL: ${settingsText}`,
);
const folder = mkdtempSync(join(options.folder, 'chordial-replication-'));
// The PostgreSQL server is another user, and has a folder of its own in it.
chmodSync(folder, 0o711);
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));

const scale = { rounds, seconds, window, folder };
const bars: Bar[] = [];
const stores = has('stores')
  ? await measureStores({ ...scale, recordsCount: options.records, peersCount: peers })
  : undefined;
if (stores !== undefined) bars.push(...stores.bars);

let byRecords: readonly GrowthFigures[] | undefined;
if (has('records')) {
  const sizes = [...options.recordsSizes, ...(options.full === true ? [recordsMax] : [])];
  byRecords = await measureTogether(recordSizes(sizes, peers), scale);
  showGrowth(`One host with ${peers} peers, by records`, 'records', byRecords);
  bars.push(...growthBar('CPU of a put, most records / least records', byRecords));
}
let byPeers: readonly Curve[] | undefined;
if (has('peers')) {
  const one = await measureTogether(peerSizes(options.peersSizes, 1), scale);
  showGrowth('One host, by peers', 'peersEach', one);
  const three = await measureEach(peerSizes(options.threeSizes, 3), scale);
  showGrowth('Three hosts, by peers of each; CPU of all hosts together', 'peersEach', three);
  byPeers = [
    { name: 'one host', figures: one },
    { name: 'three hosts', figures: three },
  ];
  bars.push(...growthBar('CPU of a put of one host, most peers / least peers', one));
  bars.push(...growthBar('CPU of a put of three hosts, most peers / least peers', three));
}
if (options.svg !== undefined) {
  mkdirSync(options.svg, { recursive: true });
  const draw = (name: string, svg: string): void => writeFileSync(join(options.svg, name), svg);
  if (byRecords !== undefined) {
    draw('replication-records.svg', recordsPicture({ name: 'one host', figures: byRecords }, rounds));
  }
  if (byPeers !== undefined) draw('replication-peers.svg', peersPicture(byPeers, rounds));
}
const { bars: _, ...storesFigures } = stores ?? { bars: [] };
conclude(bars, { rounds, seconds, window, peers, stores: storesFigures, byRecords, byPeers }, options);
process.exit();
