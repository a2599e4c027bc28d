// `chordial up`: runs a host until it is told to stop, says where it listens and what to try next.
import type { Server } from 'node:http';
import { serveControl } from './control-server.ts';
import { endpointText, reachable } from './endpoint.ts';
import { type ChordialHost, StartFault, startChordial } from './host.ts';
import { LaneNews } from './lane-news.ts';
import { readOptions } from './options.ts';
import { listenText } from './status.ts';

type Say = (event: string, sentence: string, detail?: Readonly<Record<string, unknown>>) => void;

export async function runUp(flags: Readonly<Record<string, unknown>>): Promise<void> {
  const say: Say = flags.json === true ? sayJson : (_, sentence) => console.log(sentence);
  const options = readOptions(flags, process.env);
  const startedAt = performance.now();
  let stopping = false;
  const { peers, lanes } = options;
  const started = { peers, lanes, pid: process.pid };
  say('starting', `Starting ${sizeText(options)} ...`, started);
  const news = new LaneNews();
  const host = await startChordial(options, (event) => {
    if (news.isNew(event) && !stopping) say(event.kind, event.sentence, { lane: event.lane });
    if (event.kind === 'host-failed') void stop(1);
  });
  const control = await controlOf(host);
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(2);
  say('up', greeting(host, seconds), { listen: listenText(host.listen), ...started });

  async function stop(code: number): Promise<void> {
    if (stopping) return;
    stopping = true;
    say('draining', 'Draining: no new requests; what is under way is finished.');
    control?.close();
    control?.closeAllConnections();
    await host.stop();
    say('stopped', 'Stopped.');
    process.exit(code);
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(0));
}

async function controlOf(host: ChordialHost): Promise<Server | undefined> {
  const { control } = host.options;
  if (control === 'off') return undefined;
  try {
    return await serveControl(host, control);
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

/** What is printed once the host is up. */
export function greeting(host: Pick<ChordialHost, 'options' | 'listen' | 'aliases'>, seconds: string): string {
  const { options } = host;
  const [domain] = options.domain;
  const target = endpointText(reachable(host.listen));
  const control = options.control === 'off' ? undefined : endpointText(reachable(options.control));
  const elsewhere = control === undefined || control === '127.0.0.1:8060' ? '' : ` --control ${control}`;
  const lines = [
    `Chordial is up after ${seconds} s: ${sizeText(options)}, ${options.routing} routing.`,
    `  phones   ${listenText(host.listen)}   domains ${[...options.domain, ...host.aliases].join(', ')}`,
    `  control  ${control === undefined ? 'off' : `http://${control}/healthz /metrics /api/status /api/ring /api/lookup?uri=`}`,
    '',
    'Try in another terminal:',
    `  sipsak -U -s sip:alice@${target} -C sip:alice@127.0.0.1:5099 -x 300     register alice`,
  ];
  if (control !== undefined)
    lines.push(
      `  npx chordial lookup sip:alice@${domain}${elsewhere}     which peer serves her`,
      `  npx chordial status${elsewhere}`,
    );
  lines.push('', 'Ctrl-C drains and stops.');
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
