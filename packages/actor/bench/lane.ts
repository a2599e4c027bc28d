// A lane for benchmarks: a kernel without clocks or neighbours, and actors that do as little as an actor can.
import { type Address, type Behaviour, nobody, type Typed } from '@chordial/actor';
import { LaneKernel } from '@chordial/actor/shell';

interface Pass extends Typed {
  readonly type: 'pass';
}
interface Meet extends Typed {
  readonly type: 'meet';
  readonly next: Address<RunnerMessage>;
}
type RunnerMessage = Pass | Meet;

/** Counts, and passes the message on to the next runner. */
export interface RunnerState {
  stepsCount: number;
  next: Address<RunnerMessage>;
}

const pass: Pass = { type: 'pass' };

export const runner: Behaviour<RunnerState, RunnerMessage, undefined> = {
  name: 'runner',
  init: () => ({ stepsCount: 0, next: nobody as Address<never> as Address<RunnerMessage> }),
  step(state, { message }, out) {
    switch (message.type) {
      case 'pass':
        state.stepsCount++;
        out.send(state.next, pass);
        return;
      case 'meet':
        state.next = message.next;
        return;
    }
  },
  mailbox: { messagesMax: 100, overflow: 'drop-newest' },
};

interface Breed extends Typed {
  readonly type: 'breed';
  readonly childrenCount: number;
}
const child: Behaviour<null, Typed, undefined> = {
  name: 'child',
  init: () => null,
  step() {},
  mailbox: { messagesMax: 1, overflow: 'drop-newest' },
};
/** Starts a child and stops it, again and again. */
export const parent: Behaviour<null, Breed, undefined> = {
  name: 'parent',
  init: () => null,
  step(_state, { message }, out) {
    for (let i = 0; i < message.childrenCount; i++) out.stop(out.spawn(child, undefined) as Address<never>);
  },
  mailbox: { messagesMax: 1, overflow: 'drop-newest' },
};

export function startLane(lane: number): LaneKernel {
  return new LaneKernel(0, lane, 1, {
    post: () => false,
    setTimer: () => 1,
    clearTimer() {},
    actorFailed: (_actor, _name, failure) => {
      throw failure;
    },
    laneFailed() {},
  });
}

export function send<M extends Typed>(kernel: LaneKernel, to: Address<M>, message: M): void {
  kernel.deliver(to as unknown as Address<Typed>, nobody, message);
}

/** Runners in a circle, one message before each: every step is a delivery, a walk through the queue and a send. */
export function startCircle(lane: number, runnersCount: number, shapesCount: number): LaneKernel {
  const kernel = startLane(lane);
  // Real lanes run behaviours of many shapes; a kernel that sees one shape only is compiled for that.
  const extras = [{}, { words: undefined }, { inspect: () => 0 }, { hearsSystem: true }, { supervision: undefined }];
  const shapes = extras.slice(0, shapesCount).map((extra) => ({ ...runner, ...extra }) as typeof runner);
  const runners = Array.from({ length: runnersCount }, (_, i) =>
    kernel.spawnRoot(shapes[i % shapes.length]!, undefined),
  );
  for (const [i, address] of runners.entries()) {
    send<RunnerMessage>(kernel, address, { type: 'meet', next: runners[(i + 1) % runnersCount]! });
    send<RunnerMessage>(kernel, address, pass);
  }
  return kernel;
}
