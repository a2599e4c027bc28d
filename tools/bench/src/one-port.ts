// Chordial on two lanes with traffic from eight source ports and from one, in turns. The kernel gives all datagrams of one source
// port to one lane's socket; the lanes must share the work all the same.

import type { LaneReport } from '@chordial/runtime';
import type { Scale } from './beside-kamailio.ts';
import { type ChordialServer, startChordial } from './chordial-server.ts';
import type { LoadResult } from './generator/main.ts';
import { cseqMin } from './generator/request-template.ts';
import { runLoad, type Target } from './load.ts';
import { type Bar, fixed, spreadText, tableText, whole } from './report.ts';
import { ratiosOf, spreadOf } from './statistics.ts';

const lanesCount = 2;
const manyPorts = 8;
const wantedRatio = 0.85;
/** A lane works when it serves at least this share of the requests. */
const wantedShare = 0.1;

interface PortRun extends LoadResult {
  /** By lane, the one that the kernel fed most first: its shares of the datagrams read, and of the transactions begun. */
  readonly shares: readonly { readonly received: number; readonly served: number }[];
}

export async function measureOnePort(scale: Scale): Promise<{ bars: Bar[]; figures: object }> {
  const chordial = await startChordial({ peers: scale.peers, lanes: lanesCount });
  try {
    const target = { name: 'Chordial', port: chordial.port, pids: [chordial.pid], cseq: cseqMin };
    const { users, window } = scale;
    await runLoad(target, { method: 'REGISTER', users, requests: users, window });
    const many: PortRun[] = [];
    const one: PortRun[] = [];
    for (let round = 0; round < scale.rounds; round++) {
      for (const ports of round % 2 === 0 ? [manyPorts, 1] : [1, manyPorts]) {
        (ports === 1 ? one : many).push(await measure(chordial, target, scale, ports));
      }
    }
    console.log(`\nREGISTER on ${lanesCount} lanes, by source ports (servers and generator share all cores)`);
    const head = ['', 'requests/s (min-max)', 'p99 ms', 'server CPU us/request', 'received by lane', 'served by lane'];
    console.log(tableText(head, [rowOf(`${manyPorts} source ports`, many), rowOf('one source port', one)]));
    return { bars: barsOf(many, one), figures: { many, one } };
  } finally {
    await chordial.stop();
  }
}

async function measure(chordial: ChordialServer, target: Target, scale: Scale, sockets: number): Promise<PortRun> {
  const { users, window, seconds } = scale;
  const before = (await chordial.status()).lanes;
  const result = await runLoad(target, { method: 'REGISTER', users, window, seconds, sockets });
  const after = (await chordial.status()).lanes;
  const counts = after.map((lane, i) => ({
    received: lane.udp.received - before[i]!.udp.received,
    served: startedOn(lane) - startedOn(before[i]!),
  }));
  const sums = { received: sumOf(counts, 'received'), served: sumOf(counts, 'served') };
  const shares = counts.map(({ received, served }) => ({
    received: received / sums.received,
    served: served / sums.served,
  }));
  return { ...result, shares: shares.toSorted((a, b) => b.received - a.received) };
}

type Counts = PortRun['shares'][number];
const startedOn = (lane: LaneReport): number => lane.totals['sip-transaction']?.started ?? 0;
const sumOf = (counts: readonly Counts[], figure: keyof Counts): number =>
  counts.reduce((sum, count) => sum + count[figure], 0);

/** Lane by lane, the middle of the rounds. */
function percents(runs: readonly PortRun[], figure: keyof Counts): string {
  const middles = runs[0]!.shares.map((_, lane) => spreadOf(runs.map(({ shares }) => shares[lane]![figure])).median);
  return middles.map((share) => `${whole(share * 100)} %`).join(' + ');
}

function rowOf(name: string, runs: readonly PortRun[]): string[] {
  return [
    name,
    spreadText(spreadOf(runs.map(({ requestsPerSecond }) => requestsPerSecond)), whole),
    fixed(spreadOf(runs.map(({ p99Us }) => p99Us ?? Number.NaN)).median / 1_000, 2),
    fixed(spreadOf(runs.map(({ serverCpuUs }) => serverCpuUs ?? Number.NaN)).median, 2),
    percents(runs, 'received'),
    percents(runs, 'served'),
  ];
}

function barsOf(many: readonly PortRun[], one: readonly PortRun[]): Bar[] {
  const rates = (runs: readonly PortRun[]) => runs.map(({ requestsPerSecond }) => requestsPerSecond);
  const ratio = spreadOf(ratiosOf(rates(one), rates(many)));
  const times = (value: number) => value.toFixed(2);
  console.log(`  one port / ${manyPorts} ports per round ${spreadText(ratio, times)}`);
  const smallest = Math.min(...one.flatMap(({ shares }) => shares.map(({ served }) => served)));
  return [
    {
      name: 'REGISTER/s, one source port / many, on two lanes',
      figure: ratio.median,
      atLeast: wantedRatio,
      unit: 'times',
    },
    { name: 'smallest share of a lane with one source port', figure: smallest, atLeast: wantedShare, unit: 'of all' },
  ];
}
