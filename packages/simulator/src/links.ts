// The links between the lanes of one host, one per direction and pair: in order, without loss, bounded. Mail for a lane that is
// paused or dead waits in its links, as in shared memory, and reaches the lane that replaces it.
import type { Address, Typed } from '@chordial/actor';
import { nextBelow } from '@chordial/actor/random';
import type { SimulatedHost } from './host.ts';
import type { SimulatedLane } from './lane.ts';
import type { Crossing } from './words-book.ts';
import type { World } from './world.ts';

/** One message of a link holds at most this much, as in the runtime's rings. */
export const recordBytesMax = 128 * 1_024 - 64;

/** A message on its way between lanes or hosts. */
export interface Mail {
  readonly to: Address<Typed>;
  readonly from: Address<never>;
  readonly crossing: Crossing;
}

interface Link {
  readonly mail: Mail[];
  head: number;
  bytes: number;
  /** How many of the waiting messages have arrived but could not be taken. */
  ripe: number;
  lastArrival: number;
  isFull: boolean;
}

export class Links {
  refused = 0;
  /** Messages of a type that no behaviour of the receiving lane registered. */
  unknown = 0;
  readonly #world: World;
  readonly #host: SimulatedHost;
  readonly #links = new Map<number, Link>();

  constructor(world: World, host: SimulatedHost) {
    this.#world = world;
    this.#host = host;
  }

  /** Sends a message of `sender` on its way; false when the link is full or `lane` is out of routing. */
  post(sender: SimulatedLane, lane: number, to: Address<Typed>, from: Address<never>, message: Typed): boolean {
    return this.pass(sender.lane, lane, { to, from, crossing: sender.words.cross(message) });
  }

  /** As `post`, for a message that came from another host by way of lane `from`. */
  pass(from: number, lane: number, mail: Mail): boolean {
    const { options } = this.#world;
    const { crossing } = mail;
    const link = this.#linkOf(from, lane);
    const waiting = link.mail.length - link.head;
    const isFull =
      lane >= this.#host.lanesCount ||
      link.isFull ||
      waiting >= options.linkMessagesMax ||
      link.bytes + crossing.bytes > options.linkBytesMax ||
      crossing.bytes > recordBytesMax;
    if (isFull || this.#host.lanes[lane]?.isSlow === true) {
      this.refused++;
      return false;
    }
    link.mail.push(mail);
    link.bytes += crossing.bytes;
    const delayMs = (10 + nextBelow(this.#world.random.lanes, 90)) / 1_000;
    link.lastArrival = Math.max(this.#world.now + delayMs, link.lastArrival);
    this.#world.at(link.lastArrival, () => this.#arrived(link, lane));
    return true;
  }

  /** The fault `fill-link`: refuses everything until set free. */
  fill(from: number, to: number, isFull: boolean): void {
    this.#linkOf(from, to).isFull = isFull;
  }

  /** Delivers what arrived for a lane while it could not take it. */
  drain(lane: SimulatedLane): void {
    for (let from = 0; from < this.#host.lanesCount; from++) {
      const link = this.#links.get(from * 256 + lane.lane);
      if (link === undefined || link.ripe === 0) continue;
      const { ripe } = link;
      link.ripe = 0;
      lane.turn(() => {
        for (let count = 0; count < ripe; count++) this.#take(link, lane);
      });
    }
  }

  clear(): void {
    for (const link of this.#links.values()) {
      link.mail.length = 0;
      link.head = 0;
      link.bytes = 0;
      link.ripe = 0;
    }
    // Arrivals already arranged belong to the old links.
    this.#links.clear();
  }

  #arrived(link: Link, lane: number): void {
    if (link.head === link.mail.length) return;
    const target = this.#host.lanes[lane];
    if (target?.phase !== 'up') link.ripe++;
    else target.turn(() => this.#take(link, target));
  }

  #take(link: Link, lane: SimulatedLane): void {
    const mail = link.mail[link.head++];
    if (mail === undefined) return;
    if (link.head > 64 && link.head * 2 > link.mail.length) {
      link.mail.splice(0, link.head);
      link.head = 0;
    }
    link.bytes -= mail.crossing.bytes;
    if (!lane.receive(mail)) this.unknown++;
  }

  #linkOf(from: number, to: number): Link {
    const way = from * 256 + to;
    let link = this.#links.get(way);
    if (link === undefined) {
      link = { mail: [], head: 0, bytes: 0, ripe: 0, lastArrival: 0, isFull: false };
      this.#links.set(way, link);
    }
    return link;
  }
}
