// Groups by weight move as little as can be, ballots are ordered as texts, and two founders do not both serve.
import { makeAddress } from '@chordial/actor';
import { createRandom } from '@chordial/actor/random';
import { ringKeyFromText } from '@chordial/ring-key';
import { describe, expect, it } from 'vitest';
import { counterOfBallot, drawLife, isBallot, makeBallot } from './ballot.ts';
import { onRosterSeen } from './ordered-moving.ts';
import type { BallotAnswer, BallotRequest, Roster, Voter } from './ordered-protocol.ts';
import {
  checkedRoster,
  groupOfKey,
  isMoved,
  isQuorum,
  missingMax,
  parseRoster,
  rosterText,
  votersMax,
} from './ordered-roster.ts';
import { createOrdered } from './ordered-state.ts';
import { OrderedWorld } from './ordered-world.fixture.ts';

const votersOf = (...hosts: number[]): Voter[] => hosts.map((host) => [host, `store ${host}`]);
const keys = Array.from({ length: 3_000 }, (_, i) => ringKeyFromText(`key ${i}`));
const roster: Roster = { id: 'a', epoch: 3, n: 3, voters: votersOf(1, 2, 3, 4, 5, 6), next: [] };

describe('the group of a key', () => {
  it('is spread evenly', () => {
    const counts = new Map<number, number>();
    for (const key of keys)
      for (const [host] of groupOfKey(roster.voters, key, 3)) counts.set(host, (counts.get(host) ?? 0) + 1);
    for (const count of counts.values()) expect(Math.abs(count - 1_500)).toBeLessThan(200);
  });

  it('changes only where a voter that came or went is in it, and in whatever order voters stand', () => {
    const after = { ...roster, next: votersOf(6, 1, 5, 3, 7, 2, 4) };
    let movedCount = 0;
    for (const key of keys) {
      const group = groupOfKey(after.next, key, 3);
      const isNew = group.some(([host]) => host === 7);
      expect(isMoved(after, key)).toBe(isNew);
      if (isNew) movedCount++;
    }
    expect(Math.abs(movedCount / keys.length - 3 / 7)).toBeLessThan(0.05);
  });

  it('changes when a host comes back with another store', () => {
    const [key] = keys;
    const [host] = groupOfKey(roster.voters, key!, 3)[0]!;
    const next = roster.voters.map((voter): Voter => (voter[0] === host ? [host, 'empty'] : voter));
    expect(isMoved({ ...roster, next }, key!)).toBe(true);
  });

  it('needs a majority of each group, and none of it may be nobody', () => {
    const has = (name: string) => name < 'c';
    expect(isQuorum([['a', 'b', 'c']], has)).toBe(true);
    expect(
      isQuorum(
        [
          ['a', 'b', 'c'],
          ['b', 'c', 'd'],
        ],
        has,
      ),
    ).toBe(false);
    expect(isQuorum([['a', 'b'], ['b']], has)).toBe(true);
    expect(isQuorum([['a', 'd']], has)).toBe(false);
    expect(isQuorum([[]], has)).toBe(false);
    expect([1, 2, 3, 6].map((count) => missingMax({ ...roster, voters: roster.voters.slice(0, count) }))).toEqual([
      0, 0, 1, 1,
    ]);
  });
});

describe('a roster in text', () => {
  it('is read as it was written, and nonsense is not read', () => {
    expect(parseRoster(rosterText(roster))).toEqual(roster);
    for (const text of [
      '',
      'x',
      '[]',
      '{}',
      'null',
      '["a",1,3,[],[]]',
      '["a",1,99,[[1,"s"]],[]]',
      '["a",1,3,[[1]],[]]',
    ])
      expect(parseRoster(text), text).toBeUndefined();
    const many = Array.from({ length: votersMax + 1 }, (_, i): Voter => [i, 's']);
    expect(checkedRoster({ ...roster, voters: many })).toBeUndefined();
  });

  it('fits in a register, with as many voters as there may be', () => {
    const most = Array.from({ length: votersMax }, (_, i): Voter => [65_000 + i, 'x'.repeat(14)]);
    expect(rosterText({ ...roster, voters: most, next: most }).length).toBeLessThan(32_000);
  });
});

describe('the founder', () => {
  it('that comes back without its disk founds nothing while others have a roster', () => {
    const world = new OrderedWorld({
      seed: 1,
      hostsCount: 3,
      keysCount: 1,
      clientsCount: 0,
      sabotage: 'none',
      lossRate: 0,
    });
    for (const number of [1, 2, 3]) world.setRing(number, true);
    for (const number of [1, 2, 3]) world.start(number);
    world.runUntil(10_000);
    const before = world.at(2).proposer.roster!;
    expect(before).toMatchObject({ epoch: 3, next: [] });
    world.stop(1);
    world.loseDisk(1);
    world.at(1).hasLostDisk = false;
    world.start(1);
    world.runUntil(25_000);
    const after = world.at(1).proposer.roster!;
    expect(after).toMatchObject({ id: before.id, next: [] });
    expect(after.voters).toHaveLength(3);
    expect(after.voters).toContainEqual([1, world.at(1).acceptor!.store]);
    expect(after.voters).not.toEqual(before.voters);
  });
});

describe('two founders', () => {
  const proposer = () =>
    createOrdered(
      {
        host: 1,
        site: 256,
        lane: 0,
        startedAt: 0,
        changeMsMax: 1,
        removalMs: 1,
        self: makeAddress<BallotAnswer>(1, 0, 21),
        wayTo: (host) => makeAddress<BallotRequest>(host, 0, 22),
      },
      1,
    );

  it('the one whose roster changed less gives way, whoever hears of the other first', () => {
    const other: Roster = { ...roster, id: 'b', epoch: 1 };
    const one = proposer();
    for (const seen of [roster, other]) onRosterSeen(one, seen);
    expect([one.roster, one.isForeign]).toEqual([roster, false]);
    const two = proposer();
    for (const seen of [other, roster]) onRosterSeen(two, seen);
    expect([two.roster, two.isForeign]).toEqual([other, true]);
  });
});

describe('ballots', () => {
  it('are ordered by their counters, then by who made them', () => {
    const life = drawLife(createRandom(1));
    const counters = [1, 35, 36, 1e6, 1.8e15, 2 ** 53 - 2];
    const ballots = counters.flatMap((counter) => [1, 300].map((site) => makeBallot(counter, site, life)));
    expect(ballots.toSorted()).toEqual(ballots);
    expect(ballots.every(isBallot)).toBe(true);
    expect(counters.map((counter) => counterOfBallot(makeBallot(counter, 7, life)))).toEqual(counters);
  });

  it('that no counter could pass are none', () => {
    for (const text of ['', 'x', 'zzzzzzzzzzz.00001.0000001', '00000000001.00001.0000001 '])
      expect(counterOfBallot(text)).toBe(0);
  });
});
