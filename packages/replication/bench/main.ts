// What a coordinator costs: puts and gets a second with one host and with a group of three, against replicas that answer at once, with few and
// with 5,000 ranges; bytes of an idle range; and the time that one change of a ring of 10,000 members takes. Steps are called directly,
// so the kernel's share is not in it.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { RingKey } from '@chordial/ring-key';
import { CoordinatorLane, keysOf, ringOf } from './coordinator-lane.ts';

const HELP = `Operations a second of a coordinator, bytes of an idle range, and the cost of a change of the ring.

  npx nx bench replication
  npx nx bench replication -- --seconds 1 --json replication.json

  --seconds S  seconds per row (default 2)
  --ranges N   ranges of the lane in the large rows (default 5000)
  --json FILE  also write the figures to FILE
  --help       this text
`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    ranges: { type: 'string', default: '5000' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

interface Row {
  readonly what: string;
  readonly hosts: number;
  readonly ranges: number;
  readonly perSecond: number;
  /** Of the quickest 10,000: what it costs while nobody else uses the machine. */
  readonly usAtBest: number;
}

function measure(what: 'put' | 'get' | 'put+context', hosts: number, ranges: number, seconds: number): Row {
  const lane = new CoordinatorLane(hosts, ranges);
  const keys = keysOf(10_000);
  let context = '';
  if (what !== 'put') {
    lane.put(keys[0]!, '');
    context = what === 'get' ? '' : lane.context;
    for (const key of keys) lane.put(key, '');
  }
  let count = 0;
  let ms = 0;
  let best = Number.POSITIVE_INFINITY;
  while (ms < seconds * 1_000) {
    const start = performance.now();
    for (const key of keys) one(lane, what, key, context);
    const took = performance.now() - start;
    best = Math.min(best, took);
    ms += took;
    count += keys.length;
    lane.now += 1;
  }
  return { what, hosts, ranges, perSecond: count / (ms / 1_000), usAtBest: (1_000 * best) / keys.length };
}

function one(lane: CoordinatorLane, what: string, key: RingKey, context: string): void {
  if (what === 'get') lane.get(key);
  else lane.put(key, context);
}

function bytesPerRange(ranges: number): number {
  const small = new CoordinatorLane(40, 0);
  const members = ringOf(40, ranges);
  const before = heapBytes();
  small.own(members, ranges);
  return (heapBytes() - before) / ranges;
}

/** Milliseconds of the step that takes in a change, and of the longest step that looks at ranges after it. */
function ringChange(ranges: number): { readonly changeMs: number; readonly stepMs: number } {
  const lane = new CoordinatorLane(40, ranges);
  const members = ringOf(40, 10_000 - ranges);
  const [changes, steps]: [number[], number[]] = [[], []];
  for (let i = 0; i < 40; i++) {
    const left = members.filter(({ host }) => host !== 2 + (i % 39));
    const start = performance.now();
    lane.ring(left);
    changes.push(performance.now() - start);
    steps.push(lane.advance(2_000));
  }
  const middle = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;
  return { changeMs: middle(changes), stepMs: middle(steps) };
}

function main(): void {
  const seconds = Number(values.seconds);
  const ranges = Number(values.ranges);
  for (const what of ['put', 'get'] as const) for (const hosts of [1, 3]) measure(what, hosts, 16, 0.3);
  console.log('             hosts   ranges      ops/s    us/op  at best');
  const rows: Row[] = [];
  for (const what of ['put', 'put+context', 'get'] as const)
    for (const [hosts, count] of [
      [1, 16],
      [3, 16],
      [3, ranges],
    ] as const) {
      const row = measure(what, hosts, count, seconds);
      rows.push(row);
      const numbers = [String(hosts).padStart(6), String(count).padStart(8), row.perSecond.toFixed(0).padStart(10)];
      console.log(
        `${what.padEnd(12)}${numbers.join(' ')} ${(1e6 / row.perSecond).toFixed(2).padStart(8)} ${row.usAtBest.toFixed(2).padStart(8)}`,
      );
    }
  const idleBytes = bytesPerRange(ranges);
  const { changeMs, stepMs } = ringChange(ranges);
  console.log(`an idle range: ${idleBytes.toFixed(0)} bytes of state`);
  console.log(
    `a change of a ring of 10,000 members: ${changeMs.toFixed(2)} ms; the longest step after it: ${stepMs.toFixed(2)} ms`,
  );
  if (values.json === undefined) return;
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
  writeFileSync(values.json, `${JSON.stringify({ machine, rows, idleBytes, changeMs, stepMs }, undefined, 2)}\n`);
}

if (values.help) process.stdout.write(HELP);
else main();
