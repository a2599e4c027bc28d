// A Chordial host as a library: start it, ask it, stop it. The command and the tests use nothing else.
import { join } from 'node:path';
import { type Address, makeAddress, type Typed } from '@chordial/actor';
import type { ChordMessage, LeaveRefused, PointersPending, PointersRead, RingLeft } from '@chordial/chord/protocol';
import type { DispatcherReady, LookedUp, LookUpFailed } from '@chordial/dispatcher/protocol';
import type { HostsListed, MembershipReport } from '@chordial/membership/protocol';
import { type Host, type HostEvent, startHost } from '@chordial/runtime';
import type { SipTransportState } from '@chordial/sip-transport/protocol';
import type { StorageNews } from '@chordial/storage/protocol';
import packageJson from '../package.json' with { type: 'json' };
import { aliasesOf, bindSentence, claimRingPort, claimSipPort } from './address-claim.ts';
import type { Asking } from './asking.ts';
import { startLocked } from './directory-lock.ts';
import { type Endpoint, endpointText } from './endpoint.ts';
import { type Entrance, enter, ringSecret } from './entrance.ts';
import { at, chordAddress, type HostConfig, peersOfLane, type StorePlace, storeLaneOf } from './layout.ts';
import { LeaveFault, type LeaveProgress, leaveAll } from './leaving.ts';
import { type Lookup, lookUp } from './lookup.ts';
import type { Options } from './options.ts';
import type { RingNews, RingTold } from './protocol.ts';
import { type RecordDesk, recordDesk } from './record-desk.ts';
import { askMembers, judge, type RingCheck } from './ring-check.ts';
import { pictureOf, type RingPicture } from './ring-picture.ts';
import { StartFault } from './start-fault.ts';
import { type HostStatus, listenText, sumTotals } from './status.ts';
import { StoreWatch } from './store-watch.ts';

export { StartFault };

/** What a host tells while it runs: of its lanes, and of the other hosts of its ring. */
export type ChordialEvent =
  | HostEvent
  | {
      readonly kind: 'ring-news' | 'ring-joined' | 'storage-news' | 'waiting';
      readonly lane: number;
      readonly sentence: string;
    };

export interface ChordialHost {
  readonly options: Options;
  /** Its number in the ring; 0 for a ring of its own that nobody can join. */
  readonly number: number;
  /** As bound: with port 0 in the options, the port that the system chose. */
  readonly listen: Endpoint;
  /** Where other hosts reach it. */
  readonly ringEndpoint: Endpoint | undefined;
  /** Names beside the domains under which phones reach the host. */
  readonly aliases: readonly string[];
  health(): { readonly healthy: boolean; readonly sentence: string };
  status(): Promise<HostStatus>;
  ring(): Promise<RingPicture>;
  check(): Promise<RingCheck>;
  /** Rejects with `LookupFault` for a URI that is none, or of a domain that is not served. */
  lookup(uri: string): Promise<Lookup>;
  /** The records of the ring and of this host. */
  readonly records: RecordDesk;
  /** All peers leave the ring, data first. Rejects with `LeaveFault`. The host still serves as an edge: stop it afterwards. */
  leave(onProgress?: (progress: LeaveProgress) => void, withinMs?: number): Promise<void>;
  /** Other hosts are in the ring, so that leaving is possible. */
  hasOthers(): boolean;
  /** Ends a lane's thread as a crash would; for tests of recovery. */
  killLane(lane: number): void;
  /** Drains and stops; resolves when all threads are gone. */
  stop(): Promise<void>;
}

/** What the lanes have, once they are laid out, to bind their sockets and to learn the ring. */
const readyMsMax = 10_000;
const askMsMax = 2_000;
const leavePeerMsMax = 10_000;
const leaveMsMax = 60_000;
const successorsCount = 16;

export interface StartHooks {
  readonly onEvent?: (event: ChordialEvent) => void;
  /** Ends the waiting for a host of the ring. */
  readonly isEnded?: () => boolean;
}

/**
 * Starts a host and resolves when every lane is bound and knows the ring, so that the first request is served; its peers may
 * still be joining. Throws `StartFault`.
 */
export const startChordial = (
  options: Options,
  onEvent: (event: ChordialEvent) => void = () => {},
  isEnded: () => boolean = () => false,
): Promise<ChordialHost> => startLocked(options.data, () => startLanes(options, onEvent, isEnded));

async function startLanes(
  options: Options,
  onEvent: (event: ChordialEvent) => void,
  isEnded: () => boolean,
): Promise<ChordialHost> {
  const startedAt = Date.now();
  const listen = await claimSipPort(options.listen);
  const ringListen = options.listenRing === undefined ? undefined : await claimRingPort(options.listenRing);
  const advertised = advertisedOf(options, ringListen);
  const entrance = await enter(
    options,
    advertised,
    (sentence) => onEvent({ kind: 'waiting', lane: 0, sentence }),
    isEnded,
  );
  const { host: number, directory } = entrance;
  const aliases = aliasesOf(listen.address).filter((name) => !options.domain.includes(name));
  const laneNumbers = Array.from({ length: options.lanes }, (_, lane) => lane);
  const config = configOf(options, entrance, listen, aliases, advertised, startedAt);
  // A lane that is bound but does not know the ring yet would answer 503, and so would the others for one that is behind.
  const bound = new Set<number>();
  const routing = new Set<number>();
  let failed: string | undefined;
  let ringSize = { membersCount: 0, ownCount: 0, hostsCount: 0 };
  let isLeaving = false;
  let isJoined = false;
  let store: StoreWatch | undefined;
  let allReady: () => void = () => {};
  let startFailed: (fault: StartFault) => void = () => {};
  const starting = new Promise<void>((resolve, reject) => {
    allReady = resolve;
    startFailed = reject;
  });
  starting.catch(() => {});

  function onReport(lane: number, message: Typed): void {
    const report = message as SipTransportState | DispatcherReady | MembershipReport | RingNews | StorageNews;
    if (report.type === 'transport-ready' || report.type === 'dispatcher-ready') {
      (report.type === 'transport-ready' ? bound : routing).add(lane);
      checkReady();
    } else if (report.type === 'transport-failed') {
      startFailed(new StartFault(bindSentence(listen, report.code, report.sentence)));
    } else if (report.type === 'ring-news') {
      onRingNews(report);
    } else if (report.type === 'host-news') {
      if (report.host !== number) config.isAlone = false;
      onEvent({ kind: 'ring-news', lane, sentence: report.sentence });
    } else if (report.type === 'storage-news') {
      onEvent({ kind: 'storage-news', lane, sentence: report.sentence });
      void store?.look();
    } else if (report.type === 'host-number-taken') {
      failed = report.sentence;
      onEvent({ kind: 'host-failed', lane, sentence: report.sentence });
    }
  }

  function onRingNews({ lane, membersCount, ownCount, hostsCount }: RingNews): void {
    if (lane !== 0) return;
    ringSize = { membersCount, ownCount, hostsCount };
    if (isJoined || ownCount < options.peers) return;
    isJoined = true;
    if (!entrance.founds) {
      const sentence = `All ${ownCount} peers are in the ring: ${membersCount} peers of ${hostsCount} hosts.`;
      onEvent({ kind: 'ring-joined', lane, sentence });
    }
  }

  let running: Host | undefined;
  const lanesUp = () => laneNumbers.filter((lane) => running?.phaseOf(lane) === 'up');
  const isStoreLaneUp = () => running?.phaseOf(storeLaneOf(config)) === 'up';
  function checkReady(): void {
    const areUp = lanesUp().length === options.lanes && isStoreLaneUp();
    if (bound.size === options.lanes && routing.size === options.lanes && areUp) allReady();
  }

  function lateSentence(): string {
    const known = routing.size < options.lanes ? 'the ring was not known' : 'traffic was not kept up with';
    const what = bound.size < options.lanes ? `${listenText(listen)} was not bound` : known;
    return `${what} on every lane within ${readyMsMax / 1_000} s`;
  }

  const program = config.store.kind === 'postgres' ? './postgres-program' : './lane-program';
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const lanes = await startHost({
    program: new URL(`${program}.${ending}`, import.meta.url).href,
    config,
    // A store in a database has a lane of its own.
    lanesCount: Math.max(options.lanes, storeLaneOf(config) + 1),
    host: number,
    ...(directory === undefined ? {} : { directory }),
    ...(entrance.identity === undefined || ringListen === undefined
      ? {}
      : {
          ring: {
            ringName: options.ringName,
            token: options.token!.reveal(),
            identity: entrance.identity,
            listen: ringListen,
            advertised: advertised!,
          },
        }),
    onReport,
    onEvent: (event) => {
      if (event.kind === 'host-failed') failed = event.sentence;
      // The only lane of a host that was always alone founds its ring again, with a later life.
      if (event.kind === 'lane-down' && config.foundedAt !== undefined) config.foundedAt = Date.now();
      if (event.kind === 'lane-up') checkReady();
      onEvent(event);
    },
  });
  running = lanes;
  checkReady();
  // A joiner waits for its ring as long as it takes; a founder that does not know its own ring is broken.
  const late = setInterval(() => {
    if (entrance.founds || bound.size < options.lanes) startFailed(new StartFault(lateSentence()));
    else if (isEnded()) startFailed(new StartFault('stopped before the ring was known'));
    else onEvent({ kind: 'waiting', lane: 0, sentence: `Still waiting: ${lateSentence()}.` });
  }, readyMsMax);
  try {
    await starting;
  } catch (fault) {
    await lanes.stop();
    throw fault;
  } finally {
    clearInterval(late);
  }

  const laneUp = (): number => lanesUp()[0] ?? 0;

  async function ask<Answer>(to: Address<never>, message: Typed, timeoutMs = askMsMax, lane = laneUp()) {
    return (await lanes.ask(lane, to as unknown as Address<Typed>, message, timeoutMs)) as unknown as Answer;
  }
  const here = (lane: number, index: number): Address<never> => makeAddress(number, lane, index);

  const listHosts = (): Promise<HostsListed> =>
    lanes.phaseOf(0) === 'up'
      ? ask<HostsListed>(here(0, at.membership), { type: 'list-hosts' }, askMsMax, 0)
      : ask<HostsListed>(here(laneUp(), at.membership), { type: 'list-hosts' });
  const tellRing = (): Promise<RingTold> => ask<RingTold>(here(laneUp(), at.reporter), { type: 'tell-ring' });
  async function ownerOf(name: string): Promise<LookedUp> {
    const asked = { type: 'look-up', aor: name } as Typed;
    const found = await ask<LookedUp | LookUpFailed>(here(laneUp(), at.dispatcher), asked);
    if (found.type === 'look-up-failed') throw new Error(`${found.sentence}; ask again in a second`);
    return found;
  }
  const asking: Asking = {
    host: number,
    lanesCount: options.lanes,
    storeLane: storeLaneOf(config),
    ask: (to, message, timeoutMs, lane) => ask(to, message as Typed, timeoutMs, lane),
    ownerOf,
    tellRing,
    listHosts,
  };
  const records = recordDesk(asking);
  store = new StoreWatch(asking);
  // What was told before it could be asked.
  await store.look();
  const readPointers = (chord: Address<ChordMessage>) =>
    ask<PointersRead | PointersPending>(chord, { type: 'read-pointers', versionKnown: 0 } as Typed);

  async function status(): Promise<HostStatus> {
    const [reports, { hosts }, storage] = await Promise.all([
      lanes.inspect(),
      listHosts().catch(() => ({ hosts: [] as HostsListed['hosts'] })),
      records.repair(),
    ]);
    const phases = { alive: 0, slow: 0, dead: 0, left: 0 };
    for (const { phase } of hosts) phases[phase]++;
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
      ring: {
        name: options.ringName,
        host: number,
        address: advertised === undefined ? 'off' : endpointText(advertised),
        fingerprint: entrance.identity?.fingerprint ?? '',
        isLeaving,
        hosts: phases,
        peersInRing: ringSize.ownCount,
        membersCount: ringSize.membersCount,
      },
      storage,
      lanes: reports,
      totals: sumTotals(reports),
    };
  }

  async function ring(): Promise<RingPicture> {
    const [{ members }, { hosts }] = await Promise.all([tellRing(), listHosts()]);
    return pictureOf(members, hosts, number);
  }

  async function check(): Promise<RingCheck> {
    const { members } = await tellRing();
    const answers = await askMembers(members, ({ chord }) => readPointers(chord));
    return judge(number, answers, Math.min(successorsCount, members.length - 1));
  }

  function health(): { healthy: boolean; sentence: string } {
    const up = lanesUp().length;
    const fault =
      failed ??
      (up < options.lanes ? `${up} of ${options.lanes} lanes are up` : undefined) ??
      (store?.trouble || undefined) ??
      (isStoreLaneUp() ? undefined : 'the lane of the records is away');
    return { healthy: fault === undefined, sentence: fault ?? `${up} of ${options.lanes} lanes are up` };
  }

  const hasOthers = (): boolean => ringSize.hostsCount > 1 || (ringSize.hostsCount === 1 && ringSize.ownCount === 0);

  async function leave(onProgress: (progress: LeaveProgress) => void = () => {}, withinMs = leaveMsMax): Promise<void> {
    if (isLeaving) throw new LeaveFault('this host is leaving already');
    if (!hasOthers()) {
      throw new LeaveFault(
        'this host is the only one of its ring, so nobody can take its users; stop it with SIGTERM to end the ring',
      );
    }
    isLeaving = true;
    try {
      const peers = laneNumbers.flatMap((lane) =>
        Array.from({ length: peersOfLane(config, lane) }, (_, i) => ({
          lane,
          chord: chordAddress(config, number, lane, i),
        })),
      );
      const leavePeer = ({ lane, chord }: (typeof peers)[number]) =>
        ask<RingLeft | LeaveRefused>(chord, { type: 'leave-ring' }, leavePeerMsMax, lane);
      const canSpareUs = (): boolean => ringSize.membersCount - ringSize.ownCount > successorsCount;
      await leaveAll(peers, leavePeer, canSpareUs, performance.now() + withinMs, onProgress);
      await ask(here(0, at.membership), { type: 'announce-leave' }, askMsMax, 0);
    } catch (failure) {
      isLeaving = false;
      throw failure;
    }
  }

  return {
    options,
    number,
    listen,
    ringEndpoint: advertised,
    aliases,
    health,
    status,
    ring,
    check,
    lookup: (uri) => lookUp(asking, uri, options.domain, aliases),
    records,
    leave,
    hasOthers,
    killLane: (lane) => lanes.killLane(lane),
    stop: () => {
      store?.end();
      return lanes.stop();
    },
  };
}

/** What other hosts are told. */
function advertisedOf({ advertise }: Options, bound: Endpoint | undefined): Endpoint | undefined {
  if (bound === undefined) return undefined;
  const { address, port } = advertise ?? bound;
  return { address, port: port === 0 ? bound.port : port };
}

function configOf(
  options: Options,
  { founds, identity, seeds, directory }: Entrance,
  listen: Endpoint,
  aliases: readonly string[],
  advertised: Endpoint | undefined,
  startedAt: number,
): { -readonly [K in keyof HostConfig]: HostConfig[K] } {
  return {
    domains: options.domain,
    aliases,
    listen,
    shared: options.lanes > 1,
    peersCount: options.peers,
    lanesCount: options.lanes,
    routing: options.routing,
    usersMax: options.usersMax,
    secret: ringSecret(options),
    ringName: options.ringName,
    isAlone: founds,
    isKept: directory !== undefined,
    store: storeOf(options, directory),
    ...(founds ? { foundedAt: startedAt } : {}),
    ...(identity === undefined || advertised === undefined
      ? {}
      : { ring: { ...advertised, fingerprint: identity.fingerprint, seeds } }),
  };
}

function storeOf({ storage }: Options, directory: string | undefined): StorePlace {
  if (storage !== undefined) return { kind: 'postgres', url: storage.reveal() };
  if (directory === undefined) return { kind: 'memory' };
  return { kind: 'sqlite', file: join(directory, 'records.sqlite'), ballotsFile: join(directory, 'ballots.sqlite') };
}
