// A simulated lane: one kernel of the same kind as in production, and everything outside it. It works in turns: something
// arrives, the actors run until nothing waits, and what was lent for the turn is poisoned, so that a core which kept a byte
// view reads 0xDD from then on. A paused lane lets arrivals wait and takes them in one turn; a dead one hears nothing.
import { type Address, type LaneProgram, makeAddress, type Typed } from '@chordial/actor';
import { type Cell, type DueTimer, hostOf, LaneKernel, laneOf, type Outside } from '@chordial/actor/shell';
import { wallClockAtZero } from './clock.ts';
import { DiskPort } from './disk-port.ts';
import type { ScheduledEvent } from './event-heap.ts';
import { Gateway } from './gateway.ts';
import type { SimulatedHost } from './host.ts';
import { HostsPort } from './hosts-port.ts';
import type { Mail } from './links.ts';
import { TcpPort } from './tcp-port.ts';
import { UdpPort } from './udp-port.ts';
import { poison, WordsBook } from './words-book.ts';
import type { World } from './world.ts';

const gatewayIndex = 1;
const udpIndex = 2;
const tcpIndex = 3;
const diskIndex = 4;
const hostsIndex = 5;
const stepsPerSlice = 4_096;
/** A turn of more steps than this is a lane that talks to itself without end. */
const stepsPerTurnMax = 2_000_000;
/** A lane that answers no ping for 3 s loses its links; pings go out a few times a second. */
const silenceMsMax = 3_250;
/** The least by which time goes on for a timer that is not due at once; a power of two, so that it is exact. */
const nowStepMs = 2 ** -10;
/** Datagrams that wait for a paused lane, as in a socket's receive buffer. */
const datagramsWaitingMax = 4_096;

interface LaneTimer {
  readonly dueLocal: number;
  readonly due: DueTimer;
  event: ScheduledEvent;
}

export class SimulatedLane implements Outside {
  readonly lane: number;
  readonly host: SimulatedHost;
  readonly kernel: LaneKernel;
  readonly words = new WordsBook();
  readonly udp: UdpPort;
  readonly tcp: TcpPort;
  readonly hosts: HostsPort;
  readonly gateway: Gateway;
  phase: 'up' | 'paused' | 'dead' = 'up';
  /** Out of routing: other lanes refuse to send here. */
  isSlow = false;
  /** Datagrams that wait while the lane is paused. */
  datagramsWaiting = 0;
  datagramsDropped = 0;
  readonly #world: World;
  readonly #timers = new Map<number, LaneTimer>();
  readonly #lent: Uint8Array[] = [];
  #waiting: (() => void)[] = [];
  #timerNext = 1;
  #pausesCount = 0;
  #stepsToCheck = 0;
  #failure: unknown;
  #hasFailed = false;

  constructor(world: World, host: SimulatedHost, lane: number, seed: number) {
    this.#world = world;
    this.host = host;
    this.lane = lane;
    this.kernel = new LaneKernel(host.number, lane, seed, this);
    this.udp = new UdpPort(world, this);
    this.tcp = new TcpPort(world, this);
    this.hosts = new HostsPort(world, this);
    this.gateway = new Gateway(world, this, this.#portAt(gatewayIndex));
  }

  /** Lays the lane out by its program, in its first turn. */
  start(program: LaneProgram<unknown>, config: unknown, restarted: boolean): void {
    this.turn(() => {
      const { kernel, lane } = this;
      kernel.spawnRoot(this.gateway.behaviour, undefined, gatewayIndex);
      kernel.spawnRoot(this.udp.behaviour, undefined, udpIndex);
      kernel.spawnRoot(this.tcp.behaviour, undefined, tcpIndex);
      kernel.spawnRoot(new DiskPort(this.#world, this).behaviour, undefined, diskIndex);
      kernel.spawnRoot(this.hosts.behaviour, undefined, hostsIndex);
      program({
        config,
        host: this.host.number,
        lane,
        lanesCount: this.host.lanesCount,
        startedAt: wallClockAtZero,
        restarted,
        ports: {
          udp: this.#portAt(udpIndex),
          tcp: this.#portAt(tcpIndex),
          disk: this.#portAt(diskIndex),
          hosts: this.#portAt(hostsIndex),
          gateway: this.#portAt(gatewayIndex),
        },
        spawn: (behaviour, spawnConfig, at) => kernel.spawnRoot(behaviour, spawnConfig, at),
        wellKnown: (otherLane, at, other = this.host.number) => makeAddress(other, otherLane, at),
        send: (to, message) =>
          kernel.deliver(to as unknown as Address<Typed>, this.#portAt(gatewayIndex), message as unknown as Typed),
      });
    });
  }

  /** Something from outside has arrived: handled now, when the pause is over, or never. */
  arrive(work: () => void): void {
    if (this.phase === 'up') this.turn(work);
    else if (this.phase === 'paused') this.#waiting.push(work);
  }

  /** As `arrive`, from a socket whose buffer is bounded; `work` hears how many datagrams wait behind this one. */
  arriveDatagram(work: (backlog: number) => void): void {
    if (this.phase !== 'paused') {
      this.arrive(() => work(0));
    } else if (this.datagramsWaiting >= datagramsWaitingMax) {
      this.datagramsDropped++;
    } else {
      this.datagramsWaiting++;
      this.#waiting.push(() => work(--this.datagramsWaiting));
    }
  }

  deliver(to: Address<Typed>, message: Typed): void {
    this.kernel.deliver(to, this.#portAt(udpIndex), message);
  }

  /** Takes what came from another lane; false when no behaviour of this lane knows its words. */
  receive({ to, from, crossing }: Mail): boolean {
    for (const bytes of crossing.lent) this.lend(bytes);
    if (!this.words.knows(crossing.message.type)) return false;
    this.kernel.deliver(to, from, crossing.message);
    return true;
  }

  /** Bytes that are valid until the end of this turn. */
  lend(bytes: Uint8Array): void {
    this.#lent.push(bytes);
  }

  turn(work: () => void): void {
    this.kernel.now = Math.max(this.kernel.now, this.host.clock.at(this.#world.now));
    try {
      work();
    } catch (failure) {
      this.#world.violate(`the lane program failed: ${sentenceOf(failure)}`, this.name);
    }
    let steps = 0;
    for (let taken = 1; taken > 0 && !this.#world.isOver && !this.#hasFailed; steps += taken) {
      taken = this.kernel.run(stepsPerSlice);
      if (steps > stepsPerTurnMax) {
        this.#world.violate(`the actors of a lane go on for ${stepsPerTurnMax} steps while no time passes`, this.name);
      }
    }
    for (const bytes of this.#lent) bytes.fill(poison);
    this.#lent.length = 0;
    this.hosts.flush();
    if (this.#hasFailed && this.phase !== 'dead') this.host.replaceLane(this.lane, this.host.laneRestartMs);
  }

  pause(): void {
    if (this.phase !== 'up') return;
    this.phase = 'paused';
    const pause = ++this.#pausesCount;
    this.#world.after(silenceMsMax, () => {
      if (this.phase === 'paused' && this.#pausesCount === pause) this.hosts.stoodStill();
    });
  }

  resume(): void {
    if (this.phase !== 'paused') return;
    this.phase = 'up';
    this.isSlow = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.turn(() => {
      for (const work of waiting) work();
    });
  }

  /** Ends the lane as a crash does. `reset` tells the other ends of its connections. */
  die(reset: boolean): void {
    this.phase = 'dead';
    this.#waiting = [];
    for (const { event } of this.#timers.values()) this.#world.cancel(event);
    this.#timers.clear();
    this.udp.closeAll();
    this.tcp.closeAll(reset);
    this.hosts.closeAll(reset);
  }

  /** The host's clock changed: timers keep their local due times. */
  clockChanged(): void {
    for (const [id, timer] of this.#timers) {
      this.#world.cancel(timer.event);
      timer.event = this.#schedule(id, timer.dueLocal);
    }
  }

  get name(): string {
    return `${this.host.name}/${this.lane}`;
  }

  post(to: Address<Typed>, from: Address<never>, message: Typed): boolean {
    if (hostOf(to) !== this.host.number) return this.hosts.post(to, from, message);
    return this.host.links.post(this, laneOf(to), to, from, message);
  }

  setTimer(delayMs: number, due: DueTimer): number {
    const id = this.#timerNext++;
    // As in the runtime, time goes on in steps: a core that asks again after what rounding left of a time comes to its end.
    const dueLocal = this.kernel.now + (delayMs > 0 ? Math.max(delayMs, nowStepMs) : delayMs);
    this.#timers.set(id, { dueLocal, due, event: this.#schedule(id, dueLocal) });
    return id;
  }

  clearTimer(id: number): void {
    const timer = this.#timers.get(id);
    if (timer === undefined) return;
    this.#timers.delete(id);
    this.#world.cancel(timer.event);
  }

  actorFailed(actor: Address<Typed>, name: string, failure: unknown, remedy: 'restart' | 'escalate'): void {
    this.host.failures.push({
      at: this.#world.now,
      lane: this.lane,
      actor,
      name,
      sentence: sentenceOf(failure),
      remedy,
    });
    if (this.#world.options.actorFailures === 'supervised') return;
    this.#world.violate(`${name} failed: ${sentenceOf(failure)}`, `${this.name} ${name}`);
  }

  laneFailed(failure: unknown): void {
    this.#hasFailed = true;
    this.#failure = failure;
    if (this.#world.options.actorFailures === 'supervised') return;
    this.#world.violate(`the lane failed: ${sentenceOf(this.#failure)}`, this.name);
  }

  spawned(behaviour: Cell['behaviour']): void {
    if (behaviour.words !== undefined) this.words.register(behaviour.words);
  }

  stepped(cell: Cell, message: Typed): void {
    const world = this.#world;
    if (world.isOver) return;
    const { history } = world;
    history.record(world.now, this.host.index, cell.self, message);
    if (history.wantsLines) history.write(world.now, this.host.name, this.lane, cell.behaviour.name, message);
    if (++this.#stepsToCheck < world.options.invariantsEvery) return;
    this.#stepsToCheck = 0;
    if (cell.phase === 'running' && cell.behaviour.invariants !== undefined) {
      const broken = cell.behaviour.invariants(cell.state);
      if (broken !== undefined) world.violate(broken, `${this.name} ${cell.behaviour.name}`);
    }
    world.checkAll();
  }

  #schedule(id: number, dueLocal: number): ScheduledEvent {
    const delay = this.host.clock.worldDelay(dueLocal - this.host.clock.at(this.#world.now));
    return this.#world.after(Math.max(0, delay), () => this.arrive(() => this.#fire(id)));
  }

  #fire(id: number): void {
    const timer = this.#timers.get(id);
    if (timer === undefined) return;
    this.#timers.delete(id);
    // Rounding in the clock must not show a timer before it is due.
    this.kernel.now = Math.max(this.kernel.now, timer.dueLocal);
    this.kernel.fire(timer.due);
  }

  #portAt<M>(index: number): Address<M> {
    return makeAddress<M>(this.host.number, this.lane, index);
  }
}

export const sentenceOf = (failure: unknown): string => (failure instanceof Error ? failure.message : String(failure));
