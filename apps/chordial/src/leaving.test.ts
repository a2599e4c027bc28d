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
    performance.now() + 10,
    () => {},
  );
  await expect(leaving).rejects.toThrow(/of 20 peers have left, and the next one is refused: at least 17 other peers/);
});

test('an answer that never comes is a refusal', async () => {
  const leaving = leaveAll(
    peers,
    () => Promise.reject(new Error('no answer')),
    performance.now(),
    () => {},
  );
  await expect(leaving).rejects.toThrow('refused: no answer');
});
