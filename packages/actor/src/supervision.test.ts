// Restart with doubling back-off; escalate after n failures in t.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Supervision } from './contract.ts';
import { defaultSupervision, judgeFailure } from './supervision.ts';

const supervision: Supervision = { backoffMsMin: 10, backoffMsMax: 100, restartsMax: 6, withinMs: 1_000 };

test('the back-off doubles from its minimum to its maximum', () => {
  const failuresAt: number[] = [];
  const waits = Array.from({ length: 6 }, (_, i) => judgeFailure(supervision, failuresAt, i));
  expect(waits.map((verdict) => verdict.restart && verdict.afterMs)).toEqual([10, 20, 40, 80, 100, 100]);
});

test('one failure more than restartsMax within withinMs escalates', () => {
  const failuresAt: number[] = [];
  for (let i = 0; i < 6; i++) expect(judgeFailure(supervision, failuresAt, i * 200).restart).toBe(true);
  expect(judgeFailure(supervision, failuresAt, 1_000)).toEqual({ restart: false });
});

test('a failure counts up to withinMs later, and not a millisecond longer', () => {
  const two = { ...supervision, restartsMax: 1 };
  expect(judgeFailure(two, [0], 1_000).restart).toBe(false);
  expect(judgeFailure(two, [0], 1_001)).toEqual({ restart: true, afterMs: 10 });
});

test('with no restarts allowed the first failure escalates', () => {
  expect(judgeFailure({ ...supervision, restartsMax: 0 }, [], 5)).toEqual({ restart: false });
});

test('at any times of failures: escalation exactly when too many fall within withinMs, and the memory is bounded', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(600), { maxLength: 60 }), (gaps) => {
      const failuresAt: number[] = [];
      const all: number[] = [];
      let now = 0;
      for (const gap of gaps) {
        now += gap;
        all.push(now);
        const recentCount = all.filter((at) => now - at <= supervision.withinMs).length;
        const verdict = judgeFailure(supervision, failuresAt, now);
        expect(verdict.restart).toBe(recentCount <= supervision.restartsMax);
        if (!verdict.restart) return;
        expect(verdict.afterMs).toBe(Math.min(10 * 2 ** (recentCount - 1), 100));
        expect(failuresAt.length).toBeLessThanOrEqual(supervision.restartsMax + 1);
      }
    }),
  );
});

test('by default an actor that fails at once each time is given up within its minute', () => {
  const failuresAt: number[] = [];
  let now = 0;
  for (;;) {
    const verdict = judgeFailure(defaultSupervision, failuresAt, now);
    if (!verdict.restart) break;
    now += verdict.afterMs;
  }
  expect([failuresAt.length, now]).toEqual([defaultSupervision.restartsMax + 1, 10_110]);
});
