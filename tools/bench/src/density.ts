// npx nx run bench:density: what a peer costs when nothing happens. Each count of peers runs in a process of its own; the cost of
// a process with one peer is taken off, so that what remains is the peers'.
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { type ChordialServer, startChordial } from './chordial-server.ts';
import { secondsOf, sizesOf } from './flags.ts';
import { cseqMin } from './generator/request-template.ts';
import { runLoad } from './load.ts';
import { cpuSeconds, residentBytes } from './process-figures.ts';
import { type Bar, conclude, fixed, printHeading, tableText, whole } from './report.ts';

const peersMax = 50_000;
const judgedPeers = 10_000;
const rssMbMax = 300;
const idlePercentMax = 10;
const settleMs = 3_000;
/** Enough users that both lanes and many peers serve some. */
const usersCount = 200;

interface Density {
  readonly peers: number;
  readonly startSeconds: number;
  readonly rssMb: number;
  readonly bytesPerPeer: number;
  readonly idleCpuPercent: number;
  readonly idleCpuUsPerPeerSecond: number;
  /** Why users could not be registered, or one not be found again; absent when all was well. */
  readonly fault?: string;
}

const program = new Command('bench:density')
  .description('Memory, idle processor time and start time of many peers in one process.')
  .option('--peers <N,N>', 'counts of peers', sizesOf(2, peersMax), [1_000, 10_000, 50_000])
  .option('--lanes <N>', 'lanes of the host', 'auto')
  .option('--seconds <S>', 'idle time observed', secondsOf, 10)
  .option('--json <FILE>', 'write all figures there')
  .option('--strict', 'exit with 1 when a bar is missed')
  .addHelpText(
    'after',
    `
Examples:
  npx nx run bench:density
  npx nx run bench:density -- --peers=10000 --seconds=30 --json=/tmp/density.json`,
  );

program.parse();
const options = program.opts();
const seconds: number = options.seconds;
printHeading(
  'Many peers in one process, idle',
  `lanes ${options.lanes}; idle for ${seconds} s after a pause of ${settleMs / 1_000} s`,
);

const alone = await observe(1, 0);
console.log(`  one peer: ${alone.rssMb.toFixed(1)} MB, idle CPU ${alone.idleCpuPercent.toFixed(2)} % of a core\n`);
const figures: Density[] = [];
for (const peers of options.peers as number[]) figures.push(await observe(peers, alone.rssMb));

const head = ['peers', 'start s', 'RSS MB', 'bytes/peer', 'idle CPU % of a core', 'CPU us/peer/s', 'serves'];
const rows = figures.map((each) => [
  whole(each.peers),
  fixed(each.startSeconds, 2),
  fixed(each.rssMb, 1),
  whole(each.bytesPerPeer),
  fixed(each.idleCpuPercent, 2),
  fixed(each.idleCpuUsPerPeerSecond, 2),
  each.fault === undefined ? 'yes' : 'NO',
]);
console.log(tableText(head, rows));
for (const { peers, fault } of [alone, ...figures]) {
  if (fault === undefined) continue;
  console.log(`  ${whole(peers)} peers do not serve: ${fault}`);
  process.exitCode = 1;
}

const judged = figures.find(({ peers }) => peers === judgedPeers);
const bars: Bar[] =
  judged === undefined
    ? []
    : [
        { name: `RSS at ${whole(judgedPeers)} peers`, figure: judged.rssMb, below: rssMbMax, unit: 'MB' },
        {
          name: `idle CPU at ${whole(judgedPeers)} peers`,
          figure: judged.idleCpuPercent,
          below: idlePercentMax,
          unit: '% of a core',
        },
      ];
conclude(bars, { alone, figures }, options);

async function observe(peers: number, aloneMb: number): Promise<Density> {
  const chordial = await startChordial({ peers, lanes: options.lanes });
  try {
    await sleep(settleMs);
    const cpuBefore = cpuSeconds([chordial.pid]);
    const beganAt = performance.now();
    await sleep(seconds * 1_000);
    const idle = (cpuSeconds([chordial.pid]) - cpuBefore) / ((performance.now() - beganAt) / 1_000);
    // Before the trial of service, which costs memory too.
    const rssMb = residentBytes(chordial.pid) / 2 ** 20;
    const fault = await faultOf(chordial);
    return {
      peers,
      startSeconds: chordial.startMs / 1_000,
      rssMb,
      bytesPerPeer: ((rssMb - aloneMb) * 2 ** 20) / peers,
      idleCpuPercent: idle * 100,
      idleCpuUsPerPeerSecond: (idle * 1e6) / peers,
      ...(fault === undefined ? {} : { fault }),
    };
  } finally {
    await chordial.stop();
  }
}

/** Registers users and asks for one of them; the sentence that says what went wrong, if anything did. */
async function faultOf(chordial: ChordialServer): Promise<string | undefined> {
  const target = { name: 'Chordial', port: chordial.port, pids: [chordial.pid], cseq: cseqMin };
  try {
    await runLoad(target, { method: 'REGISTER', users: usersCount, requests: usersCount });
    const { bindings } = await chordial.lookup('sip:user000007@example.com');
    return bindings.length === 1 ? undefined : `a registered user was found with ${bindings.length} bindings`;
  } catch (failure) {
    return (failure as Error).message;
  }
}
