// The network between hosts: who is where, and the fate of everything sent. On a fine day messages between two hosts keep their
// order and take a delay from a uniform range; faults add weather (`Condition`) for a time. Loopback has no weather.
import { nextBelow, nextFloat, type Random } from '@chordial/actor/random';
import type { SimulatedHost } from './host.ts';

/** Weather on the way between hosts; absent `from` or `to` means any host. */
export interface Condition {
  readonly kind: 'lose' | 'duplicate' | 'reorder' | 'delay' | 'cut';
  readonly from: readonly number[] | undefined;
  readonly to: readonly number[] | undefined;
  /** Probability for each message. */
  readonly chance: number;
  /** Added to the delay by `delay` and `reorder`, uniform from 0. */
  readonly delayMs: number;
}

export interface NetworkCounts {
  sent: number;
  lost: number;
  duplicated: number;
  reordered: number;
  /** Sent to where nobody lives or listens. */
  unreachable: number;
}

const loopbackDelayMs = 0.02;

export class Network {
  /** The delays of a way between two hosts (by index) where they are not the usual ones: areas, far hosts. */
  delayOf: ((from: number, to: number) => readonly [msMin: number, msMax: number] | undefined) | undefined;
  readonly counts: NetworkCounts = { sent: 0, lost: 0, duplicated: 0, reordered: 0, unreachable: 0 };
  readonly #hosts = new Map<string, SimulatedHost>();
  readonly #conditions = new Set<Condition>();
  readonly #lastArrival = new Map<number, number>();
  readonly #random: Random;
  readonly #delayMs: readonly [msMin: number, msMax: number];

  constructor(random: Random, delayMsMin: number, delayMsMax: number) {
    this.#random = random;
    this.#delayMs = [delayMsMin, delayMsMax];
  }

  attach(host: SimulatedHost): void {
    this.#hosts.set(host.address, host);
  }

  /** The host that `from` reaches at `address`. */
  hostAt(address: string, from: SimulatedHost): SimulatedHost | undefined {
    return isLoopback(address) ? from : this.#hosts.get(address);
  }

  add(condition: Condition): void {
    this.#conditions.add(condition);
  }

  remove(condition: Condition): void {
    this.#conditions.delete(condition);
  }

  /** Calls `arrives` with the time of every copy of a datagram sent at `now`: none, one or more. */
  sendDatagram(now: number, from: SimulatedHost, to: SimulatedHost, arrives: (at: number) => void): void {
    this.counts.sent++;
    if (from === to) {
      arrives(now + loopbackDelayMs);
      return;
    }
    let copies = 1;
    let lateMs = 0;
    let inOrder = true;
    for (const condition of this.#conditions) {
      if (!applies(condition, from.index, to.index) || !this.#happens(condition)) continue;
      if (condition.kind === 'lose' || condition.kind === 'cut') {
        this.counts.lost++;
        return;
      }
      if (condition.kind === 'duplicate') copies++;
      else lateMs += nextFloat(this.#random) * condition.delayMs;
      if (condition.kind === 'reorder') inOrder = false;
    }
    this.counts.duplicated += copies - 1;
    if (!inOrder) this.counts.reordered++;
    for (; copies > 0; copies--) {
      const at = now + this.#delay(from, to) + lateMs;
      arrives(inOrder ? this.#keepOrder(from, to, at) : at);
    }
  }

  /** The delay of a piece of a stream, or undefined when it is lost and has to be sent again. */
  sendSegment(from: SimulatedHost, to: SimulatedHost): number | undefined {
    this.counts.sent++;
    if (from === to) return loopbackDelayMs;
    let lateMs = 0;
    for (const condition of this.#conditions) {
      if (!applies(condition, from.index, to.index) || !this.#happens(condition)) continue;
      if (condition.kind === 'lose' || condition.kind === 'cut') {
        this.counts.lost++;
        return undefined;
      }
      if (condition.kind === 'delay') lateMs += nextFloat(this.#random) * condition.delayMs;
    }
    return this.#delay(from, to) + lateMs;
  }

  /** True while nothing at all gets from one host to the other. */
  isCut(from: SimulatedHost, to: SimulatedHost): boolean {
    if (from === to) return false;
    for (const condition of this.#conditions) {
      const { kind, chance } = condition;
      const stops = (kind === 'cut' || kind === 'lose') && chance >= 1;
      if (stops && applies(condition, from.index, to.index)) return true;
    }
    return false;
  }

  #delay(from: SimulatedHost, to: SimulatedHost): number {
    const [msMin, msMax] = this.delayOf?.(from.index, to.index) ?? this.#delayMs;
    // Microseconds, so that times stay short in print and exact in sums.
    const spanUs = Math.max(1, Math.round((msMax - msMin) * 1_000));
    return msMin + nextBelow(this.#random, spanUs) / 1_000;
  }

  #happens(condition: Condition): boolean {
    return condition.chance >= 1 || nextFloat(this.#random) < condition.chance;
  }

  #keepOrder(from: SimulatedHost, to: SimulatedHost, at: number): number {
    const way = from.index * 65_536 + to.index;
    const arrival = Math.max(at, this.#lastArrival.get(way) ?? 0);
    this.#lastArrival.set(way, arrival);
    return arrival;
  }
}

export const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

function applies(condition: Condition, from: number, to: number): boolean {
  if (condition.from !== undefined && !condition.from.includes(from)) return false;
  return condition.to === undefined || condition.to.includes(to);
}
