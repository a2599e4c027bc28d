// The replica's conversation with coordinators: copies are kept, merged, fetched and refused.
import { makeAddress } from '@chordial/actor';
import { ringKeyFromText } from '@chordial/ring-key';
import type { StoredRecord } from '@chordial/storage/protocol';
import { describe, expect, it } from 'vitest';
import type { CopyAnswer, CopyFetched, CopyRefused, CopyStored } from './protocol.ts';
import { ReplicaWorld } from './replica-world.fixture.ts';
import { contextOf, siblingsOf, withRemoval, withWrite } from './versions.ts';

const named = (name: string) => ({ table: 1, key: ringKeyFromText(name), name });
const copy = (name: string, counter: number, value = `${name} ${counter}`, context = '', ttlMs = 3_600_000) =>
  withWrite(undefined, named(name), context, { site: 16, counter }, value, ttlMs);

let correlation = 100;
function store(world: ReplicaWorld, host: number, record: StoredRecord, hintFor = 0): void {
  world.tell(host, { type: 'store-copy', ...record, hintFor, replyTo: world.client, correlation: ++correlation });
}
function fetched(world: ReplicaWorld, host: number, name: string): CopyAnswer {
  const { table, key } = named(name);
  world.tell(host, { type: 'fetch-copy', table, key, replyTo: world.client, correlation: ++correlation });
  world.run(10);
  const answers = world.take<CopyAnswer>('copy-fetched', 'copy-refused');
  return answers.at(-1)!;
}
const kept = (world: ReplicaWorld, record: StoredRecord): CopyAnswer => {
  store(world, 1, record);
  world.run(10);
  return world.take<CopyAnswer>('copy-stored', 'copy-refused').at(-1)!;
};

describe('store-copy', () => {
  it('answers copy-stored after the commit, with the version that is kept now', () => {
    const world = new ReplicaWorld(1);
    const record = copy('alice', 1);
    store(world, 1, record);
    expect(world.take('copy-stored')).toEqual([]);
    world.run(10);
    expect(world.take<CopyStored>('copy-stored')).toEqual([
      { type: 'copy-stored', correlation, host: 1, version: record.version },
    ]);
    expect(world.records(1)).toMatchObject([{ name: 'alice', value: 'alice 1', version: record.version }]);
  });

  it('merges what comes with what is there: concurrent writes stay as siblings', () => {
    const world = new ReplicaWorld(1);
    kept(world, copy('alice', 1));
    const both = kept(world, copy('alice', 2)) as CopyStored;
    expect(siblingsOf(world.records(1)[0]!).map(({ value }) => value)).toEqual(['alice 1', 'alice 2']);
    const context = contextOf(both.version);
    kept(world, copy('alice', 3, 'merged', context));
    expect(world.records(1)[0]!.value).toBe('merged');
  });

  it('writes nothing when it has what comes already', () => {
    const world = new ReplicaWorld(1);
    const record = copy('alice', 1);
    kept(world, record);
    world.run(100);
    const heard = world.store(1).heard.length;
    expect(kept(world, record)).toMatchObject({ type: 'copy-stored', version: record.version });
    expect(world.store(1).heard.length).toBe(heard);
  });

  it('copies of one name that come together are kept one after another, and none is lost', () => {
    const world = new ReplicaWorld(1);
    for (let i = 1; i <= 9; i++) store(world, 1, copy('alice', i));
    world.run(10);
    expect(world.take('copy-stored')).toHaveLength(9);
    expect(siblingsOf(world.records(1)[0]!)).toHaveLength(9);
    expect(world.store(1).heard.filter((type) => type === 'write-record')).toHaveLength(2);
    expect(world.state(1).busy.size).toBe(0);
  });

  it('a write that would take the room of others is refused, and repair keeps what both parts of a ring have', () => {
    const world = new ReplicaWorld(2);
    world.run(100);
    const text = 'x'.repeat(20_000);
    expect(kept(world, copy('alice', 1, text))).toMatchObject({ type: 'copy-stored' });
    const refused = kept(world, copy('alice', 2, text)) as CopyRefused;
    expect(refused).toMatchObject({ type: 'copy-refused', code: 'siblings' });
    expect(refused.sentence).toContain('put that with its context');
    expect(siblingsOf(world.records(1)[0]!)).toHaveLength(1);
    expect(kept(world, copy('alice', 3, 'merged', 'g.2'))).toMatchObject({ type: 'copy-stored' });
    // Together in one step, and at another host as well.
    for (const host of [1, 2]) for (let i = 1; i <= 30; i++) store(world, host, copy('bob', host * 100 + i));
    world.run(10);
    expect(world.take('copy-stored')).toHaveLength(32);
    expect(world.take('copy-refused')).toHaveLength(28);
    world.repair(1, [2]);
    world.run(1_000);
    const bob = world.records(2).find(({ name }) => name === 'bob')!;
    expect(siblingsOf(bob)).toHaveLength(32);
    expect(world.state(1).counts.siblingsLostCount + world.state(2).counts.siblingsLostCount).toBe(0);
    expect(kept(world, copy('bob', 900, 'one', contextOf(bob.version)))).toMatchObject({ type: 'copy-stored' });
    expect(world.state(1).copiesUnderWay).toBe(0);
  });

  it('what repair finds no room for is counted and told', () => {
    const world = new ReplicaWorld(2);
    world.run(100);
    for (const host of [1, 2]) store(world, host, copy('alice', host, 'x'.repeat(20_000)));
    world.repair(1, [2]);
    world.run(20_000);
    expect(siblingsOf(world.records(1)[0]!)).toHaveLength(1);
    expect(world.versions(1)).toEqual(world.versions(2));
    expect(world.state(1).counts.siblingsLostCount).toBe(1);
    expect(world.take('storage-news')).toMatchObject([{ sentence: expect.stringContaining('the oldest are gone') }]);
  });

  it('a tombstone is kept like any copy and fetched as one', () => {
    const world = new ReplicaWorld(1);
    const record = copy('alice', 1);
    kept(world, record);
    kept(world, withRemoval(undefined, named('alice'), contextOf(record.version), 3_600_000));
    expect(fetched(world, 1, 'alice')).toMatchObject({ type: 'copy-fetched', value: '', version: 'g.1|' });
  });

  it('is refused while the store is full, with the reason, and nothing is kept', () => {
    const world = new ReplicaWorld(1);
    world.store(1).failure = 'full';
    expect(kept(world, copy('alice', 1))).toMatchObject({ type: 'copy-refused', code: 'full', host: 1 });
    expect(fetched(world, 1, 'alice')).toMatchObject({ type: 'copy-fetched', version: '' });
    world.store(1).failure = undefined;
    expect(kept(world, copy('alice', 1))).toMatchObject({ type: 'copy-stored' });
  });

  it('is refused when it is no copy', () => {
    const world = new ReplicaWorld(1);
    for (const bad of [
      { version: 'x' },
      { table: 0 },
      { key: 'abc' as never },
      { ttlMs: Number.NaN },
      { value: 7 as never },
    ])
      expect(kept(world, { ...copy('alice', 1), ...bad })).toMatchObject({ type: 'copy-refused', code: 'invalid' });
    expect(world.state(1).copiesUnderWay).toBe(0);
  });

  it('is refused when the store is silent for too long', () => {
    const world = new ReplicaWorld(1);
    world.store(1).isSilent = true;
    store(world, 1, copy('alice', 1));
    world.run(20_000);
    expect(world.take<CopyRefused>('copy-refused')).toMatchObject([{ code: 'unavailable' }]);
    world.store(1).isSilent = false;
    expect(kept(world, copy('alice', 1))).toMatchObject({ type: 'copy-stored' });
  });

  it('is refused when too many are under way', () => {
    const world = new ReplicaWorld(1);
    world.store(1).isSilent = true;
    for (let i = 0; i < 4_001; i++) store(world, 1, copy(`user ${i}`, 1));
    world.run(10);
    expect(world.take<CopyRefused>('copy-refused')).toMatchObject([{ code: 'busy' }]);
  });
});

describe('fetch-copy', () => {
  it('answers copy-fetched with the time that is left, from the store or from memory', () => {
    const world = new ReplicaWorld(1);
    kept(world, copy('alice', 1, 'v', '', 10_000));
    expect((fetched(world, 1, 'alice') as CopyFetched).ttlMs).toBeLessThan(10_000);
    world.stop(1);
    world.start(1);
    const again = fetched(world, 1, 'alice') as CopyFetched;
    expect(again).toMatchObject({ name: 'alice', value: 'v', host: 1 });
    world.run(10_000);
    expect(fetched(world, 1, 'alice')).toMatchObject({ version: '', name: '', value: '', ttlMs: 0 });
  });

  it('an empty version says that there is nothing', () => {
    expect(fetched(new ReplicaWorld(1), 1, 'nobody')).toMatchObject({ type: 'copy-fetched', version: '' });
  });
});

describe('expiry', () => {
  it('drop-expired takes records out of the store and out of the digests', () => {
    const world = new ReplicaWorld(1);
    world.run(100);
    kept(world, copy('alice', 1, 'v', '', 5_000));
    kept(world, copy('bob', 1, 'v', '', 60_000));
    expect(world.state(1).tree.tree.recordsCount).toBe(2);
    world.run(7_000);
    expect(world.state(1).tree.tree.recordsCount).toBe(1);
    expect(world.store(1).records.size).toBe(1);
    kept(world, copy('alice', 2, 'w', '', 5_000));
    expect(world.records(1)).toHaveLength(2);
  });
});

it('the door passes on what comes, and the replica answers', () => {
  const world = new ReplicaWorld(2);
  const record = copy('alice', 1);
  const replyTo = makeAddress<CopyAnswer>(2, 0, 600);
  world.pass(2, 1, { type: 'store-copy', ...record, hintFor: 0, replyTo, correlation: 5 });
  world.run(20);
  expect(world.told).toContainEqual({
    to: replyTo,
    message: { type: 'copy-stored', correlation: 5, host: 1, version: record.version },
  });
});
