// The heap against the naive model: a sorted list.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EventHeap, type ScheduledEvent } from './event-heap.ts';

type Command =
  | { readonly kind: 'push'; readonly at: number }
  | { readonly kind: 'cancel'; readonly index: number }
  | { readonly kind: 'pop' };

const commands = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.nat(50).map((at): Command => ({ kind: 'push', at })) },
    { weight: 2, arbitrary: fc.nat(200).map((index): Command => ({ kind: 'cancel', index })) },
    { weight: 3, arbitrary: fc.constant<Command>({ kind: 'pop' }) },
  ),
  { maxLength: 300 },
);

it('pops by time, then by order of arrangement, and never what was cancelled', () => {
  fc.assert(
    fc.property(commands, (list) => {
      const heap = new EventHeap();
      let model: ScheduledEvent[] = [];
      const all: ScheduledEvent[] = [];
      for (const command of list) {
        if (command.kind === 'push') {
          const event = heap.push(command.at, () => {});
          all.push(event);
          model.push(event);
        } else if (command.kind === 'cancel') {
          const event = all[command.index];
          if (event === undefined) continue;
          heap.cancel(event);
          model = model.filter((other) => other !== event);
        } else {
          const first = model.toSorted((a, b) => a.at - b.at || a.sequence - b.sequence)[0];
          expect(heap.pop(50)).toBe(first);
          model = model.filter((other) => other !== first);
        }
        expect(heap.count).toBe(model.length);
      }
    }),
  );
});

it('leaves what lies beyond the time asked for', () => {
  const heap = new EventHeap();
  heap.push(10, () => {});
  expect(heap.pop(9.9)).toBeUndefined();
  expect(heap.pop(10)?.at).toBe(10);
});

it('forgets cancelled events when they outnumber the others', () => {
  const heap = new EventHeap();
  const kept = heap.push(5_000, () => {});
  for (let at = 0; at < 5_000; at++) heap.cancel(heap.push(at, () => {}));
  expect(heap.count).toBe(1);
  expect(heap.pop(5_000)).toBe(kept);
});
