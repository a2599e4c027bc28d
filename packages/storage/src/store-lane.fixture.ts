// A lane with one store on it, for tests: a real kernel, a clock that runs and can be put forward, timers, and somebody who asks. The store may
// answer within the turn, after the event loop went round (disk, database), or after a timer.
import { type Address, type Behaviour, nobody, type Typed } from '@chordial/actor';
import { type DueTimer, LaneKernel } from '@chordial/actor/shell';
import type { StorageEvent, StorageJob, StorageMessage, StorageNews } from './protocol.ts';

/** A job without what the lane fills in; `withinMs` is 0 unless given. */
export type Asked = StorageJob extends infer J
  ? J extends StorageJob
    ? Omit<J, 'replyTo' | 'correlation' | 'withinMs'> & { readonly withinMs?: number }
    : never
  : never;

const answerMsMax = 30_000;

export class StoreLane {
  readonly kernel: LaneKernel;
  /** Wall-clock milliseconds when `now` is 0. */
  readonly startedAt: number;
  /** What the owner heard. */
  readonly news: string[] = [];
  /** Correlations in the order of their answers. */
  readonly answered: number[] = [];
  readonly failures: string[] = [];
  /** Hears `storage-news`. */
  readonly owner: Address<StorageNews>;
  store: Address<StorageMessage> = nobody as Address<StorageMessage>;
  readonly #asker: Address<StorageEvent>;
  readonly #waiting = new Map<number, (event: StorageEvent) => void>();
  readonly #timers = new Map<number, { readonly at: number; readonly due: DueTimer }>();
  readonly #bornAt = performance.now();
  #ahead = 0;
  #correlationNext = 1;
  #timerNext = 1;

  constructor(startedAt = 1_800_000_000_000) {
    this.startedAt = startedAt;
    this.kernel = new LaneKernel(0, 0, 1, {
      post: () => false,
      setTimer: (delayMs, due) => {
        this.#timers.set(this.#timerNext, { at: this.kernel.now + delayMs, due });
        return this.#timerNext++;
      },
      clearTimer: (timer) => this.#timers.delete(timer),
      actorFailed: (_, name, failure) => this.failures.push(`${name}: ${(failure as Error).stack}`),
      laneFailed: (failure) => this.failures.push(String(failure)),
    });
    this.owner = this.#listener<StorageNews>('owner', ({ type, sentence }) => {
      if (type === 'storage-news') this.news.push(sentence);
    });
    this.#asker = this.#listener<StorageEvent>('asker', (event) => {
      this.answered.push(event.correlation);
      this.#waiting.get(event.correlation)?.(event);
      this.#waiting.delete(event.correlation);
    });
  }

  get now(): number {
    return performance.now() - this.#bornAt + this.#ahead;
  }

  /** Starts the store, or whatever stands beside it. */
  spawn<State, M extends Typed, C>(behaviour: Behaviour<State, M, C>, config: C): Address<M> {
    return this.kernel.spawnRoot(behaviour, config);
  }

  /** For ports: puts a message in; the lane takes a turn when it next looks. */
  deliver<M>(to: Address<M>, message: NoInfer<M>): void {
    this.kernel.deliver(to as unknown as Address<Typed>, this.#asker as unknown as Address<never>, message as Typed);
  }

  /** Lets the clock jump. */
  advance(ms: number): void {
    this.#ahead += ms;
    this.turn();
  }

  /** Sends a job and gives its correlation and its answer; nothing runs before the next turn. */
  begin(asked: Asked): { readonly correlation: number; readonly event: Promise<StorageEvent> } {
    const correlation = this.#correlationNext++;
    const event = new Promise<StorageEvent>((resolve) => this.#waiting.set(correlation, resolve));
    this.deliver(this.store, { withinMs: 0, ...asked, replyTo: this.#asker, correlation } as StorageJob);
    return { correlation, event };
  }

  cancel(correlation: number): void {
    this.deliver(this.store, { type: 'cancel-job', replyTo: this.#asker, correlation });
  }

  async ask(asked: Asked): Promise<StorageEvent> {
    const [event] = await this.askAll([asked]);
    return event!;
  }

  /** Jobs that wait in one turn; the answers in the order of the jobs. */
  askAll(asked: readonly Asked[]): Promise<StorageEvent[]> {
    return this.until(Promise.all(asked.map((one) => this.begin(one).event)));
  }

  /** Takes turns until it is there. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isOver = false;
    void promise.then(() => {
      isOver = true;
    });
    const end = performance.now() + answerMsMax;
    for (;;) {
      this.turn();
      await new Promise((resolve) => setImmediate(resolve));
      if (isOver) return promise;
      if (this.failures.length > 0) throw new Error(this.failures.join('\n'));
      if (performance.now() > end) throw new Error('the store did not answer');
    }
  }

  turn(): void {
    this.kernel.now = this.now;
    for (const [id, { at, due }] of this.#timers) {
      if (at > this.kernel.now) continue;
      this.#timers.delete(id);
      this.kernel.fire(due);
    }
    // A store that works in slices always has something to do: the event loop gets its turn, too.
    for (let i = 0; i < 100 && this.kernel.run(1_000) > 0; i++);
  }

  #listener<M extends Typed>(name: string, hear: (message: M) => void): Address<M> {
    const behaviour: Behaviour<undefined, M, undefined> = {
      name,
      init: () => undefined,
      step: (_, { message }) => hear(message),
      mailbox: { messagesMax: 1_000_000, overflow: 'drop-newest' },
    };
    return this.kernel.spawnRoot(behaviour, undefined);
  }
}
