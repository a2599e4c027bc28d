// Several hosts with lanes in one virtual time: kernels with a membership and a few scripted peers each, hosts ports that keep routes, and
// links between hosts that can be slow, lossy, cut one way, and relayed. What every actor of interest hears is written down.
import { type Address, type Behaviour, makeAddress, nobody, type Typed } from '@chordial/actor';
import type { DiskRequest, HostsRequest, RouteHost } from '@chordial/actor/protocol';
import { createRandom, nextFloat } from '@chordial/actor/random';
import { type DueTimer, hostOf, LaneKernel, laneOf } from '@chordial/actor/shell';
import type { ChordMessage, Member, RingChanged } from '@chordial/chord/protocol';
import { type RingKey, ringKeyFromText } from '@chordial/ring-key';
import { membership } from './behaviour.ts';
import { membershipInvariants } from './invariants.ts';
import type { MembershipMessage, MembershipReport } from './protocol.ts';
import type { MembershipConfig, MembershipState } from './state.ts';

const portIndex = 5;
const ownerIndex = 6;
const diskIndex = 7;
const watcherIndex = 17;
export const at = 16;
export const firstPeerIndex = 20;
export const startedAt = 1_700_000_000_000;

type Event = { at: number; seq: number; run: () => void };

export interface HostOptions {
  readonly lanes?: number;
  /** Founders per lane. */
  readonly founders?: number;
  readonly seeds?: readonly number[];
  readonly hasDisk?: boolean;
  readonly fingerprint?: string;
  readonly life?: number;
  readonly config?: Partial<MembershipConfig>;
}

/** One lane: its kernel, and all that its scripted actors heard. */
export class WorldLane {
  readonly kernel: LaneKernel;
  readonly heard: Typed[] = [];
  readonly reports: MembershipReport[] = [];
  readonly routes = new Map<number, RouteHost>();
  readonly peers: { member: Member; heard: Typed[] }[] = [];
  ring: RingChanged | undefined;
  /** Timers fire this much too late. */
  timersLateMs = 0;
  isDown = false;
  /** While paused, what is due waits until this. */
  pausedUntil = 0;
  membership = makeAddress<MembershipMessage>(0, 0, 1);
  readonly host: WorldHost;
  readonly lane: number;

  constructor(world: World, host: WorldHost, lane: number) {
    this.host = host;
    this.lane = lane;
    this.kernel = new LaneKernel(host.number, lane, world.seed * 7_919 + host.number * 31 + lane + world.now, {
      post: (to, from, message) => world.post(this, to, from, message),
      setTimer: (delayMs, due) => world.setTimer(this, delayMs, due),
      clearTimer: (timer) => world.timers.delete(timer),
      actorFailed: (_actor, name, failure) => {
        throw new Error(`${name} failed`, { cause: failure });
      },
      laneFailed: (failure) => {
        throw failure;
      },
      stepped: (cell) => {
        if (cell.behaviour !== (membership as unknown)) return;
        const broken = membershipInvariants(cell.state as MembershipState);
        if (broken !== undefined) throw new Error(`host ${host.number} lane ${lane}: ${broken}`);
      },
    });
    this.kernel.now = world.now;
  }

  get state(): MembershipState {
    return this.kernel.cellAt(this.membership)!.state as MembershipState;
  }

  listen(index: number, onMessage: (message: Typed) => void): Address<never> {
    const behaviour: Behaviour<null, Typed, undefined> = {
      name: 'listener',
      init: () => null,
      step: (_, { message }) => onMessage(message),
      mailbox: { messagesMax: 10_000, overflow: 'drop-newest' },
    };
    return this.kernel.spawnRoot(behaviour, undefined, index) as Address<never>;
  }
}

/** Hosts 1 to `count` that joined by host 1 and know all members. */
export function ringOf(count: number, seed = 1, options: HostOptions = { founders: 4 }): World {
  const world = new World(seed);
  for (let host = 1; host <= count; host++) world.startHost(host, { ...options, seeds: host === 1 ? [] : [1] });
  const members = count * (options.founders ?? 0) * (options.lanes ?? 1);
  world.runUntil(() => [...world.hosts.keys()].every((host) => world.keys(host).length === members));
  return world;
}

export const typesOf = (heard: readonly Typed[]): string[] => heard.map(({ type }) => type);

export interface WorldHost {
  readonly number: number;
  readonly lanes: WorldLane[];
  readonly options: HostOptions;
  disk: Uint8Array;
}

export class World {
  now = 0;
  readonly seed: number;
  readonly hosts = new Map<number, WorldHost>();
  readonly timers = new Map<number, { lane: WorldLane; due: DueTimer; at: number }>();
  /** `from>to` of hosts between which nothing passes. */
  readonly cuts = new Set<string>();
  loss = 0;
  latencyMs = 1;
  /** Messages and bytes (as JSON) between hosts. */
  messages = 0;
  bytes = 0;
  countsBytes = false;
  /** Messages between hosts, once a test sets it. */
  log: { from: number; to: number; message: MembershipMessage }[] | undefined;
  biggest = 0;
  /** Files written, of all hosts. */
  writes = 0;
  #events: Event[] = [];
  #seq = 0;
  readonly #random;

  constructor(seed = 1) {
    this.seed = seed;
    this.#random = createRandom(seed);
  }

  lane(host: number, lane = 0): WorldLane {
    return this.hosts.get(host)!.lanes[lane]!;
  }

  startHost(number: number, options: HostOptions = {}): WorldHost {
    const disk = this.hosts.get(number)?.disk ?? new Uint8Array();
    const host: WorldHost = { number, lanes: [], options, disk };
    this.hosts.set(number, host);
    for (let lane = 0; lane < (options.lanes ?? 1); lane++) this.startLane(host, lane);
    return host;
  }

  /** Starts a lane, or starts it again with peers that are no members yet. */
  startLane(host: WorldHost, lane: number, founders = host.options.founders ?? 0): WorldLane {
    const { number, options } = host;
    if (host.lanes[lane] !== undefined) host.lanes[lane].isDown = true;
    const made = new WorldLane(this, host, lane);
    host.lanes[lane] = made;
    made.listen(portIndex, (message) => {
      const request = message as HostsRequest;
      if (request.type === 'route-host') {
        made.routes.set(request.host, request);
        if (request.via !== 0) this.#openDirectWay(made, request.host);
      }
      if (request.type === 'forget-host') made.routes.delete(request.host);
    });
    made.listen(ownerIndex, (message) => made.reports.push(message as MembershipReport));
    made.listen(diskIndex, (message) => this.#onDisk(made, message as DiskRequest));
    const life = options.life ?? startedAt;
    const members = Array.from({ length: founders }, (_, i) => this.member(number, lane, i, life));
    const config: MembershipConfig = {
      host: number,
      lane,
      lanesCount: options.lanes ?? 1,
      startedAt: life,
      address: `10.0.0.${number}`,
      port: 7_000 + number,
      fingerprint: options.fingerprint ?? `print-${number}`,
      sip: `udp:10.0.0.${number}:5060`,
      hostsPort: makeAddress(number, lane, portIndex),
      owner: makeAddress(number, lane, ownerIndex),
      leader: makeAddress(number, 0, at),
      at,
      founders: members,
      seeds: (options.seeds ?? []).map((seed) => this.contact(seed)),
      ...(options.hasDisk === true && lane === 0 && { disk: makeAddress(number, 0, diskIndex) }),
      ...options.config,
    };
    for (const member of members) this.#startPeer(made, member);
    made.membership = made.kernel.spawnRoot(membership, config, at);
    const watcher = made.listen(watcherIndex, (message) => {
      made.ring = message as RingChanged;
    });
    made.kernel.deliver(made.membership as number as Address<Typed>, nobody, {
      type: 'watch-ring',
      replyTo: watcher,
    } as Typed);
    this.settle(made);
    return made;
  }

  contact(host: number) {
    const fingerprint = this.hosts.get(host)?.options.fingerprint ?? `print-${host}`;
    return { host, address: `10.0.0.${host}`, port: 7_000 + host, fingerprint };
  }

  member(host: number, lane: number, i: number, life = startedAt, key?: RingKey): Member {
    const chord = makeAddress<ChordMessage>(host, lane, firstPeerIndex + i);
    return { key: key ?? ringKeyFromText(`${host} ${lane} ${i}`), host, lane, chord, life };
  }

  /** Adds a scripted peer that may become a member by `tell`. */
  addPeer(host: number, lane: number, i: number): Typed[] {
    return this.#startPeer(this.lane(host, lane), this.member(host, lane, i)).heard;
  }

  #startPeer(lane: WorldLane, member: Member) {
    const peer = { member, heard: [] as Typed[] };
    lane.peers.push(peer);
    const index = (member.chord as number) % 2 ** 20;
    // Of many peers the first ten listen.
    if (index < 30 && lane.kernel.cellAt(member.chord as never) === undefined)
      lane.listen(index, (message) => peer.heard.push(message));
    return peer;
  }

  tell(host: number, lane: number, message: MembershipMessage, from: Address<never> = nobody): void {
    const to = this.lane(host, lane);
    to.kernel.deliver(to.membership as number as Address<Typed>, from, message);
    this.settle(to);
  }

  crash(host: number): void {
    for (const lane of this.hosts.get(host)!.lanes) lane.isDown = true;
  }

  pause(host: number, ms: number): void {
    for (const lane of this.hosts.get(host)!.lanes) lane.pausedUntil = this.now + ms;
  }

  cut(a: readonly number[], b: readonly number[]): void {
    for (const one of a) for (const other of b) this.cuts.add(`${one}>${other}`).add(`${other}>${one}`);
  }

  #onDisk(lane: WorldLane, request: DiskRequest): void {
    const { host } = lane;
    const { correlation } = request;
    if (request.type === 'replace-file') {
      this.writes++;
      host.disk = request.bytes.slice(request.start, request.end);
      this.after(1, () => this.#deliver(lane, request.replyTo, nobody, { type: 'disk-done', correlation } as Typed));
    } else if (request.type === 'read-file') {
      const bytes = host.disk;
      const event = { type: 'file-read', correlation, bytes, start: 0, end: bytes.length } as Typed;
      this.after(1, () => this.#deliver(lane, request.replyTo, nobody, event));
    }
  }

  /** Beside a relay, the link opens where its packets and their acknowledgements arrive. */
  #openDirectWay(lane: WorldLane, host: number): void {
    const own = lane.host.number;
    this.after(2 * this.latencyMs, () => {
      if (this.cuts.has(`${own}>${host}`) || this.cuts.has(`${host}>${own}`)) return;
      this.#deliver(lane, lane.membership as Address<never>, nobody, { type: 'host-linked', host } as Typed);
    });
  }

  post(from: WorldLane, to: Address<Typed>, sender: Address<never>, message: Typed): boolean {
    const host = hostOf(to);
    const copy = JSON.parse(JSON.stringify(message)) as Typed;
    if (host === from.host.number) {
      this.after(0.01, () => {
        const lane = this.hosts.get(host)?.lanes[laneOf(to)];
        if (lane !== undefined) this.#deliver(lane, to, sender, copy);
      });
      return true;
    }
    const route = from.routes.get(host);
    if (route === undefined) return false;
    const text = this.countsBytes ? JSON.stringify(message).length : 0;
    this.messages++;
    this.log?.push({ from: from.host.number, to: host, message: message as MembershipMessage });
    this.bytes += text;
    this.biggest = Math.max(this.biggest, text);
    const legs =
      route.via === 0
        ? [[from.host.number, host]]
        : [
            [from.host.number, route.via],
            [route.via, host],
          ];
    const isLost = legs.some(([a, b]) => this.cuts.has(`${a}>${b}`) || nextFloat(this.#random) < this.loss);
    if (isLost || (route.via !== 0 && !this.#passesOn(route.via, host))) return true;
    this.after(this.latencyMs * legs.length * (1 + nextFloat(this.#random) / 10), () => {
      const target = this.hosts.get(host);
      const lane = target?.lanes[laneOf(to)];
      if (lane === undefined || (target!.options.fingerprint ?? `print-${host}`) !== route.fingerprint) return;
      const back = lane.routes.get(from.host.number);
      if (back === undefined && !lane.isDown) {
        const introduced = { type: 'host-introduced', ...this.contact(from.host.number) } as const;
        lane.routes.set(from.host.number, { ...introduced, type: 'route-host', via: 0 });
        this.#deliver(lane, lane.membership as Address<never>, nobody, introduced);
      }
      this.#deliver(lane, to, sender, copy);
    });
    return true;
  }

  /** A host passes messages on where its own way is direct: what came by one relay does not go to another. */
  #passesOn(relay: number, host: number): boolean {
    const lane = this.hosts.get(relay)?.lanes[0];
    return lane !== undefined && !lane.isDown && lane.routes.get(host)?.via === 0;
  }

  #deliver(lane: WorldLane, to: Address<never> | Address<Typed>, from: Address<never>, message: Typed): void {
    if (lane.isDown) return;
    if (lane.pausedUntil > this.now) {
      this.after(lane.pausedUntil - this.now, () => this.#deliver(lane, to, from, message));
      return;
    }
    lane.kernel.deliver(to as number as Address<Typed>, from, message);
    this.settle(lane);
  }

  settle(lane: WorldLane): void {
    lane.kernel.now = this.now;
    while (lane.kernel.run(1_000) > 0);
  }

  setTimer(lane: WorldLane, delayMs: number, due: DueTimer): number {
    const id = ++this.#seq;
    this.timers.set(id, { lane, due, at: this.now + delayMs });
    this.after(delayMs + lane.timersLateMs, () => this.#fire(id));
    return id;
  }

  #fire(id: number): void {
    const timer = this.timers.get(id);
    if (timer === undefined) return;
    if (timer.lane.pausedUntil > this.now) {
      this.after(timer.lane.pausedUntil - this.now, () => this.#fire(id));
      return;
    }
    this.timers.delete(id);
    if (timer.lane.isDown) return;
    timer.lane.kernel.now = this.now;
    timer.lane.kernel.fire(timer.due);
    this.settle(timer.lane);
  }

  after(ms: number, run: () => void): void {
    const event = { at: this.now + ms, seq: ++this.#seq, run };
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#events[middle]!;
      if (other.at > event.at || (other.at === event.at && other.seq > event.seq)) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
  }

  run(ms: number): void {
    const until = this.now + ms;
    for (let next = this.#events.at(-1); next !== undefined && next.at <= until; next = this.#events.at(-1)) {
      this.#events.pop();
      this.now = Math.max(this.now, next.at);
      next.run();
    }
    this.now = until;
  }

  /** Runs until it holds; throws after `ms`. */
  runUntil(holds: () => boolean, ms = 10_000): number {
    const started = this.now;
    while (!holds()) {
      if (this.now - started > ms) throw new Error(`not so after ${ms} ms`);
      this.run(10);
    }
    return this.now - started;
  }

  phase(of: number, seenBy: number, lane = 0): string {
    return this.lane(seenBy, lane).state.roster.entries.get(of)?.phase ?? 'unknown';
  }

  inspect(host: number, lane = 0): unknown {
    return membership.inspect!(this.lane(host, lane).state);
  }

  /** What the owner was told of other hosts. */
  newsOf(host: number): string[] {
    return this.lane(host).reports.map((report) => (report.type === 'host-news' ? report.phase : report.type));
  }

  keys(host: number, lane = 0): RingKey[] {
    return (this.lane(host, lane).ring?.members ?? []).map(({ key }) => key);
  }
}
