// npx nx run bench:register: REGISTER and OPTIONS against Chordial and Kamailio in turns, then Chordial with all traffic from one
// source port. Figures of one round are measured next to each other; the machine's speed changes from minute to minute.
import { Command, Option } from 'commander';
import { measureBesideKamailio } from './beside-kamailio.ts';
import { secondsOf, wholeNumber } from './flags.ts';
import { usersMax } from './generator/request-template.ts';
import { measureOnePort } from './one-port.ts';
import { conclude, printHeading } from './report.ts';
import { pinningFault } from './server-process.ts';

const program = new Command('bench:register')
  .description(
    'Requests per second of Chordial (in memory, and with every 200 OK on disk) beside Kamailio, and of two lanes with all traffic from one source port.',
  )
  .option('--rounds <N>', 'rounds; each measures every server once', wholeNumber(1, 1_000), 5)
  .option('--seconds <S>', 'measured seconds per server, method and round', secondsOf, 3)
  .option('--users <N>', 'registered users', wholeNumber(100, usersMax), 100_000)
  .option('--window <N>', 'requests under way', wholeNumber(1, 4_096), 64)
  .option('--durable-window <N>', 'requests under way where each waits for the disk', wholeNumber(1, 4_096), 1_024)
  .option('--peers <N>', 'peers of the Chordial host', wholeNumber(1, 50_000), 64)
  .addOption(new Option('--only <PART>', 'a part of it').choices(['kamailio', 'durable', 'one-port']))
  .option('--json <FILE>', 'write all figures there')
  .option('--strict', 'exit with 1 when a bar is missed')
  .addHelpText(
    'after',
    `
Examples:
  npx nx run bench:register
  npx nx run bench:register -- --rounds=9 --seconds=5 --json=/tmp/register.json
  npx nx run bench:register -- --only=one-port --strict`,
  );

program.parse();
const options = program.opts();
const scale = {
  rounds: options.rounds,
  seconds: options.seconds,
  users: options.users,
  window: options.window,
  peers: options.peers,
};

const pinning =
  pinningFault === undefined
    ? 'comparison: server on core 0, generator on core 1'
    : `servers and generator share all cores: ${pinningFault}`;
printHeading(
  'Registrations and OPTIONS, closed loop over UDP on loopback',
  `${scale.window} requests under way, ${scale.users} users, ${scale.rounds} rounds of ${scale.seconds} s`,
  pinning,
);
const has = (part: string): boolean => options.only === undefined || options.only === part;
const comparison = has('kamailio') ? await measureBesideKamailio(scale, 'memory') : undefined;
const durableScale = { ...scale, window: options.durableWindow };
const durable = has('durable') ? await measureBesideKamailio(durableScale, 'durable') : undefined;
const onePort = has('one-port') ? await measureOnePort(scale) : undefined;
const bars = [...(comparison?.bars ?? []), ...(durable?.bars ?? []), ...(onePort?.bars ?? [])];
const figures = { comparison: comparison?.figures, durable: durable?.figures, onePort: onePort?.figures };
conclude(bars, { scale, ...figures }, options);
