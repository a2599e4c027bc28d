// What a failure does: to the actor, its mail, its timers, its children, its parent, and in the end its lane.
import { expect, test } from 'vitest';
import type { Outbox, Supervision } from './contract.ts';
import { type Anyone, TestLane } from './lane.fixture.ts';
import type { Typed } from './words.ts';

const never: Supervision = { backoffMsMin: 10, backoffMsMax: 100, restartsMax: 0, withinMs: 1_000 };
const often: Supervision = { ...never, restartsMax: 100 };

function fragile({ type }: Typed): void {
  if (type === 'fail') throw new Error('broken');
}

test('an actor that fails begins again after its back-off, at its old address, with a new seed', () => {
  const lane = new TestLane();
  const a = lane.start({ step: fragile });
  lane.sendAndSettle(a, 'fail');
  expect([lane.births.length, lane.failures]).toEqual([1, ['actor: broken: restart']]);
  lane.advance(9);
  expect(lane.births).toHaveLength(1);
  lane.advance(1);
  expect(lane.births.map(({ self, now }) => [self, now])).toEqual([
    [a, 0],
    [a, 10],
  ]);
  expect(lane.births[0]?.seed).not.toBe(lane.births[1]?.seed);
  lane.takeHeard();
  lane.sendAndSettle(a, 'hello');
  expect(lane.takeHeard()).toEqual(['hello']);
});

test.each(['drop-newest', 'drop-oldest', 'refuse'] as const)(
  '%s: mail from before the failure and during the restart is lost and counted',
  (overflow) => {
    const lane = new TestLane();
    const a = lane.start({ step: fragile, mailbox: { messagesMax: 4, overflow } });
    lane.send(a, 'fail', 'old', 'old', 'old');
    lane.kernel.run(1);
    lane.send(a, 'during');
    expect(lane.kernel.counts.dropped).toBe(4);
    // The restart comes while the old mail still lies in the run queue, and new mail goes behind it, up to the limit.
    lane.kernel.now = lane.now = 10;
    lane.kernel.fire({ cell: lane.kernel.cellAt(a as never)!, incarnation: 1, message: { type: 'restart-due' } });
    lane.send(a, 'new-1', 'new-2', 'new-3', 'new-4');
    expect(lane.kernel.counts.dropped).toBe(4);
    lane.takeHeard();
    lane.settle();
    expect(lane.takeHeard()).toEqual(['new-1', 'new-2', 'new-3', 'new-4']);
    expect([lane.births.length, lane.kernel.counts.dropped]).toEqual([2, 4]);
  },
);

test('a timer of an earlier life does not reach a later one, whether it is pending or waits in the queue', () => {
  const lane = new TestLane();
  const a = lane.start({
    step(message, out) {
      if (message.type === 'arm') for (const ms of [5, 50]) out.setTimer(ms, { type: 'old-due' });
      if (message.type === 'fail') out.setTimer(50, { type: 'dying-due' });
      fragile(message);
    },
  });
  lane.sendAndSettle(a, 'arm');
  lane.send(a, 'fail');
  // The timer of 5 ms comes behind the message that kills, in the same turn.
  lane.advance(5);
  lane.advance(100);
  expect([lane.births.length, lane.takeHeard()]).toEqual([2, ['arm', 'fail']]);
});

test('children of a failing actor stop; the new life begins with its own', () => {
  const lane = new TestLane();
  const children: Anyone[] = [];
  const childBehaviour = lane.behaviour({ name: 'child' });
  const parent = lane.start({
    hearsSystem: true,
    init: (out) => void children.push(out.spawn(childBehaviour, undefined)),
    step(message, out) {
      if (message.type === 'fail') children.push(out.spawn(childBehaviour, undefined));
      fragile(message);
    },
  });
  lane.send(children[0]!, 'for the old child');
  lane.sendAndSettle(parent, 'fail');
  lane.advance(10);
  expect(children.map((child) => lane.isAlive(child))).toEqual([false, false, true]);
  expect([lane.kernel.counts.actors, lane.takeHeard()]).toEqual([2, ['for the old child', 'fail']]);
});

test('a failing init is tried again with growing back-off', () => {
  const lane = new TestLane();
  let tries = 0;
  const a = lane.start({
    init() {
      if (++tries < 4) throw new Error('no disk');
    },
  });
  lane.send(a, 'early');
  lane.advance(10 + 20 + 40 - 1);
  expect(tries).toBe(3);
  lane.advance(1);
  lane.sendAndSettle(a, 'hello');
  expect([tries, lane.takeHeard(), lane.kernel.counts.dropped, lane.kernel.counts.failures]).toEqual([
    4,
    ['hello'],
    1,
    3,
  ]);
});

test('a timer set by an init that fails does not reach the next life, nor begin it early', () => {
  const lane = new TestLane();
  let tries = 0;
  lane.start({
    init(out) {
      out.setTimer(3, { type: 'early-due' });
      if (++tries === 1) throw new Error('not yet');
    },
  });
  lane.advance(9);
  expect([tries, lane.takeHeard()]).toEqual([1, []]);
  lane.advance(4);
  expect([tries, lane.takeHeard()]).toEqual([2, ['early-due']]);
});

test('a child that fails too often fails its parent, and the parent begins again', () => {
  const lane = new TestLane();
  const children: Anyone[] = [];
  lane.start({
    name: 'parent',
    supervision: { ...never, restartsMax: 1 },
    init: (out) => void children.push(out.spawn(lane.behaviour({ name: 'child', step: fragile }), undefined)),
  });
  lane.sendAndSettle(children[0]!, 'fail');
  lane.advance(10);
  lane.sendAndSettle(children[0]!, 'fail');
  expect(lane.failures).toEqual(['child: broken: restart', 'child: broken: escalate', 'parent: broken: restart']);
  lane.advance(10);
  expect([children.length, lane.isAlive(children[0]!), lane.isAlive(children[1]!)]).toEqual([2, false, true]);
});

test('failure that no supervisor takes ends the lane, once', () => {
  const lane = new TestLane();
  let leaf: Anyone | undefined;
  const child = lane.behaviour({ name: 'child', step: fragile });
  const root = lane.start({
    name: 'root',
    supervision: never,
    init(out) {
      leaf = out.spawn(child, undefined);
    },
  });
  for (let failures = 1; lane.laneFailures.length === 0 && failures < 50; failures++) {
    lane.sendAndSettle(leaf!, 'fail');
    lane.advance(5_000);
  }
  expect(lane.laneFailures.map((failure) => (failure as Error).message)).toEqual(['broken']);
  // The root itself has the default of ten restarts.
  expect(lane.failures.filter((line) => line === 'root: broken: restart')).toHaveLength(10);
  expect(lane.failures.at(-1)).toBe('root: broken: escalate');
  expect([lane.isAlive(root), lane.kernel.counts.actors]).toEqual([false, 0]);
});

test('a parent whose new child fails for good in its init fails in that step and does nothing more', () => {
  const lane = new TestLane();
  const child = lane.behaviour({
    name: 'child',
    init() {
      throw new Error('stillborn');
    },
  });
  const after: string[] = [];
  const parent = lane.start({
    name: 'parent',
    supervision: never,
    step(_message, out) {
      out.spawn(child, undefined);
      after.push('went on');
    },
  });
  lane.sendAndSettle(parent, 'go');
  expect([lane.failures, after]).toEqual([['child: stillborn: escalate', 'parent: stillborn: restart'], []]);
  lane.advance(10);
  expect([lane.isAlive(parent), lane.kernel.counts.actors]).toEqual([true, 1]);
});

test('through three generations of init the failure reaches the one whose step began it', () => {
  const lane = new TestLane();
  const leaf = lane.behaviour({
    name: 'leaf',
    init() {
      throw new Error('stillborn');
    },
  });
  const middle = lane.behaviour({ name: 'middle', supervision: never, init: (out) => void out.spawn(leaf, undefined) });
  const top = lane.start({ name: 'top', supervision: never, step: (_m, out) => void out.spawn(middle, undefined) });
  lane.sendAndSettle(top, 'go');
  expect(lane.failures).toEqual([
    'leaf: stillborn: escalate',
    'middle: stillborn: escalate',
    'top: stillborn: restart',
  ]);
  expect(lane.kernel.counts.actors).toBe(1);
});

test('a parent hears of a child that stopped, not of the one it failed with', () => {
  const lane = new TestLane();
  const children: Anyone[] = [];
  const child = lane.behaviour({
    step(message, out) {
      fragile(message);
      out.stop();
    },
  });
  lane.start({
    hearsSystem: true,
    supervision: never,
    init(out) {
      for (let i = 0; i < 2; i++) children.push(out.spawn(child, undefined));
    },
  });
  lane.sendAndSettle(children[0]!, 'end');
  expect(lane.heard.at(-1)).toEqual({ type: 'child-stopped', child: children[0] });
  lane.takeHeard();
  lane.sendAndSettle(children[1]!, 'fail');
  lane.advance(10);
  expect([lane.takeHeard(), lane.kernel.counts.dropped]).toEqual([['fail'], 0]);
});

test('a child that waits for its restart can be stopped, and does not come back', () => {
  const lane = new TestLane();
  let child: Anyone | undefined;
  const parent = lane.start({
    supervision: often,
    init(out) {
      child = out.spawn(lane.behaviour({ step: fragile }), undefined);
    },
    step: (_message, out) => out.stop(child as never),
  });
  lane.sendAndSettle(child!, 'fail');
  lane.sendAndSettle(parent, 'stop it');
  lane.advance(1_000);
  expect([lane.births.length, lane.kernel.counts.actors]).toEqual([2, 1]);
});

test('a step that stops its actor and then fails has failed', () => {
  const lane = new TestLane();
  const a = lane.start({
    step(message, out: Outbox) {
      out.stop();
      fragile(message);
    },
  });
  lane.sendAndSettle(a, 'fail');
  lane.advance(10);
  expect([lane.isAlive(a), lane.births.length, lane.kernel.counts.failures]).toEqual([true, 2, 1]);
});

test('other actors go on when one fails', () => {
  const lane = new TestLane();
  const good = lane.start({ name: 'good' });
  const bad = lane.start({ name: 'bad', step: fragile });
  lane.send(good, 'one');
  lane.send(bad, 'fail');
  lane.send(good, 'two');
  lane.settle();
  expect(lane.trace).toEqual(['good<-one', 'bad<-fail', 'good<-two']);
});

test('mail that is lost is counted once, though the next life fails before its turn comes', () => {
  const lane = new TestLane();
  let tries = 0;
  const a = lane.start({
    init() {
      if (++tries === 2) throw new Error('not yet');
    },
    step: fragile,
  });
  lane.send(a, 'fail', 'old', 'old');
  lane.kernel.run(1);
  lane.kernel.fire({ cell: lane.kernel.cellAt(a as never)!, incarnation: 1, message: { type: 'restart-due' } });
  lane.settle();
  expect([tries, lane.kernel.counts.dropped, lane.takeHeard()]).toEqual([2, 2, ['fail']]);
});
