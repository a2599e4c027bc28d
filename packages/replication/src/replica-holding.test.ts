// What a host holds for others reaches those who should have it, and only then leaves the host.
import { describe, expect, it } from 'vitest';
import { copiesOf, copyOf } from './copies.fixture.ts';
import { groupOf } from './group.ts';
import { ReplicaWorld } from './replica-world.fixture.ts';

const hosts = [1, 2, 3, 4, 5, 6, 7, 8];
const minuteMs = 60_000;

function ring(): ReplicaWorld {
  const world = new ReplicaWorld(hosts.length, 1, { neighbourhoodCount: 5 });
  world.run(100);
  return world;
}
function put(world: ReplicaWorld, host: number, records: ReturnType<typeof copiesOf>): void {
  for (const record of records)
    world.tell(host, { type: 'store-copy', ...record, hintFor: 0, replyTo: world.client, correlation: 1 });
  world.run(100);
  world.take();
}
const near = (world: ReplicaWorld, record: { key: ReturnType<typeof copyOf>['key'] }) =>
  groupOf(world.members, record.key, 5);

describe('looking for what is held', () => {
  it('looks at few members for each, also where there are fewer hosts than a neighbourhood has, and at none for a second question', () => {
    const world = new ReplicaWorld(4);
    world.setRing([1, 2, 3, 4], 500);
    world.run(100);
    put(world, 1, copiesOf('a', 3_000));
    const state = world.state(1);
    let reads = 0;
    state.ring.members = new Proxy(state.ring.members, {
      get: (members, field) => {
        reads++;
        return Reflect.get(members, field);
      },
    });
    state.holding.unofferedCount = undefined;
    const ask = () => world.tell(1, { type: 'list-repair', replyTo: world.client, correlation: 3 });
    ask();
    expect(reads).toBeGreaterThan(2_000);
    expect(reads).toBeLessThan(2_000 * 60);
    reads = 0;
    ask();
    expect(reads).toBe(0);
    world.run(1);
    const [first, second] = world.take<{ type: string; rangesDrifting: number }>('repair-listed');
    expect(first).toEqual(second);
    expect(first!.rangesDrifting).toBeGreaterThan(0);
  });
});

describe('held for others', () => {
  it('records for whose owners a host is not near go to the first two hosts of their group and leave the host', () => {
    const world = ring();
    const records = copiesOf('a', 300);
    put(world, 1, records);
    world.run(15 * minuteMs);
    const isOwn = (record: (typeof records)[number]) => near(world, record).includes(1);
    const expected = records.filter(isOwn).map(({ name }) => name);
    expect(expected.length).toBeGreaterThan(50);
    expect(expected.length).toBeLessThan(250);
    expect(
      world
        .records(1)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(expected.toSorted());
    for (const record of records.filter((one) => !isOwn(one)))
      for (const host of near(world, record).slice(0, 2))
        expect(world.records(host).some(({ name }) => name === record.name)).toBe(true);
    expect(world.state(1).counts.releasedCount).toBe(300 - expected.length);
    expect(world.state(1).tree.tree.recordsCount).toBe(expected.length);
  });

  it('the hosts that they go to send nothing back that this one has no use for', () => {
    const world = ring();
    for (const host of hosts.slice(1))
      put(
        world,
        host,
        copiesOf(`own ${host} `, 60).filter((one) => near(world, one).slice(0, 3).includes(host)),
      );
    put(world, 1, copiesOf('a', 50));
    world.run(5 * minuteMs);
    expect(world.state(1).counts.takenCount).toBe(0);
    expect(world.records(1).every((record) => near(world, record).includes(1))).toBe(true);
  });

  it('nothing is deleted while a host that should have it does not answer', () => {
    const world = ring();
    const records = copiesOf('a', 100);
    put(world, 1, records);
    for (const host of hosts.slice(1)) world.cuts.add(`1>${host}`);
    world.run(5 * minuteMs);
    expect(world.records(1)).toHaveLength(100);
    world.cuts.clear();
    world.run(15 * minuteMs);
    expect(world.records(1).every((record) => near(world, record).includes(1))).toBe(true);
  });

  it('where it is near but not in the group it offers what it has once, and keeps it', () => {
    const world = ring();
    const record = copiesOf('a', 200).find((one) => near(world, one)[4] === 1)!;
    put(world, 1, [record]);
    world.run(24_000);
    const [owner, second] = near(world, record) as [number, number];
    for (const host of [owner, second]) expect(world.records(host)).toHaveLength(1);
    world.messages = 0;
    world.run(5 * minuteMs);
    expect(world.messages).toBe(0);
    expect(world.records(1)).toHaveLength(1);
  });

  it('what comes to it later, as from a backup, is offered as well in the end', () => {
    const world = ring();
    const [first, second] = copiesOf('a', 400).filter((one) => near(world, one)[4] === 1) as [
      ReturnType<typeof copyOf>,
      ReturnType<typeof copyOf>,
    ];
    put(world, 1, [first]);
    world.run(24_000);
    put(world, 1, [second]);
    world.run(11 * minuteMs);
    for (const host of near(world, second).slice(0, 2))
      expect(world.versions(host)[`1/${second.name}`]).toBe(second.version);
  });

  it('a ring that changes back within a minute deletes nothing', () => {
    const world = ring();
    const record = copiesOf('a', 200).find((one) => !near(world, one).includes(1))!;
    put(world, 1, [record]);
    world.run(40_000);
    world.setRing([1, 2, 3, 4]);
    world.run(20_000);
    world.setRing(hosts);
    world.run(40_000);
    expect(world.records(1)).toHaveLength(1);
    world.run(2 * minuteMs);
    expect(world.records(1)).toHaveLength(0);
  });

  it('a host that holds much of many arcs offers all of it within a short while', () => {
    const world = new ReplicaWorld(hosts.length, 1, { neighbourhoodCount: 5 });
    world.setRing(hosts, 40);
    world.run(100);
    put(world, 1, copiesOf('a', 1_000));
    world.run(24_000);
    const sent = copiesOf('a', 1_000).filter((one) => near(world, one).indexOf(1) > 2 || !near(world, one).includes(1));
    for (const record of sent) {
      const [owner] = near(world, record) as [number];
      expect(world.versions(owner)[`1/${record.name}`]).toBe(record.version);
    }
  });

  it('a copy that came newer while it was offered stays until that is offered too', () => {
    const world = ring();
    const record = copiesOf('a', 200).find((one) => !near(world, one).includes(1))!;
    put(world, 1, [record]);
    world.runUntil(() => world.state(1).holding.offer?.repair !== undefined, 3 * minuteMs);
    const newer = copyOf(record.name, 2, record);
    put(world, 1, [newer]);
    world.run(5 * minuteMs);
    const [owner, second] = near(world, record) as [number, number];
    for (const host of [owner, second])
      expect(world.records(host).map(({ version }) => version)).toEqual([newer.version]);
    expect(world.records(1)).toEqual([]);
  });

  it('in a ring of few hosts everyone is in the group', () => {
    const world = new ReplicaWorld(3, 1, { neighbourhoodCount: 5 });
    put(world, 1, copiesOf('a', 50));
    world.messages = 0;
    world.run(5 * minuteMs);
    expect(world.records(1)).toHaveLength(50);
    expect(world.messages).toBe(0);
  });
});
