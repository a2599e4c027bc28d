// `chordial up`: runs a host until it is told to stop, says where it listens and what to try next. Told to stop, a host of a ring of
// several leaves it first, so that no request meets a peer that is gone; told twice, it stops at once.
import type { Server } from 'node:http';
import { join } from 'node:path';
import { serveControl } from './control-server.ts';
import { endpointText, isLoopback, reachable } from './endpoint.ts';
import { type ChordialHost, StartFault, startChordial } from './host.ts';
import { LaneNews } from './lane-news.ts';
import { readOptions } from './options.ts';
import { listenText } from './status.ts';
import { copiesMax } from './tables.ts';

type Say = (event: string, sentence: string, detail?: Readonly<Record<string, unknown>>) => void;

/** What a planned leave may take when the host is told to stop; whoever starts it (systemd: 90 s) waits longer. */
const leaveMsMax = 20_000;

export async function runUp(flags: Readonly<Record<string, unknown>>): Promise<void> {
  const say: Say = flags.json === true ? sayJson : (_, sentence) => console.log(sentence);
  const options = readOptions(flags, process.env);
  const startedAt = performance.now();
  let signalsCount = 0;
  let stopping = false;
  let host: ChordialHost | undefined;
  let control: Server | undefined;
  const { peers, lanes } = options;
  const started = { peers, lanes, pid: process.pid };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void onSignal());
  say('starting', `Starting ${sizeText(options)} ...`, started);
  if (options.listenRing !== undefined && options.data === undefined) {
    say(
      'in-memory',
      'Without --data this host keeps nothing over a restart: with every start it is a new one, with another key and number.',
    );
  }
  if (options.control !== 'off' && !isLoopback(options.control.address)) {
    say(
      'control-open',
      `The control interface at ${endpointText(options.control)} has no authentication: whoever reaches it can read and change records, and have this host leave. Keep it on loopback, or behind a firewall.`,
    );
  }
  const news = new LaneNews();
  const onEvent: Parameters<typeof startChordial>[1] = (event) => {
    const isQuiet = stopping && event.kind !== 'ring-news';
    if (news.isNew(event) && !isQuiet) say(event.kind, event.sentence, { lane: event.lane });
    if (event.kind === 'host-failed') void stop(1);
  };
  try {
    host = await startChordial(options, onEvent, () => signalsCount > 0);
  } catch (failure) {
    if (signalsCount > 0) process.exit(0);
    throw failure;
  }
  if (signalsCount > 0) await stop(0);
  // By then the answer to `chordial leave` is on its way.
  control = await controlOf(host, () => void setTimeout(() => void stop(0), 50));
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(2);
  const { number, ringEndpoint } = host;
  const ring = ringEndpoint === undefined ? {} : { host: number, ring: endpointText(ringEndpoint) };
  say('up', greeting(host, seconds), { listen: listenText(host.listen), ...started, ...ring });

  async function onSignal(): Promise<void> {
    signalsCount++;
    if (signalsCount > 1) {
      say('stopped', 'Stopped at once.');
      process.exit(1);
    }
    if (host === undefined) return;
    if (host.hasOthers()) await leaveFirst(host);
    await stop(0);
  }

  async function leaveFirst(leaver: ChordialHost): Promise<void> {
    say('leaving', 'Leaving the ring: data first. Another signal stops at once.');
    try {
      await leaver.leave(() => {}, leaveMsMax);
      say('left', 'Left the ring.');
    } catch (failure) {
      say('leave-refused', `${(failure as Error).message} Stopping without it: the neighbours take over.`);
    }
  }

  async function stop(code: number): Promise<void> {
    if (stopping) return;
    stopping = true;
    say('draining', 'Draining: no new requests; what is under way is finished.');
    control?.close();
    control?.closeAllConnections();
    await host?.stop();
    say('stopped', 'Stopped.');
    process.exit(code);
  }
}

async function controlOf(host: ChordialHost, onLeft: () => void): Promise<Server | undefined> {
  const { control } = host.options;
  if (control === 'off') return undefined;
  try {
    return await serveControl(host, control, onLeft);
  } catch (error) {
    await host.stop();
    const { code } = error as NodeJS.ErrnoException;
    const taken =
      code === 'EADDRINUSE'
        ? 'is taken by another program (perhaps a host that runs already)'
        : `cannot be bound (${code})`;
    throw new StartFault(
      `control interface ${endpointText(control)} ${taken}. Choose another with --control ADDR:PORT, or --control off.`,
    );
  }
}

const sizeText = ({ peers, lanes }: ChordialHost['options']): string =>
  `${peers} ${peers === 1 ? 'peer' : 'peers'} on ${lanes} ${lanes === 1 ? 'lane' : 'lanes'}`;

/** Where records are kept, without secrets. */
function recordsText({ data, storage, listenRing }: ChordialHost['options']): string {
  const copies = listenRing === undefined ? '' : ` (each on ${copiesMax} hosts)`;
  if (storage !== undefined) return `in PostgreSQL${copies}`;
  if (data === undefined) return 'in memory: give --data DIR to keep them over a restart';
  return `${join(data, 'records.sqlite')}${copies}`;
}

/** What is printed once the host is up. */
export function greeting(
  host: Pick<ChordialHost, 'options' | 'listen' | 'aliases' | 'ringEndpoint' | 'number'>,
  seconds: string,
): string {
  const { options, ringEndpoint } = host;
  const [domain] = options.domain;
  const target = endpointText(reachable(host.listen));
  const control = options.control === 'off' ? undefined : endpointText(reachable(options.control));
  const elsewhere = control === undefined || control === '127.0.0.1:8060' ? '' : ` --control ${control}`;
  const lines = [
    `Chordial is up after ${seconds} s: ${sizeText(options)}, ${options.routing} routing.`,
    `  phones   ${listenText(host.listen)}   domains ${[...options.domain, ...host.aliases].join(', ')}`,
    `  control  ${control === undefined ? 'off' : `http://${control}/healthz /metrics /api/status /api/ring /api/lookup?uri=`}`,
  ];
  lines.push(`  records  ${recordsText(options)}`);
  if (ringEndpoint !== undefined) {
    const ring = endpointText(ringEndpoint);
    lines.push(
      `  ring     ${options.ringName}, host ${host.number} at ${ring}`,
      '',
      'Add a host to the ring, with the same token:',
      `  npx chordial up --listen-ring ADDR:PORT --join ${ring}${isLoopback(ringEndpoint.address) ? '  (and ports of its own: --listen, --control)' : ''}`,
    );
  }
  lines.push(
    '',
    'Try in another terminal:',
    `  sipsak -U -s sip:alice@${target} -C sip:alice@127.0.0.1:5099 -x 300     register alice`,
  );
  if (control !== undefined)
    lines.push(
      `  npx chordial lookup sip:alice@${domain}${elsewhere}     which peer serves her`,
      ringEndpoint === undefined
        ? `  npx chordial status${elsewhere}`
        : `  npx chordial ring${elsewhere}     who owns what`,
    );
  lines.push('', ringEndpoint === undefined ? 'Ctrl-C drains and stops.' : 'Ctrl-C leaves the ring, drains and stops.');
  return lines.join('\n');
}

const sayJson: Say = (event, sentence, detail = {}) => {
  console.log(
    JSON.stringify({
      time: new Date().toISOString(),
      event,
      sentence: event === 'up' ? 'Chordial is up' : sentence,
      ...detail,
    }),
  );
};
