// The way from one lane to another host: a stream of messages like a TCP connection that carries no bytes. In order, at most once;
// what the weather loses is sent again after 200 ms, then twice that, and after 3 s without progress the link breaks and all that
// waits in it is lost. Data needs acknowledgements, so a cut in one direction stops it too. (RFC 9293; RFC 6298 5.5.)
import { nextFloat } from '@chordial/actor/random';
import type { ScheduledEvent } from './event-heap.ts';
import type { SimulatedHost } from './host.ts';
import type { SimulatedLane } from './lane.ts';
import type { Mail } from './links.ts';
import type { World } from './world.ts';

export interface HostRoute {
  readonly host: number;
  readonly address: string;
  readonly port: number;
  readonly fingerprint: string;
  readonly via: number;
  /** 0 where it is not known. */
  readonly life: number;
}

export interface HostMail extends Mail {
  /** Passed on by a host between already; nobody passes it on again. */
  readonly isRelayed: boolean;
}

/** What a link tells the hosts port of its lane. */
export interface HostLinkEvents {
  linked(host: number): void;
  unlinked(host: number, code: string, sentence: string): void;
}

/** Where a connection ends: a lane of the other host, in the life that accepted it. */
interface Connection {
  readonly attempt: number;
  readonly lane: SimulatedLane;
}

interface Segment {
  readonly mail: readonly HostMail[];
  readonly bytes: number;
  isDelivered: boolean;
}

/** Bytes under way or unread at the receiver. */
const windowBytes = 256 * 1_024;
const segmentBytesMax = 64 * 1_024;
const retryMsMin = 200;
/** Sent at 0, 200, 600 and 1,400 ms; given up at 3,000 ms. */
const retriesMax = 3;
const connectMsMax = 3_000;
const backoffMsMin = 50;
const backoffMsMax = 1_000;

export class HostLink {
  /** Where the next connection goes. */
  route: HostRoute;
  phase: 'down' | 'connecting' | 'linked' = 'down';
  readonly #world: World;
  readonly #lane: SimulatedLane;
  readonly #events: HostLinkEvents;
  #queue: HostMail[] = [];
  #queuedBytes = 0;
  #flightBytes = 0;
  #isRetrying = false;
  #connection: Connection | undefined;
  /** Counts connections, so that what happens to one is not taken for the fate of the next. */
  #attempt = 0;
  #connectedLife = 0;
  #connectedBeganAt = 0;
  #failuresInRow = 0;
  #downUntil = 0;
  #lastArrival = 0;
  #timeout: ScheduledEvent | undefined;

  constructor(world: World, lane: SimulatedLane, route: HostRoute, events: HostLinkEvents) {
    this.#world = world;
    this.#lane = lane;
    this.route = route;
    this.#events = events;
  }

  /** Queues a message and opens the link when it is not; false while it is known to be down or its queue is full. */
  post(mail: HostMail): boolean {
    const { now, options } = this.#world;
    if (this.phase === 'down' && now < this.#downUntil) return false;
    if (this.#queue.length >= options.linkMessagesMax) return false;
    if (this.#queuedBytes + mail.crossing.bytes > options.linkBytesMax) return false;
    this.#queue.push(mail);
    this.#queuedBytes += mail.crossing.bytes;
    if (this.phase === 'down') this.#connect();
    return true;
  }

  /** Opens the link with nothing to send yet, unless its pause lasts. */
  tryOpening(): void {
    if (this.phase === 'down' && this.#world.now >= this.#downUntil) this.#connect();
  }

  /** The turn is over: what it queued leaves together. */
  flush(): void {
    if (this.phase === 'linked') this.#pump();
  }

  /** Ends the link without a word; what waits in it is lost. */
  close(): void {
    this.#attempt++;
    this.phase = 'down';
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#flightBytes = 0;
    this.#isRetrying = false;
    if (this.#timeout !== undefined) this.#world.cancel(this.#timeout);
    this.#connection?.lane.hosts.incoming.delete(this);
    this.#connection = undefined;
  }

  /** The host whose link it is. */
  get from(): SimulatedHost {
    return this.#lane.host;
  }

  /** A route that leads elsewhere: to another key at once, to another place with the next connection, which may be now. */
  reroute(route: HostRoute): void {
    const { address, port, fingerprint } = this.route;
    this.route = route;
    if (fingerprint !== route.fingerprint) this.close();
    if (address !== route.address || port !== route.port) this.#downUntil = 0;
  }

  /** The other host called: what leads to an earlier life of it is left, and a link that is down may be tried at once. */
  outlived(life: number): void {
    if (this.phase === 'linked' && this.#connectedLife < life) this.#connectAnew();
    else if (this.phase === 'down') this.#downUntil = 0;
  }

  /**
   * The other host lives anew, and its former life had begun by `life`, wall-clock time. A link that was opened to the later one stays; one that is
   * being opened is opened again, as nobody knows which of the two it reached.
   */
  leaveLife(life: number): void {
    const isFormer = this.phase === 'linked' && Math.floor(this.#connectedBeganAt) <= life;
    if (isFormer || this.phase === 'connecting') this.#connectAnew();
    else if (this.phase === 'down') this.#downUntil = 0;
  }

  /** What is on its way is lost, unless the other end was there after all; what waits is kept for the next connection. */
  #connectAnew(): void {
    const wasLinked = this.phase === 'linked';
    const queue = this.#queue;
    const queuedBytes = this.#queuedBytes;
    this.close();
    this.#queue = queue;
    this.#queuedBytes = queuedBytes;
    this.#failuresInRow = 0;
    this.#downUntil = 0;
    if (wasLinked) this.#events.unlinked(this.route.host, 'former-life', 'the host was started again');
    if (queue.length > 0) this.tryOpening();
  }

  /** The other end stands still for so long that pings go unanswered. */
  peerSilent(): void {
    this.#break(this.#attempt, 'ETIMEDOUT', 'no answer for 3000 ms');
  }

  /** The lane at the other end died, and its machine says so if it lives. */
  peerDied(tells: boolean): void {
    const { lane } = this.#connection ?? {};
    if (lane !== undefined && tells) this.#tellReset(lane.host, this.#attempt);
  }

  #connect(): void {
    this.phase = 'connecting';
    const attempt = ++this.#attempt;
    this.#timeout = this.#world.after(connectMsMax, () =>
      this.#break(attempt, 'ETIMEDOUT', this.#sentence('ETIMEDOUT')),
    );
    this.#sendHello(attempt, 0);
  }

  #sendHello(attempt: number, retries: number): void {
    if (attempt !== this.#attempt) return;
    const { network } = this.#world;
    const from = this.#lane.host;
    const to = network.hostAt(this.route.address, from);
    const there = to?.answers ? network.sendSegment(from, to) : undefined;
    const back = to?.answers ? network.sendSegment(to, from) : undefined;
    if (to === undefined || there === undefined || back === undefined) {
      if (retries < retriesMax) {
        this.#world.after(retryMsMin * 2 ** retries, () => this.#sendHello(attempt, retries + 1));
      }
      return;
    }
    this.#world.after(there, () => {
      const lane = to.chooseLane();
      if (lane === undefined) {
        this.#world.after(back, () => this.#break(attempt, 'ECONNREFUSED', this.#sentence('ECONNREFUSED')));
      } else lane.arrive(() => this.#accepted(attempt, lane, back));
    });
  }

  /** In a turn of the lane that accepts. */
  #accepted(attempt: number, lane: SimulatedLane, back: number): void {
    if (attempt !== this.#attempt) return;
    const refusal = this.#refusal(lane.host) ?? lane.hosts.judge(this.#lane.host);
    if (refusal !== undefined) {
      this.#world.after(back, () => this.#break(attempt, refusal, this.#sentence(refusal)));
      return;
    }
    lane.hosts.incoming.add(this);
    this.#connection = { attempt, lane };
    this.#connectedLife = lane.host.life;
    this.#connectedBeganAt = lane.host.beganAt;
    lane.hosts.met(this.#lane.host);
    lane.host.introduce(this.#lane.host);
    this.#world.after(back, () => this.#lane.arrive(() => this.#open(attempt)));
  }

  #refusal({ number, fingerprint }: SimulatedHost): 'wrong-key' | 'wrong-host' | undefined {
    if (isOtherKey(this.route.fingerprint, fingerprint)) return 'wrong-key';
    return number === this.route.host ? undefined : 'wrong-host';
  }

  #open(attempt: number): void {
    if (attempt !== this.#attempt) return;
    if (this.#timeout !== undefined) this.#world.cancel(this.#timeout);
    this.phase = 'linked';
    this.#failuresInRow = 0;
    this.#events.linked(this.route.host);
    this.#pump();
  }

  #break(attempt: number, code: string, sentence: string): void {
    this.#lane.arrive(() => {
      if (attempt !== this.#attempt) return;
      this.close();
      const backoffMs = Math.min(backoffMsMax, backoffMsMin * 2 ** this.#failuresInRow++);
      this.#downUntil = this.#world.now + backoffMs * (0.5 + nextFloat(this.#world.random.hosts) / 2);
      this.#events.unlinked(this.route.host, code, sentence);
    });
  }

  #pump(): void {
    while (!this.#isRetrying && this.#queue.length > 0 && this.#flightBytes < windowBytes) {
      if (this.phase !== 'linked' || this.#connection === undefined) return;
      const segment = this.#nextSegment();
      this.#flightBytes += segment.bytes;
      this.#transmit(segment, this.#connection, 0);
    }
  }

  #nextSegment(): Segment {
    let mail = this.#queue;
    let bytes = this.#queuedBytes;
    if (bytes <= segmentBytesMax) this.#queue = [];
    else {
      let count = 0;
      bytes = 0;
      while (bytes < segmentBytesMax && count < mail.length) bytes += mail[count++]!.crossing.bytes;
      mail = this.#queue.splice(0, count);
    }
    this.#queuedBytes -= bytes;
    return { mail, bytes, isDelivered: false };
  }

  #transmit(segment: Segment, connection: Connection, retries: number): void {
    if (connection !== this.#connection) return;
    const { network } = this.#world;
    const from = this.#lane.host;
    const to = connection.lane.host;
    const there = to.answers ? network.sendSegment(from, to) : undefined;
    if (there !== undefined) {
      this.#lastArrival = Math.max(this.#world.now + there, this.#lastArrival);
      this.#world.at(this.#lastArrival, () => this.#arrived(segment, connection));
      // A lost acknowledgement is made good by the next one, unless none comes through at all.
      if (!network.isCut(to, from)) {
        this.#isRetrying = false;
        return;
      }
    }
    this.#isRetrying = true;
    this.#world.after(retryMsMin * 2 ** retries, () => {
      if (connection !== this.#connection) return;
      if (retries >= retriesMax) {
        this.#break(connection.attempt, 'ETIMEDOUT', 'write ETIMEDOUT');
        return;
      }
      this.#transmit(segment, connection, retries + 1);
      this.#pump();
    });
  }

  #arrived(segment: Segment, connection: Connection): void {
    const { lane, attempt } = connection;
    if (lane.phase === 'dead') {
      if (lane.host.answers) this.#tellReset(lane.host, attempt);
      return;
    }
    if (segment.isDelivered) return;
    segment.isDelivered = true;
    lane.arrive(() => {
      for (const mail of segment.mail) lane.hosts.receive(mail);
      if (connection !== this.#connection) return;
      const wasFull = this.#flightBytes >= windowBytes;
      this.#flightBytes -= segment.bytes;
      if (wasFull) this.#world.after(0, () => this.#lane.arrive(() => this.flush()));
    });
  }

  /** A machine without the other end of the connection answers with a reset; one that is lost is told again at the next segment. */
  #tellReset(by: SimulatedHost, attempt: number): void {
    const delay = this.#world.network.sendSegment(by, this.#lane.host);
    if (delay !== undefined) {
      this.#world.after(delay, () => this.#break(attempt, 'ECONNRESET', 'read ECONNRESET'));
    } else this.#stall(attempt);
  }

  /** Nothing comes back: what is sent from now on goes unanswered until the link gives up. */
  #stall(attempt: number): void {
    const connection = this.#connection;
    if (attempt !== this.#attempt || connection === undefined || this.#isRetrying) return;
    this.#isRetrying = true;
    this.#world.after(retryMsMin, () => this.#transmit({ mail: [], bytes: 0, isDelivered: false }, connection, 1));
  }

  #sentence(code: string): string {
    return `connect ${code} ${this.route.address}:${this.route.port}`;
  }
}

/** Keys that are not known are not compared. */
export const isOtherKey = (known: string, shown: string): boolean => known !== '' && shown !== '' && known !== shown;
