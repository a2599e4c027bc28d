// Gossip: news goes to three, comparing mends what was lost, numbers belong to one fingerprint, messages stay small.
import type { Address } from '@chordial/actor';
import type { PeerPlaced } from '@chordial/chord/protocol';
import { describe, expect, it } from 'vitest';
import type { HostsListed, LeaveAnnounced, MembershipMessage } from './protocol.ts';
import { ringOf, typesOf, World } from './world.fixture.ts';

/** A scripted listener on a lane, and what it heard. */
function listener<M>(world: World, host: number): { address: Address<M>; heard: M[] } {
  const heard: M[] = [];
  const lane = world.lane(host);
  const address = lane.listen(30, (message) => heard.push(message as M)) as number as Address<M>;
  return { address, heard };
}

describe('news', () => {
  it('is spread at once to three hosts by each to whom it is news, so that 16 hosts know in a few steps', () => {
    const world = ringOf(16, 3, { founders: 1 });
    world.run(1_000);
    world.log = [];
    world.addPeer(5, 0, 7);
    world.tell(5, 0, { type: 'peer-changed', self: world.member(5, 0, 7), phase: 'member' });
    const took = world.runUntil(() => [...world.hosts.keys()].every((host) => world.keys(host).length === 17));
    expect(took).toBeLessThan(600);
    const spread = world.log.filter(
      ({ message }) => message.type === 'spread-news' && message.pages.length > 0 && !message.isAnswer,
    );
    expect(spread.filter(({ from }) => from === 5)).toHaveLength(3);
    expect(spread.length).toBeLessThanOrEqual(16 * 3);
  });

  it('of failures does not wait for the gathering of other news', () => {
    const world = ringOf(3);
    const { life, version } = world.lane(3).state.roster.entries.get(3)!.record;
    world.crash(3);
    const opinions = [{ host: 3, life, version, phase: 'slow' } as const];
    world.log = [];
    world.tell(1, 0, { type: 'spread-news', isAnswer: false, records: [], pages: [], opinions });
    world.runUntil(() => world.keys(1).length === 8, 1_200);
    expect(world.log.filter(({ message }) => message.type === 'spread-news').map(({ to }) => to)).toContain(2);
  });

  it('that is garbage is counted and left out', () => {
    const world = ringOf(2);
    const { record } = world.lane(2).state.roster.entries.get(2)!;
    const bad = [
      null,
      { ...record, life: Number.NaN },
      { ...record, host: 70_000 },
      { ...record, lanesUp: [[0]] },
      { ...record, address: 7 },
    ];
    const page = { host: 2, lane: 0, page: 0, life: record.life, version: 99, peers: [[20, 'no key', 1]] };
    const message = {
      type: 'spread-news',
      isAnswer: false,
      records: bad,
      pages: [page, { ...page, peers: 5 }],
      opinions: [{ ...record, phase: 'well' }],
    };
    world.tell(1, 0, message as unknown as MembershipMessage);
    expect(world.lane(1).state.counts.refused).toBe(8);
    expect(world.keys(1)).toHaveLength(8);
  });
});

describe('comparing', () => {
  it('brings what news lost, both ways', () => {
    const world = ringOf(2);
    world.cut([1], [2]);
    world.addPeer(1, 0, 9);
    world.addPeer(2, 0, 9);
    world.tell(1, 0, { type: 'peer-changed', self: world.member(1, 0, 9), phase: 'member' });
    world.tell(2, 0, { type: 'peer-changed', self: world.member(2, 0, 9), phase: 'member' });
    world.run(200);
    world.cuts.clear();
    expect(world.keys(1)).toHaveLength(9);
    world.log = [];
    world.runUntil(() => world.keys(1).length === 10 && world.keys(2).length === 10, 3_000);
    expect(typesOf(world.log.map(({ message }) => message))).toContain('compare-rosters');
  });

  it('keeps each message below 64 KB, with 10,000 members', () => {
    const world = new World(4);
    world.startHost(1, { founders: 5_000, config: { membersMax: 20_000 } });
    world.startHost(2, { founders: 5_000, config: { membersMax: 20_000 } });
    world.countsBytes = true;
    world.startHost(3, { founders: 1, seeds: [1, 2], config: { membersMax: 20_000 } });
    world.runUntil(() => world.keys(3).length === 10_001 && world.keys(1).length === 10_001, 5_000);
    expect(world.biggest).toBeLessThan(64 * 1_024);
  });

  it('beyond membersMax keeps hosts and one contact a page, tells watchers no members, and says so', () => {
    const world = ringOf(3, 1, { founders: 4, config: { membersMax: 14 } });
    world.addPeer(1, 0, 9);
    for (const i of [9, 10, 11]) {
      world.addPeer(2, 0, i);
      world.tell(2, 0, { type: 'peer-changed', self: world.member(2, 0, i), phase: 'member' });
    }
    world.run(2_000);
    for (const host of [1, 2, 3]) {
      expect(world.lane(host).ring).toMatchObject({ members: [], hosts: [1, 2, 3] });
      expect(world.inspect(host)).toMatchObject({ isTooLarge: 1, members: 15, hosts: 3 });
      expect(world.lane(host).state.picture.members.length).toBeLessThan(15);
    }
    for (const { heard } of world.lane(1).peers) expect(typesOf(heard)).not.toContain('members-lost');
    for (const i of [9, 10, 11]) world.tell(2, 0, { type: 'peer-changed', self: world.member(2, 0, i), phase: 'left' });
    world.runUntil(() => [1, 2, 3].every((host) => world.keys(host).length === 12), 8_000);
  });
});

describe('a host number', () => {
  it('that two hosts have is kept by the smaller fingerprint; the other is told to start again with a new one', () => {
    const world = ringOf(2);
    world.run(500);
    const first = world.startHost(3, { founders: 2, seeds: [1], fingerprint: 'b' });
    world.run(1_000);
    const loser = first.lanes[0]!;
    const record = { ...loser.state.roster.entries.get(3)!.record, fingerprint: 'a', address: '10.9.9.9' };
    world.tell(2, 0, { type: 'spread-news', isAnswer: false, records: [record], pages: [], opinions: [] });
    world.runUntil(() => loser.reports.some(({ type }) => type === 'host-number-taken'), 4_000);
    world.run(1_000);
    expect(world.lane(1).state.roster.entries.get(3)!.record.fingerprint).toBe('a');
    expect(world.lane(1).routes.get(3)!.address).toBe('10.9.9.9');
    const again = { ...record, fingerprint: 'b', life: record.life + 5 };
    world.tell(1, 0, { type: 'spread-news', isAnswer: false, records: [again], pages: [], opinions: [] });
    expect(world.lane(1).state.roster.entries.get(3)!.record.fingerprint).toBe('a');
  });

  it('an own record of a higher life makes this life higher', () => {
    const world = ringOf(3);
    world.run(1_000);
    world.crash(3);
    world.run(1_000);
    // The clock was set back by an hour.
    world.startHost(3, { founders: 3, seeds: [1], life: 1_700_000_000_000 - 3_600_000 });
    world.runUntil(() => [1, 2, 3].every((host) => world.keys(host).length === 11), 6_000);
    expect(world.lane(3).state.lifeAhead).toBeGreaterThan(3_500_000);
    expect(world.phase(3, 1)).toBe('alive');
  });

  it('a restarted host with a later clock replaces its former life at once', () => {
    const world = ringOf(3);
    world.run(1_000);
    world.crash(3);
    world.startHost(3, { founders: 0, seeds: [2], life: 1_700_000_005_000 });
    world.runUntil(() => [1, 2, 3].every((host) => world.keys(host).length === 8), 4_000);
    const lost = world.lane(1).peers[0]!.heard.filter(({ type }) => type === 'members-lost');
    expect(JSON.stringify(lost)).toContain(world.member(3, 0, 2).key);
  });
});

describe('a leave', () => {
  it('is told to everybody, answered when all know, and lasts', () => {
    const world = ringOf(4);
    world.run(1_000);
    for (const { member } of world.lane(4).peers)
      world.tell(4, 0, { type: 'peer-changed', self: member, phase: 'left' });
    world.run(100);
    const { address, heard } = listener<LeaveAnnounced>(world, 4);
    world.tell(4, 0, { type: 'announce-leave', replyTo: address, correlation: 9 });
    expect(world.runUntil(() => heard.length > 0)).toBeLessThan(100);
    expect(heard).toEqual([{ type: 'leave-announced', correlation: 9 }]);
    for (const host of [1, 2, 3]) expect(world.phase(4, host)).toBe('left');
    world.run(300);
    world.crash(4);
    world.run(10_000);
    for (const host of [1, 2, 3]) expect(world.phase(4, host)).toBe('left');
    expect(world.newsOf(1).at(-1)).toBe('left');
    expect(world.lane(1).routes.has(4)).toBe(false);
    expect(world.keys(1)).toHaveLength(12);
  });

  it('is answered after 500 ms when somebody does not acknowledge', () => {
    const world = ringOf(3);
    world.run(1_000);
    world.crash(2);
    const { address, heard } = listener<LeaveAnnounced>(world, 3);
    world.tell(3, 0, { type: 'announce-leave', replyTo: address, correlation: 1 });
    expect(heard).toHaveLength(0);
    const took = world.runUntil(() => heard.length > 0);
    expect(took).toBeGreaterThanOrEqual(490);
    expect(took).toBeLessThan(800);
  });

  it('of a host that is alone is answered at once; a host that comes back in a new life is alive again', () => {
    const world = ringOf(2);
    const { address, heard } = listener<LeaveAnnounced>(world, 2);
    world.tell(2, 0, { type: 'announce-leave', replyTo: address, correlation: 1 });
    world.run(300);
    expect(heard).toHaveLength(1);
    world.crash(2);
    world.startHost(2, { founders: 1, seeds: [1], life: 1_700_000_100_000 });
    world.runUntil(() => world.phase(2, 1) === 'alive' && world.keys(1).length === 5, 3_000);
  });
});

it('list-hosts says how every host fares, how far it is and by whom it is reached', () => {
  const world = ringOf(3);
  world.latencyMs = 20;
  world.run(20_000);
  world.crash(3);
  world.run(2_000);
  const { address, heard } = listener<HostsListed>(world, 1);
  world.tell(1, 0, { type: 'list-hosts', replyTo: address, correlation: 5 });
  world.run(1);
  expect(heard[0]!.type).toBe('hosts-listed');
  const { hosts } = heard[0]!;
  expect(hosts.map(({ host, phase, peersCount, via }) => [host, phase, peersCount, via])).toEqual([
    [1, 'alive', 4, 0],
    [2, 'alive', 4, 0],
    [3, 'slow', 4, 0],
  ]);
  expect(hosts[1]!.rttMs).toBeGreaterThan(30);
});

it('a joiner that is alone gets no place until it knows a member', () => {
  const world = new World();
  world.startHost(1, { founders: 0 });
  const heard = world.addPeer(1, 0, 0) as PeerPlaced[];
  world.tell(1, 0, { type: 'place-peer', chord: world.member(1, 0, 0).chord });
  world.run(3_000);
  expect(heard).toHaveLength(0);
  world.startHost(2, { founders: 3, seeds: [1] });
  world.run(1_000);
  expect(heard[0]).toMatchObject({ type: 'peer-placed', contact: { host: 2 } });
});
