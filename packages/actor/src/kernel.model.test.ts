// Mailboxes against a naive model: one array per actor, the rule applied to it word for word, at any mix of sends and steps.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nobody } from './address.ts';
import type { Mailbox } from './contract.ts';
import { type Anyone, refusedTypes, TestLane } from './lane.fixture.ts';
import type { Typed } from './words.ts';

type Action =
  | { readonly does: 'send'; readonly to: number }
  | { readonly does: 'fire'; readonly to: number }
  | { readonly does: 'crash'; readonly to: number }
  | { readonly does: 'run'; readonly steps: number };

const to = fc.nat(2);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ does: fc.constant('send' as const), to }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('fire' as const), to }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('crash' as const), to }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('run' as const), steps: fc.nat(5) }) },
);
const mailbox: fc.Arbitrary<Mailbox> = fc.record({
  messagesMax: fc.nat(4),
  overflow: fc.constantFrom('drop-newest', 'drop-oldest', 'refuse'),
});

/** One actor as the contract describes it: what waits, oldest first; `mail` tells messages from due timers. */
interface Model {
  readonly mailbox: Mailbox;
  waiting: { readonly type: string; readonly mail: boolean }[];
  readonly heard: string[];
}

function put(model: Model, type: string, counts: { dropped: number; refused: number }): void {
  const { messagesMax, overflow } = model.mailbox;
  if (model.waiting.length < messagesMax) {
    model.waiting.push({ type, mail: true });
  } else if (overflow === 'refuse') {
    counts.refused++;
  } else {
    counts.dropped++;
    const types = model.waiting.filter(({ mail }) => mail).map((entry) => entry.type);
    if (overflow !== 'drop-oldest' || types.length === 0) return;
    // The oldest message goes and the others move up, so that a timer keeps its place between them.
    const moved = [...types.slice(1), type];
    model.waiting = model.waiting.map((entry) => (entry.mail ? { type: moved.shift()!, mail: true } : entry));
  }
}

test('any mix of sends, timers, crashes and steps: each actor hears what the model hears, and all else is counted', () => {
  fc.assert(
    fc.property(
      fc.array(mailbox, { minLength: 3, maxLength: 3 }),
      fc.array(action, { maxLength: 80 }),
      (boxes, actions) => {
        const lane = new TestLane();
        const counts = { dropped: 0, refused: 0 };
        const heard: string[][] = [[], [], []];
        let crashing = -1;
        const actors: Anyone[] = boxes.map((box, i) =>
          lane.start({
            mailbox: box,
            step({ type }) {
              if (crashing === i) throw new Error('crash');
              heard[i]!.push(type);
            },
          }),
        );
        const models = boxes.map((box): Model => ({ mailbox: box, waiting: [], heard: [] }));
        const cellOf = (i: number) => lane.kernel.cellAt(actors[i] as never)!;
        let number = 0;
        for (const act of actions) {
          const type = `m${number++}`;
          if (act.does === 'send') {
            lane.send(actors[act.to]!, type);
            put(models[act.to]!, type, counts);
          } else if (act.does === 'fire') {
            const cell = cellOf(act.to);
            lane.kernel.fire({ cell, incarnation: cell.incarnation, message: { type } });
            models[act.to]!.waiting.push({ type, mail: false });
          } else if (act.does === 'crash') {
            const model = models[act.to]!;
            if (model.waiting.length === 0) continue;
            crashing = act.to;
            while (cellOf(act.to).phase === 'running') lane.kernel.run(1);
            crashing = -1;
            const cell = cellOf(act.to);
            counts.dropped += model.waiting.length - 1;
            model.waiting = [];
            lane.kernel.fire({ cell, incarnation: cell.incarnation, message: { type: 'restart-due' } });
            cell.failuresAt = [];
          } else {
            lane.kernel.run(act.steps);
          }
          // The model leaves to the kernel whose turn it is, and asks that each actor hears its own messages in order.
          for (const [i, model] of models.entries()) {
            while (model.heard.length < heard[i]!.length) model.heard.push(model.waiting.shift()!.type);
          }
          for (const [i, model] of models.entries()) {
            const cell = cellOf(i);
            expect(cell.waitingCount - cell.skipCount).toBe(model.waiting.length);
            expect(heard[i]).toEqual(model.heard);
          }
        }
        lane.settle();
        for (const [i, model] of models.entries()) {
          expect(heard[i]).toEqual([...model.heard, ...model.waiting.map(({ type }) => type)]);
        }
        expect(lane.kernel.counts).toMatchObject(counts);
      },
    ),
    { numRuns: 400 },
  );
});

test('drop-oldest under a flood: the run queue holds no more than the mailbox', () => {
  const lane = new TestLane();
  const a = lane.start({ mailbox: { messagesMax: 3, overflow: 'drop-oldest' } });
  for (let i = 0; i < 100_000; i++) lane.send(a, `m${i}`);
  expect([lane.kernel.waitingCount, lane.kernel.counts.dropped]).toEqual([3, 99_997]);
  lane.settle();
  expect(lane.takeHeard()).toEqual(['m99997', 'm99998', 'm99999']);
});

test('refuse: what does not fit comes back to a sender on the lane, whole and in order', () => {
  const lane = new TestLane();
  const narrow = lane.start({ name: 'narrow', mailbox: { messagesMax: 2, overflow: 'refuse' } });
  const sender = lane.start({
    hearsSystem: true,
    step({ type }, out) {
      if (type === 'go') for (const parcel of ['a', 'b', 'c', 'd']) out.send(narrow, { type: parcel });
    },
  });
  lane.sendAndSettle(sender, 'go');
  expect(refusedTypes(lane.heard)).toEqual(['c', 'd']);
  expect(lane.trace.filter((line) => line.startsWith('narrow'))).toEqual(['narrow<-a', 'narrow<-b']);
  // The world outside and a sender elsewhere cannot be told.
  for (let i = 0; i < 3; i++) lane.kernel.deliver(narrow, nobody, { type: 'x' });
  expect(lane.kernel.counts.refused).toBe(3);
});

test('refusals do not take their listener over its own limit', () => {
  const lane = new TestLane();
  const closed = lane.start({ mailbox: { messagesMax: 0, overflow: 'refuse' } });
  const sender = lane.start({
    hearsSystem: true,
    mailbox: { messagesMax: 5, overflow: 'drop-newest' },
    step({ type }, out) {
      if (type === 'go') for (let i = 0; i < 1_000; i++) out.send(closed, { type: 'x' } satisfies Typed);
    },
  });
  lane.send(sender, 'go');
  lane.kernel.run(1);
  expect([lane.kernel.waitingCount, lane.kernel.counts.refused, lane.kernel.counts.dropped]).toEqual([5, 1_000, 995]);
});
