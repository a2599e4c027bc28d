// What a writer may take as seen, and dots: neither what lived beside a write nor what an earlier life wrote is lost by counting.
import type { Typed } from '@chordial/actor';
import { describe, expect, it } from 'vitest';
import { at, type CoordinatorWorld, settledWorld } from './coordinator.fixture.ts';
import type { FetchCopy, StoreCopy } from './protocol.ts';
import { contextOf, mergedCopy, withWrite } from './versions.ts';

const alice = { table: 1, key: at('6'), name: 'alice' };
const copyOf = (site: number, counter: number, value: string) =>
  withWrite(undefined, alice, '', { site, counter }, value, 0);
const reasons = (messages: readonly object[]) =>
  messages.flatMap((message) => ('reason' in message ? [message.reason] : []));
const put = (world: CoordinatorWorld = settledWorld()) => {
  world.put('alice', '6', 'home');
  return { world, copy: world.sent[0]!.message as StoreCopy };
};

describe('record-put', () => {
  it('record-put does not count as seen what its writer was not shown', () => {
    const world = settledWorld();
    world.put('alice', '6', 'one');
    const one = world.take<StoreCopy>('store-copy')[0]!.message;
    world.put('alice', '6', 'two');
    const two = world.take<StoreCopy>('store-copy')[0]!.message;
    world.stored(one, 2);
    world.stored(two, 2);
    expect(world.stored(one, 1)).toMatchObject([{ type: 'record-put' }]);
    const both = mergedCopy({ ...alice, ...one }, { ...alice, ...two });
    const [answer] = world.tell({ type: 'copy-stored', correlation: two.correlation, host: 1, version: both.version });
    expect(answer).toEqual({ type: 'record-put', correlation: 7, context: '', hasOthers: true });
    // Of another coordinator's write the dot says nothing: the writer may go on from its own.
    world.sent = [];
    world.put('alice', '6', 'three');
    const three = world.take<StoreCopy>('store-copy')[0]!.message;
    world.stored(three, 2);
    const { version } = mergedCopy({ ...alice, ...three }, copyOf(5, 7, 'elsewhere'));
    expect(world.tell({ type: 'copy-stored', correlation: three.correlation, host: 1, version })).toEqual([
      { type: 'record-put', correlation: 7, context: contextOf(three.version), hasOthers: true },
    ]);
    // What was removed or superseded is no news.
    world.put('alice', '6', 'four');
    const four = world.take<StoreCopy>('store-copy')[0]!.message;
    world.stored(four, 2);
    const last = mergedCopy({ ...alice, ...four }, { ...alice, version: '5.7|', value: '', ttlMs: 1_000 });
    expect(world.tell({ type: 'copy-stored', correlation: four.correlation, host: 1, version: last.version })).toEqual([
      { type: 'record-put', correlation: 7, context: contextOf(last.version) },
    ]);
  });

  it('record-put in an unsettled range does not cover what this coordinator may have written before', () => {
    const world = settledWorld();
    world.own('8', '2');
    world.put('alice', '6', 'one');
    const one = world.take<StoreCopy>('store-copy')[0]!.message;
    world.stored(one, 2);
    expect(world.stored(one, 1)).toEqual([{ type: 'record-put', correlation: 7, context: '', hasOthers: true }]);
  });
});

describe('dots', () => {
  it('dots grow, also where the clock stands still', () => {
    const world = settledWorld();
    const counters = [1, 2, 3].map(() => {
      world.put('alice', '6', 'home');
      return (world.sent.at(-1)!.message as StoreCopy).version;
    });
    expect(new Set(counters).size).toBe(3);
    expect(counters.toSorted()).toEqual(counters);
  });

  it('a dot is above the context, whatever the clock says', () => {
    const world = settledWorld();
    const site = world.state.site.toString(36);
    const seen = (1_700_000_000_000 + 80_000_000) * 1_000;
    world.put('alice', '6', 'home', `${site}.${seen.toString(36)}`);
    const context = `${site}.${seen.toString(36)}`;
    expect((world.sent[0]!.message as StoreCopy).version).toBe(`${context}|${site}.${(seen + 1).toString(36)}`);
    world.put('bob', '6', 'home');
    expect((world.sent.at(-1)!.message as StoreCopy).version).toBe(`|${site}.${(seen + 2).toString(36)}`);
  });

  it('a context that this coordinator cannot have given is invalid, and writes go on', () => {
    const world = settledWorld();
    const site = world.state.site.toString(36);
    for (const counter of [Number.MAX_SAFE_INTEGER, 4e15, (1_700_000_000_000 + 90_000_000) * 1_000])
      expect(reasons(world.put('alice', '6', 'home', `${site}.${counter.toString(36)}`))).toEqual(['invalid']);
    world.put('alice', '6', 'home');
    expect(world.state.counter).toBeLessThan(1_700_000_100_000 * 1_000);
    // One that a record shows to have been given, by a life whose clock was years ahead.
    world.sent = [];
    world.get('alice', '6');
    const question = world.sent[0]!.message as FetchCopy;
    world.fetched(question, 2);
    const copy = copyOf(world.state.site, 4e15, 'ahead');
    const [got] = world.fetched(question, 1, copy) as (Typed & { readonly context: string })[];
    expect(world.put('alice', '6', 'home', got!.context)).toMatchObject([
      { type: 'store-copy', version: `${got!.context}|${site}.${(4e15 + 1).toString(36)}` },
      { type: 'store-copy' },
      { type: 'store-copy' },
    ]);
  });

  it('a version that nobody can have written stops the puts of its record only', () => {
    const { world, copy } = put();
    const version = `${world.state.site.toString(36)}.${Number.MAX_SAFE_INTEGER.toString(36)}|`;
    world.sent = [];
    expect(reasons(world.tell({ type: 'copy-stored', correlation: copy.correlation, host: 1, version }))).toEqual([
      'storage',
    ]);
    expect(world.put('bob', '6', 'home')).toHaveLength(3);
    expect(world.state.counter).toBeLessThan(1_700_000_100_000 * 1_000);
  });

  it('what an earlier life with a clock ahead has written does not hide what is written now', () => {
    const { world, copy } = put();
    const site = world.state.site.toString(36);
    world.sent = [];
    const { correlation } = copy;
    const version = `${site}.${(4e15).toString(36)}|`;
    expect(world.tell({ type: 'copy-stored', correlation, host: 1, version })).toMatchObject([
      { type: 'store-copy', version: `|${site}.${(4e15 + 1).toString(36)}`, value: 'home' },
      { type: 'store-copy' },
      { type: 'store-copy' },
    ]);
    const again = world.sent[0]!.message as StoreCopy;
    world.stored(copy, 2);
    expect(world.stored(again, 1)).toEqual([]);
    expect(world.stored(again, 2)).toMatchObject([{ type: 'record-put' }]);
  });

  it('nor does what another host has of that life: a copy that was superseded where it arrived is not stored', () => {
    const { world, copy } = put();
    const site = world.state.site.toString(36);
    const ahead = world.state.counter + 500_000;
    const version = `${site}.${ahead.toString(36)}|${site}.${ahead.toString(36)}`;
    world.stored(copy, 1);
    world.sent = [];
    expect(world.tell({ type: 'copy-stored', correlation: copy.correlation, host: 2, version })).toMatchObject([
      { type: 'store-copy', version: `|${site}.${(ahead + 1).toString(36)}`, value: 'home' },
      { type: 'store-copy' },
      { type: 'store-copy' },
    ]);
    const again = world.sent[0]!.message as StoreCopy;
    world.stored(again, 2);
    expect(world.stored(again, 1)).toMatchObject([{ type: 'record-put' }]);
    // Also where it was acknowledged before.
    const later = `${site}.${(ahead + 9).toString(36)}|`;
    expect(world.tell({ type: 'copy-stored', correlation: again.correlation, host: 3, version: later })).toMatchObject([
      { type: 'store-copy', version: `|${site}.${(ahead + 10).toString(36)}` },
      { type: 'store-copy' },
      { type: 'store-copy' },
    ]);
    const last = world.sent.at(-1)!.message as StoreCopy;
    for (const host of [1, 2, 3]) expect(world.stored(last, host)).toEqual([]);
    expect(world.state.operationsCount).toBe(0);
  });

  it('a host that is never content does not keep an operation for ever', () => {
    const { world, copy } = put();
    const site = world.state.site.toString(36);
    let { correlation } = copy;
    for (let i = 0; i < 30; i++) {
      const counter = world.state.counter + 1;
      world.tell({ type: 'copy-stored', correlation, host: 2, version: `${site}.${counter.toString(36)}|` });
      correlation = (world.sent.at(-1)!.message as StoreCopy).correlation ?? correlation;
      world.advance(100);
    }
    expect(world.state.operationsCount).toBe(0);
    expect(reasons(world.take('record-refused').map(({ message }) => message))).toEqual(['storage']);
    expect(world.take('store-copy').length).toBeLessThan(40);
  });

  it('a host that stored something else is as good as one that refused', () => {
    const { world, copy } = put();
    world.stored(copy, 1);
    world.sent = [];
    expect(
      world.tell({ type: 'copy-stored', correlation: copy.correlation, host: 2, version: '5.1|5.1' }),
    ).toMatchObject([{ type: 'store-copy', hintFor: 2 }]);
    expect(world.stored(copy, 4)).toMatchObject([{ type: 'record-put' }]);
  });
});
