// How a coordinator hears of the ring: asked again and again, and what it does while it knows nothing, or only hosts.
import { describe, expect, it } from 'vitest';
import { CoordinatorWorld, membership, settledWorld } from './coordinator.fixture.ts';
import { changeRing, createRing } from './coordinator-ring.ts';
import { isAlone } from './coordinator-state.ts';
import { groupOf } from './group.ts';
import type { FetchCopy, RepairRange, StoreCopy } from './protocol.ts';

const reasons = (messages: readonly object[]) =>
  messages.flatMap((message) => ('reason' in message ? [message.reason] : []));
const tooLarge = (hosts: readonly number[]) => ({ type: 'ring-changed', epoch: 1, members: [], hosts }) as const;

describe('watch-ring', () => {
  it('is asked each second until the members are known, then once a minute, as the membership may have been started again', () => {
    const world = new CoordinatorWorld();
    world.advance(2_500);
    expect(world.take('watch-ring').map(({ to }) => to)).toEqual([membership, membership, membership]);
    world.ring('8:1');
    world.advance(57_500);
    expect(world.take('watch-ring')).toEqual([]);
    world.advance(121_000);
    expect(world.take('watch-ring')).toHaveLength(2);
    const busy = settledWorld();
    busy.advance(120_000);
    expect(busy.take('watch-ring')).toHaveLength(2);
  });

  it('without an answer, or with empty ones, nobody is taken for alone: nothing is acknowledged, however long it takes', () => {
    const world = new CoordinatorWorld();
    world.own('8', '4');
    for (let i = 0; i < 30; i++) {
      world.advance(1_000);
      world.ring();
    }
    expect(reasons(world.put('alice', '6', 'home'))).toEqual(['busy']);
    expect(reasons(world.get('alice', '6'))).toEqual(['busy']);
    expect(world.state.unsettled.size).toBe(1);
    expect(world.take('repair-range')).toEqual([]);
  });
});

describe('a ring that is too large for its members to be told (ring-changed with hosts)', () => {
  it('has groups of n hosts all the same: w of them have it, and ranges that come are asked for', () => {
    const world = new CoordinatorWorld();
    world.tell(tooLarge([1, 2, 3, 4]));
    world.own('8', '4');
    const [repair] = world.take<RepairRange>('repair-range');
    expect(repair!.message.hosts.toSorted()).toEqual([2, 3, 4]);
    world.put('alice', '6', 'home');
    const copies = world.take<StoreCopy>('store-copy');
    expect(copies).toHaveLength(3);
    expect(world.stored(copies[0]!.message, 1)).toEqual([]);
    world.get('alice', '6');
    const questions = world.take<FetchCopy>('fetch-copy');
    expect(questions).toHaveLength(4);
    expect(world.fetched(questions[0]!.message, 1)).toEqual([]);
    world.advance(2_000);
    expect(world.take('record-refused').map(({ message }) => message)).toMatchObject([
      { reason: 'too-few-copies' },
      { reason: 'too-few-copies' },
    ]);
  });

  it('all who know the same hosts say the same; a host that goes changes the groups that it was in only', () => {
    const keys = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0').padEnd(40, '7') as never);
    const groups = (hosts: readonly number[]) => {
      const ring = createRing();
      changeRing(ring, tooLarge(hosts));
      return keys.map((key) => groupOf(ring.members, key, 3));
    };
    const all = groups([1, 2, 3, 4, 5, 6]);
    expect(groups([1, 2, 3, 4, 5, 6])).toEqual(all);
    const fewer = groups([1, 2, 3, 5, 6]);
    for (let i = 0; i < keys.length; i++) if (!all[i]!.includes(4)) expect(fewer[i]).toEqual(all[i]);
    for (const host of [1, 2, 3, 4, 5, 6])
      expect(all.filter((group) => group.includes(host)).length).toBeGreaterThan(64);
  });

  it('one host alone, with however many peers, stays alone and serves', () => {
    const world = new CoordinatorWorld();
    world.tell(tooLarge([1]));
    world.own('8', '4');
    expect(isAlone(world.state)).toBe(true);
    world.put('alice', '6', 'home');
    const copies = world.take<StoreCopy>('store-copy');
    expect(copies).toHaveLength(1);
    expect(world.stored(copies[0]!.message, 1)).toMatchObject([{ type: 'record-put' }]);
  });

  it('the same hosts said again change nothing; one that is lost is not waited for; a ring that is told again is used', () => {
    const world = new CoordinatorWorld();
    world.tell(tooLarge([1, 2, 3]));
    const { generation } = world.state.ring;
    world.tell(tooLarge([1, 2, 3]));
    expect(world.state.ring.generation).toBe(generation);
    world.own('8', '4');
    world.repair();
    world.put('alice', '6', 'home');
    const [copy] = world.take<StoreCopy>('store-copy');
    world.stored(copy!.message, 1);
    expect(world.tell(tooLarge([1]))).toMatchObject([{ type: 'record-put' }]);
    world.ring('2:5', '4:4', '8:1');
    expect(world.state.ring.hosts).toEqual([5, 4, 1]);
    world.tell(tooLarge([1, 4, 5]));
    expect(world.state.ring.members).toHaveLength(96);
  });
});
