// A lane for tests: a kernel, virtual timers, a record of all that went outside, and actors whose core is written in the test.
import { type Address, nobody } from './address.ts';
import type { Cell, DueTimer } from './cell.ts';
import type { Behaviour, Birth, Mailbox, Outbox, Supervision } from './contract.ts';
import { LaneKernel } from './kernel.ts';
import type { MessageRefused } from './protocol.ts';
import type { Typed } from './words.ts';

export type Anyone = Address<Typed>;

/** What a scripted actor does; every part is optional. */
export interface Script {
  readonly name?: string;
  readonly mailbox?: Mailbox;
  readonly supervision?: Supervision;
  readonly hearsSystem?: boolean;
  readonly init?: (out: Outbox, birth: Birth<Typed>) => void;
  readonly step?: (message: Typed, out: Outbox, from: Address<never>) => void;
}

export class TestLane {
  now = 0;
  /** Names of messages in the order of their steps, as `actor<-type`. */
  readonly trace: string[] = [];
  readonly heard: Typed[] = [];
  readonly failures: string[] = [];
  readonly laneFailures: unknown[] = [];
  readonly posted: { to: number; from: number; message: Typed }[] = [];
  readonly births: Birth<Typed>[] = [];
  /** Whether links to other lanes have room. */
  hasRoom = true;
  readonly kernel: LaneKernel;
  readonly #timers = new Map<number, { readonly at: number; readonly due: DueTimer }>();
  #timerNext = 1;

  constructor(lane = 0, seed = 1) {
    this.kernel = new LaneKernel(0, lane, seed, {
      post: (to, from, message) => {
        if (this.hasRoom) this.posted.push({ to, from, message });
        return this.hasRoom;
      },
      setTimer: (delayMs, due) => {
        this.#timers.set(this.#timerNext, { at: this.now + delayMs, due });
        return this.#timerNext++;
      },
      clearTimer: (timer) => this.#timers.delete(timer),
      actorFailed: (_actor, name, failure, remedy) =>
        this.failures.push(`${name}: ${(failure as Error).message}: ${remedy}`),
      laneFailed: (failure) => this.laneFailures.push(failure),
      stepped: (cell: Cell, message) => this.trace.push(`${cell.behaviour.name}<-${message.type}`),
    });
  }

  behaviour(script: Script): Behaviour<null, Typed, undefined> {
    const {
      name = 'actor',
      mailbox = { messagesMax: 1_000, overflow: 'drop-newest' },
      supervision,
      hearsSystem,
    } = script;
    return {
      name,
      init: (_config, birth, out) => {
        this.births.push(birth);
        script.init?.(out, birth);
        return null;
      },
      step: (_state, { message, from }, out) => {
        this.heard.push(message);
        script.step?.(message, out, from);
      },
      mailbox,
      ...(supervision !== undefined && { supervision }),
      ...(hearsSystem !== undefined && { hearsSystem }),
    };
  }

  start(script: Script, at?: number): Anyone {
    return this.kernel.spawnRoot(this.behaviour(script), undefined, at);
  }

  send(to: Anyone, ...types: string[]): void {
    for (const type of types) this.kernel.deliver(to, nobody, { type });
  }

  /** Runs until nothing waits. */
  settle(): void {
    this.kernel.now = this.now;
    while (this.kernel.run(1_000) > 0);
  }

  sendAndSettle(to: Anyone, ...types: string[]): void {
    this.send(to, ...types);
    this.settle();
  }

  /** Lets time pass; due timers fire in order. */
  advance(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const [next] = [...this.#timers]
        .filter(([, { at }]) => at <= until)
        .sort((a, b) => a[1].at - b[1].at || a[0] - b[0]);
      if (next === undefined) break;
      this.#timers.delete(next[0]);
      this.now = this.kernel.now = next[1].at;
      this.kernel.fire(next[1].due);
      this.settle();
    }
    this.now = until;
  }

  /** What actors heard since the last call, by type. */
  takeHeard(): string[] {
    return this.heard.splice(0).map(({ type }) => type);
  }

  isAlive(address: Anyone): boolean {
    return this.kernel.cellAt(address as Address<never>) !== undefined;
  }
}

/** The messages that came back, by type. */
export const refusedTypes = (heard: readonly Typed[]): string[] =>
  heard.filter((m): m is MessageRefused => m.type === 'message-refused').map(({ message }) => message.type);
