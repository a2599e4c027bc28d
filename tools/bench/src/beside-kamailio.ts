// Chordial with 64 peers on one lane beside Kamailio with one child: the same generator, the same core, in turns.

import { startChordial } from './chordial-server.ts';
import { cseqMin, type Method, methods } from './generator/request-template.ts';
import { startKamailio } from './kamailio-server.ts';
import { disturbedShare, type QuietResult, runLoad, runQuietLoad, type Target } from './load.ts';
import { type Bar, fixed, spreadText, tableText, whole } from './report.ts';
import type { Started } from './server-process.ts';
import { ratiosOf, spreadOf } from './statistics.ts';

const serverCore = 0;
const generatorCore = 1;
const wantedRatio: Readonly<Record<Method, number>> = { REGISTER: 1.5, OPTIONS: 1 };

export interface Scale {
  readonly rounds: number;
  readonly seconds: number;
  readonly users: number;
  readonly window: number;
  readonly peers: number;
}

interface Series {
  readonly server: string;
  readonly method: Method;
  readonly results: QuietResult[];
}

const rates = (series: Series): number[] => series.results.map(({ requestsPerSecond }) => requestsPerSecond);

const cpuCosts = (series: Series): number[] => series.results.map(({ serverCpuUs }) => serverCpuUs ?? Number.NaN);

/** In memory as Kamailio is, or `durable`: with every 200 OK on disk, while Kamailio's are in memory as before. */
export async function measureBesideKamailio(
  scale: Scale,
  kind: 'memory' | 'durable',
): Promise<{ bars: Bar[]; figures: object }> {
  const started: Started[] = [];
  const isDurable = kind === 'durable';
  const used: readonly Method[] = isDurable ? ['REGISTER'] : methods;
  try {
    const chordial = await startChordial({ peers: scale.peers, lanes: 1, core: serverCore, isDurable });
    started.push(chordial);
    const targets: Target[] = [{ name: 'Chordial', port: chordial.port, pids: [chordial.pid], cseq: cseqMin }];
    const kamailio = await startKamailio({ core: serverCore });
    if (typeof kamailio === 'string') {
      console.log(`\nNo comparison: ${kamailio}`);
    } else {
      started.push(kamailio);
      targets.push({ name: 'Kamailio', port: kamailio.port, pids: kamailio.pids, cseq: cseqMin });
    }
    const where = isDurable ? ', every 200 OK on disk (SQLite, on the same core)' : '';
    const chordialTitle = `Chordial, ${scale.peers} peers on one lane${where}`;
    const title = typeof kamailio === 'string' ? chordialTitle : `${chordialTitle}, beside ${kamailio.version}`;
    console.log(`\n${title}`);
    const series = await measure(targets, scale, used);
    print(series);
    const bars =
      typeof kamailio === 'string'
        ? []
        : used.map((method) => barOf(series, method, isDurable ? 1 : wantedRatio[method]));
    return { bars, figures: { title, series } };
  } finally {
    for (const server of started) await server.stop();
  }
}

async function measure(
  targets: readonly Target[],
  { rounds, seconds, users, window }: Scale,
  used: readonly Method[],
): Promise<Series[]> {
  const series: Series[] = used.flatMap((method) => targets.map(({ name }) => ({ server: name, method, results: [] })));
  for (const target of targets) {
    await runLoad(target, { method: 'REGISTER', users, requests: users, window, core: generatorCore });
  }
  for (let round = 0; round < rounds; round++) {
    for (const method of used) {
      // Every second round begins with the other one, so that neither always has the warmer machine.
      for (const target of round % 2 === 0 ? targets : targets.toReversed()) {
        const result = await runQuietLoad(target, { method, users, seconds, window, core: generatorCore });
        series.find((each) => each.server === target.name && each.method === method)!.results.push(result);
      }
    }
  }
  return series;
}

function print(series: readonly Series[]): void {
  const head = ['', 'requests/s (min-max)', 'p50 ms', 'p99 ms', 'server CPU us/request', 'kept waiting', 'sent again'];
  const middle = (values: readonly (number | undefined)[]) =>
    spreadOf(values.map((value) => value ?? Number.NaN)).median;
  const rows = series.map((each) => [
    `${each.method} ${each.server}`,
    spreadText(spreadOf(rates(each)), whole),
    fixed(middle(each.results.map(({ p50Us }) => p50Us)) / 1_000, 2),
    fixed(middle(each.results.map(({ p99Us }) => p99Us)) / 1_000, 2),
    fixed(middle(each.results.map(({ serverCpuUs }) => serverCpuUs)), 2),
    `${whole(middle(each.results.map(({ serverWaitedShare }) => serverWaitedShare)) * 100)} %`,
    whole(each.results.reduce((sum, { retransmitted }) => sum + retransmitted, 0)),
  ]);
  console.log(tableText(head, rows));
  const results = series.flatMap((each) => each.results);
  const again = results.reduce((sum, { tries }) => sum + tries - 1, 0);
  const limit = `${disturbedShare * 100} %`;
  console.log(`  kept waiting: time in which other programs had the server's core`);
  console.log(
    `  (above ${limit}, or the generator's, it is measured again: ${again} of ${again + results.length} were repeats)`,
  );
}

function barOf(series: readonly Series[], method: Method, atLeast: number): Bar {
  const of = (server: string) => series.find((each) => each.server === server && each.method === method)!;
  const [chordial, kamailio] = [of('Chordial'), of('Kamailio')];
  const ratio = spreadOf(ratiosOf(rates(chordial), rates(kamailio)));
  const byCpu = spreadOf(ratiosOf(cpuCosts(kamailio), cpuCosts(chordial)));
  const times = (value: number) => value.toFixed(2);
  console.log(
    `  ${method}: Chordial / Kamailio per round ${spreadText(ratio, times)}; by CPU time ${spreadText(byCpu, times)}`,
  );
  const name = `${method}/s, Chordial${atLeast === wantedRatio[method] ? '' : ' on disk'} / Kamailio`;
  return { name, figure: ratio.median, atLeast, unit: 'times' };
}
