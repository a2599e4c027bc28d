// What is promised about records that are kept by the store: nothing is told before it is kept, one thing at a time for each user, and
// nobody waits for ever.
import type { RingKey } from '@chordial/ring-key';
import { describe, expect, it } from 'vitest';
import type { Binding } from './protocol.ts';
import { settleMs } from './range.ts';
import { recordValueOf } from './record-value.ts';
import { atOnce, changeOf, listOf, StoredLocations, shortOf } from './store.fixture.ts';

const alice = 'alice@example.com';
const key = (digit: string): RingKey => digit.repeat(40) as RingKey;
const typesOf = (all: StoredLocations) => all.asked.map(({ type }) => type.replace('-record', '')).join(' ');

describe('a change', () => {
  it('of a user who is not in memory reads first; a refresh only writes; a list asks nobody', () => {
    const all = new StoredLocations();
    expect(shortOf(all.ask(changeOf(alice, 1, ['sip:a@1'])))).toBe('sip:a@1#1');
    expect(typesOf(all)).toBe('get put');
    expect(shortOf(all.ask(changeOf(alice, 2, ['sip:a@1'])))).toBe('sip:a@1#2');
    expect(typesOf(all)).toBe('get put put');
    expect(shortOf(all.ask(listOf(alice)))).toBe('sip:a@1#2');
    expect(shortOf(all.ask(changeOf(alice, 3, [])))).toBe('sip:a@1#2');
    expect(typesOf(all)).toBe('get put put');
  });

  it('"MUST be committed (that is, made visible ...)": neither told nor seen before the store has it', () => {
    const all = new StoredLocations();
    all.ask(changeOf(alice, 1, ['sip:a@1']));
    all.fateOf = () => ({ ...atOnce, ms: 100 });
    expect(all.ask(changeOf(alice, 2, ['sip:a@2']))).toBeUndefined();
    all.advance(99);
    expect(shortOf(all.ask(listOf(alice)))).toBe('sip:a@1#1');
    all.advance(1);
    expect(shortOf(all.answers.at(-1))).toBe('sip:a@1#1 sip:a@2#2');
  });

  it('that removes the last binding deletes the record; one that removes nothing writes nothing', () => {
    const all = new StoredLocations();
    all.ask(changeOf(alice, 1, ['sip:a@1']));
    expect(shortOf(all.ask(changeOf(alice, 2, ['-sip:a@1'])))).toBe('none');
    expect(all.asked.at(-1)).toMatchObject({ type: 'delete-record', table: 1, name: alice });
    expect(all.states[0]!.users).toBeUndefined();
    expect(shortOf(all.ask(changeOf(alice, 3, 'remove-all')))).toBe('none');
    expect(typesOf(all)).toBe('get put delete get');
  });

  it('finds in the store what another life wrote, with the time that is left, and knows a retransmission', () => {
    const all = new StoredLocations();
    all.ask(changeOf(alice, 1, ['sip:a@1/60']));
    all.advance(20_000);
    all.restart(0);
    expect(all.ask(listOf(alice))).toMatchObject({ bindings: [{ contact: 'sip:a@1', expiresAt: all.now + 40_000 }] });
    expect(shortOf(all.ask(changeOf(alice, 1, ['sip:a@1/60'])))).toBe('sip:a@1#1');
    expect(shortOf(all.ask(changeOf(alice, 0, ['sip:a@1/60'])))).toBe('cseq-out-of-order');
    all.advance(40_000);
    expect(shortOf(all.ask(listOf(alice)))).toBe('none');
  });

  it('lives as long as its longest binding', () => {
    const all = new StoredLocations();
    all.ask(changeOf(alice, 1, ['sip:a@1/60', 'sip:a@2/600']));
    expect(all.asked.at(-1)).toMatchObject({ ttlMs: 600_000 });
  });
});

describe('siblings', () => {
  it('that two owners wrote are merged when they are read, and replaced by the next change', () => {
    const all = new StoredLocations({}, 2);
    all.ask(changeOf(alice, 1, ['sip:a@1']), 0);
    all.ask(listOf(alice), 1);
    all.ask(changeOf(alice, 2, ['sip:a@2']), 0);
    all.ask(changeOf(alice, 3, ['sip:a@3']), 1);
    expect(all.records.get(alice)!.siblings).toHaveLength(2);
    all.restart(0);
    expect(shortOf(all.ask(listOf(alice)))).toBe('sip:a@1#1 sip:a@2#2 sip:a@3#3');
    all.ask(changeOf(alice, 4, ['sip:a@1']), 0);
    expect(all.records.get(alice)!.siblings).toHaveLength(1);
  });

  it('of another owner are neither replaced by who has not read them, nor missed once they were heard of', () => {
    const all = new StoredLocations({}, 2);
    all.ask(changeOf(alice, 1, ['sip:a@1']), 0);
    all.ask(changeOf(alice, 2, ['sip:a@2']), 1);
    all.ask(changeOf(alice, 3, ['sip:a@1']), 0);
    expect(all.records.get(alice)!.siblings).toHaveLength(2);
    expect(shortOf(all.ask(listOf(alice)))).toBe('sip:a@1#3 sip:a@2#2');
    all.ask(changeOf(alice, 4, ['sip:a@1']), 0);
    expect(all.records.get(alice)!.siblings).toHaveLength(1);
    expect(shortOf(all.ask(listOf(alice)))).toBe('sip:a@1#4 sip:a@2#2');
  });

  it('of more bindings than a user may have are cut', () => {
    const all = new StoredLocations({ bindingsPerUserMax: 2 }, 2);
    all.ask(listOf(alice), 1);
    all.ask(changeOf(alice, 1, ['sip:a@1', 'sip:a@2/60']), 0);
    all.records.get(alice)!.siblings.push({ dot: 'x', ...someValue('sip:a@3') });
    all.restart(0);
    expect(shortOf(all.ask(listOf(alice)))).toBe('sip:a@1#1 sip:a@3#1');
  });

  it.each([
    ['no JSON', '{'],
    ['of a later version', '[2,{"bindings":[]}]'],
    ['with a binding of a later version', JSON.stringify([60_000, [['sip:a@1', { key: '' }]]])],
  ])('that cannot be read are neither listed as nothing nor replaced: store-failed (%s)', (_how, value) => {
    const all = new StoredLocations();
    const unread = { dot: 'x', value, expiresAt: 10 ** 9 };
    all.records.set(alice, { siblings: [unread], seen: new Set(['x']) });
    expect(shortOf(all.ask(changeOf(alice, 1, ['sip:a@1'])))).toBe('store-failed');
    expect(shortOf(all.ask(changeOf(alice, 2, 'remove-all')))).toBe('store-failed');
    expect(shortOf(all.ask(listOf(alice)))).toBe('store-failed');
    expect(all.states[0]!.counts.valuesUnread).toBe(3);
    expect(all.records.get(alice)!.siblings).toEqual([unread]);
    all.records.get(alice)!.siblings.push({ dot: 'y', ...someValue('sip:a@3') });
    expect(shortOf(all.ask(changeOf(alice, 3, ['sip:a@1'])))).toBe('store-failed');
    expect(typesOf(all)).toBe('get get get get');
  });

  function someValue(contact: string) {
    const one: Binding = {
      contact,
      contactKey: contact,
      instance: '',
      regId: 0,
      callId: 'd',
      cseq: 1,
      q: 1_000,
      expiresAt: 10 ** 9,
      userAgent: '',
    };
    return { value: recordValueOf([one], 1_000)[0], expiresAt: 10 ** 9 };
  }
});

describe('a store that does not do it', () => {
  it.each([
    ['too-few-copies', 'store-failed'],
    ['busy', 'busy'],
    ['mailbox-full', 'busy'],
  ] as const)('and says %s: %s for all who wait, and the user is read anew', (says, reason) => {
    const all = new StoredLocations();
    all.ask(changeOf(alice, 1, ['sip:a@1']));
    all.fateOf = () => ({ ms: 10, isDone: false, says });
    all.tell(changeOf(alice, 2, ['sip:a@2']));
    all.tell(changeOf(alice, 3, ['sip:a@3']));
    all.advance(10);
    expect(all.answers.slice(1).map(shortOf)).toEqual([reason, reason]);
    expect(all.states[0]!.counts.storeRefused).toBe(2);
    all.fateOf = () => atOnce;
    expect(shortOf(all.ask(listOf(alice)))).toBe('sip:a@1#1');
    expect(typesOf(all)).toBe('get put put get');
  });

  it('and says not-owner, as the range moves just now: it is asked again, and nobody notices', () => {
    const all = new StoredLocations();
    all.ask(changeOf(alice, 1, ['sip:a@1']));
    all.fateOf = () => ({ ms: 10, isDone: false, says: 'not-owner' });
    all.tell(changeOf(alice, 2, ['sip:a@2']));
    all.tell(listOf('bob@example.com'));
    all.advance(150);
    all.fateOf = () => atOnce;
    all.advance(150);
    expect(all.answers.slice(1).map(shortOf).sort()).toEqual(['none', 'sip:a@1#1 sip:a@2#2']);
    expect(all.states[0]!.moved).toBeUndefined();
  });

  it('and says not-owner for a second: not-owner for all who wait, and the user is read anew', () => {
    const all = new StoredLocations();
    all.ask(changeOf(alice, 1, ['sip:a@1']));
    all.fateOf = () => ({ ms: 10, isDone: false, says: 'not-owner' });
    all.tell(changeOf(alice, 2, ['sip:a@2']));
    all.tell(changeOf(alice, 3, ['sip:a@3']));
    all.advance(900);
    expect(all.answers).toHaveLength(1);
    all.advance(300);
    expect(all.answers.slice(1).map(shortOf)).toEqual(['not-owner', 'not-owner']);
    expect(all.states[0]!.counts.storeRefused).toBe(2);
    all.fateOf = () => atOnce;
    expect(shortOf(all.ask(listOf(alice)))).toBe('sip:a@1#1');
  });

  it('and says nothing: store-failed before a registrar gives up, and an answer that comes later means nothing', () => {
    const all = new StoredLocations();
    all.fateOf = () => ({ ms: 0, isDone: true, says: 'nothing' });
    expect(shortOf(all.ask(listOf(alice), 0, 4_000))).toBe('store-failed');
    all.fateOf = () => ({ ...atOnce, ms: 4_500 });
    expect(shortOf(all.ask(listOf(alice), 0, 4_000))).toBe('store-failed');
    all.advance(1_000);
    expect(all.answers).toHaveLength(2);
    all.tell({ type: 'record-put', correlation: 5, context: '' });
    all.tell({ type: 'answer-due' });
    all.tell({ type: 'message-refused', to: 1 as never, message: { type: 'bindings-listed' } });
    expect(all.answers).toHaveLength(2);
  });

  it('leaves no timer and no maps behind', () => {
    const all = new StoredLocations();
    all.fateOf = () => ({ ms: 0, isDone: false, says: 'nothing' });
    all.ask(listOf(alice), 0, 10_000);
    const { answerTimer, questions, busyUsers, waitingCount } = all.states[0]!;
    expect({ answerTimer, questions, busyUsers, waitingCount }).toEqual({
      answerTimer: 0,
      questions: undefined,
      busyUsers: undefined,
      waitingCount: 0,
    });
  });
});

describe('requests of one user', () => {
  it('are served in their order, each on what the one before left', () => {
    const all = new StoredLocations();
    all.fateOf = () => ({ ...atOnce, ms: 10 });
    for (let cseq = 1; cseq <= 3; cseq++) all.tell(changeOf(alice, cseq, [`sip:a@${cseq}`]));
    all.tell(changeOf(alice, 4, ['sip:a@1']));
    all.tell(listOf(alice));
    expect(all.asked).toHaveLength(1);
    all.advance(100);
    const three = 'sip:a@1#1 sip:a@2#2 sip:a@3#3';
    const refreshed = three.replace('#1', '#4');
    expect(all.answers.map(shortOf)).toEqual(['sip:a@1#1', 'sip:a@1#1 sip:a@2#2', three, refreshed, refreshed]);
    expect(typesOf(all)).toBe('get put put put put');
  });

  it('waitingPerUserMax and waitingMax: busy at once', () => {
    const all = new StoredLocations({ waitingPerUserMax: 1, waitingMax: 3 });
    all.fateOf = () => ({ ...atOnce, ms: 10 });
    const ask = (aor: string, cseq: number) => shortOf(all.ask(changeOf(aor, cseq, ['sip:a@1'])));
    expect([ask(alice, 1), ask(alice, 2), ask(alice, 3)]).toEqual(['no answer', 'no answer', 'busy']);
    expect([ask('b@x', 1), ask('b@x', 2), ask('c@x', 1)]).toEqual(['no answer', 'busy', 'busy']);
    all.advance(100);
    expect(ask('c@x', 2)).toBe('no answer');
  });
});

describe('a range that changes', () => {
  const settled = () => {
    const all = new StoredLocations();
    all.own(key('0'), key('f'));
    all.advance(settleMs);
    all.ask(changeOf(alice, 1, ['sip:a@1']));
    return all;
  };

  it('makes the cache forget all, the owned too, and the same said again nothing', () => {
    const all = settled();
    all.own(key('0'), key('f'));
    expect(all.states[0]!.users?.size).toBe(1);
    all.own(key('1'), key('f'), true, 2);
    expect(all.states[0]!.users).toBeUndefined();
    expect(all.states[0]!.timer).toBe(0);
    expect(shortOf(all.ask(listOf(alice)))).toBe('sip:a@1#1');
    expect(typesOf(all)).toBe('get put get');
  });

  it('is not cached for a moment: what the owner before had under way is seen', () => {
    const all = settled();
    all.own(key('1'), key('f'), true, 2);
    all.ask(listOf(alice));
    all.advance(settleMs - 1);
    expect(shortOf(all.ask(changeOf(alice, 2, ['sip:a@1'])))).toBe('sip:a@1#2');
    all.advance(1);
    expect(all.states[0]!.users).toBeUndefined();
    all.ask(listOf(alice));
    all.ask(listOf(alice));
    expect(typesOf(all)).toBe('get put get get put get');
  });

  it('lets what is on its way end, and reads again for who waits behind it', () => {
    const all = settled();
    all.fateOf = () => ({ ...atOnce, ms: 10 });
    all.tell(changeOf(alice, 2, ['sip:a@1']));
    all.tell(changeOf(alice, 3, ['sip:a@1']));
    all.own(key('1'), key('f'), true, 2);
    all.advance(30);
    expect(all.answers.slice(1).map(shortOf)).toEqual(['sip:a@1#2', 'sip:a@1#3']);
    expect(typesOf(all)).toBe('get put put get put');
    expect(all.states[0]!.users).toBeUndefined();
  });

  it('elsewhere: a stray request is answered by the store of the lane, and not cached', () => {
    const all = settled();
    all.own(key('0'), key('0').replace('0', '1') as RingKey, true, 2);
    all.advance(settleMs);
    expect(shortOf(all.ask(changeOf(alice, 2, ['sip:a@1'])))).toBe('sip:a@1#2');
    expect(all.states[0]!.users).toBeUndefined();
  });
});

describe('another host', () => {
  it('may ask for a list, and answer what was passed on to it; it cannot speak for the peer, and must say whole things', () => {
    const all = new StoredLocations();
    all.own(key('0'), key('f'));
    all.fateOf = () => ({ ...atOnce, ms: 10 });
    all.tell(changeOf(alice, 1, ['sip:a@1']));
    const { correlation } = all.asked[0]!;
    for (const strange of [undefined, null, 5, '', [], {}]) {
      all.tellFromElsewhere({ type: 'record-got', correlation, siblings: strange, context: strange });
      all.tellFromElsewhere({ type: 'record-got', correlation, siblings: [['[1,[]]', 1], strange], context: '' });
      all.tellFromElsewhere({ type: 'record-put', correlation, context: strange === '' ? null : strange });
      all.tellFromElsewhere({ type: 'record-refused', correlation: strange, reason: strange, sentence: strange });
      all.tellFromElsewhere({ type: 'range-changed', self: strange, owns: strange, from: strange, epoch: strange });
      all.tellFromElsewhere({ ...changeOf(alice, 9, 'remove-all'), changes: strange });
      all.tellFromElsewhere({ ...listOf(alice), aor: strange === '' ? 5 : strange });
      all.tellFromElsewhere({ ...listOf(alice), replyTo: strange === 5 ? 0 : strange });
    }
    expect(all.answers).toEqual([]);
    all.advance(20);
    expect(all.answers.map(shortOf)).toEqual(['sip:a@1#1']);
    all.tellFromElsewhere(listOf(alice));
    all.advance(20);
    expect(shortOf(all.answers.at(-1))).toBe('sip:a@1#1');
    all.tell(listOf('bob@example.com'));
    const { correlation: asked } = all.asked.at(-1)!;
    all.tellFromElsewhere({ type: 'record-got', correlation: asked, siblings: [], context: '' });
    expect(shortOf(all.answers.at(-1))).toBe('none');
  });
});

describe('users beyond the share of the peer', () => {
  it('are refused when they are new, and served from the store when they are not', () => {
    const all = new StoredLocations({ usersMax: 1 }, 2);
    all.ask(changeOf('b@x', 1, ['sip:b@1']), 1);
    all.ask(changeOf(alice, 1, ['sip:a@1']));
    expect(shortOf(all.ask(changeOf('c@x', 1, ['sip:c@1'])))).toBe('users-exceeded');
    expect(shortOf(all.ask(changeOf('b@x', 2, ['sip:b@1'])))).toBe('sip:b@1#2');
    expect(shortOf(all.ask(changeOf('b@x', 3, ['sip:b@1'])))).toBe('sip:b@1#3');
    expect(all.states[0]!.users?.size).toBe(1);
    expect(typesOf(all)).toBe('get put get put get get put get put');
  });
});
