// The gateway: an answer reaches its question, everything else is a report, and no question waits for ever.

import { makeAddress, nobody, type Typed } from '@chordial/actor';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { noOutbox } from './events.fixture.ts';
import { createGateway } from './gateway.ts';

const self = makeAddress<never>(0, 0, 1);
const target = makeAddress<Typed>(0, 1, 16);
type Question = Typed & { readonly correlation: number; readonly replyTo: number; readonly n?: number };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function start() {
  const sent: [number, Question][] = [];
  const reports: Typed[] = [];
  const gateway = createGateway(
    () => self,
    (to, message) => sent.push([to, message as Question]),
    (message) => reports.push(message),
  );
  const hear = (message: Typed) => gateway.behaviour.step(undefined, { now: 0, from: nobody, message }, noOutbox);
  return { gateway, sent, reports, hear };
}

test('answers find their questions, in whatever order they come', async () => {
  const { gateway, sent, reports, hear } = start();
  const one = gateway.ask(target, { type: 'ask' }, 1_000);
  const other = gateway.ask(target, { type: 'ask' }, 1_000);
  expect(sent.map(([to, { type, replyTo }]) => [to, type, replyTo])).toEqual([
    [target, 'ask', self],
    [target, 'ask', self],
  ]);
  const [first, second] = sent.map(([, { correlation }]) => correlation);
  hear({ type: 'answer', correlation: second, n: 2 } as Typed);
  hear({ type: 'answer', correlation: first, n: 1 } as Typed);
  expect([await one, await other]).toMatchObject([{ n: 1 }, { n: 2 }]);
  expect([reports, vi.getTimerCount()]).toEqual([[], 0]);
});

test('a question without an answer is given up, and its late answer is a report', async () => {
  const { gateway, sent, reports, hear } = start();
  const asked = gateway.ask(target, { type: 'ask' }, 1_000);
  const outcome = expect(asked).rejects.toThrow("no answer to 'ask' within 1000 ms");
  await vi.advanceTimersByTimeAsync(1_000);
  await outcome;
  hear({ type: 'answer', correlation: sent[0]![1].correlation } as Typed);
  expect(reports).toHaveLength(1);
});

test('what has no correlation, or one of its own, is a report', () => {
  const { gateway, reports, hear } = start();
  void gateway.ask(target, { type: 'ask' }, 1_000).catch(() => {});
  for (const message of [{ type: 'news' }, { type: 'news', correlation: 1 }, { type: 'news', correlation: 'x' }]) {
    hear(message as Typed);
  }
  expect(reports).toHaveLength(3);
  gateway.close();
});

test('bytes of reports and answers are kept beyond the turn, without the memory around them', async () => {
  const { gateway, sent, reports, hear } = start();
  const slab = Buffer.alloc(1_000, 7);
  const asked = gateway.ask(target, { type: 'ask' }, 1_000);
  for (const correlation of [undefined, sent[0]![1].correlation]) {
    hear({ type: 'news', correlation, bytes: slab, start: 10, end: 13 } as Typed);
  }
  slab.fill(0);
  for (const kept of [reports[0], await asked] as unknown as { bytes: Uint8Array; start: number; end: number }[]) {
    expect([[...kept.bytes], kept.start, kept.end, kept.bytes.buffer.byteLength]).toEqual([[7, 7, 7], 0, 3, 3]);
  }
});

test('questions are bounded, and all are given up when the lane stops', async () => {
  const { gateway } = start();
  const asked = Array.from({ length: 10_000 }, () => gateway.ask(target, { type: 'ask' }, 1_000));
  await expect(gateway.ask(target, { type: 'ask' }, 1_000)).rejects.toThrow(/10000 questions/);
  const outcomes = Promise.allSettled(asked);
  gateway.close();
  expect((await outcomes).every(({ status }) => status === 'rejected')).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test('a question that cannot be sent is rejected', async () => {
  const gateway = createGateway(
    () => self,
    () => {
      throw new Error("'ask' crosses lanes");
    },
    () => {},
  );
  await expect(gateway.ask(target, { type: 'ask' }, 1_000)).rejects.toThrow('crosses lanes');
});
