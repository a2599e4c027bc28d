// One simulated world: hosts, a network, virtual time, one seed. Everything that happens is an event of one heap and every die is
// thrown from the seed, so the same seed gives the same history, byte for byte. Runs as fast as the actors compute.
import { type Address, assert, type LaneProgram, type Typed } from '@chordial/actor';
import { createRandom, type Random } from '@chordial/actor/random';
import { laneOf } from '@chordial/actor/shell';
import { EventHeap, type ScheduledEvent } from './event-heap.ts';
import type { FaultPlan } from './fault.ts';
import { FaultInjection } from './fault-injection.ts';
import { History } from './history.ts';
import { type HostSpec, SimulatedHost } from './host.ts';
import { Network } from './network.ts';
import type { Violation, World, WorldOptions } from './world.ts';

type DelayRange = readonly [msMin: number, msMax: number];

export interface SimulationOptions extends Partial<WorldOptions> {
  /** Up to 2^45; nearby seeds are unrelated. */
  readonly seed: number;
  /** One way between two hosts, in ms; the defaults are 0.2 and 2. */
  readonly delayMsMin?: number;
  readonly delayMsMax?: number;
  /** As those, by the indices of two hosts; undefined where they say. */
  readonly delayMsOf?: Network['delayOf'];
  /** The delays of two hosts of one area, and of two. */
  readonly areas?: { readonly insideMs: DelayRange; readonly betweenMs: DelayRange };
  /** How many of the last steps to keep as readable lines; 0, the default, keeps only the hash. */
  readonly historyLinesMax?: number;
  /** What of each step is hashed: the whole message (the default), or for long runs only its type. */
  readonly historyDetail?: 'messages' | 'types';
}

const hostsMax = 65_535;

export class Simulation implements World {
  readonly seed: number;
  readonly history: History;
  readonly network: Network;
  readonly options: WorldOptions;
  readonly random: World['random'];
  /** Dice for whoever builds the world. */
  readonly scenarioRandom: Random;
  readonly hosts: SimulatedHost[] = [];
  /** The simulation-wide rule, asked after every step; a sentence when it is broken. */
  invariant: (() => string | undefined) | undefined;
  now = 0;
  events = 0;
  #violation: Violation | undefined;
  readonly #heap = new EventHeap();
  readonly #hostsByNumber = new Map<number, SimulatedHost>();

  constructor(options: SimulationOptions) {
    const { seed, delayMsMin = 0.2, delayMsMax = 2, historyLinesMax = 0 } = options;
    const stream = (concern: number): Random => createRandom(seed * 16 + concern);
    this.seed = seed;
    this.history = new History(historyLinesMax, options.historyDetail);
    this.network = new Network(stream(1), delayMsMin, delayMsMax);
    this.network.delayOf = options.delayMsOf ?? this.#delayOfAreas(options.areas);
    this.random = { lanes: stream(2), disks: stream(3), starts: stream(4), hosts: stream(6) };
    this.scenarioRandom = stream(5);
    this.options = {
      actorFailures: options.actorFailures ?? 'violation',
      invariantsEvery: options.invariantsEvery ?? 1,
      linkMessagesMax: options.linkMessagesMax ?? 65_536,
      linkBytesMax: options.linkBytesMax ?? 4 * 1_024 * 1_024,
      diskBytesMax: options.diskBytesMax ?? 1_024 * 1_024 * 1_024,
    };
  }

  /** 16 hexadecimal digits; equal for two runs exactly if the same happened in both. */
  get historyHash(): string {
    return this.history.hash;
  }

  get violation(): Violation | undefined {
    return this.#violation;
  }

  get isOver(): boolean {
    return this.#violation !== undefined;
  }

  /** Adds a host; its lanes start within two milliseconds, or that long after `startAtMs`. */
  addHost<Config>(spec: HostSpec<Config>): SimulatedHost {
    assert(this.hosts.length < hostsMax, 'a simulation has at most 65,535 hosts');
    const host = new SimulatedHost(this, this.hosts.length, spec as HostSpec<unknown>);
    assert(this.network.hostAt(host.address, host) === undefined, `${host.address} is free`);
    this.hosts.push(host);
    if (host.number !== 0) this.#hostsByNumber.set(host.number, host);
    this.network.attach(host);
    if (spec.startAtMs === undefined) host.start();
    else host.startAt(spec.startAtMs);
    return host;
  }

  /** The host with this ring-wide number, the last one added when there are several. */
  hostByNumber(number: number): SimulatedHost | undefined {
    return this.#hostsByNumber.get(number);
  }

  /** A host with one lane for a client (a phone, a load source). */
  addClient<Config>(program: LaneProgram<Config>, config: Config, name?: string): SimulatedHost {
    const spec = { program, config, lanesCount: 1 };
    return this.addHost(name === undefined ? spec : { ...spec, name });
  }

  /** Arranges the faults of a plan; their times count from now. */
  inject(plan: FaultPlan): void {
    const injection = new FaultInjection(this, this.hosts);
    for (const fault of plan) this.after(fault.at, () => injection.begin(fault));
  }

  /** Runs until `untilMs` of virtual time, or until a rule is broken. */
  run(untilMs: number): void {
    while (!this.isOver && this.#runOne(untilMs));
    if (!this.isOver) this.now = Math.max(this.now, untilMs);
  }

  /** Runs until `isDone` says so, at most `msMax` of virtual time; false when it did not. */
  runUntil(isDone: () => boolean, msMax: number): boolean {
    const untilMs = this.now + msMax;
    while (!isDone()) {
      if (this.isOver || !this.#runOne(untilMs)) return isDone();
    }
    return true;
  }

  /** Asks an actor as whoever runs the host would, and lets the world run until it answers. */
  ask(host: SimulatedHost, to: Address<Typed>, message: Typed, timeoutMs = 2_000): Typed | undefined {
    let answer: Typed | undefined;
    const lane = host.lanes[laneOf(to)];
    lane?.gateway.ask(to, message, (reply) => {
      answer = reply;
    });
    this.runUntil(() => answer !== undefined, lane === undefined ? 0 : timeoutMs);
    return answer;
  }

  after(delayMs: number, run: () => void): ScheduledEvent {
    return this.#heap.push(this.now + delayMs, run);
  }

  at(timeMs: number, run: () => void): ScheduledEvent {
    return this.#heap.push(Math.max(this.now, timeMs), run);
  }

  cancel(event: ScheduledEvent): void {
    this.#heap.cancel(event);
  }

  violate(sentence: string, where: string): void {
    this.#violation ??= { at: this.now, sentence, where };
  }

  checkAll(): void {
    const broken = this.invariant?.();
    if (broken !== undefined) this.violate(broken, 'simulation');
  }

  #delayOfAreas(areas: SimulationOptions['areas']): Network['delayOf'] {
    if (areas === undefined) return undefined;
    return (from, to) => {
      const [one, other] = [this.hosts[from]?.area, this.hosts[to]?.area];
      if (one === undefined || other === undefined) return undefined;
      return one === other ? areas.insideMs : areas.betweenMs;
    };
  }

  #runOne(untilMs: number): boolean {
    const event = this.#heap.pop(untilMs);
    if (event === undefined) return false;
    this.now = event.at;
    this.events++;
    event.run();
    return true;
  }
}
