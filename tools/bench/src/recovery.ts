// npx nx run bench:recovery: five hosts, each a process with its disk, and users that register all the time: one is killed, then a second one,
// then one comes back with an empty disk. How fast the copies are where they should be again, what the load notices of it, and
// whether anything that was acknowledged is missing afterwards.
import { rmSync } from 'node:fs';
import { Load, type Registered, Registrations } from '@chordial/test-end-to-end/registrations';
import { type RepairShown, RingOfHosts, type RingSeat } from '@chordial/test-end-to-end/ring-of-hosts';
import { Command } from 'commander';
import { secondsOf, wholeNumber } from './flags.ts';
import { type Bar, conclude, fixed, printHeading, tableText, whole } from './report.ts';
import { distributionOf } from './statistics.ts';

const hostsCount = 5;
const withinMs = 600_000;
const lookEveryMs = 250;
const recordsPerSecondMin = 20_000;
/** How many times as long a request may take while copies are made. */
const slowerMax = 2;
/** Fewer are no measure of a p99. */
const requestsMin = 100;

interface DriftPoint {
  readonly seconds: number;
  readonly drift: number;
  readonly movedCount: number;
}
interface RingShown {
  readonly peersCount: number;
  readonly hostsCount: number;
  readonly faults: readonly unknown[];
}
interface Latencies {
  readonly requests: number;
  readonly p50: number;
  readonly p99: number;
}
interface Recovery {
  readonly what: string;
  /** Until the ring is right again: the others know of the death, or the joiner is in. */
  readonly ringSeconds: number;
  /** From the first range that drifts until none does: it begins before the ring is right. */
  readonly repairSeconds: number;
  readonly recordsMoved: number;
  /** Between the first look and the last one at which records had moved. */
  readonly recordsPerSecond: number;
  readonly missingCount: number;
  readonly before: Latencies;
  readonly closing: Latencies;
  readonly during: Latencies;
  readonly drift: readonly DriftPoint[];
}

const program = new Command('bench:recovery')
  .description('Re-replication after the death of a host, of a second one, and of a disk, under a load of REGISTER.')
  .option('--users <N>', 'registered users', wholeNumber(100, 1_000_000), 100_000)
  .option('--load <N>', 'REGISTERs a second all the time', wholeNumber(1, 10_000), 200)
  .option('--seconds <S>', 'of load before each failure', secondsOf, 10)
  .option('--peers <N>', 'peers of each host', wholeNumber(17, 10_000), 17)
  .option('--lanes <N>', 'serving lanes of each host', wholeNumber(1, 16), 1)
  .option('--json <FILE>', 'write all figures there')
  .option('--strict', 'exit with 1 when a bar is missed')
  .addHelpText(
    'after',
    `
Each user is kept by three hosts, on their disks. All hosts, their disks and the load share this machine, so figures are lower than those of
five machines.

Examples:
  npx nx run bench:recovery
  npx nx run bench:recovery -- --users=10000 --load=100 --json=/tmp/recovery.json`,
  );

program.parse();
const options = program.opts();
const usersCount = options.users as number;
printHeading(
  'Recovery of five hosts, three copies of each record on disk',
  `${whole(usersCount)} users, ${whole(options.load)} REGISTERs a second, ${options.peers} peers and ${options.lanes} serving lanes a host`,
);

const ring = new RingOfHosts(['--peers', String(options.peers), '--lanes', String(options.lanes)]);
const seats: RingSeat[] = [];
const recoveries: Recovery[] = [];
let registeredPerSecond = 0;
const living = (): RingSeat[] => seats.filter((seat) => ring.running.has(seat));
const portsOf = (some: readonly RingSeat[]): number[] => some.map(({ sipPort }) => sipPort);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const registrations = await Registrations.open();
try {
  for (let i = 0; i < hostsCount; i++) seats.push(await ring.addSeat({ address: '127.0.0.1' }));
  const [first, , , fourth, fifth] = seats as [RingSeat, RingSeat, RingSeat, RingSeat, RingSeat];
  await ring.start(first);
  await Promise.all(seats.slice(1).map((seat) => ring.start(seat, [first])));
  await untilRight();
  await ring.untilSettled(seats, withinMs);
  const users = Array.from({ length: usersCount }, (_, i) => `user${i}`);
  const beganAt = performance.now();
  const failed = (await registrations.registerAll(users, portsOf(seats), 256)).filter(
    ({ statusCode }) => statusCode !== 200,
  );
  if (failed.length > 0) throw new Error(`${failed.length} of ${usersCount} users could not register`);
  registeredPerSecond = usersCount / ((performance.now() - beganAt) / 1_000);
  console.log(`  registered at ${whole(registeredPerSecond)} a second, each on three disks`);
  const load = new Load(registrations, users, () => portsOf(living()), options.load);
  await recover('kill -9 of one', load, async () => void (await ring.end(fourth, 'SIGKILL')));
  await recover('kill -9 of a second one', load, async () => void (await ring.end(fifth, 'SIGKILL')));
  await recover('back with an empty disk', load, async () => {
    rmSync(fourth.data, { recursive: true, force: true, maxRetries: 5 });
    await ring.start(fourth, [first]);
  });
  await load.stop();
} finally {
  registrations.close();
  await ring.close();
}

const head = ['', 'ring', 'repair', 'records', 'records/s', 'p50, p99 before', 'till repair', 'repairing', 'missing'];
const rows = recoveries.map((each) => [
  each.what,
  `${fixed(each.ringSeconds, 1)} s`,
  `${fixed(each.repairSeconds, 1)} s`,
  whole(each.recordsMoved),
  whole(each.recordsPerSecond),
  latenciesText(each.before),
  latenciesText(each.closing),
  latenciesText(each.during),
  String(each.missingCount),
]);
console.log(tableText(head, rows));
for (const { what, drift } of recoveries) {
  const points = drift.filter((_, i) => i % Math.ceil(drift.length / 12) === 0 || i === drift.length - 1);
  console.log(`  drift, ${what}: ${points.map((at) => `${at.drift} (${at.seconds.toFixed(1)} s)`).join(', ')}`);
}
const bars = recoveries.flatMap((each): Bar[] => [
  { name: `acknowledged and missing, ${each.what}`, figure: each.missingCount, below: 1, unit: 'registrations' },
  { name: `records moved, ${each.what}`, figure: each.recordsPerSecond, atLeast: recordsPerSecondMin, unit: '/s' },
  ...(each.during.requests < requestsMin
    ? []
    : [
        {
          name: `p99 while repairing to that before, ${each.what}`,
          figure: each.during.p99 / each.before.p99,
          below: slowerMax,
          unit: 'times',
        },
      ]),
]);
conclude(bars, { usersCount, loadPerSecond: options.load, registeredPerSecond, recoveries }, options);

async function recover(what: string, load: Load, fail: () => Promise<void>): Promise<void> {
  const beforeAt = performance.now();
  await sleep(options.seconds * 1_000);
  const failedAt = performance.now();
  const drift: DriftPoint[] = [];
  let isOver = false;
  const movedBefore = new Map<number, number>();
  const look = async (): Promise<void> => {
    while (!isOver) {
      const answers = await Promise.all(living().map((seat) => ring.repairOf(seat).catch(() => undefined)));
      const known = answers.filter((answer): answer is RepairShown => answer?.replica !== undefined);
      let movedCount = 0;
      for (const { host, replica } of known) {
        if (!movedBefore.has(host)) movedBefore.set(host, drift.length === 0 ? replica.sentCount : 0);
        movedCount += replica.sentCount - movedBefore.get(host)!;
      }
      drift.push({
        seconds: (performance.now() - failedAt) / 1_000,
        drift: known.reduce((sum, each) => sum + each.drift, 0),
        movedCount,
      });
      await sleep(lookEveryMs);
    }
  };
  const looking = look();
  await fail();
  await untilRight();
  const rightAt = performance.now();
  await ring.untilSettled(living(), withinMs);
  isOver = true;
  await looking;
  const first = drift.findIndex((point) => point.drift > 0);
  const last = drift.findLastIndex((point) => point.drift > 0);
  const repairAt = failedAt + (drift[first]?.seconds ?? 0) * 1_000;
  const settledAt = failedAt + (drift[last + 1]?.seconds ?? 0) * 1_000;
  const missing = await registrations.missing(portsOf(living()));
  if (missing.length > 0) console.log(`  missing: ${missing.slice(0, 5).join('; ')}`);
  const moving = drift.filter(({ movedCount }, i) => movedCount > (drift[i - 1]?.movedCount ?? 0));
  const recordsMoved = drift.at(-1)?.movedCount ?? 0;
  recoveries.push({
    what,
    ringSeconds: (rightAt - failedAt) / 1_000,
    repairSeconds: Math.max(0, settledAt - repairAt) / 1_000,
    recordsMoved,
    recordsPerSecond: moving.length === 0 ? 0 : recordsMoved / movingSeconds(moving),
    missingCount: missing.length,
    before: latenciesOf(load.done, beforeAt, failedAt),
    closing: latenciesOf(load.done, failedAt, repairAt),
    during: latenciesOf(load.done, repairAt, settledAt),
    drift,
  });
}

/** As `chordial ring --check`, without a process that would take its share of the processor. */
async function untilRight(): Promise<void> {
  const deadline = performance.now() + withinMs;
  const { length } = living();
  while (performance.now() < deadline) {
    const answer = await fetch(`http://127.0.0.1:${living()[0]!.controlPort}/api/ring/check`);
    const { peersCount, hostsCount: hosts, faults } = (await answer.json()) as RingShown;
    if (hosts === length && peersCount === length * options.peers && faults.length === 0) return;
    await sleep(lookEveryMs);
  }
  throw new Error(`the ring was not right within ${withinMs / 1_000} s`);
}

function movingSeconds(moving: readonly DriftPoint[]): number {
  return moving.at(-1)!.seconds - moving[0]!.seconds + lookEveryMs / 1_000;
}

function latenciesOf(done: readonly Registered[], fromMs: number, toMs: number): Latencies {
  const values = done.filter(({ at }) => at >= fromMs && at < toMs).map(({ ms }) => ms);
  if (values.length === 0) return { requests: 0, p50: Number.NaN, p99: Number.NaN };
  const { p50, p99 } = distributionOf(values);
  return { requests: values.length, p50, p99 };
}

function latenciesText({ requests, p50, p99 }: Latencies): string {
  return requests === 0 ? '-' : `${p50.toFixed(1)}, ${p99.toFixed(1)} ms`;
}
