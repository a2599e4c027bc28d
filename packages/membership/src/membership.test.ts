// The membership in conversation: an outbox that writes down what a step does, and any sequence of amounts.
import { type Address, makeAddress, nobody, type Outbox } from '@chordial/actor';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { membershipBehaviour } from './behaviour.ts';
import { initMembership, membershipInvariants, stepMembership } from './membership.ts';
import type { MembershipEvent, MembershipMessage } from './protocol.ts';

const replyTo: Address<MembershipEvent> = makeAddress(0, 0, 40);
const config = { totalMax: 10, quietMs: 500 };

/** A membership and everything it did, in order. */
function conversation() {
  const effects: unknown[] = [];
  let timer = 0;
  const out: Outbox = {
    send: (_, message) => effects.push(message),
    setTimer: (delayMs, message) => {
      effects.push({ ...message, delayMs });
      timer += 1;
      return timer;
    },
    clearTimer: (cleared) => effects.push(`clear ${cleared}`),
    spawn: () => makeAddress(0, 0, 41),
    stop: () => effects.push('stop'),
  };
  const state = initMembership(config, { self: makeAddress(0, 0, 42), now: 0, seed: 1 }, out);
  const hear = (message: MembershipMessage) => {
    stepMembership(state, { now: 0, from: nobody, message }, out);
    return effects.splice(0);
  };
  return { state, hear };
}

it('adds, and forgets after a quiet time', () => {
  const { state, hear } = conversation();
  expect(hear({ type: 'add-amount', replyTo, amount: 3 })).toEqual([
    { type: 'quiet-due', delayMs: 500 },
    { type: 'amount-added', total: 3 },
  ]);
  expect(hear({ type: 'add-amount', replyTo, amount: 4 })).toEqual([
    'clear 1',
    { type: 'quiet-due', delayMs: 500 },
    { type: 'amount-added', total: 7 },
  ]);
  expect(hear({ type: 'quiet-due' })).toEqual([]);
  expect(membershipBehaviour.inspect?.(state)).toEqual({ total: 0 });
});

it('answers bad amounts with amount-refused and changes nothing', () => {
  const { state, hear } = conversation();
  for (const amount of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 11]) {
    expect(hear({ type: 'add-amount', replyTo, amount })).toMatchObject([{ type: 'amount-refused' }]);
    expect(state.total).toBe(0);
  }
});

it('keeps its invariants, and the total of a plain sum, whatever it is told', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer({ min: -2, max: 12 }), fc.constant('quiet'))), (said) => {
      const { state, hear } = conversation();
      let sum = 0;
      for (const word of said) {
        if (typeof word === 'string') {
          hear({ type: 'quiet-due' });
          sum = 0;
        } else {
          hear({ type: 'add-amount', replyTo, amount: word });
          if (word > 0 && sum + word <= config.totalMax) sum += word;
        }
        expect(state.total).toBe(sum);
        expect(membershipInvariants(state)).toBeUndefined();
      }
    }),
  );
});

it('notices a broken state', () => {
  expect(membershipInvariants({ config, total: 11, quietTimer: 1 })).toContain('not within');
  expect(membershipInvariants({ config, total: 1, quietTimer: 0 })).toContain('timer');
});
