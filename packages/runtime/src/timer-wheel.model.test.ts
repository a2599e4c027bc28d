// The wheel against a sorted list: whatever is set, cleared and advanced, timers fire once, never early, in the order of their
// ticks, and not later than the first advance that reaches them.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TimerWheel } from './timer-wheel.ts';

type Step =
  | { readonly does: 'set'; readonly delayMs: number }
  | { readonly does: 'clear'; readonly which: number }
  | { readonly does: 'advance'; readonly byMs: number };

const delayMs = fc.oneof(
  { weight: 4, arbitrary: fc.double({ min: 0, max: 300, noNaN: true }) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 20_000 }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 5_000_000 }) },
  // Around the laps of both levels, one tick being 4 ms.
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(1_024, 2 ** 20, 3 * 2 ** 20), fc.integer({ min: -2, max: 2 }))
      .map(([a, b]) => (a + b) * 4),
  },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ does: fc.constant('set' as const), delayMs }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('clear' as const), which: fc.nat(200) }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('advance' as const), byMs: delayMs }) },
);

interface Entry {
  readonly name: number;
  readonly id: number;
  readonly dueMs: number;
}

test('fires what a sorted list fires', () => {
  const tickMs = 4;
  const start = fc.oneof(fc.constantFrom(0, 4_095, 4_096, 2 ** 32), fc.integer({ min: 0, max: 2 ** 31 }));
  fc.assert(
    fc.property(start, fc.array(step, { maxLength: 80 }), (startMs, steps) => {
      let now = startMs;
      const wheel = new TimerWheel<number>(now, tickMs);
      let pending: Entry[] = [];
      const gone: number[] = [];
      let nameNext = 0;
      for (const next of steps) {
        if (next.does === 'set') {
          const dueMs = now + next.delayMs;
          const name = nameNext++;
          pending.push({ name, id: wheel.set(dueMs, name), dueMs });
        } else if (next.does === 'clear') {
          const entry = pending[next.which % Math.max(1, pending.length)];
          // Half of the clears name a timer that is gone: they must not hit the one that has its place now.
          const id = next.which % 2 === 0 ? entry?.id : gone[next.which % Math.max(1, gone.length)];
          if (id === undefined) continue;
          wheel.clear(id);
          if (id === entry?.id) gone.push(id);
          pending = pending.filter((one) => one.id !== id);
        } else {
          now += next.byMs;
          const fired: number[] = [];
          wheel.advance(now, (name) => fired.push(name));
          const tickOf = ({ dueMs }: Entry) => Math.ceil(dueMs / tickMs);
          const late = pending.filter((one) => tickOf(one) <= Math.floor(now / tickMs) - 1);
          const early = pending.filter(({ name, dueMs }) => fired.includes(name) && dueMs > now);
          expect(early).toEqual([]);
          // All that were due a tick ago; a timer set for a tick already begun may wait for the next.
          expect(late.filter(({ name }) => !fired.includes(name))).toEqual([]);
          expect(new Set(fired).size).toBe(fired.length);
          const byName = new Map(pending.map((one) => [one.name, one]));
          const ticks = fired.map((name) => tickOf(byName.get(name)!));
          // Those due at a tick already begun when they were set fire with the tick after it.
          for (let i = 1; i < ticks.length; i++) expect(ticks[i]).toBeGreaterThanOrEqual(ticks[i - 1]! - 1);
          gone.push(...pending.filter(({ name }) => fired.includes(name)).map(({ id }) => id));
          pending = pending.filter(({ name }) => !fired.includes(name));
        }
        expect(wheel.count).toBe(pending.length);
        const soonest = Math.min(...pending.map(({ dueMs }) => dueMs));
        const sleepMs = wheel.sleepMs(now, 1_000_000);
        expect(sleepMs).toBeGreaterThanOrEqual(0);
        // Never sleeps past a timer by more than the two ticks of rounding.
        if (sleepMs < 1_000_000) expect(now + sleepMs).toBeLessThanOrEqual(soonest + 2 * tickMs);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('timers may be set and cleared while others fire', () => {
  const wheel = new TimerWheel<string>(0, 1);
  const fired: string[] = [];
  wheel.set(5, 'first');
  const second = wheel.set(5, 'second');
  wheel.set(7, 'third');
  wheel.advance(10, (name) => {
    fired.push(name);
    if (name === 'first') {
      wheel.clear(second);
      wheel.set(6, 'set by first');
      wheel.set(20, 'far');
    }
  });
  expect(fired).toEqual(['first', 'set by first', 'third']);
  expect(wheel.count).toBe(1);
  wheel.advance(20, (name) => fired.push(name));
  expect(fired.at(-1)).toBe('far');
});

test('a hundred thousand timers grow the wheel and all fire', () => {
  const wheel = new TimerWheel<number>(0, 4);
  for (let n = 0; n < 100_000; n++) wheel.set((n * 7_919) % 6_000_000, n);
  const seen = new Set<number>();
  for (let now = 0; now <= 6_000_004; now += 1_000) wheel.advance(now, (n) => seen.add(n));
  wheel.advance(6_000_008, (n) => seen.add(n));
  expect([seen.size, wheel.count]).toEqual([100_000, 0]);
});
