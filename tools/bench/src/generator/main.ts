// The load generator, a process of its own so that it can have its own core: node src/generator/main.ts --help.
import { randomBytes } from 'node:crypto';
import { Command, Option } from 'commander';
import { secondsOf, wholeNumber } from '../flags.ts';
import { cpuSeconds, waitedSeconds } from '../process-figures.ts';
import { openSockets } from './load-sockets.ts';
import { cseqMax, cseqMin, type Method, methods, requestTemplate, usersMax } from './request-template.ts';
import { Window, windowMax } from './window.ts';

/** What one run prints, as a line of JSON. */
export interface LoadResult {
  readonly method: Method;
  readonly sockets: string;
  readonly ports: readonly number[];
  readonly seconds: number;
  readonly answered: number;
  readonly requestsPerSecond: number;
  readonly refused: number;
  readonly refusal?: string;
  readonly retransmitted: number;
  readonly unanswered: number;
  readonly stray: number;
  readonly p50Us: number | undefined;
  readonly p99Us: number | undefined;
  readonly longestUs: number | undefined;
  /** Processor time of the watched processes for one answer. */
  readonly serverCpuUs?: number;
  /** Share of the time in which a watched process waited for other programs to leave the core. */
  readonly serverWaitedShare?: number;
  readonly generatorCpuUs: number;
  readonly generatorWaitedShare?: number;
  /** A CSeq above all that were used. */
  readonly cseqNext: number;
}

const program = new Command('generator')
  .description(
    'Closed-loop SIP load over UDP: a fixed number of requests is always under way. Prints one line of JSON.',
  )
  .option('--address <IPV4>', 'where the server listens', '127.0.0.1')
  .requiredOption('--port <PORT>', 'its port', wholeNumber(1, 65_535))
  .addOption(new Option('--method <METHOD>', 'request to send').choices(methods).default('REGISTER'))
  .option('--domain <NAME>', 'domain that the server serves', 'example.com')
  .option('--sockets <N>', 'source ports', wholeNumber(1, 256), 8)
  .option('--window <N>', 'requests under way over all sockets', wholeNumber(1, windowMax), 64)
  .option('--users <N>', 'users, visited in scattered order', wholeNumber(1, usersMax), 100_000)
  .option('--seconds <S>', 'measured time', secondsOf, 3)
  .option('--warm-up <S>', 'time before, not measured', secondsOf, 0.3)
  .option('--requests <N>', 'end after this many requests instead; no warm-up', wholeNumber(1, 1e9))
  .option(
    '--first-cseq <N>',
    'CSeq of the first request; a run before tells it as cseqNext',
    wholeNumber(cseqMin, cseqMax),
    cseqMin,
  )
  .option('--watch <PID,PID>', 'processes whose processor time is counted', (text) => text.split(',').map(Number))
  .addHelpText(
    'after',
    `
Examples:
  node src/generator/main.ts --port 5060 --seconds 5
  taskset -c 1 node src/generator/main.ts --port 5060 --sockets 1 --method OPTIONS
  node src/generator/main.ts --port 5060 --requests 100000      register each user once`,
  );

program.parse();
const options = program.opts();
const watched: number[] = options.watch ?? [];

const sockets = await openSockets(options.address, options.port, options.sockets);
const run = `${[...randomBytes(8)].map((byte) => String.fromCharCode(97 + (byte % 26))).join('')}`;
const window = new Window({
  templates: sockets.ports.map((port) =>
    requestTemplate({ method: options.method, domain: options.domain, sentBy: `127.0.0.1:${port}`, run }),
  ),
  slotsCount: options.window,
  usersCount: options.users,
  cseqFirst: options.firstCseq,
  requestsMax: options.requests ?? Number.POSITIVE_INFINITY,
});

const counted = options.requests === undefined;
const startedAt = performance.now();
const measuredFrom = counted ? startedAt + options.warmUp * 1_000 : startedAt;
const endsAt = counted ? measuredFrom + options.seconds * 1_000 : Number.POSITIVE_INFINITY;
let measuring = !counted;
let beganAt = startedAt;
let watchedAtStart = cpuSeconds(watched);
let waitedAtStart = waitedSeconds(watched);
let ownWaitedAtStart = waitedSeconds([process.pid]);
let ownAtStart = process.cpuUsage();

await sockets.drive(window, options.window, (now) => {
  if (!measuring && now >= measuredFrom) {
    measuring = true;
    window.clearCounts();
    watchedAtStart = cpuSeconds(watched);
    waitedAtStart = waitedSeconds(watched);
    ownWaitedAtStart = waitedSeconds([process.pid]);
    ownAtStart = process.cpuUsage();
    beganAt = performance.now();
  }
  return now < endsAt && !window.finished;
});

const seconds = (performance.now() - beganAt) / 1_000;
const own = process.cpuUsage(ownAtStart);
const { answered, ...others } = window.counts;
/** Undefined figures leave no field behind. */
const waitedShare = <Name extends string>(name: Name, from: number | undefined, to: number | undefined) =>
  (from === undefined || to === undefined ? {} : { [name]: (to - from) / seconds }) as {
    readonly [K in Name]?: number;
  };
const perAnswer = (microseconds: number) => microseconds / Math.max(1, answered);
const result: LoadResult = {
  method: options.method,
  sockets: sockets.kind,
  ports: sockets.ports,
  seconds,
  answered,
  requestsPerSecond: answered / seconds,
  ...others,
  ...(window.refusal === undefined ? {} : { refusal: window.refusal }),
  p50Us: window.latency.quantile(0.5),
  p99Us: window.latency.quantile(0.99),
  longestUs: window.latency.quantile(1),
  ...(watched.length === 0 ? {} : { serverCpuUs: perAnswer((cpuSeconds(watched) - watchedAtStart) * 1e6) }),
  ...waitedShare('serverWaitedShare', waitedAtStart, waitedSeconds(watched)),
  generatorCpuUs: perAnswer(own.user + own.system),
  ...waitedShare('generatorWaitedShare', ownWaitedAtStart, waitedSeconds([process.pid])),
  cseqNext: options.firstCseq + window.sequence,
};
sockets.close();
console.log(JSON.stringify(result));
