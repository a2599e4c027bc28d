// Puts and deletes: who is asked, what is acknowledged when, and what becomes of hosts that are silent, refuse or are lost.
import { makeAddress } from '@chordial/actor';
import { describe, expect, it } from 'vitest';
import { asker, at, CoordinatorWorld, doorOf, ownReplica, settledWorld } from './coordinator.fixture.ts';
import type { CopyRefused, FetchCopy, ReplicaMessage, StoreCopy } from './protocol.ts';
import { contextOf, tombstoneMarginMs, withWrite } from './versions.ts';

const ordinary = { n: 3, r: 2, w: 2, merge: 'siblings' } as const;
const tables = [
  { table: 1, name: 'bindings', ...ordinary, isOrdered: false },
  { table: 4, name: 'ordered', ...ordinary, isOrdered: true },
];
const alice = { table: 1, key: at('6'), name: 'alice' };
const copyOf = (site: number, counter: number, value: string, context = '') =>
  withWrite(undefined, alice, context, { site, counter }, value, 0);
const refusal = (host: number, correlation: number, code = 'full'): CopyRefused => ({
  type: 'copy-refused',
  correlation,
  host,
  code,
  sentence: 'the disk is full',
});
const reasons = (messages: readonly object[]) =>
  messages.flatMap((message) => ('reason' in message ? [message.reason] : []));
const asked = (world: CoordinatorWorld, type: string) => world.take(type).map(({ to }) => to);

describe('put-record', () => {
  const put = (world = settledWorld(), ttlMs = 0) => {
    world.put('alice', '6', 'home', '', ttlMs);
    return { world, copy: world.sent[0]!.message as StoreCopy };
  };

  it('sends store-copy to each host of the group, this one first', () => {
    const { world } = put();
    expect(asked(world, 'store-copy')).toEqual([ownReplica, doorOf(2), doorOf(3)]);
  });

  it('record-put when w hosts have it (copy-stored), this one among them, with the context of what was written', () => {
    const { world, copy } = put();
    expect(world.stored(copy, 2)).toEqual([]);
    expect(world.stored(copy, 3)).toEqual([]);
    expect(world.stored(copy, 1)).toEqual([{ type: 'record-put', correlation: 7, context: contextOf(copy.version) }]);
    expect(world.state.operationsCount).toBe(0);
  });

  it('one host alone needs one copy', () => {
    const world = new CoordinatorWorld();
    world.ring('8:1', 'c:1');
    world.own('8', 'c');
    world.sent = [];
    const { copy } = put(world);
    expect(asked(world, 'store-copy')).toEqual([ownReplica]);
    expect(world.stored(copy, 1)).toMatchObject([{ type: 'record-put' }]);
  });

  it('somebody is silent for copyMsMax: the next host clockwise keeps it for that one, with the time that is left', () => {
    const { world, copy } = put(settledWorld(), 60_000);
    world.stored(copy, 1);
    world.stored(copy, 3);
    world.sent = [];
    expect(world.advance(400)).toMatchObject([{ type: 'store-copy', hintFor: 2, ttlMs: 59_600 }]);
    expect(world.sent[0]!.to).toBe(doorOf(4));
    // The next one is silent too.
    expect(world.advance(400)).toMatchObject([{ type: 'store-copy', hintFor: 2, ttlMs: 59_200 }]);
    expect(world.sent[1]!.to).toBe(doorOf(5));
    world.stored(copy, 5);
    expect(world.state.operationsCount).toBe(0);
  });

  it('a late answer counts', () => {
    const { world, copy } = put();
    world.stored(copy, 1);
    world.advance(500);
    expect(world.stored(copy, 3)).toMatchObject([{ type: 'record-put' }]);
  });

  it('a member that refuses (copy-refused), or whose mailbox is full (message-refused), is replaced at once', () => {
    const { world, copy } = put();
    world.sent = [];
    expect(world.tell(refusal(2, copy.correlation))).toMatchObject([{ type: 'store-copy', hintFor: 2 }]);
    expect(world.tell({ type: 'message-refused', to: doorOf(3) as never, message: copy })).toMatchObject([
      { type: 'store-copy', hintFor: 3 },
    ]);
    world.stored(copy, 1);
    expect(world.stored(copy, 4)).toMatchObject([{ type: 'record-put' }]);
  });

  it('a member that is lost (ring-changed) is replaced at once', () => {
    const { world } = put();
    world.sent = [];
    expect(world.ring('2:5', '4:4', '8:1', 'c:3', 'e:4')).toMatchObject([{ type: 'store-copy', hintFor: 2 }]);
    expect(world.sent[0]!.to).toBe(doorOf(4));
  });

  it('with fewer hosts in the ring fewer copies do', () => {
    const { world, copy } = put();
    expect(world.stored(copy, 1)).toEqual([]);
    expect(world.ring('8:1')).toMatchObject([{ type: 'record-put' }]);
  });

  it('too-few-copies after operationMsMax', () => {
    const { world, copy } = put();
    world.stored(copy, 1);
    const told = world.advance(2_000);
    expect(reasons(told)).toEqual(['too-few-copies']);
    expect(world.state.operationsCount).toBe(0);
    expect(world.stored(copy, 2)).toEqual([]);
  });

  it('the own store refuses: storage; it is busy: busy; it does not answer: storage', () => {
    const first = put();
    first.world.stored(first.copy, 2);
    first.world.stored(first.copy, 3);
    expect(reasons(first.world.tell(refusal(1, first.copy.correlation)))).toEqual(['storage']);
    const second = put();
    expect(reasons(second.world.tell(refusal(1, second.copy.correlation, 'busy')))).toEqual(['busy']);
    const third = put();
    third.world.stored(third.copy, 2);
    third.world.stored(third.copy, 3);
    expect(reasons(third.world.advance(2_000))).toEqual(['storage']);
  });

  it('a key that no peer of the lane owns: not-owner', () => {
    const world = settledWorld();
    expect(reasons(world.put('alice', '9', 'home'))).toEqual(['not-owner']);
    expect(reasons(world.put('alice', '4', 'home'))).toEqual(['not-owner']);
    expect(reasons(world.put('alice', '8', 'home'))).toEqual([]);
  });

  it('the range is lost before it is acknowledged: not-owner, as the new owner may not know of it', () => {
    const { world, copy } = put();
    world.stored(copy, 2);
    world.own('8', '7');
    expect(reasons(world.stored(copy, 1))).toEqual(['not-owner']);
  });

  it('more than operationsMax at a time: busy', () => {
    const world = settledWorld({ operationsMax: 2 });
    put(world);
    put(world);
    expect(reasons(world.put('alice', '6', 'home'))).toEqual(['busy']);
  });

  it('invalid: an unknown table, an ordered one, a value too long, a context that is none, a key that is none', () => {
    const world = settledWorld({ valueCharactersMax: 10, tables });
    const told = [
      world.put('alice', '6', 'home', '', 0, 9),
      world.put('alice', '6', 'home', '', 0, 4),
      world.put('alice', '6', 'home is far away'),
      world.put('alice', '6', 'home', 'x'),
      world.put('alice', '6', 'home', '', -1),
      world.put('a'.repeat(2_000), '6', 'home'),
      world.put('alice', '6'.repeat(41), 'home'),
    ];
    expect(reasons(told.flat())).toEqual(told.map(() => 'invalid'));
    expect(world.state.operationsCount).toBe(0);
  });

  it('the way by which a host answered is the way to it, until it is silent or lost', () => {
    const { world, copy } = put();
    const way = makeAddress<ReplicaMessage>(2, 4, 22);
    world.stored(copy, 2, way as never);
    // What another host says of itself is not believed.
    world.stored(copy, 3, way as never);
    world.sent = [];
    put(world);
    expect(asked(world, 'store-copy')).toEqual([ownReplica, way, doorOf(3)]);
    world.advance(400);
    world.sent = [];
    put(world);
    expect(asked(world, 'store-copy')).toEqual([ownReplica, doorOf(2), doorOf(3)]);
  });
});

describe('delete-record', () => {
  const remove = (context: string) => {
    const world = settledWorld();
    const { table, key, name } = alice;
    world.tell({ type: 'delete-record', table, key, name, context, replyTo: asker, correlation: 7 });
    return { world, question: world.sent[0]!.message as FetchCopy };
  };

  it('puts a tombstone that lives as long as what it removes could', () => {
    const { world, question } = remove('5.1');
    const copy = { ...copyOf(5, 1, 'home'), ttlMs: 60_000 };
    world.fetched(question, 1, copy);
    const told = world.fetched(question, 2, copy) as StoreCopy[];
    expect(told).toHaveLength(3);
    expect(told[0]).toMatchObject({
      type: 'store-copy',
      version: '5.1|',
      value: '',
      ttlMs: 60_000 + tombstoneMarginMs,
    });
    // What was said of the question before does not belong to it.
    world.tell(refusal(1, question.correlation));
    world.stored(told[0]!, 1);
    expect(world.stored(told[0]!, 2)).toEqual([{ type: 'record-put', correlation: 7, context: '5.1' }]);
  });

  it('what it has not seen stays', () => {
    const { world, question } = remove('5.1');
    world.fetched(question, 1, copyOf(5, 1, 'home'));
    const told = world.fetched(question, 2, copyOf(6, 1, 'work')) as StoreCopy[];
    expect(told[0]).toMatchObject({ version: '5.1|6.1', value: 'work', ttlMs: 0 });
  });

  it('nothing to remove: nothing is written', () => {
    const { world, question } = remove('5.1');
    world.fetched(question, 1);
    expect(world.fetched(question, 2)).toMatchObject([{ type: 'record-put' }]);
    expect(world.state.operationsCount).toBe(0);
  });

  it('a context that is none, and an ordered table: invalid', () => {
    const world = settledWorld({ tables });
    const asked = { type: 'delete-record', key: at('6'), name: 'alice', replyTo: asker, correlation: 7 } as const;
    expect(reasons(world.tell({ ...asked, table: 1, context: 'x' }))).toEqual(['invalid']);
    expect(reasons(world.tell({ ...asked, table: 4, context: '' }))).toEqual(['invalid']);
  });
});

it('copy-due: one timer for all operations, and none when none is under way', () => {
  const world = settledWorld();
  const before = world.timersCount;
  for (let i = 0; i < 10; i++) {
    world.put(`alice${i}`, '6', 'home');
    world.advance(10);
  }
  expect(world.timersCount).toBe(before + 1);
  world.advance(10_000);
  expect(world.state).toMatchObject({ operationsCount: 0, copyTimer: 0 });
  expect(world.tell({ type: 'copy-due' })).toEqual([]);
});
