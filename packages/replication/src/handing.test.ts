// Giving a range away, rule by rule.
import { type Address, makeAddress } from '@chordial/actor';
import { describe, expect, it } from 'vitest';
import { at, type CoordinatorWorld, chord, doorOf, ownReplica, settledWorld } from './coordinator.fixture.ts';
import { handingsMax } from './handing.ts';
import type { CoordinatorMessage, RepairRange, StoreCopy } from './protocol.ts';

const target = makeAddress<CoordinatorMessage>(6, 2, 21);
const own = makeAddress<CoordinatorMessage>(1, 3, 21);

function hand(
  world: CoordinatorWorld,
  from = '4',
  to = '6',
  taker: Address<CoordinatorMessage> = target,
  correlation = 5,
) {
  const request = {
    from: at(from),
    to: at(to),
    target: taker as unknown as Address<never>,
    replyTo: chord,
    correlation,
  };
  return world.tell({ type: 'hand-range', ...request });
}
const repairOf = (world: CoordinatorWorld): RepairRange | undefined =>
  world.take<RepairRange>('repair-range').map(({ message }) => message)[0];
function answer(world: CoordinatorWorld, { correlation, hosts }: RepairRange, isSame = true) {
  const [same, silent] = isSame ? [hosts, []] : [[], hosts];
  return world.tell({ type: 'range-repaired', correlation, same, silent, sentCount: 1, takenCount: 0 });
}
const given = { type: 'range-given', from: at('4'), to: at('6') };
const released = { type: 'range-released', correlation: 5 };

describe('hand-range', () => {
  it('makes the taker’s host the same, urgent; then range-given to the taker, range-released to the asker', () => {
    const world = settledWorld();
    hand(world);
    const repair = repairOf(world);
    expect(repair).toMatchObject({ from: at('4'), to: at('6'), hosts: [6], isUrgent: true });
    expect(answer(world, repair!)).toEqual([given, released]);
    expect(world.sent.slice(-2).map(({ to }) => to)).toEqual([target, chord]);
    expect(world.state.counts.handed).toBe(1);
  });

  it('to another lane of this host there is nothing to move', () => {
    const world = settledWorld();
    expect(hand(world, '4', '6', own)).toEqual([given, released]);
    world.sent = [];
    world.put('alice', '5', 'home');
    expect(world.take('store-copy').map(({ to }) => to)).toEqual([ownReplica, doorOf(2), doorOf(3)]);
  });

  it('a taker that is silent gets the range all the same, but is not told that it has the records', () => {
    const world = settledWorld();
    hand(world);
    expect(answer(world, repairOf(world)!, false)).toEqual([released]);
    expect(world.state.counts.handingsGivenUp).toBe(1);
    expect(world.state.handings).toEqual([]);
  });

  it('a range that is not settled is settled first', () => {
    const world = settledWorld();
    world.own('8', '2');
    const settling = repairOf(world)!;
    hand(world, '2', '6');
    expect(repairOf(world)).toBeUndefined();
    answer(world, settling);
    expect(repairOf(world)).toMatchObject({ hosts: [6], from: at('2'), to: at('6') });
  });

  it('but for at most ten seconds', () => {
    const world = settledWorld();
    world.own('8', '2');
    repairOf(world);
    hand(world, '2', '6');
    world.advance(9_000);
    expect(world.take('range-released')).toHaveLength(0);
    world.advance(2_000);
    expect(world.take('range-released')).toHaveLength(1);
    expect(world.take('range-given')).toHaveLength(0);
  });

  it('a comparison may take longer, but not for ever', () => {
    const world = settledWorld();
    hand(world);
    world.advance(55_000);
    expect(world.take('range-released')).toHaveLength(0);
    world.advance(10_000);
    expect(world.take('range-released')).toHaveLength(1);
  });

  it('a range that is not owned here is released at once', () => {
    const world = settledWorld();
    expect(hand(world, 'a', 'c')).toEqual([released]);
  });

  it('many at once take turns, and none is released before it is compared', () => {
    const world = settledWorld();
    for (let i = 0; i < 100; i++) hand(world, '4', `5${i.toString(16).padStart(3, '0')}`, target, i);
    expect(world.take('repair-range')).toHaveLength(16);
    world.advance(15_000);
    expect(world.take('range-released')).toHaveLength(0);
    // Those under way are told again now and then.
    world.take('repair-range');
    const [first] = [...world.state.repairs].filter(([, { kind }]) => kind === 'hand');
    world.tell({
      type: 'range-repaired',
      correlation: first![0],
      same: [6],
      silent: [],
      sentCount: 0,
      takenCount: 0,
    });
    expect(world.take('range-given')).toHaveLength(1);
    expect(world.take('repair-range')).toHaveLength(1);
  });

  it('asked again it is not begun again; asked again after the release it is answered again', () => {
    const world = settledWorld();
    hand(world);
    const repair = repairOf(world)!;
    expect(hand(world, '4', '6', target, 6)).toEqual([]);
    expect(repairOf(world)).toBeUndefined();
    expect(answer(world, repair)).toEqual([given, { ...released, correlation: 6 }]);
    expect(hand(world, '4', '6', target, 7)).toEqual([given, { ...released, correlation: 7 }]);
  });

  it('at most so many at a time: the oldest is released as it is', () => {
    const world = settledWorld();
    for (let i = 0; i <= handingsMax; i++) hand(world, '4', `5${i.toString(16).padStart(3, '0')}`, target, i);
    expect(world.state.handings).toHaveLength(handingsMax);
    expect(world.take('range-released').map(({ message }) => message)).toEqual([{ ...released, correlation: 0 }]);
  });
});

describe('what is put meanwhile', () => {
  const put = (world: CoordinatorWorld): StoreCopy => {
    world.sent = [];
    world.put('alice', '5', 'home');
    return world.sent[0]!.message as StoreCopy;
  };

  it('goes to the taker’s host as well, and is not acknowledged before that has it', () => {
    const world = settledWorld();
    hand(world);
    const copy = put(world);
    expect(world.take('store-copy').map(({ to }) => to)).toEqual([ownReplica, doorOf(2), doorOf(3), doorOf(6)]);
    for (const host of [1, 2, 3]) expect(world.stored(copy, host)).toEqual([]);
    expect(world.stored(copy, 6)).toMatchObject([{ type: 'record-put' }]);
  });

  it('so does what was under way when the handing began', () => {
    const world = settledWorld();
    const copy = put(world);
    world.stored(copy, 2);
    world.sent = [];
    hand(world);
    expect(world.take('store-copy').map(({ to }) => to)).toEqual([doorOf(6)]);
    expect(world.stored(copy, 1)).toEqual([]);
    expect(world.stored(copy, 6)).toMatchObject([{ type: 'record-put' }]);
  });

  it('outside the range it does not', () => {
    const world = settledWorld();
    hand(world, '4', '4f');
    put(world);
    expect(world.take('store-copy')).toHaveLength(3);
  });

  it('a copy that the taker’s host did not take before it was told makes the comparison begin again', () => {
    const world = settledWorld();
    hand(world);
    const repair = repairOf(world)!;
    const copy = put(world);
    world.stored(copy, 1);
    world.stored(copy, 2);
    world.advance(400);
    expect(world.take('record-put')).toHaveLength(1);
    expect(answer(world, repair)).toMatchObject([{ type: 'repair-range', hosts: [6] }]);
    expect(answer(world, repairOf(world)!)).toEqual([given, released]);
  });

  it('after it was told, a put that it does not take is not acknowledged', () => {
    const world = settledWorld();
    hand(world);
    answer(world, repairOf(world)!);
    const copy = put(world);
    for (const host of [1, 2, 3]) world.stored(copy, host);
    world.sent = [];
    world.advance(400);
    expect(world.take('store-copy').map(({ to }) => to)).toEqual([doorOf(6)]);
    world.advance(1_600);
    expect(world.take('record-refused')).toMatchObject([{ message: { reason: 'too-few-copies' } }]);
  });

  it('it may be acknowledged although the range is not owned here any more, since the taker has it', () => {
    const world = settledWorld();
    hand(world);
    answer(world, repairOf(world)!);
    const copy = put(world);
    world.own('8', '6');
    world.stored(copy, 1);
    expect(world.stored(copy, 6)).toMatchObject([{ type: 'record-put' }]);
  });

  it('nobody waits for a taker whose host is lost (ring-changed)', () => {
    const members = ['2:5', '4:4', '8:1', 'a:2', 'c:3', 'e:4'];
    const world = settledWorld();
    world.ring(...members, 'f:6');
    hand(world);
    const copy = put(world);
    world.stored(copy, 1);
    world.stored(copy, 2);
    expect(world.ring(...members)).toMatchObject([released, { type: 'record-put' }]);

    const other = settledWorld();
    other.ring(...members, 'f:6');
    hand(other);
    answer(other, repairOf(other)!);
    other.ring(...members);
    put(other);
    expect(other.take('store-copy')).toHaveLength(3);
  });

  it('follows until the range is not owned any more, or nothing comes of it', () => {
    const world = settledWorld();
    hand(world);
    answer(world, repairOf(world)!);
    world.advance(20_000);
    expect(world.state.handings).toHaveLength(1);
    world.advance(11_000);
    expect(world.state.handings).toHaveLength(0);

    const other = settledWorld();
    hand(other);
    answer(other, repairOf(other)!);
    other.own('8', '6');
    other.advance(6_000);
    expect(other.state.handings).toHaveLength(0);
  });
});

describe('what is asked when the range has been released', () => {
  it('goes after it once, to the taker, who answers the asker itself; a get, a put and a delete', () => {
    const world = settledWorld();
    hand(world);
    answer(world, repairOf(world)!);
    world.own('8', '6');
    for (const type of ['get-record', 'put-record', 'delete-record'] as const) {
      const asked = { type, table: 2, key: at('5'), name: 'alice', context: '', value: 'v', ttlMs: 0 };
      const request = { ...asked, replyTo: chord as never, correlation: 77 } as unknown as CoordinatorMessage;
      world.sent = [];
      world.tell(request);
      expect(world.sent).toMatchObject([{ to: target, message: { ...asked, correlation: 77, isPassedOn: true } }]);
      world.sent = [];
      world.tell({ ...request, isPassedOn: true } as unknown as CoordinatorMessage);
      expect(world.sent).toMatchObject([{ to: chord, message: { type: 'record-refused', reason: 'not-owner' } }]);
    }
    expect(world.state.counts.passedOn).toBe(3);
  });

  it('stays refused where the range was not handed over', () => {
    const world = settledWorld();
    world.own('8', '6');
    world.sent = [];
    world.put('alice', '5', 'home');
    expect(world.take('record-refused')).toMatchObject([{ message: { reason: 'not-owner' } }]);
  });
});
