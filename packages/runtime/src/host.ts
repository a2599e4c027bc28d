// A host: one process with many lanes. Starts each lane as one long-lived task of a piscina pool, watches the lanes'
// heartbeats, takes a late lane out of routing, replaces a dead or stalled one, and drains and stops them all. Links between the lanes
// are shared memory that outlives a lane, so mail that waited for a dead lane reaches the one that replaces it.
/// <reference path="./comlink-node-adapter.d.ts" />
import { randomInt } from 'node:crypto';
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { type Address, assert, type Typed } from '@chordial/actor';
import comlink, { type Remote } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { Piscina } from 'piscina';
import { clockSince, type Epoch, startEpoch } from './clock.ts';
import {
  type HostControl,
  type LaneControl,
  type LaneOrder,
  type LanePhase,
  type LaneReport,
  LaneStatus,
} from './control.ts';
import type { LaneTask } from './lane-task.ts';
import { createLinkMemory } from './link-memory.ts';
import type { LinkMemory } from './links.ts';
import type { HostEndpoint, RingLinkOptions } from './ring-options.ts';
import { claimRingEndpoint, ringFault } from './ring-port.ts';

export interface HostOptions {
  /** URL of a module whose default export is a `LaneProgram`. */
  readonly program: string;
  /** Plain data for the program, the same for all lanes. */
  readonly config: unknown;
  /** 1 to 64. */
  readonly lanesCount: number;
  /** The number of this host in every address: 0 (default) for one that is alone, 1 to 65,535 in a ring of several hosts. */
  readonly host?: number;
  /** Links to other hosts; without it what is sent to them is refused. */
  readonly ring?: RingLinkOptions;
  /** Lanes and lives of a lane get their own seeds from it, below 2^47; drawn by lot where absent. */
  readonly seed?: number;
  /** Where the disk port keeps its files; without it every disk request fails. */
  readonly directory?: string;
  /** False: one system call per datagram even where batches are possible. */
  readonly batching?: boolean;
  readonly tickMs?: number;
  /** Heartbeat lag after which a lane is out of routing, and after which it is replaced, in ms. */
  readonly lagMsMax?: number;
  readonly stallMsMax?: number;
  readonly onReport?: (lane: number, message: Typed) => void;
  readonly onEvent?: (event: HostEvent) => void;
}

/** What an operator should hear about. */
export interface HostEvent {
  readonly kind: 'lane-up' | 'lane-slow' | 'lane-down' | 'actor-failed' | 'host-failed' | 'link-refused';
  readonly lane: number;
  readonly sentence: string;
}

const watchEveryMs = 100;
const lanesCountMax = 64;
/** A program that has not laid out its lane by then is ended. */
const startMsMax = 60_000;
/** More replacements than this within `replacementsWithinMs` and the host gives up. */
const replacementsMax = 20;
const replacementsWithinMs = 60_000;
/** The first replacement begins at once, each further one of the last minute waits this much longer. */
const replacePauseMs = 50;
const drainMsMax = 1_500;
/** What a lane has for one answer while the host stops, in ms. */
const answerMsMax = 500;

type RunOptions = NonNullable<Parameters<Piscina['run']>[1]>;

interface LaneSlot {
  readonly lane: number;
  control: Remote<LaneControl> | undefined;
  readonly ports: MessagePort[];
  readonly abort: AbortController;
  /** Why we ended the thread, if we did. */
  cause: string | undefined;
  ended: Promise<void>;
}

export class Host {
  readonly lanesCount: number;
  /** Its number in every address. */
  readonly number: number;
  readonly epoch: Epoch;
  readonly #options: HostOptions;
  readonly #pool: Piscina;
  readonly #status: LaneStatus;
  readonly #statusMemory: SharedArrayBuffer;
  readonly #links: LinkMemory;
  readonly #slots: LaneSlot[] = [];
  readonly #clock: () => number;
  readonly #startedAt: number;
  readonly #replacedAt: number[] = [];
  readonly #seed: number;
  /** Threads that have not ended, among them those that the pool gave up. */
  readonly #threads = new Map<Worker, Promise<void>>();
  #watch: NodeJS.Timeout | undefined;
  #livesCount = 0;
  #started = false;
  #stopped: Promise<void> | undefined;
  #ring: RingLinkOptions | undefined;

  constructor(options: HostOptions) {
    const source = import.meta.url.endsWith('.ts');
    const lanesCount = options.lanesCount;
    assert(Number.isInteger(lanesCount) && lanesCount > 0 && lanesCount <= lanesCountMax, 'a host has 1 to 64 lanes');
    this.number = options.host ?? 0;
    const fault = ringFault(this.number, options.ring);
    assert(fault === undefined, fault ?? '');
    this.#options = options;
    this.lanesCount = lanesCount;
    this.#seed = options.seed ?? randomInt(2 ** 47);
    this.epoch = startEpoch();
    this.#clock = clockSince(this.epoch);
    this.#startedAt = Date.now() - this.#clock();
    this.#statusMemory = LaneStatus.createMemory(lanesCount);
    this.#status = new LaneStatus(this.#statusMemory);
    this.#links = createLinkMemory(lanesCount);
    this.#pool = new Piscina({
      filename: new URL(source ? './lane-task.ts' : './lane-task.js', import.meta.url).href,
      minThreads: lanesCount,
      maxThreads: lanesCount,
      concurrentTasksPerWorker: 1,
      atomics: 'disabled',
      execArgv: ['--disable-warning=ExperimentalWarning', ...(source ? ['--conditions=@chordial/source'] : [])],
    });
    this.#pool.on('error', () => {});
  }

  /** Where other hosts reach this one, as it tells them; undefined before `start` and without a ring. */
  get ringEndpoint(): HostEndpoint | undefined {
    return this.#ring?.advertised;
  }

  /** Starts all lanes; resolves when their programs are laid out. */
  async start(): Promise<void> {
    if (this.#options.ring !== undefined) this.#ring = await claimRingEndpoint(this.#options.ring);
    this.#watch = setInterval(() => this.#watchLanes(), watchEveryMs);
    await Promise.all(Array.from({ length: this.lanesCount }, (_, lane) => this.#startLane(lane, false)));
    this.#started = true;
  }

  phaseOf(lane: number): LanePhase {
    return this.#status.phaseOf(lane);
  }

  /** Asks an actor of a lane; `replyTo` and `correlation` are filled in. Rejects without an answer in time. */
  ask(lane: number, to: Address<Typed>, message: Typed, timeoutMs = 2_000): Promise<Typed> {
    const control = this.#slots[lane]?.control;
    if (control === undefined || this.phaseOf(lane) === 'down') {
      return Promise.reject(new Error(`lane ${lane} is being replaced; ask again in a second`));
    }
    return within(timeoutMs + 1_000, control.ask(to, message, timeoutMs), `lane ${lane} did not answer`);
  }

  /** A picture of every lane; a lane that does not answer in time is left out. */
  async inspect(timeoutMs = 2_000): Promise<LaneReport[]> {
    const asked = this.#slots.map(async ({ control, lane }) => {
      if (control === undefined || this.phaseOf(lane) === 'down') return [];
      return within(timeoutMs, control.inspect(), `lane ${lane} did not answer`).then(
        (report) => [report],
        () => [],
      );
    });
    return (await Promise.all(asked)).flat();
  }

  /** Ends a lane's thread at once, as a crash would; it is replaced like any dead lane. */
  killLane(lane: number): void {
    const slot = this.#slots[lane];
    if (slot !== undefined) endThread(slot, 'it was killed by order');
  }

  /** Stops reading, lets what is under way finish (1.5 s at most), closes the sockets and ends all lanes; within 3 s. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#watch);
    const deadline = this.#clock() + drainMsMax;
    while (this.#started && this.#clock() < deadline && !(await this.#isDrained(deadline))) await pause(10);
    await Promise.all(this.#slots.map((slot) => this.#stopLane(slot)));
    await this.#pool.destroy();
  }

  /** Mail may cross from a lane already asked to one asked before: only two quiet rounds mean quiet. */
  async #isDrained(deadline: number): Promise<boolean> {
    for (let round = 0; round < 2; round++) {
      const drained = await Promise.all(
        this.#slots.map(({ control }) =>
          control === undefined
            ? true
            : within(Math.max(1, deadline - this.#clock()), control.drain(), '').catch(() => true),
        ),
      );
      if (!drained.every(Boolean)) return false;
    }
    return true;
  }

  async #stopLane(slot: LaneSlot): Promise<void> {
    const { control } = slot;
    const ended = control?.stop().then(() => slot.ended) ?? Promise.reject(new Error('it never started'));
    await within(answerMsMax, ended, '').catch(() => endThread(slot, 'it did not stop'));
    for (const port of slot.ports) port.close();
  }

  #startLane(lane: number, restarted: boolean): Promise<void> {
    const order: LaneOrder = {
      host: this.number,
      lane,
      lanesCount: this.lanesCount,
      restarted,
      program: this.#options.program,
      config: this.#options.config,
      links: this.#links,
      status: this.#statusMemory,
      epoch: this.epoch,
      startedAt: this.#startedAt,
      seed: this.#seed + lane * 2 ** 20 + this.#livesCount++ * 2 ** 27,
      directory: this.#options.directory,
      batching: this.#options.batching ?? true,
      tickMs: this.#options.tickMs ?? 4,
      ring: this.#ring,
    };
    const control = new MessageChannel();
    const host = new MessageChannel();
    const slot: LaneSlot = {
      lane,
      control: undefined,
      ports: [control.port1, host.port1],
      abort: new AbortController(),
      cause: undefined,
      ended: Promise.resolve(),
    };
    this.#slots[lane] = slot;
    this.#status.setPhase(lane, 'starting');
    this.#status.beat(lane, this.#clock());
    return new Promise((resolve, reject) => {
      comlink.expose(this.#controlFor(slot, control.port1, resolve), nodeEndpoint(host.port1));
      // piscina types the list by the wrong overload of postMessage.
      const transferList = [control.port2, host.port2] as unknown as NonNullable<RunOptions['transferList']>;
      const task: LaneTask = { order, controlPort: control.port2, hostPort: host.port2 };
      slot.ended = this.#pool.run(task, { transferList, signal: slot.abort.signal }).then(
        () => this.#laneEnded(slot, 'its task ended', reject),
        (failure) => this.#laneEnded(slot, failure instanceof Error ? failure.message : String(failure), reject),
      );
      this.#followThreads();
    });
  }

  #controlFor(slot: LaneSlot, port: MessagePort, ready: () => void): HostControl {
    const { lane } = slot;
    return {
      laneReady: () => {
        slot.control = comlink.wrap<LaneControl>(nodeEndpoint(port));
        this.#status.beat(lane, this.#clock());
        this.#status.setPhase(lane, 'up');
        this.#tell('lane-up', lane, `lane ${lane} is up`);
        ready();
      },
      report: (message) => this.#options.onReport?.(lane, message),
      actorFailed: (name, failure, remedy) =>
        this.#tell('actor-failed', lane, `${name} failed (${remedy}): ${failure}`),
      linkRefused: (sentence) => this.#tell('link-refused', lane, sentence),
      laneFailed: (failure) => this.#tell('actor-failed', lane, `lane ${lane} cannot go on: ${failure}`),
    };
  }

  #laneEnded(slot: LaneSlot, sentence: string, reject: (failure: Error) => void): void {
    const { lane } = slot;
    for (const port of slot.ports) port.close();
    if (this.#stopped !== undefined) return;
    const started = slot.control !== undefined;
    slot.control = undefined;
    this.#status.setPhase(lane, 'down');
    this.#tell('lane-down', lane, `lane ${lane} ended: ${slot.cause ?? sentence}`);
    if (!started && !this.#started) {
      reject(new Error(`lane ${lane} did not start: ${slot.cause ?? sentence}`));
      return;
    }
    const now = this.#clock();
    this.#replacedAt.push(now);
    while (now - this.#replacedAt[0]! > replacementsWithinMs) this.#replacedAt.shift();
    if (this.#replacedAt.length > replacementsMax) {
      this.#tell(
        'host-failed',
        lane,
        `${replacementsMax} lanes ended within ${replacementsWithinMs / 1_000} s; giving up`,
      );
      return;
    }
    void this.#replaceLane(lane, (this.#replacedAt.length - 1) * replacePauseMs);
  }

  /** A ring has one writer and one reader, so the new thread waits until the old one is gone. */
  async #replaceLane(lane: number, pauseMs: number): Promise<void> {
    await pause(pauseMs);
    const living = new Set(this.#pool.threads);
    await Promise.all([...this.#threads].filter(([thread]) => !living.has(thread)).map(([, exit]) => exit));
    if (this.#stopped === undefined) void this.#startLane(lane, true).catch(() => {});
  }

  #followThreads(): void {
    for (const thread of this.#pool.threads) {
      if (this.#threads.has(thread)) continue;
      const exit = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
      this.#threads.set(thread, exit);
      void exit.then(() => this.#threads.delete(thread));
    }
  }

  #watchLanes(): void {
    const { lagMsMax = 1_000, stallMsMax = 5_000 } = this.#options;
    for (const slot of this.#slots) {
      const phase = this.#status.phaseOf(slot.lane);
      const lag = this.#status.lagOf(slot.lane, this.#clock());
      if (phase === 'starting') {
        if (lag > startMsMax) endThread(slot, `it was not laid out within ${startMsMax / 1_000} s`);
      } else if (phase === 'up' && lag > lagMsMax) {
        this.#status.setPhase(slot.lane, 'slow');
        this.#tell('lane-slow', slot.lane, `lane ${slot.lane} is ${Math.round(lag)} ms behind: out of routing`);
      } else if (phase === 'slow' && lag <= lagMsMax) {
        this.#status.setPhase(slot.lane, 'up');
        this.#tell('lane-up', slot.lane, `lane ${slot.lane} is back`);
      } else if (phase !== 'down' && lag > stallMsMax) {
        endThread(slot, `it was silent for ${Math.round(lag)} ms`);
      }
    }
  }

  #tell(kind: HostEvent['kind'], lane: number, sentence: string): void {
    this.#options.onEvent?.({ kind, lane, sentence });
  }
}

/** Starts a host with `lanesCount` lanes, each laid out by the program; see `HostOptions`. */
export async function startHost(options: HostOptions): Promise<Host> {
  const host = new Host(options);
  try {
    await host.start();
  } catch (failure) {
    await host.stop();
    throw failure;
  }
  return host;
}

function endThread(slot: LaneSlot, cause: string): void {
  slot.cause ??= cause;
  slot.abort.abort();
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function within<T>(ms: number, promise: Promise<T>, sentence: string): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${sentence} within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
