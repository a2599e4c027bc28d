// Ranges that come: given with their records or not, grown, shrunk, lost; and groups that change.
import { makeAddress } from '@chordial/actor';
import { describe, expect, it } from 'vitest';
import { asker, at, CoordinatorWorld, memberAt, ownReplica, settledWorld } from './coordinator.fixture.ts';
import { urgentMax } from './coordinator-repair.ts';
import type { RepairListed, RepairRange } from './protocol.ts';

const repairsOf = (world: CoordinatorWorld): RepairRange[] =>
  world.take<RepairRange>('repair-range').map(({ message }) => message);
const isSettled = ({ state }: CoordinatorWorld, key: string): boolean =>
  state.ranges.find(at(key))!.unsettled === undefined;

function answer(world: CoordinatorWorld, { correlation, hosts }: RepairRange, ...silent: readonly number[]): void {
  const same = hosts.filter((host) => !silent.includes(host));
  world.tell({ type: 'range-repaired', correlation, same, silent, sentCount: 0, takenCount: 0 });
}

describe('range-changed', () => {
  it('a range that grows without having been given is unsettled in what it gained: repair-range, urgent, with the neighbourhood', () => {
    const world = settledWorld();
    world.own('8', '2');
    expect(world.take('repair-range')).toMatchObject([
      { to: ownReplica, message: { from: at('2'), to: at('4'), hosts: [2, 3, 4, 5], isUrgent: true } },
    ]);
    expect(isSettled(world, '6')).toBe(false);
  });

  it('settled when all have been made the same (range-repaired); whoever is silent is asked again', () => {
    const world = settledWorld();
    world.own('8', '2');
    const [first] = repairsOf(world);
    answer(world, first!, 3, 5);
    expect(isSettled(world, '6')).toBe(false);
    world.advance(1_000);
    const [second] = repairsOf(world);
    expect(second).toMatchObject({ hosts: [3, 5], isUrgent: true });
    answer(world, second!);
    expect(isSettled(world, '6')).toBe(true);
    expect(world.state.unsettled.size).toBe(0);
  });

  it('whoever is not in the ring any more need not be asked', () => {
    const world = settledWorld();
    world.own('8', '2');
    answer(world, repairsOf(world)[0]!, 3, 5);
    world.ring('4:4', '8:1', 'a:2', 'e:4');
    world.advance(100);
    expect(isSettled(world, '6')).toBe(true);
  });

  it('a host that was lost and is back while it was compared is asked again', () => {
    const world = settledWorld();
    world.own('8', '2');
    const [first] = repairsOf(world);
    world.ring('2:5', '4:4', '8:1', 'a:2', 'e:4');
    world.ring('2:5', '4:4', '8:1', 'a:2', 'c:3', 'e:4');
    answer(world, first!);
    world.advance(100);
    expect(repairsOf(world)).toMatchObject([{ hosts: [3], isUrgent: true }]);
  });

  it('one that grows again meanwhile is asked for as a whole', () => {
    const world = settledWorld();
    world.own('8', '2');
    const [first] = repairsOf(world);
    world.own('8', '1');
    answer(world, first!);
    expect(isSettled(world, '6')).toBe(false);
    expect(repairsOf(world)).toMatchObject([{ from: at('1'), to: at('4'), hosts: [2, 3, 4, 5] }]);
  });

  it('one that shrinks below what it had gained is settled; one that is lost is nobody’s here', () => {
    const world = settledWorld();
    world.own('8', '2');
    world.own('8', '5');
    expect(isSettled(world, '6')).toBe(true);
    world.own('8', '5', false);
    expect(world.state.ranges.count).toBe(0);
    expect(world.get('alice', '6')).toMatchObject([{ type: 'record-refused', reason: 'not-owner' }]);
  });

  it('a peer at another key has left its former range', () => {
    const world = settledWorld();
    const self = { ...memberAt('f', 1), chord: memberAt('8', 1).chord };
    world.tell({ type: 'range-changed', self, owns: true, from: at('e'), epoch: 1 });
    expect(world.state.ranges.count).toBe(1);
    expect(world.state.ranges.find(at('6'))).toBeUndefined();
  });

  it('the same range said again changes nothing; with another epoch somebody else had it too: it is unsettled as a whole', () => {
    const world = settledWorld();
    world.own('8', '4');
    expect(isSettled(world, '6')).toBe(true);
    world.tell({ type: 'range-changed', self: memberAt('8', 1), owns: true, from: at('4'), epoch: 9 });
    expect(isSettled(world, '6')).toBe(false);
    expect(repairsOf(world)).toMatchObject([{ from: at('4'), to: at('8'), hosts: [2, 3, 4, 5], isUrgent: true }]);
  });

  it('one that shrinks with another epoch was handed over or yielded: what is left is settled', () => {
    const world = settledWorld();
    world.tell({ type: 'range-changed', self: memberAt('8', 1), owns: true, from: at('5'), epoch: 9 });
    expect(isSettled(world, '6')).toBe(true);
    world.tell({ type: 'range-changed', self: memberAt('8', 1), owns: true, from: at('5'), epoch: 9 });
    expect(isSettled(world, '6')).toBe(true);
  });

  it('the whole ring, from one peer, is one range', () => {
    const world = new CoordinatorWorld();
    world.ring('8:1');
    world.own('8', '8');
    for (const key of ['0', '8', '9', 'f']) expect(isSettled(world, key)).toBe(true);
  });

  it('a coordinator that was started again asks the peers of its lane what they own (read-pointers, pointers-read)', () => {
    const world = new CoordinatorWorld();
    world.ring('2:5', '8:1', 'a:2', 'c:1');
    expect(world.take('read-pointers').map(({ to }) => to)).toEqual([memberAt('8', 1).chord, memberAt('c', 1).chord]);
    const self = memberAt('8', 1);
    const pointers = { correlation: 0, version: 1, predecessor: self, successors: [self], epoch: 4 };
    world.tell({ type: 'pointers-read', self, owns: true, ownedFrom: at('2'), ...pointers });
    world.repair();
    expect(isSettled(world, '6')).toBe(true);
    world.ring('2:5', '8:1', 'a:2');
    expect(world.take('read-pointers')).toEqual([]);
  });

  it('urgent repairs are bounded, the rest waits its turn', () => {
    const world = new CoordinatorWorld();
    world.ring('0:2', '04:3');
    for (let i = 16; i < 96; i++) world.own(i.toString(16), (i - 1).toString(16));
    expect(world.state.urgentCount).toBe(urgentMax);
    expect(world.state.repairs.size).toBe(urgentMax);
    world.repair();
    expect(world.state.unsettled.size).toBe(0);
  });

  it('before the members are known nobody is asked, and nothing is settled', () => {
    const world = new CoordinatorWorld();
    world.own('8', '4');
    expect(isSettled(world, '6')).toBe(false);
    world.ring('8:1', 'a:2');
    world.advance(100);
    expect(repairsOf(world)).toMatchObject([{ hosts: [2], isUrgent: true }]);
  });
});

describe('range-given', () => {
  const given = (world: CoordinatorWorld, from: string, to: string) =>
    world.tell({ type: 'range-given', from: at(from), to: at(to) });

  it('before the range: it is settled, and compared with its group without hurry', () => {
    const world = settledWorld();
    given(world, '2', '4');
    world.own('8', '2');
    expect(isSettled(world, '3')).toBe(true);
    expect(repairsOf(world)).toEqual([]);
  });

  it('after the range: it is settled', () => {
    const world = settledWorld();
    world.own('8', '2');
    given(world, '1', '4');
    expect(isSettled(world, '3')).toBe(true);
  });

  it('a range of a newcomer is settled as a whole', () => {
    const world = settledWorld();
    given(world, 'a', 'b');
    world.own('b', 'a');
    expect(isSettled(world, 'b')).toBe(true);
    world.advance(5_000);
    expect(world.take<RepairRange>('repair-range')).toMatchObject([{ message: { isUrgent: false } }]);
  });

  it('of less than was gained does not do; nor when it was long ago; nor twice', () => {
    const world = settledWorld();
    given(world, '3', '4');
    world.own('8', '2');
    expect(isSettled(world, '3')).toBe(false);

    const late = settledWorld();
    given(late, '2', '4');
    late.advance(6_000);
    late.own('8', '2');
    expect(isSettled(late, '3')).toBe(false);

    const twice = settledWorld();
    given(twice, '2', '4');
    twice.own('8', '2');
    twice.own('8', '4');
    twice.own('8', '2');
    expect(isSettled(twice, '3')).toBe(false);
  });

  it('what is no range is ignored', () => {
    const world = settledWorld();
    world.tell({ type: 'range-given', from: 'x' as never, to: undefined as never });
    expect(world.state.givens.size).toBe(0);
  });
});

describe('ring-changed', () => {
  const drift = (world: CoordinatorWorld): number => {
    world.tell({ type: 'list-repair', replyTo: asker as never, correlation: 3 });
    return world.take<RepairListed>('repair-listed')[0]!.message.rangesDrifting;
  };

  it('list-repair: a range drifts from the moment that its group may have changed until the newcomer is the same', () => {
    const world = settledWorld();
    expect(drift(world)).toBe(0);
    world.ring('2:5', '4:4', '8:1', '9:6', 'a:2', 'c:3', 'e:4');
    expect(drift(world)).toBe(1);
    world.advance(500);
    const [asked] = repairsOf(world);
    expect(asked).toMatchObject({ from: at('4'), to: at('8'), hosts: [6], isUrgent: false });
    expect(drift(world)).toBe(1);
    answer(world, asked!);
    expect(drift(world)).toBe(0);
  });

  it('a change that leaves the group as it was asks nothing', () => {
    const world = settledWorld();
    world.ring('2:5', '4:4', '8:1', 'a:2', 'c:3', 'e:4', 'f:6');
    world.advance(2_000);
    expect(repairsOf(world)).toEqual([]);
    expect(drift(world)).toBe(0);
  });

  it('a host that was gone for a moment is compared again, although the group is what it was', () => {
    const world = settledWorld();
    world.ring('2:5', '4:4', '8:1', 'a:2', 'e:4');
    world.ring('2:5', '4:4', '8:1', 'a:2', 'c:3', 'e:4');
    world.advance(500);
    expect(repairsOf(world)).toMatchObject([{ hosts: [3] }]);
  });

  it('whoever is silent is asked again later', () => {
    const world = settledWorld();
    world.ring('2:5', '4:4', '8:1', '9:6', 'a:2', 'c:3', 'e:4');
    world.advance(500);
    answer(world, repairsOf(world)[0]!, 6);
    world.advance(3_000);
    expect(repairsOf(world)).toEqual([]);
    world.advance(6_000);
    expect(repairsOf(world)).toMatchObject([{ hosts: [6] }]);
  });

  it('a put that a host of the group did not take makes the range drift', () => {
    const world = settledWorld();
    world.put('alice', '6', 'home');
    world.advance(2_000);
    expect(drift(world)).toBe(1);
    world.repair();
    world.advance(2_000);
    world.repair();
    expect(drift(world)).toBe(0);
  });

  it('a ring that is told as empty, since it is too large, stays as it was known', () => {
    const world = settledWorld();
    world.ring();
    world.put('alice', '6', 'home');
    expect(world.take('store-copy')).toHaveLength(3);
  });

  it('of thousands of ranges only some are looked at in one step', () => {
    const world = new CoordinatorWorld();
    world.ring('0:2');
    for (let i = 256; i < 1_256; i++) world.own(i.toString(16), (i - 1).toString(16));
    world.repair();
    world.advance(1_000);
    world.repair();
    world.ring('0:2', 'f:3');
    for (let left = 1_000; left > 0; left = world.state.walkLeft) {
      world.advance(5);
      expect(left - world.state.walkLeft).toBeLessThanOrEqual(256);
    }
    expect(world.state.calmCount).toBe(4);
    expect(drift(world)).toBe(1_000);
  });

  it('repairs that nobody waits for are few at a time', () => {
    const world = new CoordinatorWorld();
    world.ring('0:2');
    for (let i = 16; i < 96; i++) world.own(i.toString(16), (i - 1).toString(16));
    world.repair();
    world.advance(1_000);
    world.repair();
    world.ring('0:2', '04:3');
    world.advance(600);
    expect(world.state.calmCount).toBe(4);
    world.repair();
    expect(drift(world)).toBe(0);
  });
});

describe('repair-due', () => {
  it('each range is compared with its group about once a minute', () => {
    const world = settledWorld();
    world.own('9', '8');
    world.repair();
    const counts = new Map<string, number>();
    for (let second = 0; second < 600; second++) {
      world.advance(1_000);
      for (const asked of repairsOf(world)) {
        counts.set(asked.to, (counts.get(asked.to) ?? 0) + 1);
        expect(asked).toMatchObject({ hosts: [2, 3], isUrgent: false });
        answer(world, asked);
      }
    }
    expect([...counts.keys()].toSorted()).toEqual([at('8'), at('9')]);
    for (const count of counts.values()) expect(count).toBeGreaterThan(7);
    for (const count of counts.values()) expect(count).toBeLessThan(14);
  });

  it('a host that is alone does nothing but ask once a minute whether it is', () => {
    const world = new CoordinatorWorld();
    world.ring('8:1', '9:1');
    world.own('8', '9');
    world.own('9', '8');
    world.advance(2_000);
    world.sent = [];
    expect(world.timersCount).toBe(1);
    const told = world.advance(600_000);
    expect(told.map(({ type }) => type)).toEqual(Array(10).fill('watch-ring'));
  });

  it('a coordinator without ranges does nothing but that', () => {
    const world = new CoordinatorWorld();
    world.ring('8:1', '9:2');
    world.advance(2_000);
    expect(world.timersCount).toBe(1);
    expect(world.advance(50_000)).toEqual([]);
  });

  it('a repair that is never answered, or finds a full mailbox (message-refused), is asked again', () => {
    const world = settledWorld();
    world.own('8', '2');
    const [first] = repairsOf(world);
    world.advance(59_000);
    const again = repairsOf(world).filter(({ isUrgent }) => isUrgent);
    // Told again in case the replica was started anew, which takes one of a number for one.
    expect(new Set(again.map(({ correlation }) => correlation))).toEqual(new Set([first!.correlation]));
    expect(again.length).toBeGreaterThan(5);
    world.advance(4_000);
    const second = repairsOf(world).find(({ isUrgent, correlation }) => isUrgent && correlation !== first!.correlation);
    expect(second).toMatchObject({ hosts: first!.hosts });
    world.tell({ type: 'message-refused', to: ownReplica as never, message: second! });
    world.advance(2_000);
    expect(repairsOf(world).filter(({ isUrgent }) => isUrgent)).toHaveLength(1);
    expect(world.state.urgentCount).toBe(1);
  });
});

it('message-refused about anything else is nothing', () => {
  const world = settledWorld();
  const message = { type: 'record-put' } as const;
  expect(world.tell({ type: 'message-refused', to: makeAddress(1, 0, 900) as never, message })).toEqual([]);
});
