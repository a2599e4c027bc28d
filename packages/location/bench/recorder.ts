// Drives one actor by hand: a clock, an outbox that records what is sent, timers that fire in order. For tests and
// benches; it checks the behaviour's invariants after every step when asked to.
import { type Behaviour, makeAddress, type Outbox, type Typed } from '@chordial/actor';

interface Timer {
  readonly at: number;
  readonly message: Typed;
}

export class Recorder<State, M extends Typed, Config> {
  now = 0;
  readonly state: State;
  /** Messages sent since the last look. */
  sent: Typed[] = [];
  stepsCount = 0;
  readonly timers = new Map<number, Timer>();
  readonly #behaviour: Behaviour<State, M, Config>;
  readonly #checks: boolean;
  readonly #out: Outbox;
  #timerNext = 1;

  constructor(behaviour: Behaviour<State, M, Config>, config: Config, checks = true) {
    this.#behaviour = behaviour;
    this.#checks = checks;
    this.#out = {
      send: (_to, message) => this.sent.push(message as Typed),
      setTimer: (delayMs, message) => {
        this.timers.set(this.#timerNext, { at: this.now + delayMs, message });
        return this.#timerNext++;
      },
      clearTimer: (timer) => this.timers.delete(timer),
      spawn: () => makeAddress(0, 0, 41),
      stop: () => undefined,
    };
    this.state = behaviour.init(config, { self: makeAddress<M>(0, 0, 40), now: 0, seed: 1 }, this.#out);
  }

  /** One step; returns what it sent. */
  tell(message: M): Typed[] {
    this.sent = [];
    this.stepsCount++;
    this.#behaviour.step(this.state, { now: this.now, from: makeAddress<never>(0, 0, 21), message }, this.#out);
    if (this.#checks) {
      const broken = this.#behaviour.invariants?.(this.state);
      if (broken !== undefined) throw new Error(`broken invariant: ${broken}`);
    }
    return this.sent;
  }

  /** Lets time pass, firing what becomes due on the way. */
  advance(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      let due = 0;
      for (const [id, timer] of this.timers) if (timer.at <= (this.timers.get(due)?.at ?? until)) due = id;
      const timer = this.timers.get(due);
      if (timer === undefined) break;
      this.timers.delete(due);
      this.now = timer.at;
      this.tell(timer.message as M);
    }
    this.now = until;
  }
}
