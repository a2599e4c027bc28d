// The ring against a plain array: any order of pushes and shifts, from any initial size, through growth and wrap-around.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RunQueue } from './run-queue.ts';

const bursts = fc.array(fc.record({ pushes: fc.nat(40), shifts: fc.nat(40) }), { maxLength: 40 });

test('any sequence of pushes and shifts gives what an array gives', () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 2, 4, 16, 256), bursts, (sizeInitial, steps) => {
      const queue = new RunQueue<{ id: number }>(sizeInitial);
      const model: { target: { id: number }; sender: number; message: { type: string } }[] = [];
      let id = 0;
      for (const { pushes, shifts } of steps) {
        for (let i = 0; i < pushes; i++) {
          // Senders on both sides of 2^31, as addresses are.
          const entry = { target: { id: ++id }, sender: id * 2 ** (id % 40), message: { type: `m${id}` } };
          queue.push(entry.target, entry.sender, entry.message);
          model.push(entry);
        }
        expect(queue.count).toBe(model.length);
        for (let i = 0; i < shifts; i++) {
          const expected = model.shift();
          expect(queue.shift()).toBe(expected !== undefined);
          if (expected === undefined) break;
          expect(queue.target).toBe(expected.target);
          expect(queue.sender).toBe(expected.sender);
          expect(queue.message).toBe(expected.message);
        }
        expect(queue.count).toBe(model.length);
      }
    }),
  );
});

test('growth while the ring is wrapped keeps 100,000 entries in order', () => {
  const queue = new RunQueue<number>(4);
  for (let i = 0; i < 3; i++) queue.push(i, i, { type: 'x' });
  for (let i = 0; i < 3; i++) queue.shift();
  for (let i = 0; i < 100_000; i++) queue.push(i, i, { type: 'x' });
  let next = 0;
  while (queue.shift()) if (queue.target !== next++) break;
  expect([next, queue.count]).toEqual([100_000, 0]);
});

test('a size that is not a power of two is refused', () => {
  expect(() => new RunQueue(3)).toThrow('power of two');
});
