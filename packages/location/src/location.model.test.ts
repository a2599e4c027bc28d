// The service against a model that keeps a plain list per user, sweeps nothing, and filters by time when asked: random
// changes, queries and pauses must give the same answers.
import { makeAddress } from '@chordial/actor';
import type { CoordinatorMessage } from '@chordial/replication/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { InstantStore } from '../bench/instant-store.ts';
import { Recorder } from '../bench/recorder.ts';
import { location } from './behaviour.ts';
import type { BindingChange, ChangeBindings, LocationReply } from './protocol.ts';
import { defaultLocationConfig } from './state.ts';

const store = makeAddress<CoordinatorMessage>(0, 0, 21);
const asker = makeAddress<LocationReply>(0, 0, 99);
const limits = { bindingsPerUserMax: 3, recordCharactersMax: 20, usersMax: 3 };

interface Kept {
  readonly contact: string;
  readonly callId: string;
  readonly cseq: number;
  readonly q: number;
  readonly expiresAt: number;
}

class Model {
  readonly #users = new Map<string, Kept[]>();

  live(aor: string, now: number): Kept[] {
    return (this.#users.get(aor) ?? []).filter((kept) => kept.expiresAt > now);
  }

  /** Users in memory: those the tick of whose last end has not come yet. */
  #usersCount(now: number, tickMs: number): number {
    const inMemory = (kept: Kept) => Math.ceil(kept.expiresAt / tickMs) * tickMs > now;
    return [...this.#users.values()].filter((list) => list.some(inMemory)).length;
  }

  change(message: ChangeBindings, now: number, tickMs: number): Kept[] | string {
    const live = this.live(message.aor, now);
    const wishes: Partial<BindingChange>[] =
      message.changes === 'remove-all' ? live.map(({ contact }) => ({ contact, expiresMs: 0 })) : [...message.changes];
    const own = live.filter((kept) => kept.callId === message.callId && wishes.some((w) => w.contact === kept.contact));
    if (own.some((kept) => kept.cseq > message.cseq)) return 'cseq-out-of-order';
    if (own.some((kept) => kept.cseq === message.cseq)) {
      if (message.changes === 'remove-all') return 'cseq-out-of-order';
      const isSo = ({ contact, expiresMs, q }: Partial<BindingChange>) => {
        const kept = live.find((one) => one.contact === contact);
        if (expiresMs === 0) return kept === undefined;
        return kept?.callId === message.callId && kept.cseq === message.cseq && kept.q === q;
      };
      const lastWishes = new Map(wishes.map((wish) => [wish.contact, wish])).values();
      return [...lastWishes].every(isSo) ? live : 'cseq-out-of-order';
    }
    let next = live;
    for (const { contact = '', expiresMs = 0, q = 0 } of wishes) {
      const made = { contact, callId: message.callId, cseq: message.cseq, q, expiresAt: now + expiresMs };
      if (expiresMs === 0) next = next.filter((kept) => kept.contact !== contact);
      else if (next.some((kept) => kept.contact === contact)) {
        next = next.map((kept) => (kept.contact === contact ? made : kept));
      } else next = [...next, made];
    }
    next = next.toSorted((a, b) => b.q - a.q);
    if (next.length > limits.bindingsPerUserMax) return 'bindings-exceeded';
    if (next.reduce((sum, { contact }) => sum + contact.length, 0) > limits.recordCharactersMax)
      return 'record-characters-exceeded';
    const known = (this.#users.get(message.aor) ?? []).some((k) => Math.ceil(k.expiresAt / tickMs) * tickMs > now);
    if (!known && next.length > 0 && this.#usersCount(now, tickMs) >= limits.usersMax) return 'users-exceeded';
    if (message.changes.length > 0) this.#users.set(message.aor, next);
    return next;
  }
}

const wish = fc.record({
  contact: fc.constantFrom('sip:a@1', 'sip:a@2', 'sip:a@3', 'sip:a'),
  expiresMs: fc.constantFrom(0, 1, 999, 1_000, 5_000, 30_000),
  q: fc.constantFrom(0, 500, 1000),
});
const operation = fc.record({
  aor: fc.constantFrom('a@x', 'b@x', 'c@x', 'd@x', 'e@x'),
  callId: fc.constantFrom('one', 'two'),
  cseq: fc.integer({ min: 1, max: 8 }),
  changes: fc.oneof(
    { weight: 5, arbitrary: fc.array(wish, { maxLength: 4 }) },
    { weight: 1, arbitrary: fc.constant('remove-all' as const) },
  ),
  pauseMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 0, max: 40_000 })),
});

it('gives the answers of the model after any changes and pauses', () => {
  const run = fc.property(
    fc.array(operation, { maxLength: 60 }),
    fc.constantFrom(250, 1_000, 7_000),
    fc.constantFrom(2, 4, 100),
    (operations, tickMs, ticksAheadMax) => {
      const model = new Model();
      const records = new InstantStore();
      const recorder = new Recorder(location, {
        ...defaultLocationConfig,
        store,
        ...limits,
        tickMs,
        ticksAheadMax,
        usersPerSweepMax: 2,
      });
      for (const { pauseMs, changes, ...rest } of operations) {
        recorder.advance(pauseMs);
        const message: ChangeBindings = {
          type: 'change-bindings',
          ...rest,
          userAgent: '',
          changes:
            changes === 'remove-all'
              ? changes
              : changes.map((w) => ({ ...w, contactKey: w.contact, instance: '', regId: 0 })),
          replyTo: asker,
          correlation: 1,
        };
        const expected = model.change(message, recorder.now, tickMs);
        const answer = records.serve(recorder, message) as LocationReply;
        if (answer.type === 'change-refused') expect(answer.reason).toEqual(expected);
        else {
          const kept = answer.bindings.map((b) => ({
            contact: b.contact,
            callId: b.callId,
            cseq: b.cseq,
            q: b.q,
            expiresAt: b.expiresAt,
          }));
          expect(kept).toEqual(expected);
        }
      }
      recorder.advance(100_000);
      expect(recorder.state.users).toBeUndefined();
      expect(recorder.timers.size).toBe(0);
    },
  );
  fc.assert(run, { numRuns: 500 });
});
