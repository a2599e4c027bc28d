// Repair between replicas: two or more hosts are made the same, with as little as possible sent, whatever is lost on the way.
import { parseRingKey, type RingKey, ringKeyFromText } from '@chordial/ring-key';
import type { StoredRecord } from '@chordial/storage/protocol';
import { describe, expect, it } from 'vitest';
import { copiesOf, copyOf } from './copies.fixture.ts';
import type { ComparePieces, CopyRefused, RangeRepaired, StoreCopies } from './protocol.ts';
import { put, repaired, worldOf } from './repair.fixture.ts';
import { ReplicaWorld } from './replica-world.fixture.ts';
import { siblingsOf } from './versions.ts';

describe('repair-range', () => {
  it('makes two hosts the same, both ways', () => {
    const world = worldOf(2);
    put(world, 1, copiesOf('a', 40));
    put(world, 2, copiesOf('b', 30));
    expect(repaired(world, 1, [2])).toEqual({
      type: 'range-repaired',
      correlation: 7,
      same: [2],
      silent: [],
      sentCount: 40,
      takenCount: 30,
    });
    expect(world.versions(1)).toEqual(world.versions(2));
    expect(Object.keys(world.versions(1))).toHaveLength(70);
  });

  it('"minimizes the amount of data that needs to be transferred": hosts that are the same exchange one message', () => {
    const world = worldOf(2);
    for (const host of [1, 2]) put(world, host, copiesOf('a', 500));
    world.log = [];
    expect(repaired(world, 1, [2])).toMatchObject({ same: [2], sentCount: 0, takenCount: 0 });
    expect(world.log.map(({ message }) => message.type)).toEqual(['compare-pieces', 'pieces-compared']);
  });

  it('one record in many that differs is found by a few messages', () => {
    const world = worldOf(2);
    for (const host of [1, 2]) put(world, host, copiesOf('a', 2_000));
    put(world, 1, [copyOf('a7', 2, copyOf('a7', 1))]);
    world.log = [];
    world.characters = 0;
    expect(repaired(world, 1, [2])).toMatchObject({ same: [2], sentCount: 1, takenCount: 0 });
    expect(world.versions(2)).toEqual(world.versions(1));
    expect(world.log.length).toBeLessThanOrEqual(10);
    expect(world.characters).toBeLessThan(20_000);
  });

  it('the newer copy wins on either side, and concurrent ones are merged on both', () => {
    const world = worldOf(2);
    const [old, base] = [copyOf('old', 1), copyOf('base', 1)];
    put(world, 1, [copyOf('old', 2, old), base, copyOf('both', 5)]);
    put(world, 2, [old, copyOf('base', 2, base), copyOf('both', 6)]);
    expect(repaired(world, 1, [2])).toMatchObject({ same: [2] });
    expect(world.versions(1)).toEqual(world.versions(2));
    const both = world.records(2).find(({ name }) => name === 'both')!;
    expect(siblingsOf(both).map(({ value }) => value)).toEqual(['both 5', 'both 6']);
  });

  it('keeps to its range, also where that cuts buckets', () => {
    const world = worldOf(2);
    const records = copiesOf('a', 300);
    put(world, 1, records);
    const keys = records.map(({ key }) => key).sort();
    const [from, to] = [keys[250]!, keys[50]!];
    repaired(world, 1, [2], { from, to });
    const isIn = ({ key }: StoredRecord) => key > from || key <= to;
    expect(world.records(2).map(({ name }) => name)).toEqual(
      world
        .records(1)
        .filter(isIn)
        .map(({ name }) => name),
    );
  });

  it('many records with one beginning of their keys are listed page by page', () => {
    const world = worldOf(2);
    const records = Array.from({ length: 900 }, (_, i) => {
      const key = parseRingKey(`abcd${i.toString(16).padStart(4, '0')}${'7'.repeat(32)}`)!;
      return { ...copyOf('x', 1), key, name: `crowded ${i}`, table: 1 + (i % 2) };
    });
    put(
      world,
      1,
      records.filter((_, i) => i % 3 !== 0),
    );
    put(
      world,
      2,
      records.filter((_, i) => i % 3 !== 1),
    );
    expect(repaired(world, 1, [2])).toMatchObject({ same: [2] });
    expect(Object.keys(world.versions(2))).toHaveLength(900);
    expect(world.versions(1)).toEqual(world.versions(2));
    const range = { from: parseRingKey(`abcd0010${'0'.repeat(32)}`)!, to: parseRingKey(`abcd0f10${'0'.repeat(32)}`)! };
    expect(repaired(world, 1, [2], range)).toMatchObject({ same: [2], sentCount: 0, takenCount: 0 });
  });

  it('several tables of one key are told apart', () => {
    const world = worldOf(2);
    const one = copyOf('a', 1);
    put(
      world,
      1,
      [1, 2, 3, 4].map((table) => ({ ...one, table })),
    );
    put(world, 2, [{ ...one, table: 9 }]);
    repaired(world, 1, [2]);
    expect(world.records(2).map(({ table }) => table)).toEqual([1, 2, 3, 4, 9]);
    expect(world.records(1).map(({ table }) => table)).toEqual([1, 2, 3, 4, 9]);
  });

  it('no message between hosts is larger than what a lane can send', () => {
    const world = worldOf(2);
    const large = copiesOf('a', 40).map((record) => ({ ...record, value: 'x'.repeat(30_000) }));
    put(world, 1, large);
    put(world, 2, copiesOf('b', 3_000));
    repaired(world, 2, [1]);
    expect(world.versions(1)).toEqual(world.versions(2));
    expect(world.largest).toBeLessThan(64_000);
  });

  it('also where texts are not ASCII, and versions are long', () => {
    const world = worldOf(2);
    const large = copiesOf('a', 40).map((record) => ({ ...record, value: '\u4e2d'.repeat(9_000) }));
    const site = (i: number, j: number) => `${(i * 7 + j + 1).toString(36)}.${(1.7e15 + i).toString(36)}`;
    const long = copiesOf('b', 400).map((record, i) => {
      const sites = Array.from({ length: 16 }, (_, j) => site(i, j));
      return { ...record, version: `${sites.join(',')}|${site(i, 20)}` };
    });
    put(world, 1, [...large, ...long]);
    put(world, 2, copiesOf('c', 300));
    expect(repaired(world, 2, [1])).toMatchObject({ same: [1] });
    expect(world.versions(1)).toEqual(world.versions(2));
    expect(world.largestBytes).toBeLessThan(110_000);
  });

  it('with several hosts, each of them is made the same as this one', () => {
    const world = worldOf(4);
    for (const host of [1, 2, 3, 4]) put(world, host, copiesOf(`only ${host} `, 20));
    expect(repaired(world, 1, [2, 3, 4]).same.toSorted()).toEqual([2, 3, 4]);
    expect(Object.keys(world.versions(1))).toHaveLength(80);
    expect(Object.keys(world.versions(3)).length).toBeGreaterThanOrEqual(40);
  });

  it('expired copies are not sent', () => {
    const world = worldOf(2);
    put(world, 1, [copyOf('short', 1, undefined, 3_000), copyOf('long', 1)]);
    world.run(3_000);
    expect(repaired(world, 1, [2])).toMatchObject({ same: [2], sentCount: 1 });
    expect(world.records(2).map(({ name }) => name)).toEqual(['long']);
  });

  it('survives loss, doubles and reordering', () => {
    const world = worldOf(2, 5);
    put(world, 1, copiesOf('a', 400));
    put(world, 2, copiesOf('b', 400));
    Object.assign(world, { loss: 0.2, doubled: 0.2, jitterMs: 50 });
    expect(repaired(world, 1, [2])).toMatchObject({ same: [2], silent: [] });
    expect(world.versions(1)).toEqual(world.versions(2));
  });

  it('a host that is silent for ten seconds is given up, and the others are not held up by it', () => {
    const world = worldOf(3);
    put(world, 1, copiesOf('a', 10));
    world.stop(3);
    const started = world.now;
    expect(repaired(world, 1, [2, 3])).toMatchObject({ same: [2], silent: [3] });
    expect(world.now - started).toBeLessThan(13_000);
    expect(world.versions(2)).toEqual(world.versions(1));
  });

  it('a host that leaves the ring is given up at once', () => {
    const world = worldOf(3);
    put(world, 1, copiesOf('a', 10));
    world.stop(3);
    world.repair(1, [3]);
    world.run(50);
    world.setRing([1, 2]);
    world.run(50);
    expect(world.take<RangeRepaired>('range-repaired')).toMatchObject([{ same: [], silent: [3] }]);
  });

  it('a host outside the ring is repaired with all the same: it may be about to join', () => {
    const world = worldOf(2);
    world.setRing([1]);
    world.run(50);
    put(world, 1, copiesOf('a', 10));
    expect(repaired(world, 1, [2])).toMatchObject({ same: [2] });
  });

  it('a host whose disk is full is not the same', () => {
    const world = worldOf(2);
    put(world, 1, copiesOf('a', 10));
    world.store(2).failure = 'full';
    expect(repaired(world, 1, [2])).toMatchObject({ same: [], silent: [2] });
  });

  it('a record that a store does not take does not keep the others from being the same', () => {
    const world = worldOf(2);
    put(world, 1, copiesOf('a', 30));
    put(world, 2, copiesOf('b', 30));
    const unfit = [world.records(1)[3]!, world.records(2)[3]!];
    for (const host of [1, 2]) for (const { key } of unfit) world.store(host).unfit.set(`${key}/001`, 'invalid');
    expect(repaired(world, 1, [2])).toMatchObject({ same: [2], silent: [] });
    for (const host of [1, 2]) expect(world.records(host)).toHaveLength(59);
    expect(world.state(1).counts.skippedCount).toBe(2);
    world.run(15_000);
    expect(world.take('storage-news')).toMatchObject([{ sentence: expect.stringContaining('2 copies were left out') }]);
  });

  it('a store that is busy for a while is waited for, on either side', () => {
    const world = worldOf(2);
    put(world, 1, copiesOf('a', 10));
    put(world, 2, copiesOf('b', 10));
    for (const host of [1, 2]) world.store(host).failure = 'busy';
    world.repair(1, [2]);
    world.run(5_000);
    expect(world.take('range-repaired')).toEqual([]);
    for (const host of [1, 2]) world.store(host).failure = undefined;
    world.run(2_000);
    expect(world.take<RangeRepaired>('range-repaired')).toMatchObject([{ same: [2], silent: [] }]);
    expect(world.versions(1)).toEqual(world.versions(2));
  });

  it('is begun once, however often it is told, and again when it is told after its end', () => {
    const world = worldOf(2);
    put(world, 1, copiesOf('a', 300));
    for (let i = 0; i < 3; i++) world.repair(1, [2]);
    expect(world.state(1).repairs.size).toBe(1);
    world.repair(1, [2], {}, 8);
    expect(world.state(1).repairs.size).toBe(2);
    world.run(3_000);
    expect(world.take<RangeRepaired>('range-repaired')).toHaveLength(2);
    world.repair(1, [2]);
    world.run(3_000);
    expect(world.take<RangeRepaired>('range-repaired')).toMatchObject([{ correlation: 7, same: [2], sentCount: 0 }]);
  });

  it('nobody to repair with is answered at once', () => {
    const world = worldOf(1);
    world.repair(1, [1]);
    world.run(1);
    expect(world.take<RangeRepaired>('range-repaired')).toMatchObject([{ same: [], silent: [] }]);
  });

  it('urgent repairs go before those that are only looked after', () => {
    const world = worldOf(3);
    put(world, 1, copiesOf('a', 3_000));
    for (let i = 0; i < 40; i++) world.repair(1, [2], { isUrgent: false }, 100 + i);
    world.repair(1, [2], { isUrgent: true }, 7);
    const order: number[] = [];
    world.runUntil(() => {
      order.push(...world.take<RangeRepaired>('range-repaired').map(({ correlation }) => correlation));
      return order.length === 41;
    });
    expect(order.indexOf(7)).toBeLessThan(14);
  });

  it('is throttled: what it moves stays within the allowance', () => {
    const world = new ReplicaWorld(2, 1, { repairBytesPerSecond: 100_000 });
    world.run(100);
    put(
      world,
      1,
      copiesOf('a', 200).map((record) => ({ ...record, value: 'x'.repeat(2_000) })),
    );
    const started = world.now;
    repaired(world, 1, [2]);
    // 440,000 characters, of which 100,000 and a last message may go at once.
    expect(world.now - started).toBeGreaterThan(2_000);
    expect(world.now - started).toBeLessThan(8_000);
    expect(world.versions(1)).toEqual(world.versions(2));
  });

  it('waits for a host that reads its digests still (compare-pieces is refused as starting)', () => {
    const world = worldOf(2);
    put(world, 1, copiesOf('a', 100));
    world.stop(2);
    world.start(2);
    world.store(2).isSilent = true;
    world.repair(1, [2]);
    world.run(3_000);
    expect(world.take('range-repaired')).toEqual([]);
    world.store(2).isSilent = false;
    world.runUntil(() => world.take<RangeRepaired>('range-repaired')[0]?.same[0] === 2);
    expect(world.versions(1)).toEqual(world.versions(2));
  });
});

describe('the answering side', () => {
  const whole = 'f'.repeat(40) as RingKey;
  const ask = (world: ReplicaWorld, message: Partial<ComparePieces>): void =>
    world.tell(1, {
      type: 'compare-pieces',
      session: 1,
      pieces: [[whole, whole, 0, 0, 0]],
      replyTo: world.client as never,
      correlation: 9,
      ...message,
    });

  it('refuses more questions than it can bear, so that a late joiner cannot harm it', () => {
    const world = worldOf(1);
    put(world, 1, copiesOf('a', 20));
    for (let i = 0; i < 40; i++) ask(world, { correlation: i });
    world.run(1);
    const refused = world.take<CopyRefused>('copy-refused');
    expect(refused.length).toBe(24);
    expect(refused[0]).toMatchObject({ code: 'busy' });
    world.run(100);
    expect(world.take('pieces-compared')).toHaveLength(16);
    expect(world.state(1).servingCount).toBe(0);
  });

  it('refuses what makes no sense', () => {
    const world = worldOf(1);
    ask(world, { pieces: Array.from({ length: 17 }, () => [whole, whole, 0, 0, 0] as const) });
    ask(world, { pieces: [['x' as RingKey, whole, 0, 0, 0]] });
    const names = Array.from({ length: 201 }, (_, i) => [1, ringKeyFromText(String(i))] as const);
    world.tell(1, { type: 'fetch-copies', names, replyTo: world.client as never, correlation: 9 });
    world.run(1);
    expect(world.take<CopyRefused>('copy-refused').map(({ code }) => code)).toEqual(['invalid', 'invalid', 'invalid']);
  });

  it('of store-copies what is no copy is left out, counted and told', () => {
    const world = worldOf(1);
    const message: StoreCopies = {
      type: 'store-copies',
      records: [copyOf('a', 1), { ...copyOf('b', 1), version: 'x' }],
      replyTo: world.client as never,
      correlation: 9,
    };
    world.tell(1, message);
    world.run(10);
    const trouble = expect.stringContaining('1 of the copies cannot be kept: the version');
    expect(world.take('copies-stored')).toMatchObject([{ pauseMs: 0, trouble, skippedCount: 1 }]);
    expect(world.records(1)).toHaveLength(1);
  });

  it('holds senders back while there is much to keep (copies-stored with pauseMs)', () => {
    const world = worldOf(1);
    world.store(1).isSilent = true;
    for (let i = 0; i < 90; i++) {
      const records = [copyOf(`n${i}`, 1)];
      world.tell(1, { type: 'store-copies', records, replyTo: world.client as never, correlation: i });
    }
    world.run(1);
    const stored = world.take<{ type: 'copies-stored'; pauseMs: number; trouble: string }>('copies-stored');
    expect(stored.length).toBe(90 - 64 - 3);
    expect(stored[0]).toMatchObject({ pauseMs: 500, trouble: expect.stringContaining('send it again') });
  });
});
