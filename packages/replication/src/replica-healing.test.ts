// Healing of damaged records, and what an operator is told of repair.
import { describe, expect, it } from 'vitest';
import { copiesOf, copyOf, named } from './copies.fixture.ts';
import type { CopyRefused, RepairListed } from './protocol.ts';
import { put, repaired, worldOf } from './repair.fixture.ts';

describe('list-repair', () => {
  it('tells what is going on', () => {
    const world = worldOf(2);
    put(world, 1, copiesOf('a', 12));
    world.stop(2);
    world.repair(1, [2]);
    world.run(20);
    world.tell(1, { type: 'list-repair', replyTo: world.client, correlation: 3 });
    world.run(1);
    expect(world.take<RepairListed>('repair-listed')).toEqual([
      {
        type: 'repair-listed',
        correlation: 3,
        rangesDrifting: 0,
        hintsCount: 0,
        sessionsCount: 1,
        recordsCount: 12,
        sentCount: 0,
        takenCount: 0,
        readRepairsCount: 0,
        refusedCount: 0,
      },
    ]);
  });
});

describe('healing', () => {
  it('a copy that is damaged in the store is refused, fetched from other hosts and written again', () => {
    const world = worldOf(3);
    const record = copyOf('alice', 1);
    for (const host of [1, 2, 3]) put(world, host, [record]);
    world.stop(1);
    world.start(1);
    world.run(100);
    world.store(1).damaged.add(`${record.key}/001`);
    const { table, key } = named('alice');
    const fetch = () => world.tell(1, { type: 'fetch-copy', table, key, replyTo: world.client, correlation: 4 });
    fetch();
    world.run(1);
    expect(world.take<CopyRefused>('copy-refused')).toMatchObject([{ code: 'damaged', host: 1 }]);
    world.run(50);
    fetch();
    world.run(1);
    expect(world.take('copy-fetched')).toMatchObject([{ value: 'alice 1', version: record.version }]);
    world.run(11_000);
    expect(
      world.take<{ type: 'storage-news'; sentence: string }>('storage-news').map(({ sentence }) => sentence),
    ).toEqual(['1 damaged records were written again from the copies of other hosts']);
    expect(world.state(1).tree.doubtful.size).toBe(0);
    expect(repaired(world, 1, [2])).toMatchObject({ sentCount: 0, takenCount: 0 });
  });

  it('what no other host has is told as lost', () => {
    const world = worldOf(2);
    const record = copyOf('alice', 1);
    put(world, 1, [record]);
    world.stop(1);
    world.start(1);
    world.run(100);
    world.store(1).damaged.add(`${record.key}/001`);
    world.tell(1, { type: 'fetch-copy', ...named('alice'), replyTo: world.client, correlation: 4 });
    world.run(12_000);
    expect(world.take('storage-news')).toMatchObject([{ sentence: expect.stringContaining('restore them') }]);
  });

  it('a damaged record that repair meets is healed by it', () => {
    const world = worldOf(2);
    const records = copiesOf('a', 5);
    for (const host of [1, 2]) put(world, host, records);
    world.stop(1);
    world.start(1);
    world.run(100);
    world.store(1).damaged.add(`${records[0]!.key}/001`);
    put(world, 2, [copyOf('other', 1)]);
    repaired(world, 1, [2]);
    expect(world.store(1).damaged.size).toBe(0);
    expect(world.versions(1)).toEqual(world.versions(2));
  });
});
