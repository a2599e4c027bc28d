// One test for each rule of delivery, effects and lives in a lane. Failure is in kernel-failure.test.ts.
import { describe, expect, test } from 'vitest';
import { type Address, generationOf, indexOf, makeAddress, nobody } from './address.ts';
import type { Outbox } from './contract.ts';
import { indicesRestingMin } from './index-pool.ts';
import { type Anyone, refusedTypes, TestLane } from './lane.fixture.ts';
import type { Typed } from './words.ts';

const noOne = nobody as number as Anyone;

describe('delivery', () => {
  test('messages to two actors are handled in the order of sending, and know their sender', () => {
    const lane = new TestLane();
    const senders: number[] = [];
    const b = lane.start({ name: 'b', step: (_message, _out, from) => senders.push(from) });
    const a = lane.start({ name: 'a', step: ({ type }, out) => out.send(b, { type: `${type}-on` }) });
    lane.send(a, 'one');
    lane.send(b, 'direct');
    lane.send(a, 'two');
    lane.settle();
    expect(lane.trace).toEqual(['a<-one', 'b<-direct', 'a<-two', 'b<-one-on', 'b<-two-on']);
    expect(senders).toEqual([nobody, a, a]);
    expect(lane.kernel.counts.steps).toBe(5);
  });

  test('run takes no more steps than it is given and says how many it took', () => {
    const lane = new TestLane();
    const a = lane.start({});
    lane.send(a, '1', '2', '3');
    expect([lane.kernel.run(2), lane.kernel.waitingCount, lane.kernel.run(2), lane.kernel.run(2)]).toEqual([
      2, 1, 1, 0,
    ]);
  });

  test.each([0, 9, 255])('on lane %i: nobody, an index never used and a stopped actor are dead letters', (number) => {
    const lane = new TestLane(number);
    const a = lane.start({ step: (_message, out) => out.stop() });
    lane.sendAndSettle(a, 'end');
    lane.send(noOne, 'x');
    lane.send(makeAddress(0, number, 77_777), 'x');
    lane.send(a, 'x');
    expect(lane.kernel.counts.deadLetters).toBe(3);
    expect(lane.posted).toEqual([]);
  });

  test('what is neither on this lane nor nobody goes outside, from just below to just above', () => {
    const lane = new TestLane(3);
    for (const place of [2, 4]) lane.send(makeAddress(0, place, 40), 'out');
    lane.send(makeAddress(1, 3, 40), 'out');
    expect(lane.posted.map(({ to }) => to)).toEqual([
      makeAddress(0, 2, 40),
      makeAddress(0, 4, 40),
      makeAddress(1, 3, 40),
    ]);
    expect(lane.kernel.counts.deadLetters).toBe(0);
  });

  test('a message refused by the link comes back to a sender that hears the system', () => {
    const lane = new TestLane();
    lane.hasRoom = false;
    const far = makeAddress<Typed>(0, 1, 40);
    const forward = { step: ({ type }: Typed, out: Outbox) => type === 'go' && out.send(far, { type: 'parcel' }) };
    const hearing = lane.start({ hearsSystem: true, ...forward, step: (m, out) => void forward.step(m, out) });
    const deaf = lane.start({ step: (m, out) => void forward.step(m, out) });
    lane.sendAndSettle(hearing, 'go');
    lane.sendAndSettle(deaf, 'go');
    expect(refusedTypes(lane.heard)).toEqual(['parcel']);
    expect(lane.heard[1]).toMatchObject({ to: far });
    expect(lane.kernel.counts.refused).toBe(2);
  });
});

describe('effects', () => {
  test('an outbox is of no use outside its step', () => {
    const lane = new TestLane();
    let kept: Outbox | undefined;
    const a = lane.start({
      step(_message, out) {
        kept = out;
      },
    });
    lane.sendAndSettle(a, 'x');
    expect(() => kept?.send(a, { type: 'late' })).toThrow('only within its step');
    expect(() => kept?.stop()).toThrow('only within its step');
  });

  test('a timer fires as a message from nobody; a cleared one does not', () => {
    const lane = new TestLane();
    const a = lane.start({
      step({ type }, out, from) {
        if (type === 'go') {
          out.setTimer(10, { type: 'ten-due' });
          out.clearTimer(out.setTimer(5, { type: 'five-due' }));
        } else expect(from).toBe(nobody);
      },
    });
    lane.sendAndSettle(a, 'go');
    lane.advance(9);
    expect(lane.takeHeard()).toEqual(['go']);
    lane.advance(1);
    expect(lane.takeHeard()).toEqual(['ten-due']);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('a timer in %d ms fails the step', (delayMs) => {
    const lane = new TestLane();
    lane.sendAndSettle(lane.start({ step: (_message, out) => void out.setTimer(delayMs, { type: 'due' }) }), 'go');
    expect(lane.failures).toEqual(['actor: a timer lies in the finite future: restart']);
  });

  test('an actor that stops itself finishes its step, and what it spawned after that stops with it', () => {
    const lane = new TestLane();
    let child = noOne;
    const other = lane.start({ name: 'other' });
    const a = lane.start({
      step(_message, out) {
        out.stop();
        child = out.spawn(lane.behaviour({ name: 'child' }), undefined);
        out.send(child, { type: 'lost' });
        out.send(other, { type: 'said' });
        out.setTimer(1, { type: 'due' });
      },
    });
    lane.send(a, 'end', 'behind');
    lane.settle();
    lane.advance(10);
    expect(lane.trace).toEqual(['actor<-end', 'other<-said']);
    expect([lane.isAlive(a), lane.isAlive(child), lane.kernel.counts.actors]).toEqual([false, false, 1]);
    expect(lane.kernel.counts.deadLetters).toBe(2);
  });

  test('stopping a child twice, or one that stopped itself, does nothing the second time', () => {
    const lane = new TestLane();
    let child = noOne;
    const parent = lane.start({
      hearsSystem: true,
      step({ type }, out) {
        if (type === 'spawn') child = out.spawn(lane.behaviour({ step: (_m, childOut) => childOut.stop() }), undefined);
        if (type === 'stop') for (let i = 0; i < 2; i++) out.stop(child as Address<never>);
      },
    });
    lane.sendAndSettle(parent, 'spawn', 'stop', 'spawn');
    lane.sendAndSettle(child, 'end');
    lane.sendAndSettle(parent, 'stop');
    expect(lane.takeHeard().filter((type) => type === 'child-stopped')).toHaveLength(2);
    expect([lane.kernel.counts.actors, lane.failures]).toEqual([1, []]);
  });

  test('stopping somebody else is a mistake of the actor that tries', () => {
    const lane = new TestLane();
    const victim = lane.start({});
    lane.sendAndSettle(lane.start({ name: 'thug', step: (_m, out) => out.stop(victim as Address<never>) }), 'go');
    expect(lane.failures).toEqual(['thug: an actor stops only itself and its children: restart']);
    expect(lane.isAlive(victim)).toBe(true);
  });

  test('a whole family stops with its head', () => {
    const lane = new TestLane();
    const grandchild = lane.behaviour({});
    const child = lane.behaviour({ init: (out) => void out.spawn(grandchild, undefined) });
    const head = lane.start({
      init(out) {
        for (let i = 0; i < 3; i++) out.spawn(child, undefined);
      },
      step: (_message, out) => out.stop(),
    });
    expect(lane.kernel.counts.actors).toBe(7);
    lane.sendAndSettle(head, 'end');
    expect([lane.kernel.counts.actors, [...lane.kernel.cells()]]).toEqual([0, []]);
  });

  test('an actor may stop in its init; its parent has its address and hears of it', () => {
    const lane = new TestLane();
    const parent = lane.start({
      hearsSystem: true,
      step({ type }, out) {
        if (type === 'go') out.send(out.spawn(lane.behaviour({ init: (o) => o.stop() }), undefined), { type: 'hello' });
      },
    });
    lane.sendAndSettle(parent, 'go');
    expect(lane.takeHeard()).toEqual(['go', 'child-stopped']);
    expect([lane.kernel.counts.actors, lane.kernel.counts.deadLetters]).toEqual([1, 1]);
  });
});

describe('addresses and lives', () => {
  test('an address kept after its actor stopped does not reach the next actor at that index', () => {
    const lane = new TestLane();
    const quick = { step: (_message: Typed, out: Outbox) => out.stop() };
    const first = lane.start(quick);
    lane.sendAndSettle(first, 'end');
    let next = first;
    for (let i = 0; i < indicesRestingMin; i++) {
      next = lane.start(quick);
      lane.sendAndSettle(next, 'end');
    }
    expect(indexOf(next)).toBe(indexOf(first));
    expect(generationOf(next)).toBe(generationOf(first) + 1);
    const heir = lane.start({});
    lane.takeHeard();
    lane.sendAndSettle(first, 'stale');
    expect([lane.takeHeard(), lane.isAlive(first), lane.isAlive(heir)]).toEqual([[], false, true]);
  });

  test('a well-known actor that is started again has its address; old mail and timers do not reach it', () => {
    const lane = new TestLane();
    const script = {
      step({ type }: Typed, out: Outbox) {
        if (type === 'arm') out.setTimer(5, { type: 'old-due' });
        if (type === 'end') out.stop();
      },
    };
    const first = lane.start(script, 16);
    expect(() => lane.start(script, 16)).toThrow('index 16 is free');
    lane.send(first, 'arm', 'end', 'old-mail');
    lane.kernel.run(2);
    const second = lane.start(script, 16);
    lane.advance(20);
    lane.settle();
    expect([second, lane.takeHeard(), lane.kernel.counts.deadLetters]).toEqual([first, ['arm', 'end'], 1]);
    lane.sendAndSettle(first, 'new-mail');
    expect(lane.takeHeard()).toEqual(['new-mail']);
  });

  test.each([0, -1, 32])('%i is not a well-known index', (at) => {
    expect(() => new TestLane().start({}, at)).toThrow('within 1..31');
  });

  test('seeds at birth repeat with the seed of the lane, and differ between actors and between nearby lanes', () => {
    const seedsOf = (seed: number): number[] => {
      const lane = new TestLane(0, seed);
      for (let i = 0; i < 100; i++) lane.start({});
      return lane.births.map((birth) => birth.seed);
    };
    expect(seedsOf(7)).toEqual(seedsOf(7));
    expect(new Set([...seedsOf(7), ...seedsOf(8)]).size).toBe(200);
    expect(seedsOf(7).every(Number.isSafeInteger)).toBe(true);
  });
});
