// The first part of bench:replication: one host and three beside a plain SQLite file and a PostgreSQL server, all with the same records, in turns
// within a round. Batches of the others are as large as the groups of the one host's store.
import { type Beside, clientsMax, onePostgres, plainSqlite } from './replication-beside.ts';
import { type PostgresServer, startPostgres } from './replication-postgres.ts';
import { HostRing, type Measured } from './replication-ring.ts';
import { type Bar, fixed, spreadText, tableText, whole } from './report.ts';
import { ratiosOf, spreadOf } from './statistics.ts';

export interface StoresScale {
  readonly rounds: number;
  readonly seconds: number;
  readonly recordsCount: number;
  readonly peersCount: number;
  readonly window: number;
  readonly folder: string;
}

const ways = ['puts', 'putsOf64', 'putsOf1', 'gets'] as const;
type Way = (typeof ways)[number];
const putsPerSecondMin = 50_000;
/** Connections that send batches at the same time. */
const batchesUnderWay = 4;

interface Store {
  readonly name: string;
  fill(): Promise<unknown>;
  /** Undefined where it has no such way. */
  run(way: Way, group: number, seconds: number): Promise<Measured> | undefined;
  bytes(): Promise<number>;
  close(): Promise<void>;
}
interface StoreFigures {
  readonly name: string;
  readonly figures: Record<Way, Measured[]>;
  bytesPerRecord: number;
  /** By its hosts, in all loads and in the fill. */
  refusedCount: number;
}

function ofRing(ring: HostRing, { recordsCount: toUser, window }: StoresScale): Store {
  const windows: Record<Way, number> = { puts: window, putsOf64: clientsMax, putsOf1: 1, gets: window };
  return {
    name: ring.name,
    fill: () => ring.load({ kind: 'put', toUser, window, seconds: 0 }),
    run: (way, _, seconds) =>
      ring.load({ kind: way === 'gets' ? 'get' : 'put', toUser, window: windows[way], seconds }),
    bytes: async () => (await ring.states()).reduce((sum, { fileBytes, logBytes }) => sum + fileBytes + logBytes, 0),
    close: () => ring.stop(),
  };
}

function ofBeside(beside: Beside, isServer: boolean): Store {
  return {
    name: beside.name,
    fill: () => beside.fill(),
    run(way, group, seconds) {
      if (way === 'gets') return beside.gets(seconds);
      if (way === 'puts') return beside.puts(group, isServer ? batchesUnderWay : 1, seconds);
      return beside.puts(1, way === 'putsOf64' ? clientsMax : 1, seconds);
    },
    bytes: () => beside.bytes(),
    close: () => beside.close(),
  };
}

export async function measureStores(scale: StoresScale) {
  const { rounds, seconds, recordsCount, peersCount, folder } = scale;
  const stores: Store[] = [];
  const rings: HostRing[] = [];
  let server: PostgresServer | undefined;
  try {
    for (const hosts of [1, 3]) {
      const ring = await HostRing.start(hosts, peersCount, `${folder}/${hosts}-hosts`);
      rings.push(ring);
      stores.push(ofRing(ring, scale));
    }
    stores.push(ofBeside(plainSqlite(folder, recordsCount), false));
    server = await startPostgres(folder);
    if (server === undefined) console.log('  PostgreSQL is left out: initdb and postgres are not installed');
    else stores.push(ofBeside(await onePostgres(server, recordsCount), true));
    for (const store of stores) {
      say(`${store.name}: ${whole(recordsCount)} records`);
      await store.fill();
    }
    const all = stores.map((store): StoreFigures & { store: Store } => {
      return {
        store,
        name: store.name,
        figures: { puts: [], putsOf64: [], putsOf1: [], gets: [] },
        bytesPerRecord: 0,
        refusedCount: 0,
      };
    });
    // Compilers and caches first.
    const client = await rings[0]!.load({ kind: 'nothing', toUser: recordsCount, window: scale.window, seconds });
    let group = (await stores[0]!.run('puts', 1, seconds))!.group;
    for (let round = 0; round < rounds; round++) {
      for (const { store, figures } of round % 2 === 0 ? all : all.toReversed()) {
        say(`round ${round + 1} of ${rounds}: ${store.name}`);
        for (const way of ways) {
          const measured = await store.run(way, Math.max(2, Math.round(group)), seconds);
          if (measured !== undefined) figures[way].push(measured);
          if (way === 'puts' && store === stores[0]) group = measured!.group;
        }
      }
    }
    for (const [i, each] of all.entries()) {
      each.bytesPerRecord = (await each.store.bytes()) / recordsCount;
      each.refusedCount = rings[i]?.refusedCount ?? 0;
    }
    const figures: StoreFigures[] = all.map(({ store: _, ...figures }) => figures);
    show(figures, client.cpuUs, server?.version);
    return { figures, clientCpuUs: client.cpuUs, postgres: server?.version, bars: barsOf(figures) };
  } finally {
    await Promise.allSettled(stores.map((store) => store.close()));
    await server?.stop();
  }
}

const say = (what: string): boolean => process.stderr.write(`  ${what} ...\n`);
const spreadOfFigure = (runs: readonly Measured[], figure: keyof Measured) => spreadOf(runs.map((run) => run[figure]));

function show(all: readonly StoreFigures[], clientCpuUs: number, postgres: string | undefined): void {
  const cell = (runs: readonly Measured[], figure: keyof Measured, digits?: number): string => {
    if (runs.length === 0) return '-';
    const showOne = (value: number): string => (digits === undefined ? whole(value) : fixed(value, digits));
    return figure === 'perSecond'
      ? spreadText(spreadOfFigure(runs, figure), showOne)
      : showOne(spreadOfFigure(runs, figure).median);
  };
  const row = (name: string, runs: readonly Measured[]): string[] => [
    name,
    cell(runs, 'perSecond'),
    cell(runs, 'p50Ms', 2),
    cell(runs, 'p99Ms', 2),
    cell(runs, 'group', 0),
    cell(runs, 'cpuUs', 1),
  ];
  const head = ['a second: median (min-max)', 'p50 ms', 'p99 ms', 'in a group', 'server CPU us'];
  const titles: Record<Way, string> = {
    puts: 'Durable puts, many at a time (SQLite, PostgreSQL: batches as large as the groups of one host)',
    putsOf64: `Durable puts, ${clientsMax} clients, each waits for its own`,
    putsOf1: 'Durable puts, one client',
    gets: 'Gets, many at a time (SQLite: one, in its own process; PostgreSQL: 64 connections)',
  };
  for (const way of ways) {
    const rows = all
      .filter(({ figures }) => figures[way].length > 0)
      .map(({ name, figures }) => row(name, figures[way]));
    console.log(`\n${titles[way]}\n${tableText([way === 'gets' ? 'gets' : 'puts', ...head], rows)}`);
  }
  for (const { name, refusedCount } of all) {
    if (refusedCount > 0)
      console.log(`  ${name}: ${whole(refusedCount)} requests were refused, fills included; they do not count.`);
  }
  const bytes = all.map(({ name, bytesPerRecord }) => [name, whole(bytesPerRecord)]);
  console.log(
    `\nBytes on disk a record, of all hosts, write-ahead logs of SQLite included\n${tableText(['', ''], bytes)}`,
  );
  console.log(`\n  The client inside each host takes ${fixed(clientCpuUs, 1)} us of the CPU times above.`);
  if (postgres !== undefined) console.log(`  PostgreSQL ${postgres}; its client is not in its CPU times.`);
  const rateOf = ({ figures }: StoreFigures): number[] => figures.puts.map(({ perSecond }) => perSecond);
  const [one, ...others] = all as [StoreFigures, ...StoreFigures[]];
  const ratios = others.map((other) => [
    `${one.name} / ${other.name}`,
    spreadText(spreadOf(ratiosOf(rateOf(one), rateOf(other))), (value) => fixed(value, 2)),
  ]);
  console.log(`\n${tableText(['puts a second, many at a time: ratio per round', ''], ratios)}`);
}

function barsOf([one]: readonly StoreFigures[]): Bar[] {
  const puts = spreadOfFigure(one!.figures.puts, 'perSecond').median;
  return [
    { name: 'durable puts of one host, many at a time', figure: puts, atLeast: putsPerSecondMin, unit: 'a second' },
  ];
}
