// The links of one lane: those it opened to other hosts, which carry what its actors send, and those that lanes of other hosts opened to
// it. What arrives is judged (who may say it, to whom) before it is decoded, and goes to this lane's actors, by the rings to another lane,
// or once to a third host.
import { type Address, makeAddress, type Typed } from '@chordial/actor';
import type { ForgetHost, HostIntroduced, HostsEvent, HostsRequest, RouteHost } from '@chordial/actor/protocol';
import { hostOf, indexOf, laneOf } from '@chordial/actor/shell';
import { gatewayIndex, hostsIndex, type LaneOrder } from './control.ts';
import { frameOf, kindMessage, kindPing, kindPong, relayedFlag } from './host-frames.ts';
import { type Hello, type RefusalCode, ringId, versionsSpoken } from './host-greeting.ts';
import { HostLink, type LinkOptions, PiecePool } from './host-link.ts';
import { createLinkCounts, type HostLinkCounts } from './host-link-counts.ts';
import { type Incoming, listenForHosts } from './host-listener.ts';
import type { HostRoutes } from './hosts-port.ts';
import { countAt, foreignBit, recordHeaderBytes } from './record-format.ts';
import { RefusalLog } from './refusal-log.ts';
import type { RingHost, RingLinkOptions } from './ring-options.ts';
import { addressFault } from './udp-socket.ts';
import { Wire, type WireMemory } from './wire.ts';

const tickMs = 250;
/** A tick that is later by this much says that this host stood still. */
const stoodStillMs = 750;
/** With more messages waiting on the lane, it reads no more from other hosts until half of them are done. */
const waitingMax = 16_384;
/** A link whose other end is there sends a ping every second. */
const silenceInMsMax = 10_000;
/** Actors of other hosts do not reach the shell's ports, the gateway aside, where answers go. */
const indexMin = 16;

/** What the links need of their lane. */
export interface LaneInside {
  clock(): number;
  deliver(to: Address<Typed>, from: Address<never>, message: Typed): void;
  /** Passes a record on to another lane of this host; false when it has no room or is out of routing. */
  forward(to: Address<Typed>, bytes: Uint8Array, start: number, end: number): boolean;
  waitingCount(): number;
  turn(): boolean;
  turnSoon(): void;
  linkRefused(sentence: string): void;
}

interface Route extends RingHost {
  readonly via: number;
  /** 0 where it is not known. */
  readonly life: number;
}

interface Guest {
  readonly incoming: Incoming;
  heardAt: number;
}

export class HostLinks implements HostRoutes {
  readonly #counts = createLinkCounts();
  readonly #order: LaneOrder;
  readonly #wire: Wire;
  readonly #inside: LaneInside;
  readonly #port: Address<never>;
  readonly #routes = new Map<number, Route>();
  readonly #links = new Map<number, HostLink>();
  /** Links that were given something since the last flush. */
  readonly #touched = new Set<HostLink>();
  readonly #guests = new Map<Incoming, Guest>();
  readonly #paused = new Set<Incoming>();
  readonly #log: RefusalLog;
  readonly #linkOptions: LinkOptions | undefined;
  readonly #listener: { close(): void } | undefined;
  #watcher: Address<HostsEvent> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #tickedAt = 0;
  #openedAt = 0;

  constructor(order: LaneOrder, wire: Wire, inside: LaneInside, versions = versionsSpoken) {
    this.#order = order;
    this.#wire = wire;
    this.#inside = inside;
    this.#port = makeAddress(order.host, order.lane, hostsIndex);
    this.#log = new RefusalLog(inside.clock, inside.linkRefused);
    const { ring, host, lane, lanesCount, startedAt } = order;
    if (ring === undefined) return;
    const { identity, token } = ring;
    const hello = (): Hello => this.#hello(ring, versions);
    this.#linkOptions = { identity, token, pieces: new PiecePool(), clock: inside.clock, hello };
    this.#listener = listenForHosts(
      { ring, versions, host, lane, lanesCount, life: startedAt },
      {
        judge: (other, fingerprint) => this.#judge(other, fingerprint),
        accepted: (incoming) => this.#accept(incoming),
        take: (incoming, kind, flags, memory, start, end) => this.#take(incoming, kind, flags, memory, start, end),
        chunkTaken: (incoming, bytes) => this.#chunkTaken(incoming, bytes),
        closed: (incoming) => {
          this.#guests.delete(incoming);
          this.#paused.delete(incoming);
        },
        knownHosts: () => [this.#self(ring), ...this.#routes.values()],
        refused: (sentence) => this.#log.add(sentence),
      },
    );
    this.#tickedAt = inside.clock();
    this.#timer = setInterval(() => this.#tick(), tickMs);
    this.#timer.unref();
  }

  /** Stages a message for another host; false when there is no way to it. Leaves with `flush`. */
  post(to: Address<Typed>, from: Address<never>, message: Typed): boolean {
    const link = this.#linkTo(hostOf(to), true);
    const isSent =
      link?.post(this.#wire.sizeMax(message), 0, (memory, at) => this.#wire.encode(memory, at, to, from, message)) ??
      false;
    if (isSent) {
      this.#counts.sent++;
      this.#touched.add(link!);
    } else this.#counts.refused++;
    return isSent;
  }

  /** Gives everything staged to the sockets. */
  flush(): void {
    for (const link of this.#touched) link.flush();
    this.#touched.clear();
  }

  /** The lane's turns are over for now: a lane that was behind may read again. */
  endTurns(): void {
    if (this.#paused.size === 0 || this.#inside.waitingCount() > waitingMax / 2) return;
    for (const { socket } of this.#paused) socket.resume();
    this.#paused.clear();
  }

  get isQuiet(): boolean {
    for (const link of this.#links.values()) if (!link.isQuiet) return false;
    return true;
  }

  report(): HostLinkCounts {
    let linksUp = 0;
    for (const { isUp } of this.#links.values()) if (isUp) linksUp++;
    return { ...this.#counts, linksUp, linksIn: this.#guests.size };
  }

  close(): void {
    clearInterval(this.#timer);
    this.#listener?.close();
    for (const link of this.#links.values()) link.close();
    for (const { socket } of this.#guests.keys()) socket.destroy();
  }

  // --- the hosts port ---------------------------------------------------------------------------------------------

  route({ host, address, port, fingerprint, via, life = 0 }: RouteHost): void {
    if (host === this.#order.host || !(host > 0 && host <= 65_535)) return;
    if (this.#linkOptions === undefined) {
      this.#tell({ type: 'host-unlinked', host, code: 'no-ring', sentence: 'this host was started without a ring' });
      return;
    }
    const fault = addressFault(address, port, 1);
    if (fault !== undefined) {
      this.#tell({ type: 'host-unlinked', host, code: 'EINVAL', sentence: fault });
      return;
    }
    this.#learn({ host, address, port, fingerprint, via, life });
    const link = via === 0 ? undefined : this.#direct(host);
    if (link?.isSound === true) this.#tell({ type: 'host-linked', host });
    else link?.tryOpening();
  }

  forget({ host }: ForgetHost): void {
    this.#routes.delete(host);
    this.#links.get(host)?.close();
    this.#links.delete(host);
    for (const { hello, socket } of this.#guests.keys()) if (hello.host === host) socket.destroy();
  }

  watch(watcher: Address<HostsEvent>): void {
    this.#watcher = watcher;
  }

  introduced(event: HostIntroduced): void {
    if (this.#routes.has(event.host)) return;
    this.#learn({ ...event, via: 0, life: 0 });
    this.#tell(event);
  }

  // --- what other hosts say ---------------------------------------------------------------------------------------

  #judge(hello: Hello, fingerprint: string): RefusalCode | undefined {
    if (hello.host === 0) return undefined;
    if (hello.host === this.#order.host) return 'wrong-host';
    const known = this.#routes.get(hello.host)?.fingerprint ?? '';
    return known === '' || known === fingerprint ? undefined : 'wrong-key';
  }

  #accept(incoming: Incoming): void {
    const { hello, fingerprint } = incoming;
    const { host, address, port } = hello;
    for (const other of this.#guests.keys()) {
      if (other.hello.host !== host) continue;
      // Of a former life no lane is left. (Never the other way round: a clock that was set back must not keep a host out.)
      if (other.hello.life < hello.life) {
        other.socket.destroy();
        continue;
      }
      if (other.hello.lane !== hello.lane) continue;
      // Of two links from one lane the later counts: what the earlier still holds would come out of order.
      const isLate = other.hello.openedAt > hello.openedAt;
      (isLate ? incoming : other).socket.destroy();
      if (isLate) return;
    }
    this.#guests.set(incoming, { incoming, heardAt: this.#inside.clock() });
    const known = this.#routes.get(host);
    if (known === undefined) {
      const event: HostIntroduced = { type: 'host-introduced', host, address, port, fingerprint };
      this.introduced(event);
      // Before anything that this link brings for them, as the rings keep the order.
      for (let lane = 0; lane < this.#order.lanesCount; lane++) {
        if (lane === this.#order.lane) continue;
        const other = makeAddress<HostsRequest | HostsEvent>(this.#order.host, lane, hostsIndex);
        this.#inside.deliver(other as Address<never> as Address<Typed>, this.#port, event);
      }
      this.#inside.turnSoon();
    } else if (known.address !== address || known.port !== port) {
      this.#learn({ ...known, address, port });
    }
    this.#links.get(host)?.outlived(hello.life);
  }

  #take(incoming: Incoming, kind: number, flags: number, memory: WireMemory, start: number, end: number): boolean {
    if (kind === kindPing) incoming.socket.write(frameOf(kindPong));
    else if (kind === kindMessage) return this.#takeMessage(incoming, flags, memory, start, end);
    // Kinds of later versions are not for us.
    return true;
  }

  #takeMessage(incoming: Incoming, flags: number, memory: WireMemory, start: number, end: number): boolean {
    if (end - start < recordHeaderBytes) return this.#distrust(incoming, 'a message that is cut short');
    const to = Wire.readTo(memory, start);
    const from = Wire.readFrom(memory, start);
    const isRelayed = (flags & relayedFlag) !== 0;
    if (!isAddress(to) || !isAddress(from)) return this.#distrust(incoming, 'a message without addresses');
    // What is relayed is in the name of another host, but never of this one: its own actors trust each other.
    const isInOtherName = from !== 0 && hostOf(from) !== incoming.hello.host;
    if (isInOtherName && (!isRelayed || hostOf(from) === this.#order.host)) {
      return this.#distrust(incoming, `a message in the name of host ${hostOf(from)}`);
    }
    const { host, lane, lanesCount } = this.#order;
    if (hostOf(to) !== host) this.#relay(to, isRelayed, memory, start, end);
    else if (laneOf(to) >= lanesCount || (indexOf(to) < indexMin && indexOf(to) !== gatewayIndex))
      this.#counts.refused++;
    else if (laneOf(to) !== lane) {
      memory.bytes[start + countAt]! |= foreignBit;
      if (this.#inside.forward(to, memory.bytes, start, end)) this.#counts.received++;
      else this.#counts.refused++;
    } else {
      const message = this.#wire.decodeForeign(memory, start, end);
      if (message === 'faulty') return this.#distrust(incoming, 'a message that is not whole');
      if (message === 'unknown') this.#counts.unknown++;
      else {
        this.#counts.received++;
        this.#inside.deliver(to, from, message);
      }
    }
    return true;
  }

  #relay(to: Address<Typed>, isRelayed: boolean, memory: WireMemory, start: number, end: number): void {
    const link = isRelayed ? undefined : this.#linkTo(hostOf(to), false);
    const length = end - start;
    const isSent = link?.post(length, relayedFlag, (target, at) => {
      memory.bytes.copy(target.bytes, at, start, end);
      return length;
    });
    if (isSent === true) {
      this.#counts.relayed++;
      this.#touched.add(link!);
    } else this.#counts.refused++;
  }

  #chunkTaken(incoming: Incoming, bytes: number): void {
    const guest = this.#guests.get(incoming);
    if (guest === undefined) return;
    this.#counts.bytesReceived += bytes;
    guest.heardAt = this.#inside.clock();
    // A pause holds until the turns that follow: they tell when it may end.
    if (this.#inside.waitingCount() > waitingMax) {
      incoming.socket.pause();
      this.#paused.add(incoming);
    }
    this.#inside.turn();
    this.flush();
  }

  /** Somebody with the token sends what no host sends: the connection ends, and an operator hears of it. */
  #distrust(incoming: Incoming, what: string): false {
    this.#log.add(`host ${incoming.hello.host} (${incoming.socket.remoteAddress}) was refused: it sent ${what}`);
    incoming.socket.destroy();
    return false;
  }

  // --- ways to other hosts ----------------------------------------------------------------------------------------

  #linkTo(host: number, mayRelay: boolean): HostLink | undefined {
    let route = this.#routes.get(host);
    if (route !== undefined && route.via !== 0) route = mayRelay ? this.#routes.get(route.via) : undefined;
    if (route === undefined) return undefined;
    return this.#direct(route.host);
  }

  #direct = (host: number): HostLink => this.#links.get(host) ?? this.#addLink(this.#routes.get(host)!);

  #addLink(route: Route): HostLink {
    const { host } = route;
    const link = new HostLink(route, this.#linkOptions!, {
      linked: () => this.#tell({ type: 'host-linked', host }),
      unlinked: (code, sentence) => {
        if (code.startsWith('wrong-'))
          this.#log.add(`host ${host} at ${route.address}:${route.port}: ${sentence} (${code})`);
        // Nothing is lost while a relay serves.
        if (this.#routes.get(host)?.via === 0) this.#tell({ type: 'host-unlinked', host, code, sentence });
      },
      wrote: (bytes) => {
        this.#counts.writes++;
        this.#counts.bytesSent += bytes;
      },
      lost: (messages) => {
        this.#counts.lost += messages;
      },
    });
    this.#links.set(host, link);
    return link;
  }

  #learn(route: Route): void {
    const { host, fingerprint } = route;
    const known = this.#routes.get(host);
    const lifeBefore = known?.fingerprint === fingerprint ? known.life : 0;
    const life = Math.max(route.life, lifeBefore);
    this.#routes.set(host, { ...route, life });
    const link = this.#links.get(host);
    link?.reroute(route);
    if (lifeBefore > 0 && life > lifeBefore) link?.leaveLife(lifeBefore);
  }

  #tell(event: HostsEvent): void {
    if (this.#watcher === undefined) return;
    this.#inside.deliver(this.#watcher as Address<never> as Address<Typed>, this.#port, event);
    this.#inside.turnSoon();
  }

  #tick(): void {
    const now = this.#inside.clock();
    const late = now - this.#tickedAt - tickMs;
    const pardonMs = late > stoodStillMs ? late : 0;
    this.#tickedAt = now;
    for (const link of this.#links.values()) link.tick(now, pardonMs);
    for (const guest of this.#guests.values()) {
      guest.heardAt += pardonMs;
      if (this.#paused.has(guest.incoming)) guest.heardAt = now;
      if (now - guest.heardAt > silenceInMsMax) guest.incoming.socket.destroy();
    }
  }

  #hello({ ringName, advertised, listen }: RingLinkOptions, versions: Hello['versions']): Hello {
    const { host, lane, startedAt } = this.#order;
    this.#openedAt = Math.max(startedAt + this.#inside.clock(), this.#openedAt + 1);
    const { address, port } = advertised ?? listen;
    return { versions, ring: ringId(ringName), host, lane, life: startedAt, openedAt: this.#openedAt, address, port };
  }

  #self({ identity: { fingerprint }, advertised, listen }: RingLinkOptions): RingHost {
    return { host: this.#order.host, ...(advertised ?? listen), fingerprint };
  }
}

const isAddress = (value: number): boolean => Number.isSafeInteger(value) && value >= 0 && hostOf(value) <= 65_535;
