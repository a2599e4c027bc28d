// Lanes of one host share one picture: lane 0 leads, the others follow, and each can die and come back.
import type { PeerPlaced } from '@chordial/chord/protocol';
import { describe, expect, it } from 'vitest';
import { ringOf, typesOf, type World } from './world.fixture.ts';

const lanesRing = (seed = 1): World => ringOf(2, seed, { lanes: 3, founders: 2 });
const allKnow =
  (world: World, count: number, lanes = [0, 1, 2]) =>
  () =>
    [1, 2].every((host) => lanes.every((lane) => world.keys(host, lane).length === count));

describe('lanes', () => {
  it('all know all members, and tell their own hosts port the way', () => {
    const world = lanesRing();
    world.runUntil(allKnow(world, 12), 2_000);
    for (const lane of [0, 1, 2])
      expect(world.lane(1, lane).routes.get(2)).toMatchObject({ address: '10.0.0.2', via: 0 });
    expect(world.lane(1, 1).reports).toEqual([]);
  });

  it('follow changes within a moment', () => {
    const world = lanesRing();
    world.runUntil(allKnow(world, 12), 2_000);
    world.addPeer(1, 2, 5);
    world.tell(1, 2, { type: 'peer-changed', self: world.member(1, 2, 5), phase: 'member' });
    expect(world.runUntil(allKnow(world, 13))).toBeLessThan(400);
  });

  it('a lane that stalls for more than a second is out of routing on all hosts, and back when it beats', () => {
    const world = lanesRing();
    world.runUntil(allKnow(world, 12), 2_000);
    world.run(1_000);
    world.lane(1, 1).pausedUntil = world.now + 4_000;
    const took = world.runUntil(allKnow(world, 10, [0, 2]));
    expect(took).toBeGreaterThan(700);
    expect(took).toBeLessThan(1_600);
    const lost = world.lane(2).peers[0]!.heard.find(({ type }) => type === 'members-lost');
    expect(lost).toMatchObject({ hosts: [], members: [{ lane: 1 }, { lane: 1 }] });
    world.run(4_000);
    expect(allKnow(world, 12)()).toBe(true);
    for (const { heard } of world.lane(1, 1).peers) expect(typesOf(heard)).toContain('ownership-doubted');
  });

  it('a lane that died comes back in a new life without members, and its peers get their former places', () => {
    const world = lanesRing();
    world.runUntil(allKnow(world, 12), 2_000);
    world.run(500);
    const before = [0, 1].map((i) => world.member(1, 1, i).key);
    world.startLane(world.hosts.get(1)!, 1, 0);
    world.runUntil(allKnow(world, 10), 2_000);
    const places: string[] = [];
    for (const i of [0, 1]) {
      const heard = world.addPeer(1, 1, i) as PeerPlaced[];
      world.tell(1, 1, { type: 'place-peer', chord: world.member(1, 1, i).chord });
      world.run(10);
      places.push(heard[0]!.key);
      world.tell(1, 1, {
        type: 'peer-changed',
        self: world.member(1, 1, i, 1_700_000_009_000, heard[0]!.key),
        phase: 'member',
      });
    }
    expect(places.toSorted()).toEqual(before.toSorted());
    world.runUntil(allKnow(world, 12), 2_000);
  });

  it('a leader that died is given its picture back, and nobody loses the members of other lanes', () => {
    const world = lanesRing();
    world.runUntil(allKnow(world, 12), 2_000);
    world.run(1_000);
    const { heard } = world.lane(2, 1).peers[0]!;
    heard.length = 0;
    world.startLane(world.hosts.get(1)!, 0, 0);
    const keptByFollower = world.keys(1, 1).length;
    expect(keptByFollower).toBe(12);
    world.runUntil(allKnow(world, 10), 4_000);
    const lost = heard.filter(({ type }) => type === 'members-lost') as unknown as {
      hosts: number[];
      members: { lane: number }[];
    }[];
    expect(lost.flatMap(({ hosts }) => hosts)).toEqual([]);
    expect(new Set(lost.flatMap(({ members }) => members.map(({ lane }) => lane)))).toEqual(new Set([0]));
    world.run(10_000);
    expect(allKnow(world, 10)()).toBe(true);
  });

  it('a picture message that was lost is noticed and sent again', () => {
    const world = lanesRing();
    world.runUntil(allKnow(world, 12), 2_000);
    const { state } = world.lane(1, 2);
    const { leaderLife, leaderSeen } = state;
    const gap = {
      type: 'picture-sent',
      leaderLife,
      after: leaderSeen + 5,
      changes: leaderSeen + 9,
      records: [],
      pages: [],
      opinions: [],
      vias: [],
      isTooLarge: false,
      wantsPages: false,
    } as const;
    world.tell(1, 2, gap);
    expect(state.leaderSeen).toBe(leaderSeen);
    // As if this lane had never heard anything: the next beat asks for everything.
    state.leaderSeen = 0;
    state.roster.entries.get(2)!.pages.clear();
    state.roster.pagesCount = state.roster.entries.get(1)!.pages.size;
    state.roster.peersCount = 6;
    world.run(400);
    expect(state.roster.entries.get(2)!.pages.size).toBe(3);
  });

  it('pages that were lost on the way to the leader are asked for', () => {
    const world = lanesRing();
    world.runUntil(allKnow(world, 12), 2_000);
    world.lane(1, 2).state.pagesVersion += 1;
    world.lane(1, 2).state.pageVersions[0]! += 1;
    world.run(600);
    const page = world
      .lane(1)
      .state.roster.entries.get(1)!
      .pages.get(2 * 4_096)!;
    expect(page.page.version).toBe(world.lane(1, 2).state.pagesVersion);
  });
});
