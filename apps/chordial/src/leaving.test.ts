// The peers of a host leave some at a time; a refusal is asked again until the time is over.
import { makeAddress } from '@chordial/actor';
import { expect, test } from 'vitest';
import { type LeaveProgress, leaveAll } from './leaving.ts';

const peers = Array.from({ length: 20 }, (_, i) => ({
  lane: i % 2,
  chord: makeAddress<never>(1, i % 2, 32 + i) as never,
}));
const far = (): number => performance.now() + 60_000;

test('all leave, at most four at once, refusals are asked again, progress counts', async () => {
  const refusedOnce = new Set<unknown>();
  const told: LeaveProgress[] = [];
  let underWay = 0;
  let most = 0;
  await leaveAll(
    peers,
    async ({ chord }) => {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay--;
      if (refusedOnce.has(chord) || peers.findIndex((peer) => peer.chord === chord) % 7 !== 0)
        return { type: 'ring-left', correlation: 0 };
      refusedOnce.add(chord);
      return { type: 'leave-refused', correlation: 0, sentence: 'later' };
    },
    () => true,
    far(),
    (progress) => told.push(progress),
  );
  expect(most).toBe(4);
  expect(refusedOnce.size).toBe(3);
  expect(told.map(({ left }) => left)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
});

test('whoever is refused for too long ends it, with the sentence of the peer', async () => {
  const leaving = leaveAll(
    peers,
    async ({ chord }) =>
      chord === peers[3]!.chord
        ? { type: 'leave-refused', correlation: 0, sentence: 'at least 17 other peers must stay' }
        : { type: 'ring-left', correlation: 0 },
    () => true,
    performance.now() + 10,
    () => {},
  );
  await expect(leaving).rejects.toThrow(/of 20 peers have left, and the next one is refused: at least 17 other peers/);
});

test('an answer that never comes is a refusal', async () => {
  const leaving = leaveAll(
    peers,
    () => Promise.reject(new Error('no answer')),
    () => true,
    performance.now(),
    () => {},
  );
  await expect(leaving).rejects.toThrow('refused: no answer');
});

test('a refusal lasts longer where the rest of the ring is large enough: its lists are filled again within some periods', async () => {
  let isLarge = true;
  let asked = 0;
  const from = performance.now();
  const leaving = leaveAll(
    peers.slice(0, 1),
    async () => {
      // A small ring gives up after 3 s; this one is told to be small only later.
      if (++asked === 24) isLarge = false;
      return { type: 'leave-refused', correlation: 0, sentence: 'knows 16' };
    },
    () => isLarge,
    far(),
    () => {},
  );
  await expect(leaving).rejects.toThrow('knows 16');
  expect(performance.now() - from).toBeGreaterThan(3_300);
});
