// The gateway of a simulated lane: the actor that stands for whoever runs the host. Questions go in with `replyTo` and
// `correlation`, answers come out by correlation, and everything else sent to it is a report.
import type { Address, Behaviour, Received, Typed } from '@chordial/actor';
import type { SimulatedLane } from './lane.ts';
import type { World } from './world.ts';

export class Gateway {
  readonly behaviour: Behaviour<undefined, Typed, undefined> = {
    name: 'gateway',
    mailbox: { messagesMax: 65_536, overflow: 'drop-newest' },
    init: () => undefined,
    step: (_, received) => this.#step(received),
  };
  readonly #lane: SimulatedLane;
  readonly #world: World;
  readonly #self: Address<never>;
  readonly #questions = new Map<number, (message: Typed) => void>();
  #correlationNext = 1;

  constructor(world: World, lane: SimulatedLane, self: Address<never>) {
    this.#world = world;
    this.#lane = lane;
    this.#self = self;
  }

  /** Sends `message` with `replyTo` and `correlation` filled in; `answer` is called at most once. */
  ask(to: Address<Typed>, message: Typed, answer: (message: Typed) => void): void {
    const correlation = this.#correlationNext++;
    this.#questions.set(correlation, answer);
    const question = { ...message, replyTo: this.#self, correlation } as Typed;
    this.#lane.arrive(() => this.#lane.kernel.deliver(to, this.#self, question));
  }

  #step({ message }: Received<Typed>): void {
    const { correlation } = message as { correlation?: unknown };
    const answer = typeof correlation === 'number' ? this.#questions.get(correlation) : undefined;
    if (answer === undefined) {
      this.#lane.host.onReport?.(this.#lane.lane, message, this.#world.now);
      return;
    }
    this.#questions.delete(correlation as number);
    answer(message);
  }
}
