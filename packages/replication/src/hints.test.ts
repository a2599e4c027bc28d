// Hinted handoff: a copy that was kept for a host that did not answer reaches it when it is in the ring again.
import { describe, expect, it } from 'vitest';
import { copiesOf, copyOf } from './copies.fixture.ts';
import { hintsAbsentMs } from './hints.ts';
import type { StoreCopies, StoreCopy } from './protocol.ts';
import { ReplicaWorld } from './replica-world.fixture.ts';

function keepFor(world: ReplicaWorld, host: number, hintFor: number, ...records: Parameters<typeof copy>[0][]): void {
  for (const record of records) world.tell(host, { ...copy(record), hintFor, replyTo: world.client });
  world.run(20);
}
const copy = (record: ReturnType<typeof copyOf>): Omit<StoreCopy, 'hintFor' | 'replyTo'> => ({
  type: 'store-copy',
  ...record,
  correlation: 1,
});

function worldWithout(absent: number): ReplicaWorld {
  const world = new ReplicaWorld(3);
  world.run(100);
  world.stop(absent);
  world.setRing([1, 2, 3].filter((host) => host !== absent));
  world.run(20);
  return world;
}

describe('"hinted handoff ... upon detecting that A has recovered, D will attempt to deliver the replica to A"', () => {
  it('delivers the copies when the host is in the ring again', () => {
    const world = worldWithout(3);
    keepFor(world, 1, 3, ...copiesOf('a', 250));
    expect(world.state(1).hintsCount).toBe(250);
    world.run(5_000);
    expect(world.state(1).hintsCount).toBe(250);
    world.start(3);
    world.setRing([1, 2, 3]);
    world.run(3_000);
    expect(world.versions(3)).toEqual(world.versions(1));
    expect(world.state(1).hintsCount).toBe(0);
    expect(world.state(1).counts.hintedCount).toBe(250);
  });

  it('a host that is in the ring and only did not answer gets them soon', () => {
    const world = new ReplicaWorld(3);
    world.run(100);
    keepFor(world, 1, 3, copyOf('a', 1));
    world.run(2_000);
    expect(world.records(3)).toHaveLength(1);
  });

  it('the copy is kept like any other meanwhile, and what is kept for itself needs no hint', () => {
    const world = worldWithout(3);
    keepFor(world, 1, 1, copyOf('a', 1));
    keepFor(world, 1, 0, copyOf('b', 1));
    expect(world.state(1).hintsCount).toBe(0);
    expect(world.records(1)).toHaveLength(2);
  });

  it('a later copy of the same name is what is delivered', () => {
    const world = worldWithout(3);
    const first = copyOf('a', 1);
    keepFor(world, 1, 3, first);
    keepFor(world, 1, 3, copyOf('a', 2, first));
    expect(world.state(1).hintsCount).toBe(1);
    world.start(3);
    world.setRing([1, 2, 3]);
    world.run(2_000);
    expect(world.versions(3)).toEqual(world.versions(1));
  });

  it('hints outlive refusals and silence, and what has expired is not delivered', () => {
    const world = worldWithout(3);
    keepFor(world, 1, 3, copyOf('a', 1), copyOf('short', 1, undefined, 500));
    world.setRing([1, 2, 3]);
    world.run(30_000);
    expect(world.state(1).hintsCount).toBe(1);
    world.start(3);
    world.store(3).failure = 'full';
    world.run(15_000);
    expect(world.state(1).hintsCount).toBe(1);
    world.store(3).failure = undefined;
    world.run(15_000);
    expect(world.state(1).hintsCount).toBe(0);
    expect(world.records(3).map(({ name }) => name)).toEqual(['a']);
  });

  it('hints that a crash took away leave their work to repair', () => {
    const world = worldWithout(3);
    keepFor(world, 1, 3, copyOf('a', 1));
    world.stop(1);
    world.start(1);
    world.start(3);
    world.setRing([1, 2, 3]);
    world.run(2_000);
    expect(world.records(3)).toEqual([]);
    world.repair(1, [3]);
    world.run(1_000);
    expect(world.records(3)).toHaveLength(1);
  });

  it('hints for a host that has left for good are forgotten, those for one that comes back are not', () => {
    const world = worldWithout(3);
    keepFor(world, 1, 3, ...Array.from({ length: 20 }, (_, i) => copyOf(`a${i}`, 1, undefined, 0)));
    world.run(hintsAbsentMs - 60_000);
    world.setRing([1, 2, 3]);
    world.run(5_000);
    world.setRing([1, 2]);
    world.run(hintsAbsentMs - 60_000);
    expect(world.state(1).hintsCount).toBe(20);
    world.run(120_000);
    expect(world.state(1)).toMatchObject({ hintsCount: 0, hints: new Map(), absentSince: new Map() });
    expect(world.records(1)).toHaveLength(20);
  });

  it('those that cannot be delivered do not keep others from it', () => {
    const world = worldWithout(3);
    const copies = copiesOf('a', 150);
    keepFor(world, 1, 3, ...copies);
    world.start(3);
    for (const { key } of copies.slice(0, 100)) world.store(3).unfit.set(`${key}/001`, 'full');
    for (const { key } of copies.slice(100, 110)) world.store(3).unfit.set(`${key}/001`, 'invalid');
    world.setRing([1, 2, 3]);
    world.run(60_000);
    expect(world.records(3)).toHaveLength(40);
    expect(world.state(1).hintsCount).toBe(100);
    world.store(3).unfit.clear();
    world.run(60_000);
    expect(world.state(1)).toMatchObject({ hintsCount: 0, hintSizes: new Map() });
  });

  it('the copies go in few messages', () => {
    const world = worldWithout(3);
    keepFor(world, 1, 3, ...copiesOf('a', 90));
    world.start(3);
    world.log = [];
    world.setRing([1, 2, 3]);
    world.run(2_000);
    const sent = world.log.filter(({ message }) => message.type === 'store-copies');
    expect(sent.map(({ message }) => (message as StoreCopies).records.length)).toEqual([90]);
  });
});
