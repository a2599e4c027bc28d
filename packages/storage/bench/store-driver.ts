// Somebody who keeps a number of jobs waiting at a store: a kernel, the store port over an engine, and an actor that sends the next job for
// each answer. Times are taken from sending to answer.
import { type Address, type Behaviour, nobody } from '@chordial/actor';
import { LaneKernel } from '@chordial/actor/shell';
import { type Engine, storeLimits, storePort } from '@chordial/storage';
import type { StorageEvent, StorageJob, StorageMessage, StorageNews } from '@chordial/storage/protocol';

export interface Load {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
  /** Jobs in a group, on average. */
  readonly groupSize: number;
  readonly cpuUsPerJob: number;
}

type Job = StorageJob extends infer J
  ? J extends StorageJob
    ? Omit<J, 'replyTo' | 'correlation' | 'withinMs'>
    : never
  : never;

export class StoreDriver {
  readonly #kernel: LaneKernel;
  readonly #store: Address<StorageMessage>;
  readonly #asker: Address<StorageEvent>;
  #answered: (correlation: number, event: StorageEvent) => void = () => {};
  readonly #bornAt = Date.now() - performance.now();

  constructor(engine: Engine) {
    this.#kernel = new LaneKernel(0, 0, 1, {
      post: () => false,
      setTimer: () => 1,
      clearTimer: () => {},
      actorFailed: (_, name, failure) => {
        throw new Error(`${name} failed`, { cause: failure });
      },
      laneFailed: () => {},
    });
    const asker: Behaviour<undefined, StorageEvent, undefined> = {
      name: 'asker',
      init: () => undefined,
      step: (_, { message }) => this.#answered(message.correlation, message),
      mailbox: { messagesMax: 1_000_000, overflow: 'drop-newest' },
    };
    this.#asker = this.#kernel.spawnRoot(asker, undefined);
    const news: Behaviour<undefined, StorageNews, undefined> = {
      name: 'owner',
      init: () => undefined,
      step: (_, { message }) => console.log(message.sentence),
      mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
    };
    this.#store = this.#kernel.spawnRoot(storePort, {
      engine,
      startedAt: this.#bornAt,
      owner: this.#kernel.spawnRoot(news, undefined),
      ...storeLimits,
      deliver: (to, message) => this.#kernel.deliver(to as never, nobody, message),
    });
  }

  /** Carries out `count` jobs, `waitingCount` at a time. */
  async run(count: number, waitingCount: number, jobOf: (n: number) => Job): Promise<Load> {
    const sentAt = new Float64Array(count);
    const tookMs = new Float64Array(count);
    let sent = 0;
    let done = 0;
    const send = (): void => {
      sentAt[sent] = performance.now();
      const job = { ...jobOf(sent), replyTo: this.#asker, correlation: sent, withinMs: 0 };
      sent++;
      this.#kernel.deliver(this.#store as never, this.#asker as never, job);
    };
    this.#answered = (correlation, event) => {
      if (event.type === 'storage-failed') throw new Error(event.sentence);
      tookMs[correlation] = performance.now() - sentAt[correlation]!;
      done++;
      if (sent < count) send();
    };
    const commitsBefore = this.#commits();
    const cpuBefore = process.cpuUsage();
    const start = performance.now();
    while (sent < Math.min(count, waitingCount)) send();
    while (done < count) {
      this.#kernel.now = performance.now();
      // An engine that answers later needs the event loop.
      if (this.#kernel.run(1_000) === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const ms = performance.now() - start;
    const cpu = process.cpuUsage(cpuBefore);
    tookMs.sort();
    return {
      perSecond: (count / ms) * 1_000,
      p50Ms: tookMs[count >> 1]!,
      p99Ms: tookMs[Math.floor(count * 0.99)]!,
      worstMs: tookMs[count - 1]!,
      groupSize: count / (this.#commits() - commitsBefore),
      cpuUsPerJob: (cpu.user + cpu.system) / count,
    };
  }

  #commits(): number {
    const cell = this.#kernel.cellAt(this.#store as Address<never>)!;
    return (cell.behaviour.inspect!(cell.state) as { commits: number }).commits;
  }
}
