// What the host's main thread and a lane say to each other, over comlink: start, stop, inspect, drain, ask. Never traffic.
// The shared status words are how they watch each other without a message.
//
//   Int32 status[lane * 4]  +0 heartbeat, ms of the host's clock modulo 2^32   +1 phase of the lane, see `LanePhase`
import type { Address, Typed } from '@chordial/actor';
import type { KernelCounts } from '@chordial/actor/shell';
import type { Epoch } from './clock.ts';
import type { HostLinkCounts } from './host-link-counts.ts';
import type { LinkCounts, LinkMemory } from './links.ts';
import type { RingLinkOptions } from './ring-options.ts';
import type { UdpSocketCounts } from './udp-socket.ts';

/** Indices of the shell's own actors, the same on every lane. */
export const gatewayIndex = 1;
export const udpIndex = 2;
export const tcpIndex = 3;
export const diskIndex = 4;
export const hostsIndex = 5;

export const heartbeatEveryMs = 250;

/** `slow`: the heartbeat is late, nothing is routed there until it is back. */
export const lanePhases = ['starting', 'up', 'slow', 'down'] as const;
export type LanePhase = (typeof lanePhases)[number];

export class LaneStatus {
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  static createMemory(lanesCount: number): SharedArrayBuffer {
    return new SharedArrayBuffer(lanesCount * 16);
  }

  beat(lane: number, nowMs: number): void {
    Atomics.store(this.#words, lane * 4, nowMs);
  }

  /** Milliseconds since the last heartbeat; right for 24 days of silence, however long the host has lived. */
  lagOf(lane: number, nowMs: number): number {
    return (nowMs - Atomics.load(this.#words, lane * 4)) | 0;
  }

  phaseOf(lane: number): LanePhase {
    return lanePhases[Atomics.load(this.#words, lane * 4 + 1)]!;
  }

  setPhase(lane: number, phase: LanePhase): void {
    Atomics.store(this.#words, lane * 4 + 1, lanePhases.indexOf(phase));
  }
}

/** Everything a lane is started with. */
export interface LaneOrder {
  readonly host: number;
  readonly lane: number;
  readonly lanesCount: number;
  readonly restarted: boolean;
  /** URL of a module whose default export is a `LaneProgram`. */
  readonly program: string;
  readonly config: unknown;
  readonly links: LinkMemory;
  readonly status: SharedArrayBuffer;
  readonly epoch: Epoch;
  /** Wall-clock milliseconds at the epoch. */
  readonly startedAt: number;
  readonly seed: number;
  readonly directory: string | undefined;
  readonly batching: boolean;
  /** Resolution of timers: a lane with many of them wakes at most once per this many milliseconds. */
  readonly tickMs: number;
  /** Absent for a host that is alone. */
  readonly ring: RingLinkOptions | undefined;
}

export interface LaneReport {
  readonly lane: number;
  readonly phase: LanePhase;
  readonly actors: KernelCounts;
  readonly links: LinkCounts;
  /** Links to and from other hosts. */
  readonly hosts: HostLinkCounts;
  readonly udp: UdpSocketCounts;
  readonly timersCount: number;
  readonly heapBytes: number;
  /** Milliseconds of processor time that the lane's thread has used. */
  readonly cpuMs: number;
  /** Numbers that the lane's actors show of themselves (`Behaviour.inspect`), summed by behaviour name and field. */
  readonly totals: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** What a lane offers to the host. */
export interface LaneControl {
  ask(to: Address<Typed>, message: Typed, timeoutMs: number): Promise<Typed>;
  inspect(): LaneReport;
  /** Stops reading udp sockets; true once nothing is under way on the lane. */
  drain(): boolean;
  /** Closes the sockets and ends the lane. */
  stop(): void;
}

/** What the host offers to a lane. */
export interface HostControl {
  laneReady(): void;
  report(message: Typed): void;
  actorFailed(name: string, failure: string, remedy: string): void;
  laneFailed(failure: string): void;
  /** Another host, or whoever called, was refused; rate-limited by the lane. */
  linkRefused(sentence: string): void;
}
