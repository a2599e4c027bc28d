// Both ends of a simulated TCP connection. Bytes arrive in order or not at all: a lost piece is sent again with doubling pauses,
// and holds up what is behind it, until the connection breaks with ETIMEDOUT. A receiver that stops reading closes its window,
// so bytes pile up at the sender. (RFC 9293; acknowledgements take no time here, which no program can tell.)
import type { Address, Typed } from '@chordial/actor';
import type { SimulatedLane } from './lane.ts';
import type { World } from './world.ts';

export interface TcpListener {
  readonly id: number;
  readonly lane: SimulatedLane;
  readonly owner: Address<Typed>;
  readonly address: string;
  readonly port: number;
  readonly shared: boolean;
}

/** What an end tells its port. */
export interface TcpEndEvents {
  opened(end: TcpEnd): void;
  received(end: TcpEnd, bytes: Uint8Array): void;
  closed(end: TcpEnd, code: string, sentence: string): void;
}

/** Bytes that may be under way to a receiver or unread by it. */
const windowBytes = 256 * 1_024;
const segmentBytesMax = 64 * 1_024;
/** Bytes that may wait to be written on one connection, as in the runtime. */
const writeBytesMax = 1_024 * 1_024;
const retryMsMin = 200;
const retriesMax = 7;

type Segment = { readonly kind: 'bytes'; readonly bytes: Uint8Array } | { readonly kind: 'fin' };

export class TcpEnd {
  readonly id: number;
  readonly lane: SimulatedLane;
  readonly owner: Address<Typed>;
  readonly correlation: number;
  readonly address: string;
  readonly port: number;
  peer: TcpEnd | undefined;
  phase: 'connecting' | 'open' | 'closed' = 'connecting';
  /** The machine below this end crashed: nobody answers for it. */
  isSilent = false;
  readonly #world: World;
  readonly #events: TcpEndEvents;
  readonly #unsent: Segment[] = [];
  readonly #unread: Segment[] = [];
  #unsentBytes = 0;
  #flightBytes = 0;
  #isReading = true;
  #isRetrying = false;
  #finQueued = false;
  #finSent = false;
  #finReceived = false;
  #lastArrival = 0;

  /** `address` and `port` are those of the other end. */
  constructor(
    world: World,
    lane: SimulatedLane,
    events: TcpEndEvents,
    place: { id: number; owner: Address<Typed>; correlation: number; address: string; port: number },
  ) {
    this.#world = world;
    this.lane = lane;
    this.#events = events;
    this.id = place.id;
    this.owner = place.owner;
    this.correlation = place.correlation;
    this.address = place.address;
    this.port = place.port;
  }

  open(peer: TcpEnd): void {
    this.peer = peer;
    this.phase = 'open';
    this.#events.opened(this);
    this.#read();
    this.#pump();
  }

  write(bytes: Uint8Array): void {
    if (this.phase === 'closed' || this.#finQueued) return;
    if (this.#unsentBytes + bytes.length > writeBytesMax) {
      this.reset('ENOBUFS', `${writeBytesMax} bytes wait to be written`);
      return;
    }
    for (let at = 0; at < bytes.length; at += segmentBytesMax) {
      this.#unsent.push({ kind: 'bytes', bytes: bytes.subarray(at, at + segmentBytesMax) });
    }
    this.#unsentBytes += bytes.length;
    this.#pump();
  }

  setReading(reading: boolean): void {
    this.#isReading = reading;
    if (reading) this.#world.after(0, () => this.lane.arrive(() => this.#read()));
  }

  /** Writes what is queued, then says that no more will come. */
  end(): void {
    if (this.#finQueued || this.phase === 'closed') return;
    this.#finQueued = true;
    this.#unsent.push({ kind: 'fin' });
    this.#pump();
  }

  /** Breaks the connection: this end hears `code` at once, the other a reset when it arrives. */
  reset(code: string, sentence: string): void {
    this.#close(code, sentence);
    this.#tellReset();
  }

  /** The lane below is gone. `tells`: its process lives and resets the connection. */
  abandon(tells: boolean): void {
    this.phase = 'closed';
    this.isSilent = !tells;
    if (tells) this.#tellReset();
  }

  #tellReset(): void {
    const { peer } = this;
    if (peer === undefined) return;
    const delay = this.#world.network.sendSegment(this.lane.host, peer.lane.host);
    // A lost reset is not repeated: the other end finds out when it next sends.
    if (delay !== undefined) this.#world.after(delay, () => peer.#broken('ECONNRESET', 'read ECONNRESET'));
  }

  #broken(code: string, sentence: string): void {
    this.lane.arrive(() => this.#close(code, sentence));
  }

  #close(code: string, sentence: string): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    this.#unsent.length = 0;
    this.#unread.length = 0;
    this.#events.closed(this, code, sentence);
  }

  #pump(): void {
    while (this.phase === 'open' && !this.#isRetrying && this.#unsent.length > 0) {
      const segment = this.#unsent[0]!;
      const fits = segment.kind === 'fin' || this.#flightBytes + segment.bytes.length <= windowBytes;
      if (!fits) return;
      this.#unsent.shift();
      if (segment.kind === 'bytes') {
        this.#unsentBytes -= segment.bytes.length;
        this.#flightBytes += segment.bytes.length;
      } else this.#finSent = true;
      this.#transmit(segment, 0);
    }
    this.#endIfDone();
  }

  #transmit(segment: Segment, retries: number): void {
    const peer = this.peer!;
    const delay = peer.isSilent && !peer.lane.host.isUp ? undefined : this.#sendDelay(peer);
    if (delay !== undefined) {
      this.#isRetrying = false;
      this.#lastArrival = Math.max(this.#world.now + delay, this.#lastArrival);
      this.#world.at(this.#lastArrival, () => peer.#arrived(segment));
      return;
    }
    this.#isRetrying = true;
    if (retries >= retriesMax) {
      this.#broken('ETIMEDOUT', 'write ETIMEDOUT');
      return;
    }
    this.#world.after(retryMsMin * 2 ** retries, () => {
      if (this.phase !== 'open') return;
      this.#transmit(segment, retries + 1);
      this.#pump();
    });
  }

  #sendDelay(peer: TcpEnd): number | undefined {
    return this.#world.network.sendSegment(this.lane.host, peer.lane.host);
  }

  #arrived(segment: Segment): void {
    if (this.phase === 'closed') {
      // Nobody is here any more: the sender is told, unless it is only saying goodbye.
      if (segment.kind === 'bytes') this.#tellReset();
      return;
    }
    this.lane.arrive(() => {
      this.#unread.push(segment);
      this.#read();
    });
  }

  #read(): void {
    while (this.#isReading && this.phase === 'open' && this.#unread.length > 0) {
      const segment = this.#unread.shift()!;
      if (segment.kind === 'fin') {
        this.#finReceived = true;
        this.end();
      } else {
        this.#events.received(this, segment.bytes);
        if (this.peer !== undefined) this.peer.#taken(segment.bytes.length);
      }
    }
    this.#endIfDone();
  }

  #taken(bytes: number): void {
    this.#flightBytes -= bytes;
    this.#world.after(0, () => this.lane.arrive(() => this.#pump()));
  }

  #endIfDone(): void {
    if (this.#finReceived && this.#finSent && !this.#isRetrying) this.#close('', '');
  }
}
