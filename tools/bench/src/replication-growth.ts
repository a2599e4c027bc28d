// The second part of bench:replication: whether a put costs the same however many records a host has and however many peers. Hosts of all sizes
// are there at once and measured in turns within a round; rings of three hosts come one after the other, as their processes would disturb each other.
import { HostRing, type Measured } from './replication-ring.ts';
import { type Bar, fixed, tableText, whole } from './report.ts';
import { type Spread, spreadOf } from './statistics.ts';

/** Small enough that no key is under way twice in the smallest store. */
const growthWindow = 500;
/** Records of the hosts whose number of peers differs. */
const recordsOfPeers = 20_000;
/** Of processor time, at the largest size as a multiple of that at the smallest. */
const growthMax = 2;

export interface Size {
  readonly hosts: number;
  readonly peersEach: number;
  readonly records: number;
}
export interface GrowthFigures extends Size {
  readonly startMs: number;
  readonly putCpuUs: Spread;
  readonly putsPerSecond: Spread;
  readonly putP99Ms: Spread;
  readonly getCpuUs: Spread;
  readonly getsPerSecond: Spread;
  /** Of new records, when the store was filled. */
  readonly fillCpuUs: number;
  readonly fillPerSecond: number;
  /** Of one host's copy of a record; the write-ahead log, which has a size of its own, apart. */
  readonly bytesPerRecord: number;
  readonly logBytes: number;
  readonly residentBytes: number;
  readonly refusedCount: number;
}
export interface GrowthScale {
  readonly rounds: number;
  readonly seconds: number;
  readonly window: number;
  readonly folder: string;
}

interface Grown {
  readonly size: Size;
  readonly ring: HostRing;
  readonly startMs: number;
  readonly fill: Measured;
  readonly puts: Measured[];
  readonly gets: Measured[];
}

export const recordSizes = (records: readonly number[], peersEach: number): Size[] =>
  records.map((count) => ({ hosts: 1, peersEach, records: count }));
export const peerSizes = (peers: readonly number[], hosts: number): Size[] =>
  peers.map((peersEach) => ({ hosts, peersEach, records: recordsOfPeers }));

/** All at once: for hosts that are alone, idle ones of which cost nothing. */
export async function measureTogether(sizes: readonly Size[], scale: GrowthScale): Promise<GrowthFigures[]> {
  const all: Grown[] = [];
  try {
    for (const size of sizes) all.push(await grow(size, scale));
    for (let round = 0; round < scale.rounds; round++) {
      for (const each of round % 2 === 0 ? all : all.toReversed()) await measureRound(each, scale, round);
    }
    const figures = [];
    for (const each of all) figures.push(await figuresOf(each));
    return figures;
  } finally {
    await Promise.allSettled(all.map(({ ring }) => ring.stop()));
  }
}

/** One after the other. */
export async function measureEach(sizes: readonly Size[], scale: GrowthScale): Promise<GrowthFigures[]> {
  const figures = [];
  for (const size of sizes) figures.push(...(await measureTogether([size], scale)));
  return figures;
}

const sizeText = ({ hosts, peersEach, records }: Size): string =>
  `${hosts === 1 ? 'one host' : `${hosts} hosts`}, ${whole(peersEach)} peers each, ${whole(records)} records`;

async function grow(size: Size, { folder, window, seconds }: GrowthScale): Promise<Grown> {
  const { hosts, peersEach, records } = size;
  process.stderr.write(`  ${sizeText(size)}: start, fill ...\n`);
  const startedAt = performance.now();
  const ring = await HostRing.start(hosts, peersEach, `${folder}/${hosts}-${peersEach}-${records}`);
  const startMs = performance.now() - startedAt;
  try {
    const fill = await ring.load({ kind: 'put', toUser: records, window, seconds: 0 });
    // Compilers and caches first.
    await ring.load({ kind: 'put', toUser: records, window: growthWindow, seconds });
    return { size, ring, startMs, fill, puts: [], gets: [] };
  } catch (failure) {
    await ring.stop();
    throw failure;
  }
}

async function measureRound({ size, ring, puts, gets }: Grown, { seconds }: GrowthScale, round: number): Promise<void> {
  process.stderr.write(`  round ${round + 1}: ${sizeText(size)} ...\n`);
  const load = { toUser: size.records, window: growthWindow, seconds };
  puts.push(await ring.load({ kind: 'put', ...load }));
  gets.push(await ring.load({ kind: 'get', ...load }));
}

async function figuresOf({ size, ring, startMs, fill, puts, gets }: Grown): Promise<GrowthFigures> {
  const states = await ring.states();
  const copies = size.records * Math.min(3, size.hosts);
  const spread = (runs: readonly Measured[], figure: keyof Measured): Spread =>
    spreadOf(runs.map((run) => run[figure]));
  return {
    ...size,
    startMs,
    putCpuUs: spread(puts, 'cpuUs'),
    putsPerSecond: spread(puts, 'perSecond'),
    putP99Ms: spread(puts, 'p99Ms'),
    getCpuUs: spread(gets, 'cpuUs'),
    getsPerSecond: spread(gets, 'perSecond'),
    fillCpuUs: fill.cpuUs,
    fillPerSecond: fill.perSecond,
    bytesPerRecord: states.reduce((sum, { fileBytes }) => sum + fileBytes, 0) / copies,
    logBytes: Math.max(...states.map(({ logBytes }) => logBytes)),
    refusedCount: ring.refusedCount,
    residentBytes: Math.max(...states.map(({ residentBytes }) => residentBytes)),
  };
}

export function showGrowth(title: string, what: 'records' | 'peersEach', all: readonly GrowthFigures[]): void {
  const head = [
    what === 'records' ? 'records' : 'peers a host',
    'CPU us/put',
    'puts/s',
    'p99 ms',
    'CPU us/get',
    'gets/s',
    'CPU us/new record',
    'file bytes/record',
    'log MB',
    'RSS MB',
    'refused',
    'start ms',
  ];
  const rows = all.map((each) => [
    whole(each[what]),
    fixed(each.putCpuUs.median, 1),
    whole(each.putsPerSecond.median),
    fixed(each.putP99Ms.median, 1),
    fixed(each.getCpuUs.median, 1),
    whole(each.getsPerSecond.median),
    fixed(each.fillCpuUs, 1),
    whole(each.bytesPerRecord),
    fixed(each.logBytes / 1e6, 1),
    whole(each.residentBytes / 1e6),
    whole(each.refusedCount),
    whole(each.startMs),
  ]);
  console.log(`\n${title}; ${growthWindow} under way\n${tableText(head, rows)}`);
}

export function growthBar(name: string, all: readonly GrowthFigures[]): Bar[] {
  const [least, most] = [all[0], all.at(-1)];
  if (least === undefined || most === undefined || all.length < 2) return [];
  return [{ name, figure: most.putCpuUs.median / least.putCpuUs.median, below: growthMax, unit: 'times' }];
}
