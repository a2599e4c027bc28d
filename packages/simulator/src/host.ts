// A simulated host: one process with an address, a clock, a disk and lanes. Hosts crash as a whole and start again, lanes die
// alone and are replaced, as under the runtime's watchdog: out of routing after 1 s of silence, replaced after 5 s.
import type { LaneProgram, Typed } from '@chordial/actor';
import { nextBelow } from '@chordial/actor/random';
import { HostClock, wallClockAtZero } from './clock.ts';
import { Disk } from './disk.ts';
import type { ScheduledEvent } from './event-heap.ts';
import { SimulatedLane } from './lane.ts';
import { Links } from './links.ts';
import type { TcpListener } from './tcp-connection.ts';
import type { UdpSocket } from './udp-port.ts';
import type { World } from './world.ts';

export interface HostSpec<Config> {
  readonly program: LaneProgram<Config>;
  readonly config: Config;
  readonly lanesCount: number;
  /** The default is `10.0.0.N`, N counting from 1. */
  readonly address?: string;
  readonly name?: string;
  /** The host's number in every address, as in a ring of several hosts; 0, the default, is a host that is alone. */
  readonly number?: number;
  /** Where it says that other hosts reach it, and who it proves to be; a route to another fingerprint is refused. */
  readonly ringPort?: number;
  readonly fingerprint?: string;
  /** Hosts of one area are near each other (the simulation's option `areas`). */
  readonly area?: string;
  /** Virtual time of its start; the default is now. */
  readonly startAtMs?: number;
  /** What the host's clock shows at the start, and its speed; the defaults are by seed: up to a day, within 100 ppm. */
  readonly clockOffsetMs?: number;
  readonly clockRate?: number;
  readonly onReport?: (lane: number, message: Typed, at: number) => void;
}

export interface ActorFailure {
  readonly at: number;
  readonly lane: number;
  readonly actor: number;
  readonly name: string;
  readonly sentence: string;
  readonly remedy: 'restart' | 'escalate';
}

const lagMsMax = 1_000;
const stallMsMax = 5_000;
const dayMs = 86_400_000;
const ringPortUsual = 7_070;
const portFirst = 32_768;
const portsCount = 28_000;

export class SimulatedHost {
  readonly index: number;
  readonly number: number;
  readonly name: string;
  readonly address: string;
  readonly ringPort: number;
  readonly fingerprint: string;
  readonly area: string | undefined;
  readonly lanesCount: number;
  readonly clock: HostClock;
  /** The clock's speed while no fault changes it. */
  readonly clockRate: number;
  readonly disk: Disk;
  readonly links: Links;
  /** A lane is undefined before it starts and while it is being replaced. */
  readonly lanes: (SimulatedLane | undefined)[];
  readonly failures: ActorFailure[] = [];
  /** Sockets by `address:port`; several when they share it. */
  readonly udpSockets = new Map<string, UdpSocket[]>();
  readonly tcpListeners = new Map<string, TcpListener[]>();
  readonly onReport: HostSpec<unknown>['onReport'];
  /** How long it takes to replace a lane that failed, in ms. */
  readonly laneRestartMs = 60;
  isUp = false;
  /** Counts crashes, so that what was arranged by one does not happen to the next. */
  life = 0;
  /** Wall-clock milliseconds of this life's start, by the host's clock. */
  beganAt = 0;
  /** The machine lives, so that it refuses what finds no process; false without power. */
  answers = true;
  readonly #world: World;
  readonly #program: LaneProgram<unknown>;
  readonly #config: unknown;
  #portNext = 0;
  #startArranged: ScheduledEvent | undefined;

  constructor(world: World, index: number, spec: HostSpec<unknown>) {
    const dice = world.random.starts;
    this.#world = world;
    this.index = index;
    this.address = spec.address ?? `10.0.${Math.floor(index / 250)}.${(index % 250) + 1}`;
    this.name = spec.name ?? `host-${index}`;
    this.number = spec.number ?? 0;
    this.ringPort = spec.ringPort ?? ringPortUsual;
    this.fingerprint = spec.fingerprint ?? '';
    this.area = spec.area;
    this.lanesCount = spec.lanesCount;
    this.#program = spec.program;
    this.#config = spec.config;
    this.onReport = spec.onReport;
    const offset = nextBelow(dice, dayMs);
    const rate = 1 + (nextBelow(dice, 201) - 100) / 1_000_000;
    this.clockRate = spec.clockRate ?? rate;
    this.clock = new HostClock(spec.clockOffsetMs ?? offset, this.clockRate);
    this.disk = new Disk(world);
    this.links = new Links(world, this);
    this.lanes = new Array(spec.lanesCount).fill(undefined);
  }

  /** Starts all lanes within two milliseconds, in any order. */
  start(): void {
    if (this.isUp) return;
    this.#arrangeStart(undefined);
    this.isUp = true;
    this.answers = true;
    this.beganAt = wallClockAtZero + this.clock.at(this.#world.now);
    const { life } = this;
    for (let lane = 0; lane < this.lanesCount; lane++) {
      this.#world.after(nextBelow(this.#world.random.starts, 2_000) / 1_000, () => {
        if (this.life === life) this.#startLane(lane, false);
      });
    }
  }

  /** Starts at a virtual time, unless it is started or stopped before. */
  startAt(timeMs: number): void {
    this.#arrangeStart(this.#world.at(timeMs, () => this.start()));
  }

  /**
   * The process ends at once, with everything in memory, and starts again after `downMs`. Its machine tells the other ends of its
   * connections, unless it is `silent` (lost its power).
   */
  crash(downMs: number, diskLost = false, silent = false): void {
    if (!this.isUp) return;
    this.stop(diskLost, silent);
    this.startAt(this.#world.now + downMs);
  }

  /** As `crash`, for good: only `start` brings it back. */
  stop(diskLost = false, silent = false): void {
    this.#arrangeStart(undefined);
    if (!this.isUp) return;
    this.isUp = false;
    this.answers = !silent;
    this.life++;
    for (const lane of this.lanes) lane?.die(!silent);
    this.lanes.fill(undefined);
    this.links.clear();
    if (diskLost) this.disk.lose();
    else this.disk.crash();
  }

  /** Another life at once. */
  restart(): void {
    this.stop();
    this.start();
  }

  /** The lane that gets the next connection of another host; undefined when none listens. */
  chooseLane(): SimulatedLane | undefined {
    const listening = this.lanes.filter((lane) => lane !== undefined);
    return listening[listening.length > 1 ? nextBelow(this.#world.random.hosts, listening.length) : 0];
  }

  /** Another host opened a link to this one: every lane without a route to it learns one. */
  introduce(other: SimulatedHost): void {
    for (const lane of this.lanes) {
      if (lane !== undefined) this.#world.after(0, () => lane.arrive(() => lane.hosts.introduce(other)));
    }
  }

  pause(durationMs: number): void {
    for (let lane = 0; lane < this.lanesCount; lane++) this.#pauseLane(lane, durationMs);
  }

  /** One lane stops for a time; unlike the whole host, the watchdog runs on and may replace it. */
  pauseLane(lane: number, durationMs: number): void {
    const paused = this.#pauseLane(lane, durationMs);
    if (paused === undefined) return;
    const stillPaused = (): boolean => this.lanes[lane] === paused && paused.phase === 'paused';
    this.#world.after(lagMsMax, () => {
      if (stillPaused()) paused.isSlow = true;
    });
    this.#world.after(stallMsMax, () => {
      if (stillPaused()) this.replaceLane(lane, this.laneRestartMs);
    });
  }

  /** A lane dies and another takes its place after `downMs`. */
  replaceLane(lane: number, downMs: number): void {
    const dead = this.lanes[lane];
    if (dead === undefined) return;
    dead.die(true);
    this.lanes[lane] = undefined;
    const { life } = this;
    this.#world.after(downMs, () => {
      if (this.life === life && this.lanes[lane] === undefined) this.#startLane(lane, true);
    });
  }

  changeClock(rate: number, jumpMs: number): void {
    this.clock.change(this.#world.now, rate, jumpMs);
    for (const lane of this.lanes) lane?.clockChanged();
  }

  /** A port that the system chooses. */
  choosePort(): number {
    return portFirst + (this.#portNext++ % portsCount);
  }

  #arrangeStart(event: ScheduledEvent | undefined): void {
    if (this.#startArranged !== undefined) this.#world.cancel(this.#startArranged);
    this.#startArranged = event;
  }

  #pauseLane(lane: number, durationMs: number): SimulatedLane | undefined {
    const paused = this.lanes[lane];
    if (paused?.phase !== 'up') return undefined;
    paused.pause();
    this.#world.after(durationMs, () => {
      if (paused.phase !== 'paused') return;
      paused.resume();
      this.links.drain(paused);
    });
    return paused;
  }

  #startLane(lane: number, restarted: boolean): void {
    // Each actor takes the next number, so the seeds of two lanes lie far apart.
    const seed = nextBelow(this.#world.random.starts, 2 ** 32) * 2 ** 20;
    const started = new SimulatedLane(this.#world, this, lane, seed);
    this.lanes[lane] = started;
    started.start(this.#program, this.#config, restarted);
    this.links.drain(started);
  }
}
