// A store that delays, refuses, says nothing and does it or not, locations that start anew and ranges that change in the middle: every
// request is answered once and in time, and each answer is one that a plain list per user could give. Where the store failed, the model goes on with
// both: it was done, or it was not.
import type { RingKey } from '@chordial/ring-key';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ChangeBindings, LocationReply } from './protocol.ts';
import { changeOf, type Fate, listOf, StoredLocations } from './store.fixture.ts';

/** `contact callId cseq` of each binding, and whether it ends before a long pause does. */
type Bound = readonly (readonly [contact: string, callId: string, cseq: number, isShort: boolean])[];

const bindingsMax = 3;

/** What a change makes of a user: bindings, or the reason why not. */
function applied(bound: Bound, { changes, callId, cseq }: ChangeBindings): Bound | string {
  if (changes.length === 0) return bound;
  const wishes =
    changes === 'remove-all'
      ? bound.map(([contact]) => ({ contact, expiresMs: 0 }))
      : new Map(changes.map((w) => [w.contact, w])).values();
  const last = [...wishes];
  const touched = bound.filter(([contact, id]) => id === callId && last.some((wish) => wish.contact === contact));
  if (touched.some(([, , kept]) => kept > cseq)) return 'cseq-out-of-order';
  if (touched.some(([, , kept]) => kept === cseq)) {
    const isSo = ({ contact, expiresMs }: { contact: string; expiresMs: number }) => {
      const kept = bound.find(([other]) => other === contact);
      return expiresMs === 0 ? kept === undefined : kept?.[1] === callId && kept[2] === cseq;
    };
    return changes !== 'remove-all' && last.every(isSo) ? bound : 'cseq-out-of-order';
  }
  let next = bound;
  for (const { contact, expiresMs } of last) {
    const others = next.filter(([other]) => other !== contact);
    next = expiresMs === 0 ? others : [...others, [contact, callId, cseq, expiresMs < 10 ** 6 * 2]];
  }
  return next.length > bindingsMax ? 'bindings-exceeded' : next;
}

const textOf = (bound: Bound) =>
  bound
    .map(([contact, callId, cseq]) => `${contact} ${callId} ${cseq}`)
    .toSorted()
    .join();

/** Beside what is told: how long. */
const stateOf = (bound: Bound) => JSON.stringify(bound.toSorted());

/** All that may be so. */
class Possible {
  states = new Map<string, Bound>([['[]', []]]);
  /** Requests on their way, in their order. */
  readonly underWay: ChangeBindings[] = [];

  private static after(states: Iterable<Bound>, change: ChangeBindings): Bound[] {
    return [...states].map((bound) => applied(bound, change)).filter((next) => typeof next !== 'string');
  }

  /** With any of the requests under way done or not. */
  closure(): Map<string, Bound> {
    const all = new Map(this.states);
    for (const change of this.underWay)
      for (const next of Possible.after([...all.values()], change)) all.set(stateOf(next), next);
    return all;
  }

  /** The answer to the oldest request under way; false when it cannot be. */
  onAnswer(change: ChangeBindings, answer: LocationReply): boolean {
    const index = this.underWay.indexOf(change);
    // Only who finds no room is answered before those ahead.
    if (index > 0 && !('reason' in answer && answer.reason === 'busy')) return false;
    this.underWay.splice(index, 1);
    const states = new Map<string, Bound>();
    if (answer.type === 'bindings-listed') {
      const told = answer.bindings
        .map(({ contact, callId, cseq }) => `${contact} ${callId} ${cseq}`)
        .toSorted()
        .join();
      for (const next of Possible.after(this.states.values(), change))
        if (textOf(next) === told) states.set(stateOf(next), next);
    } else if (answer.reason === 'store-failed') {
      for (const [text, bound] of this.states) states.set(text, bound);
      for (const next of Possible.after(this.states.values(), change)) states.set(stateOf(next), next);
    } else if (answer.reason === 'busy' || answer.reason === 'not-owner') return true;
    else {
      for (const [text, bound] of this.states) if (applied(bound, change) === answer.reason) states.set(text, bound);
    }
    this.states = states;
    return states.size > 0;
  }

  /** Nothing is under way any more that anybody could answer. */
  onRestart(): void {
    this.states = this.closure();
    this.underWay.length = 0;
  }

  /** What a list may say. */
  texts(): Set<string> {
    return new Set([...this.closure().values()].map(textOf));
  }

  onLongPause(): void {
    const left = [...this.states.values()].map((bound) => bound.filter(([, , , isShort]) => !isShort));
    this.states = new Map(left.map((bound) => [stateOf(bound), bound]));
  }
}

const users = ['a@x', 'b@x'];
const fate: fc.Arbitrary<Fate> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ ms: fc.nat(300), isDone: fc.constant(true), says: fc.constant('yes' as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ms: fc.nat(2_000),
      isDone: fc.boolean(),
      says: fc.constantFrom('too-few-copies' as const, 'nothing' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ms: fc.nat(50),
      isDone: fc.constant(false),
      says: fc.constantFrom('busy' as const, 'not-owner' as const, 'mailbox-full' as const),
    }),
  },
);
const wish = fc
  .tuple(fc.constantFrom('sip:a', 'sip:b', 'sip:c', 'sip:d'), fc.constantFrom('add', 'short', 'remove'))
  .map(([contact, what]) => (what === 'remove' ? `-${contact}` : `${contact}/${what === 'short' ? 1_000 : 10 ** 7}`));
const operation = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('change' as const),
      aor: fc.constantFrom(...users),
      callId: fc.constantFrom('one', 'two'),
      cseq: fc.integer({ min: 1, max: 12 }),
      wishes: fc.oneof(
        { weight: 6, arbitrary: fc.array(wish, { maxLength: 3 }) },
        { weight: 1, arbitrary: fc.constant('remove-all' as const) },
      ),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('list' as const), aor: fc.constantFrom(...users) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('pause' as const), ms: fc.nat(400) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('long-pause' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('range' as const), digit: fc.constantFrom('0', '1') }) },
);

it('every request is answered once, in time, and as a plain list could answer it', () => {
  let answersCount = 0;
  const property = fc.property(
    fc.array(operation, { minLength: 8, maxLength: 60, size: 'max' }),
    fc.array(fate, { maxLength: 60, size: 'max' }),
    (operations, fates) => {
      const all = new StoredLocations({ bindingsPerUserMax: bindingsMax, waitingPerUserMax: 3, tickMs: 1_000 });
      let fatesCount = 0;
      all.fateOf = () => fates[fatesCount++ % Math.max(1, fates.length)] ?? { ms: 0, isDone: true, says: 'yes' };
      const possible = new Map(users.map((aor) => [aor, new Possible()]));
      const changes = new Map<number, ChangeBindings>();
      /** What a list under way may say: anything that was possible since it was asked. */
      const lists = new Map<number, readonly [aor: string, texts: Set<string>]>();
      let seen = 0;

      const note = () => {
        for (const [aor, texts] of lists.values()) for (const text of possible.get(aor)!.texts()) texts.add(text);
      };
      const look = () => {
        for (; seen < all.answers.length; seen++) {
          const answer = all.answers[seen]!;
          const { correlation } = answer;
          answersCount++;
          note();
          const change = changes.get(correlation);
          if (change !== undefined) {
            changes.delete(correlation);
            expect(possible.get(change.aor)!.onAnswer(change, answer)).toBe(true);
          } else {
            const [, texts] = lists.get(correlation)!;
            lists.delete(correlation);
            if (answer.type === 'bindings-listed')
              expect(texts).toContain(
                answer.bindings
                  .map(({ contact, callId, cseq }) => `${contact} ${callId} ${cseq}`)
                  .toSorted()
                  .join(),
              );
          }
        }
        note();
      };
      /** In small steps: the model hears of an answer before the next request is made. */
      const pass = (ms: number) => {
        all.advance(ms);
        look();
      };
      const settle = () => {
        pass(60_000);
        expect([changes.size, lists.size]).toEqual([0, 0]);
      };

      for (const one of operations) {
        switch (one.kind) {
          case 'change': {
            const change = changeOf(one.aor, one.cseq, one.wishes, one.callId);
            changes.set(change.correlation, change);
            // A question may be answered out of the cache before what waits.
            if (change.changes.length > 0) possible.get(one.aor)!.underWay.push(change);
            else {
              changes.delete(change.correlation);
              lists.set(change.correlation, [one.aor, possible.get(one.aor)!.texts()]);
            }
            all.tell(change);
            break;
          }
          case 'list': {
            const list = listOf(one.aor);
            lists.set(list.correlation, [one.aor, possible.get(one.aor)!.texts()]);
            all.tell(list);
            break;
          }
          case 'pause':
            pass(one.ms);
            break;
          case 'long-pause':
            settle();
            all.advance(2_000_000);
            for (const user of possible.values()) user.onLongPause();
            break;
          case 'restart':
            all.restart(0);
            // Nobody answers what was asked before, and the store does what it was told.
            all.advance(2_000);
            look();
            changes.clear();
            lists.clear();
            for (const user of possible.values()) user.onRestart();
            break;
          case 'range':
            all.own(one.digit.repeat(40) as RingKey, 'f'.repeat(40) as RingKey);
            break;
          default:
            one satisfies never;
        }
        look();
      }
      settle();
      const { waitingCount, busyUsers, questions, answerTimer } = all.states[0]!;
      expect({ waitingCount, busyUsers, questions, answerTimer }).toEqual({
        waitingCount: 0,
        busyUsers: undefined,
        questions: undefined,
        answerTimer: 0,
      });
      all.fateOf = () => ({ ms: 0, isDone: true, says: 'yes' });
      for (const aor of users) {
        const answer = all.ask(listOf(aor));
        expect(answer?.type).toBe('bindings-listed');
        lists.set(answer!.correlation, [aor, possible.get(aor)!.texts()]);
        look();
      }
    },
  );
  fc.assert(property, { numRuns: 500 });
  expect(answersCount).toBeGreaterThan(3_000);
});
