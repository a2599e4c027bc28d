// A Chordial host as a library: start it, ask it, stop it. The command and the tests use nothing else.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type Address, makeAddress, type Typed } from '@chordial/actor';
import { loadOf } from '@chordial/chord';
import type { DispatcherReady, LookedUp, LookUpFailed } from '@chordial/dispatcher/protocol';
import type { BindingsListed, LocationMessage } from '@chordial/location/protocol';
import { type RingKey, ringKeyFromText } from '@chordial/ring-key';
import { type Host, type HostEvent, startHost } from '@chordial/runtime';
import type { SipTransportState } from '@chordial/sip-transport/protocol';
import packageJson from '../package.json' with { type: 'json' };
import { type Endpoint, endpointText } from './endpoint.ts';
import { at, type HostConfig, ringOf } from './layout.ts';
import { canonicalAor, type Lookup } from './lookup.ts';
import type { Options } from './options.ts';
import type { PeersReady } from './protocol.ts';
import { pictureOf, type RingPicture } from './ring-picture.ts';
import { type HostStatus, listenText, sumTotals } from './status.ts';

/** The host could not start; the message says why and what to do. */
export class StartFault extends Error {
  override readonly name = 'StartFault';
}

export interface ChordialHost {
  readonly options: Options;
  /** As bound: with port 0 in the options, the port that the system chose. */
  readonly listen: Endpoint;
  /** Names beside the domains under which phones reach the host. */
  readonly aliases: readonly string[];
  health(): { readonly healthy: boolean; readonly sentence: string };
  status(): Promise<HostStatus>;
  ring(): RingPicture;
  /** Rejects with `LookupFault` for a URI that is none, or of a domain that is not served. */
  lookup(uri: string): Promise<Lookup>;
  /** Ends a lane's thread as a crash would; for tests of recovery. */
  killLane(lane: number): void;
  /** Drains and stops; resolves when all threads are gone. */
  stop(): Promise<void>;
}

/** What the lanes have, once they are laid out, to bind their sockets and to learn the ring. */
const readyMsMax = 10_000;
const askMsMax = 2_000;

/** Starts a host and resolves when every lane is bound and knows the ring, so that the first request is served. Throws `StartFault`. */
export async function startChordial(
  options: Options,
  onEvent: (event: HostEvent) => void = () => {},
): Promise<ChordialHost> {
  const startedAt = Date.now();
  const listen = await probe(options.listen);
  const aliases = aliasesOf(listen.address).filter((name) => !options.domain.includes(name));
  const config: HostConfig = {
    domains: options.domain,
    aliases,
    listen,
    shared: options.lanes > 1,
    peersCount: options.peers,
    lanesCount: options.lanes,
    routing: options.routing,
    usersMax: options.usersMax,
    secret: randomInt(2 ** 32),
  };
  const ring = ringOf(config);
  const locations = new Map<RingKey, Address<LocationMessage>>();
  // A lane that is bound but does not know the ring yet would answer 503, and so would the others for one that is behind.
  const bound = new Set<number>();
  const routing = new Set<number>();
  let failed: string | undefined;
  let allReady: () => void = () => {};
  let startFailed: (fault: StartFault) => void = () => {};
  const starting = new Promise<void>((resolve, reject) => {
    allReady = resolve;
    startFailed = reject;
  });
  starting.catch(() => {});

  function onReport(lane: number, message: Typed): void {
    const report = message as SipTransportState | DispatcherReady | PeersReady;
    if (report.type === 'peers-ready') {
      for (const [key, address] of report.peers) locations.set(key, address);
    } else if (report.type === 'transport-ready' || report.type === 'dispatcher-ready') {
      (report.type === 'transport-ready' ? bound : routing).add(lane);
      checkReady();
    } else if (report.type === 'transport-failed') {
      startFailed(new StartFault(bindSentence(listen, report.code, report.sentence)));
    }
  }

  let running: Host | undefined;
  const upCount = () =>
    Array.from({ length: options.lanes }, (_, i) => i).filter((i) => running?.phaseOf(i) === 'up').length;
  function checkReady(): void {
    if (bound.size === options.lanes && routing.size === options.lanes && upCount() === options.lanes) allReady();
  }

  function lateSentence(): string {
    const known = routing.size < options.lanes ? 'the ring was not known' : 'traffic was not kept up with';
    const what = bound.size < options.lanes ? `${listenText(listen)} was not bound` : known;
    return `${what} on every lane within ${readyMsMax / 1_000} s`;
  }

  const source = import.meta.url.endsWith('.ts');
  const lanes = await startHost({
    program: new URL(source ? './lane-program.ts' : './lane-program.js', import.meta.url).href,
    config,
    lanesCount: options.lanes,
    onReport,
    onEvent: (event) => {
      if (event.kind === 'host-failed') failed = event.sentence;
      if (event.kind === 'lane-up') checkReady();
      onEvent(event);
    },
  });
  running = lanes;
  checkReady();
  const late = setTimeout(() => startFailed(new StartFault(lateSentence())), readyMsMax);
  try {
    await starting;
  } catch (fault) {
    await lanes.stop();
    throw fault;
  } finally {
    clearTimeout(late);
  }

  async function status(): Promise<HostStatus> {
    const reports = await lanes.inspect();
    return {
      version: packageJson.version,
      pid: process.pid,
      uptimeMs: Date.now() - startedAt,
      domains: options.domain,
      listen: listenText(listen),
      control: options.control === 'off' ? 'off' : endpointText(options.control),
      routing: options.routing,
      peersCount: options.peers,
      lanesCount: options.lanes,
      lanes: reports,
      totals: sumTotals(reports),
    };
  }

  async function lookup(uri: string): Promise<Lookup> {
    const aor = canonicalAor(uri, options.domain, aliases);
    const key = ringKeyFromText(aor);
    const lane = Array.from({ length: options.lanes }, (_, i) => i).find((i) => lanes.phaseOf(i) === 'up') ?? 0;
    const found = await ask<LookedUp | LookUpFailed>(lane, makeAddress(0, lane, at.dispatcher), {
      type: 'look-up',
      aor,
    } as Typed);
    if (found.type === 'look-up-failed') throw new Error(found.sentence);
    const records = locations.get(found.owner.key);
    if (records === undefined) throw new Error(`lane ${found.owner.lane} is being replaced; ask again in a second`);
    const listed = await ask<BindingsListed>(
      found.owner.lane,
      records as unknown as Address<Typed>,
      { type: 'list-bindings', aor } as Typed,
    );
    return {
      uri,
      aor,
      key,
      owner: { key: found.owner.key, host: found.owner.host, lane: found.owner.lane },
      routing: found.routing,
      hops: found.hops,
      route: found.trace,
      bindings: listed.bindings.map(({ contact, userAgent, callId, cseq, q, expiresAt }) => {
        return {
          contact,
          userAgent,
          callId,
          cseq,
          q: q / 1_000,
          expiresInSeconds: Math.ceil((expiresAt - listed.now) / 1_000),
        };
      }),
    };
  }

  async function ask<Answer>(lane: number, to: Address<Typed>, message: Typed): Promise<Answer> {
    return (await lanes.ask(lane, to, message, askMsMax)) as Answer;
  }

  function health(): { healthy: boolean; sentence: string } {
    const up = upCount();
    const healthy = failed === undefined && up === options.lanes;
    return { healthy, sentence: failed ?? `${up} of ${options.lanes} lanes are up` };
  }

  return {
    options,
    listen,
    aliases,
    health,
    status,
    ring: () => pictureOf(ring, loadOf(ring)),
    lookup,
    killLane: (lane) => lanes.killLane(lane),
    stop: () => lanes.stop(),
  };
}

/** Binds the address alone for a moment: another host on it is found out, which sockets that share a port would not. */
function probe(listen: Endpoint): Promise<Endpoint> {
  const socket = createSocket(isIPv6(listen.address) ? 'udp6' : 'udp4');
  return new Promise((resolve, reject) => {
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      reject(new StartFault(bindSentence(listen, error.code ?? 'EUNKNOWN', error.message)));
    });
    socket.bind({ address: listen.address, port: listen.port, exclusive: true }, () => {
      const { port } = socket.address();
      socket.close(() => resolve({ address: listen.address, port }));
    });
  });
}

function bindSentence(listen: Endpoint, code: string, sentence: string): string {
  const where = listenText(listen);
  if (code === 'EADDRINUSE') {
    return `${where} is taken by another program (perhaps a host that runs already; \`chordial status\` tells). Stop it, or choose another port with --listen udp:ADDR:PORT.`;
  }
  if (code === 'EADDRNOTAVAIL')
    return `${where}: this machine has no address ${listen.address}; choose one of its own with --listen udp:ADDR:PORT.`;
  if (code === 'EACCES')
    return `${where}: not permitted (${code}); ports below 1024 need more rights, choose another with --listen udp:ADDR:PORT.`;
  return `${where} cannot be bound: ${sentence} (${code})`;
}

/** Addresses that stand for this host in a SIP URI. */
function aliasesOf(address: string): string[] {
  const bracketed = (text: string) => (isIPv6(text) ? `[${text}]` : text);
  if (address !== '0.0.0.0' && address !== '::')
    return [bracketed(address), ...(isLoopback(address) ? ['localhost'] : [])];
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const family = isIPv6(address) ? 'IPv6' : 'IPv4';
  return ['localhost', ...all.filter((each) => each.family === family).map((each) => bracketed(each.address))];
}

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';
