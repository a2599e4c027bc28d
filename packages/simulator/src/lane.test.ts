// A lane under the simulator: what is found at once, what its links do, and what happens when it fails.
import type { Address, Behaviour, LaneProgram, Typed } from '@chordial/actor';
import { describe, expect, it } from 'vitest';
import { Simulation, type SimulationOptions } from './simulation.ts';

interface Parcel {
  readonly type: 'parcel';
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}
interface Order {
  readonly type: 'order';
  readonly number: number;
}
type WorkerMessage = Parcel | Order;

/** What the workers of a test do and did. */
interface Shop {
  readonly heard: string[];
  readonly views: Uint8Array[];
  /** What to do with orders. */
  readonly onOrder: (
    number: number,
    out: Parameters<typeof worker.step>[2],
    others: readonly Address<Parcel>[],
  ) => void;
  broken: string | undefined;
}
interface WorkerConfig {
  readonly shop: Shop;
  readonly lane: number;
  readonly others: readonly Address<Parcel>[];
}

const workerAt = 16;
const octets = new Uint8Array([1, 2, 3]);

const worker: Behaviour<WorkerConfig, WorkerMessage, WorkerConfig> = {
  name: 'worker',
  mailbox: { messagesMax: 100, overflow: 'drop-newest' },
  hearsSystem: true,
  words: { parcel: [1, 'number', 'bytes', 'start', 'end'], order: [2, 'number'] },
  init(config) {
    config.shop.heard.push(`${config.lane} born`);
    return config;
  },
  step({ shop, lane, others }, { message }, out) {
    if (message.type === 'order') {
      shop.onOrder(message.number, out, others);
      return;
    }
    const { type, number, bytes } = message;
    shop.heard.push(type === 'parcel' ? `${lane} got ${number}` : type);
    if (type === 'parcel') shop.views.push(bytes);
  },
  invariants: ({ shop }) => shop.broken,
};

const parcel = (number: number): Parcel => ({ type: 'parcel', number, bytes: octets, start: 1, end: 3 });

function open(onOrder: Shop['onOrder'], options: Partial<SimulationOptions> = {}) {
  const simulation = new Simulation({ seed: 1, ...options });
  const shop: Shop = { heard: [], views: [], onOrder, broken: undefined };
  const program: LaneProgram<undefined> = ({ lane, lanesCount, spawn, wellKnown }) => {
    const others = Array.from({ length: lanesCount }, (_, other) => wellKnown<Parcel>(other, workerAt));
    spawn(worker, { shop, lane, others }, workerAt);
  };
  const host = simulation.addHost({ program, config: undefined, lanesCount: 2 });
  simulation.run(10);
  shop.heard.length = 0;
  /** Lane 0 gets an order, and a second passes. */
  const order = (number: number): void => {
    const lane = host.lanes[0]!;
    lane.arrive(() =>
      lane.deliver([...lane.kernel.cells()].at(-1)!.self as Address<Typed>, { type: 'order', number } as Order),
    );
    simulation.run(simulation.now + 1_000);
  };
  return { simulation, shop, host, order };
}

describe('links between lanes', () => {
  it('carry messages in order, and poison their bytes after the turn', () => {
    const { shop, order, simulation } = open((number, out, others) => {
      for (let i = 0; i < number; i++) out.send(others[1]!, parcel(i));
    });
    order(3);
    expect(simulation.violation).toBeUndefined();
    expect(shop.heard).toEqual(['1 got 0', '1 got 1', '1 got 2']);
    expect(shop.views[0]).not.toBe(octets);
    expect(shop.views.every((view) => view.every((octet) => octet === 0xdd))).toBe(true);
    expect([...octets]).toEqual([1, 2, 3]);
  });

  it('refuse what does not fit, and tell the sender', () => {
    const { shop, order } = open(
      (number, out, others) => {
        for (let i = 0; i < number; i++) out.send(others[1]!, parcel(i));
      },
      { linkMessagesMax: 2 },
    );
    order(3);
    expect(shop.heard.toSorted()).toEqual(['1 got 0', '1 got 1', 'message-refused']);
  });

  it('refuse everything while a fault fills them', () => {
    const { shop, order, simulation } = open((number, out, others) => out.send(others[1]!, parcel(number)));
    simulation.inject([{ at: 0, durationMs: 1_500, kind: 'fill-link', host: 0, from: 0, to: 1 }]);
    simulation.run(simulation.now);
    order(1);
    expect(shop.heard).toEqual(['message-refused']);
    order(2);
    order(3);
    expect(shop.heard).toEqual(['message-refused', 'message-refused', '1 got 3']);
  });

  it('keep the mail of a dead lane for the one that replaces it', () => {
    const { shop, order, simulation } = open((number, out, others) => out.send(others[1]!, parcel(number)));
    simulation.inject([{ at: 0, durationMs: 5_000, kind: 'kill-lane', host: 0, lane: 1 }]);
    order(1);
    order(2);
    expect(shop.heard).toEqual([]);
    simulation.run(8_000);
    expect(shop.heard).toEqual(['1 born', '1 got 1', '1 got 2']);
  });
});

describe('what is found', () => {
  it('an actor that fails', () => {
    const { order, simulation } = open(() => {
      throw new Error('planted');
    });
    order(1);
    expect(simulation.violation).toMatchObject({ sentence: 'worker failed: planted', where: 'host-0/0 worker' });
  });

  it('a message that cannot cross', () => {
    const { order, simulation } = open((_, out, others) => {
      out.send(others[1]!, { ...parcel(1), extra: 1 } as Parcel);
    });
    order(1);
    expect(simulation.violation?.sentence).toContain("field 'extra' of 'parcel' is listed in its words");
  });

  it('a broken invariant, at the step that broke it', () => {
    const { order, simulation, shop } = open(() => {
      shop.broken = 'the shop is open';
    });
    order(1);
    expect(simulation.violation).toMatchObject({ sentence: 'the shop is open', where: 'host-0/0 worker' });
    const { steps } = simulation.history;
    simulation.run(100_000);
    expect(simulation.history.steps).toBe(steps);
  });

  it('a rule over the whole simulation', () => {
    const { order, simulation } = open(() => {});
    simulation.invariant = () => (simulation.now > 5 ? 'time stands still' : undefined);
    order(1);
    expect(simulation.violation).toMatchObject({ sentence: 'time stands still', where: 'simulation' });
  });

  it('actors that talk without end while no time passes', () => {
    const endless: Behaviour<Address<Order>, Order, undefined> = {
      name: 'endless',
      mailbox: { messagesMax: 10, overflow: 'drop-newest' },
      init(_, { self }, out) {
        out.send(self, { type: 'order', number: 0 });
        return self;
      },
      step: (self, { message }, out) => out.send(self, message),
    };
    const simulation = new Simulation({ seed: 1, invariantsEvery: 1_000 });
    const program: LaneProgram<undefined> = ({ spawn }) => {
      spawn(endless, undefined);
    };
    simulation.addHost({ program, config: undefined, lanesCount: 1 });
    simulation.run(10);
    expect(simulation.violation?.sentence).toContain('while no time passes');
  });

  it('a lane program that throws', () => {
    const simulation = new Simulation({ seed: 1 });
    const program: LaneProgram<undefined> = () => {
      throw new Error('planted');
    };
    simulation.addHost({ program, config: undefined, lanesCount: 1 });
    simulation.run(10);
    expect(simulation.violation?.sentence).toBe('the lane program failed: planted');
  });
});

describe('supervised failures', () => {
  it('restart the actor, and after too many the lane is replaced', () => {
    const { order, shop, host, simulation } = open(
      (number) => {
        throw new Error(`planted ${number}`);
      },
      { actorFailures: 'supervised' },
    );
    const before = host.lanes[0];
    order(1);
    expect(shop.heard).toEqual(['0 born']);
    expect(host.failures).toMatchObject([{ lane: 0, name: 'worker', sentence: 'planted 1', remedy: 'restart' }]);
    expect(host.lanes[0]).toBe(before);
    // The default supervision bears 10 failures within a minute.
    for (let number = 2; number <= 20 && host.lanes[0] === before; number++) order(number);
    simulation.run(simulation.now + 1_000);
    expect(host.failures.at(-1)).toMatchObject({ remedy: 'escalate' });
    expect(host.failures).toHaveLength(11);
    expect(host.lanes[0]).toBeDefined();
    expect(host.lanes[0]).not.toBe(before);
    expect(simulation.violation).toBeUndefined();
  });
});

it('time goes on from timer to timer: across 2^26 ms, where doubles halve their precision, a rest that rounding left of a time is no endless loop', () => {
  const simulation = new Simulation({ seed: 1 });
  let over = 0;
  let looked = 0;
  interface Wait {
    askedAt: number;
  }
  const waiting: Behaviour<Wait, Typed, number> = {
    name: 'waiting',
    mailbox: { messagesMax: 10, overflow: 'drop-newest' },
    init: (i, birth, out) => {
      out.setTimer(2 ** 26 - 500.1 - i * 1.7 - birth.now, { type: 'ask' });
      return { askedAt: 0 };
    },
    step: (wait, { now, message }, out) => {
      if (message.type === 'ask') wait.askedAt = now;
      if (now - wait.askedAt >= 1_000) over++;
      else if (++looked < 10_000) out.setTimer(1_000 - (now - wait.askedAt), { type: 'look' });
    },
  };
  const program: LaneProgram<undefined> = ({ spawn }) => {
    for (let i = 0; i < 64; i++) spawn(waiting, i);
  };
  simulation.addHost({ program, config: undefined, lanesCount: 1 });
  simulation.run(2 ** 26 + 10_000);
  expect(over).toBe(64);
});
