// A lane's membership: whoever watches is told the members at once, and again when it asks again.
import { type Address, makeAddress, nobody, type Outbox, type Typed } from '@chordial/actor';
import { expect, it } from 'vitest';
import { loneHostRing } from '../bench/ring-on-one-lane.ts';
import { chordMembership } from './behaviour.ts';
import type { RingChanged } from './protocol.ts';

const ring = loneHostRing(32);
const watcherAt = (index: number): Address<RingChanged> => makeAddress(0, 0, 100 + index);

function start() {
  const sent: [to: Address<never>, message: Typed][] = [];
  const out: Outbox = {
    send: (to, message) => sent.push([to as Address<never>, message as Typed]),
    setTimer: () => 1,
    clearTimer: () => {},
    spawn: () => makeAddress(0, 0, 41),
    stop: () => {},
  };
  const state = chordMembership.init({ founding: ring }, { self: makeAddress(0, 0, 16), now: 0, seed: 1 }, out);
  const watch = (replyTo: Address<RingChanged>): void =>
    chordMembership.step(state, { now: 0, from: nobody, message: { type: 'watch-ring', replyTo } }, out);
  return { state, sent, watch };
}

it('watch-ring is answered by ring-changed: the epoch and all members, sorted, the same array for every watcher', () => {
  const { state, sent, watch } = start();
  watch(watcherAt(0));
  watch(watcherAt(1));
  watch(watcherAt(0));
  expect(sent.map(([to]) => to)).toEqual([watcherAt(0), watcherAt(1), watcherAt(0)]);
  for (const [, message] of sent) {
    expect(message).toMatchObject({ type: 'ring-changed', epoch: 1 });
    expect((message as RingChanged).members).toBe(ring.members);
  }
  expect(chordMembership.inspect?.(state)).toEqual({ epoch: 1, membersCount: 32, watchersCount: 2 });
});

it('the 1,025th watcher is our own mistake', () => {
  const { watch } = start();
  for (let index = 0; index < 1_024; index++) watch(watcherAt(index));
  expect(() => watch(watcherAt(1_024))).toThrow('few');
  expect(() => watch(watcherAt(0))).not.toThrow();
});
