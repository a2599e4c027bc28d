// Whatever other hosts say to a coordinator: nothing throws, what rules over ranges is heeded from the own host only, and service goes on.
import { type Address, makeAddress, nobody } from '@chordial/actor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asker, at, type CoordinatorWorld, memberAt, settledWorld } from './coordinator.fixture.ts';
import type { CoordinatorMessage, FetchCopy, StoreCopy } from './protocol.ts';

const tables = [
  { table: 1, name: 'bindings', n: 3, r: 2, w: 2, merge: 'siblings', isOrdered: false },
  { table: 4, name: 'ordered', n: 3, r: 2, w: 2, merge: 'siblings', isOrdered: true },
] as const;
type Fields = Record<string, unknown>;
const stranger = makeAddress<never>(2, 0, 600);
const asked = { key: at('6'), name: 'alice', replyTo: asker, correlation: 7 };
const copy = { name: 'alice', version: '|5.1', value: 'home', ttlMs: 0 };

const ofOthers: Fields[] = [
  { type: 'get-record', table: 1, ...asked },
  { type: 'put-record', table: 1, context: '', value: 'home', ttlMs: 0, ...asked },
  { type: 'delete-record', table: 1, context: '5.1', ...asked },
  { type: 'get-record', table: 4, ...asked },
  { type: 'change-ordered', table: 4, expected: '', value: 'home', ttlMs: 0, ...asked },
  { type: 'copy-stored', correlation: 1, host: 2, version: '|5.1' },
  { type: 'copy-fetched', correlation: 1, host: 2, ...copy },
  { type: 'copy-refused', correlation: 1, host: 2, code: 'busy', sentence: 'later' },
  { type: 'range-given', from: at('4'), to: at('8') },
  { type: 'list-repair', replyTo: asker, correlation: 1 },
  { type: 'ballot-promised', correlation: 1, host: 2, store: 'x', promised: '', accepted: '', context: '', ttlMs: 0 },
  { type: 'ballots-listed', correlation: 1, host: 2, store: 'x', names: [], next: undefined },
];
const ofOwnHost: Fields[] = [
  { type: 'range-changed', self: memberAt('8', 1), owns: false, from: at('4'), epoch: 9 },
  { type: 'pointers-read', self: memberAt('8', 1), owns: false, ownedFrom: at('4'), epoch: 9 },
  { type: 'ring-changed', epoch: 9, members: [memberAt('8', 1)] },
  { type: 'hand-range', from: at('4'), to: at('8'), target: stranger, replyTo: stranger, correlation: 1 },
  { type: 'range-repaired', correlation: 1, same: [2, 3, 4, 5], silent: [], sentCount: 0, takenCount: 0 },
];
const odd: unknown[] = [
  undefined,
  null,
  5,
  -1,
  Number.NaN,
  '',
  '5',
  'length',
  'x'.repeat(2_000),
  '\ud800',
  [],
  {},
  [null],
];

/** One of them as it should be, but for some fields; its correlation may be that of a question that is open. */
const strange = fc.constantFrom(...ofOthers, ...ofOwnHost).chain((message) => {
  const fields = Object.keys(message).filter((field) => field !== 'type');
  const values = fc.array(fc.constantFrom(...odd), { minLength: fields.length, maxLength: fields.length });
  return fc.tuple(fc.subarray(fields), values, fc.boolean()).map(([chosen, values, isAnswer]) => ({
    message: { ...message, ...Object.fromEntries(chosen.map((field, i) => [field, values[i]])) },
    isAnswer,
  }));
});

function serves(world: CoordinatorWorld): void {
  world.advance(10_000);
  world.repair();
  world.sent = [];
  world.put('bob', '6', 'home');
  const copies = world.take<StoreCopy>('store-copy');
  for (const [i, host] of [1, 2].entries()) world.stored(copies[i]!.message, host);
  expect(world.take('record-put')).toHaveLength(1);
}

describe('a coordinator', () => {
  it('takes from others what they may say, with fields of any kind, and goes on', () => {
    const property = fc.property(fc.array(strange, { minLength: 1, maxLength: 40 }), (said) => {
      const world = settledWorld({ tables });
      world.put('alice', '6', 'home');
      world.get('alice', '6');
      for (const { message, isAnswer } of said) {
        const question = [...world.sent].reverse().find(({ message: one }) => /-copy$/.test(one.type));
        const { correlation } = (question?.message ?? { correlation: 1 }) as FetchCopy;
        const all = isAnswer ? { ...message, correlation } : message;
        world.tell(all as unknown as CoordinatorMessage, stranger);
        world.advance(7);
      }
      serves(world);
    });
    fc.assert(property, { numRuns: 200 });
  }, 60_000);

  it.each(ofOwnHost)('does not heed $type of another host, or of nobody', (message) => {
    const world = settledWorld();
    world.own('8', '2');
    world.take('repair-range');
    const [correlation] = world.state.repairs.keys();
    for (const from of [stranger, nobody as Address<never>])
      expect(world.tell({ ...message, correlation } as never, from)).toEqual([]);
    expect(world.state.counts.unheeded).toBe(2);
    expect(world.state.ranges.find(at('6'))!.unsettled).toBeDefined();
    expect(world.state.ring.hosts).toHaveLength(5);
    expect(world.state.handings).toEqual([]);
  });

  it('does not heed an answer in the name of another host, nor range-given of a host outside the ring', () => {
    const world = settledWorld();
    world.put('alice', '6', 'home');
    const sent = world.take<StoreCopy>('store-copy')[0]!.message;
    world.stored(sent, 1);
    expect(world.stored(sent, 3, stranger)).toEqual([]);
    expect(world.stored(sent, 3)).toMatchObject([{ type: 'record-put' }]);
    world.own('8', '2');
    world.tell({ type: 'range-given', from: at('2'), to: at('4') }, makeAddress(99, 0, 21));
    expect(world.state.ranges.find(at('3'))!.unsettled).toBeDefined();
    world.tell({ type: 'range-given', from: at('2'), to: at('4') }, stranger);
    expect(world.state.ranges.find(at('3'))!.unsettled).toBeUndefined();
  });

  it('takes a copy that is none for a refusal, and gives it to nobody', () => {
    const world = settledWorld();
    world.get('alice', '6');
    const question = world.take<FetchCopy>('fetch-copy')[0]!.message;
    world.fetched(question, 1, { version: '|5.1', value: 'home', ttlMs: 0 });
    expect(world.fetched(question, 2, { version: '5.1,6.1|6.2,6.3', value: 'one only', ttlMs: 0 })).toMatchObject([
      { type: 'fetch-copy' },
    ]);
    expect(world.fetched(question, 3, { version: '|5.1', value: 'home', ttlMs: 0 })).toMatchObject([
      { type: 'record-got', siblings: [['home', 0]], context: '5.1' },
    ]);
  });
});
