// Gets: who is asked, what becomes of copies that differ, and of hosts that are silent, refuse or are lost.
import { describe, expect, it } from 'vitest';
import { asker, at, CoordinatorWorld, doorOf, ownReplica, settledWorld } from './coordinator.fixture.ts';
import type { CopyRefused, FetchCopy, RepairRange } from './protocol.ts';
import { withWrite } from './versions.ts';

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

describe('get-record', () => {
  const get = (world = settledWorld(), table = 1) => {
    world.get('alice', '6', table);
    return { world, question: world.sent[0]!.message as FetchCopy };
  };
  const home = copyOf(5, 1, 'home');

  it('asks r hosts (fetch-copy), this one first, and answers record-got with what they have', () => {
    const { world, question } = get();
    expect(asked(world, 'fetch-copy')).toEqual([ownReplica, doorOf(2)]);
    expect(world.fetched(question, 1, home)).toEqual([]);
    expect(world.fetched(question, 2, home)).toEqual([
      { type: 'record-got', correlation: 7, siblings: [['home', 0]], context: '5.1' },
    ]);
    expect(world.sent.at(-1)!.to).toBe(asker);
    expect(world.state.operationsCount).toBe(0);
  });

  it('no record: no siblings and no context', () => {
    const { world, question } = get();
    world.fetched(question, 1);
    expect(world.fetched(question, 2)).toEqual([{ type: 'record-got', correlation: 7, siblings: [], context: '' }]);
  });

  it('copies that differ are merged, and the host that has another one is sent the merged copy (read repair)', () => {
    const { world, question } = get();
    world.fetched(question, 1, home);
    const told = world.fetched(question, 2, copyOf(6, 2, 'work', '5.1'));
    expect(told).toMatchObject([
      { type: 'record-got', siblings: [['work', 0]], context: '5.1,6.2' },
      { type: 'store-copy', value: 'work', version: '5.1|6.2', hintFor: 0 },
    ]);
    expect(world.sent.at(-1)!.to).toBe(ownReplica);
    expect(world.state.counts.readRepairs).toBe(1);
  });

  it('a copy whose time is over is not sent', () => {
    const { world, question } = get();
    world.fetched(question, 1);
    world.advance(50);
    const told = world.fetched(question, 2, { ...home, ttlMs: 40 });
    expect(told.map(({ type }) => type)).toEqual(['record-got']);
  });

  it('siblings: all of them, the latest, or what the table makes of them', () => {
    const answers = [1, 2, 3].map((table) => {
      const { world, question } = get(settledWorld(), table);
      world.fetched(question, 1, home);
      return world.fetched(question, 2, copyOf(4, 2, 'work'))[0];
    });
    expect(answers).toMatchObject([
      {
        siblings: [
          ['home', 0],
          ['work', 0],
        ],
        context: '4.2,5.1',
      },
      { siblings: [['work', 0]] },
      { siblings: [['home+work', 5_000]] },
    ]);
  });

  it('somebody is silent, refuses or is lost: the next one is asked', () => {
    const { world, question } = get();
    world.sent = [];
    world.fetched(question, 1, home);
    world.advance(400);
    expect(asked(world, 'fetch-copy')).toEqual([doorOf(3)]);
    world.tell(refusal(3, question.correlation));
    expect(asked(world, 'fetch-copy')).toEqual([doorOf(4)]);
    world.ring('2:5', '8:1', 'a:2', 'c:3');
    expect(asked(world, 'fetch-copy')).toEqual([doorOf(5)]);
    expect(world.fetched(question, 5, home)).toMatchObject([{ type: 'record-got' }]);
  });

  it('a damaged own copy is got from others and stored here again', () => {
    const { world, question } = get();
    world.sent = [];
    world.tell(refusal(1, question.correlation, 'damaged'));
    expect(asked(world, 'fetch-copy')).toEqual([doorOf(3), doorOf(4), doorOf(5)]);
    for (const host of [2, 3, 4]) expect(world.fetched(question, host, home)).toEqual([]);
    const told = world.fetched(question, 5);
    expect(told).toMatchObject([{ type: 'record-got', siblings: [['home', 0]] }, { type: 'store-copy' }]);
    expect(world.sent.at(-1)!.to).toBe(ownReplica);
  });

  it('a host alone with a damaged copy: storage', () => {
    const world = new CoordinatorWorld();
    world.ring('8:1');
    world.own('8', '8');
    world.sent = [];
    const { question } = get(world);
    expect(reasons(world.tell(refusal(1, question.correlation, 'damaged')))).toEqual(['storage']);
  });

  it('the own store is silent: everybody is asked, and their answers do', () => {
    const { world, question } = get();
    world.sent = [];
    world.fetched(question, 2, home);
    world.advance(400);
    expect(asked(world, 'fetch-copy')).toEqual([doorOf(3), doorOf(4), doorOf(5)]);
    for (const host of [3, 4]) expect(world.fetched(question, host, home)).toEqual([]);
    expect(world.fetched(question, 5)[0]).toMatchObject({ type: 'record-got', siblings: [['home', 0]] });
  });

  it('too-few-copies after operationMsMax', () => {
    const { world, question } = get();
    world.fetched(question, 1, home);
    expect(reasons(world.advance(2_000))).toEqual(['too-few-copies']);
    expect(world.fetched(question, 2, home)).toEqual([]);
  });

  it('in a range that is not settled all of the neighbourhood are asked, again, until they have answered or are lost', () => {
    const world = settledWorld();
    world.own('8', '2');
    world.sent = [];
    world.get('alice', '6');
    const question = world.sent[0]!.message as FetchCopy;
    expect(asked(world, 'fetch-copy')).toEqual([ownReplica, doorOf(2), doorOf(3), doorOf(4), doorOf(5)]);
    for (const host of [1, 2, 3, 4]) expect(world.fetched(question, host)).toEqual([]);
    world.advance(400);
    expect(asked(world, 'fetch-copy')).toEqual([doorOf(5)]);
    expect(world.ring('4:4', '8:1', 'a:2', 'c:3')).toMatchObject([{ type: 'record-got' }]);
  });

  it('there, who is silent or refuses may have it alone: too-few-copies, also with r answers', () => {
    for (const says of ['nothing', 'busy']) {
      const world = settledWorld();
      world.own('8', '2');
      world.get('alice', '6');
      const question = world.take<FetchCopy>('fetch-copy')[0]!.message;
      for (const host of [1, 2, 3, 4]) world.fetched(question, host, host === 2 ? home : undefined);
      if (says === 'busy') expect(world.tell(refusal(5, question.correlation))).toEqual([]);
      expect(reasons(world.advance(1_999))).toEqual([]);
      expect(asked(world, 'fetch-copy')).toEqual([doorOf(5), doorOf(5), doorOf(5), doorOf(5)]);
      expect(reasons(world.advance(1))).toEqual(['too-few-copies']);
    }
  });

  it('there, who was made the same before need not answer, and a refusal is asked again', () => {
    const world = settledWorld();
    world.own('8', '2');
    const { correlation } = world.take<RepairRange>('repair-range')[0]!.message;
    world.tell({ type: 'range-repaired', correlation, same: [2, 3], silent: [4, 5], sentCount: 0, takenCount: 0 });
    world.get('alice', '6');
    const question = world.take<FetchCopy>('fetch-copy')[0]!.message;
    world.fetched(question, 1);
    world.tell(refusal(4, question.correlation));
    world.fetched(question, 5);
    world.advance(400);
    world.fetched(question, 4, home);
    expect(world.take('record-got')).toEqual([]);
    world.advance(1_600);
    expect(world.take('record-got')).toMatchObject([{ message: { siblings: [['home', 0]] } }]);
  });

  it('what is no copy is as good as a refusal (copy-fetched)', () => {
    const { world, question } = get();
    world.fetched(question, 1, home);
    world.sent = [];
    world.fetched(question, 2, { version: 'x', value: 3 as never, ttlMs: 0 });
    expect(asked(world, 'fetch-copy')).toEqual([doorOf(3)]);
  });
});
