// What peers and watchers of a lane are told, and where peers are placed.
import { makeAddress } from '@chordial/actor';
import type { PeerPlaced, RingChanged, SuccessorHinted } from '@chordial/chord/protocol';
import { distance, parseRingKey, type RingKey, ringKeyFromText } from '@chordial/ring-key';
import { describe, expect, it } from 'vitest';
import { at, ringOf, startedAt, World } from './world.fixture.ts';

describe('watchers', () => {
  it('hear the members at once, asking again is answered again, and every change has a higher epoch', () => {
    const world = ringOf(2);
    const heard: RingChanged[] = [];
    const lane = world.lane(1);
    const replyTo = lane.listen(30, (message) => heard.push(message as RingChanged)) as never;
    world.tell(1, 0, { type: 'watch-ring', replyTo });
    world.tell(1, 0, { type: 'watch-ring', replyTo });
    expect(heard.map(({ members }) => members.length)).toEqual([8, 8]);
    world.tell(1, 0, { type: 'peer-changed', self: world.member(1, 0, 0), phase: 'left' });
    world.run(100);
    expect(heard).toHaveLength(3);
    expect(heard[2]!.epoch).toBeGreaterThan(heard[1]!.epoch);
    expect(heard[2]!.members).toHaveLength(7);
    expect(heard[1]!.members).toHaveLength(8);
  });
});

describe('local peers', () => {
  it('hear who follows them, again once a second for five seconds, and then every ten', () => {
    const world = ringOf(2);
    world.run(10_000);
    const { member, heard } = world.lane(1).peers[0]!;
    const hints = (): SuccessorHinted[] =>
      heard.splice(0).filter(({ type }) => type === 'successor-hinted') as SuccessorHinted[];
    expect(hints().at(-1)!.candidate.key).toBe(world.keys(1)[(world.keys(1).indexOf(member.key) + 1) % 8]);
    world.run(20_000);
    expect(hints()).toHaveLength(2);
    const between = {
      ...world.member(2, 0, 8),
      key: (member.key.slice(0, 39) + (member.key.endsWith('f') ? 'e' : 'f')) as RingKey,
    };
    world.tell(2, 0, { type: 'peer-changed', self: between, phase: 'member' });
    world.run(20_000);
    const heardNow = hints();
    if (between.key > member.key) {
      expect(new Set(heardNow.map(({ candidate }) => candidate.key))).toEqual(new Set([between.key]));
      expect(heardNow.length).toBeGreaterThanOrEqual(5);
      expect(heardNow.length).toBeLessThanOrEqual(9);
    }
  });

  it('hear of a member that is gone from its page, and of one that is another now', () => {
    const world = ringOf(2);
    const { heard } = world.lane(1).peers[0]!;
    heard.length = 0;
    const old = world.member(2, 0, 1);
    world.tell(2, 0, { type: 'peer-changed', self: { ...old, life: old.life + 7 }, phase: 'member' });
    world.tell(2, 0, { type: 'peer-changed', self: world.member(2, 0, 2), phase: 'left' });
    world.run(300);
    const lost = heard.filter(({ type }) => type === 'members-lost');
    expect(lost).toEqual([{ type: 'members-lost', hosts: [], members: [old, world.member(2, 0, 2)] }]);
    expect(world.lane(1).ring!.members.find(({ key }) => key === old.key)!.life).toBe(old.life + 7);
  });

  it('that are joining are in no page', () => {
    const world = ringOf(2);
    world.addPeer(1, 0, 8);
    world.tell(1, 0, { type: 'peer-changed', self: world.member(1, 0, 8), phase: 'joining' });
    world.run(500);
    expect(world.keys(2)).toHaveLength(8);
    world.tell(1, 0, { type: 'peer-changed', self: world.member(1, 0, 8), phase: 'member' });
    world.run(500);
    expect(world.keys(2)).toHaveLength(9);
    world.tell(1, 0, { type: 'peer-changed', self: world.member(1, 0, 8, 1_700_000_000_009), phase: 'joining' });
    world.run(500);
    expect(world.keys(2)).toHaveLength(8);
  });

  it('of more than one page are all known', () => {
    const world = new World();
    world.startHost(1, { founders: 1_300 });
    world.startHost(2, { founders: 0, seeds: [1] });
    world.runUntil(() => world.keys(2).length === 1_300);
    expect(world.lane(2).state.roster.entries.get(1)!.pages.size).toBe(3);
  });
});

describe('places', () => {
  const placed = (world: World, host: number, i: number): PeerPlaced | undefined => {
    const heard = world.addPeer(host, 0, i) as PeerPlaced[];
    world.tell(host, 0, { type: 'place-peer', chord: world.member(host, 0, i).chord });
    world.run(5);
    return heard.at(-1);
  };

  it('are middles of largest arcs, and those given and not yet taken count as taken', () => {
    const world = ringOf(2, 1, { founders: 1 });
    const keys = [...world.keys(1)];
    for (let i = 4; i < 9; i++) {
      const sorted = keys.toSorted();
      const arcs = sorted.map((key, j) => distance(sorted.at(j - 1)!, key));
      const largest = arcs.toSorted((a, b) => (a < b ? -1 : 1)).at(-1)!;
      const place = placed(world, 2, i)!;
      const next = sorted.find((key) => key > place.key) ?? sorted[0]!;
      const off = distance(place.key, next) * 2n - largest;
      expect(off < 2n ** 114n && off > -(2n ** 114n)).toBe(true);
      expect(place.contact.host).toBe(1);
      keys.push(place.key);
    }
  });

  it('of an earlier life come first, unless somebody else is there now', () => {
    const world = new World();
    world.startHost(1, { founders: 2 });
    const [mine, other] = [ringKeyFromText('mine'), world.member(1, 0, 0).key];
    world.startHost(2, { seeds: [1], config: { placesEarlier: [other, mine] } });
    world.run(1_000);
    expect(placed(world, 2, 0)!.key).toBe(mine);
    expect([mine, other]).not.toContain(placed(world, 2, 1)!.key);
  });

  it('are given again once when asked again, then another is drawn, and an untaken one is free after ten seconds', () => {
    const world = ringOf(2, 1, { founders: 3 });
    const first = placed(world, 1, 5)!.key;
    const ask = (): string => {
      const heard: PeerPlaced[] = [];
      const { chord } = world.member(1, 0, 5);
      world.lane(1).kernel.cellAt(chord as never);
      const peer = world.lane(1).peers.find(({ member }) => member.chord === chord)!;
      peer.heard.length = 0;
      world.tell(1, 0, { type: 'place-peer', chord });
      world.run(5);
      heard.push(...(peer.heard as PeerPlaced[]));
      return heard.findLast(({ type }) => type === 'peer-placed')!.key;
    };
    expect(ask()).toBe(first);
    const second = ask();
    expect(second).not.toBe(first);
    world.run(11_000);
    expect(world.lane(1).state.given.size).toBe(0);
    expect(parseRingKey(ask())).toBeDefined();
  });
});

describe('routes', () => {
  it('are told for hosts that introduce themselves, whose picture is then asked for', () => {
    const world = new World();
    world.startHost(1, { founders: 2 });
    world.startHost(2, { founders: 2 });
    world.tell(1, 0, { type: 'host-introduced', ...world.contact(2) });
    expect(world.lane(1).routes.get(2)).toMatchObject({ type: 'route-host', host: 2, via: 0, fingerprint: 'print-2' });
    world.runUntil(() => world.keys(1).length === 4 && world.keys(2).length === 4, 2_000);
    expect(world.lane(1).state.contacts.size).toBe(0);
  });

  it('tell of a new life of a host on every lane, and not of a leading lane that started again', () => {
    const world = new World();
    world.startHost(1, { lanes: 2, founders: 1 });
    world.startHost(2, { lanes: 2, founders: 1, seeds: [1] });
    world.runUntil(() => [0, 1].every((lane) => world.lane(1, lane).routes.has(2)), 2_000);
    const lifeOf = (lane: number) => world.lane(1, lane).routes.get(2)!.life;
    const { life } = world.lane(1).state.roster.entries.get(2)!.record;
    world.runUntil(() => [0, 1].every((lane) => lifeOf(lane) === life), 2_000);
    world.run(2_000);
    world.startLane(world.hosts.get(2)!, 0, 0);
    world.runUntil(() => [0, 1].every((lane) => recordOf(lane).life > life && recordOf(lane).lanesUp.length === 2));
    expect([lifeOf(0), lifeOf(1)]).toEqual([life, life]);
    world.crash(2);
    world.run(1_000);
    world.startHost(2, { lanes: 2, founders: 1, seeds: [1], life: startedAt + 1 });
    const wanted = () => world.lane(2).state.roster.entries.get(2)!.record.life;
    world.runUntil(() => [0, 1].every((lane) => lifeOf(lane) === wanted()), 2_000);
    expect(wanted()).toBeGreaterThan(life + 3_000);

    function recordOf(lane: number) {
      return world.lane(1, lane).state.roster.entries.get(2)!.record;
    }
  });

  it('of hosts that are dead for a day are forgotten, and old gossip does not bring them back', () => {
    const world = ringOf(3, 1, { founders: 1 });
    world.crash(3);
    const { record } = world.lane(1).state.roster.entries.get(3)!;
    world.run(8_000);
    expect(world.phase(3, 1)).toBe('dead');
    for (const host of [1, 2]) world.lane(host).state.roster.entries.get(3)!.phaseAt -= 24 * 3_600_000;
    world.run(3_000);
    expect(world.phase(3, 1)).toBe('unknown');
    expect(world.lane(1).routes.has(3)).toBe(false);
    world.tell(
      1,
      0,
      { type: 'spread-news', isAnswer: false, records: [record], pages: [], opinions: [] },
      makeAddress(2, 0, at),
    );
    expect(world.phase(3, 1)).toBe('unknown');
    const again = { ...record, version: record.version + 1 };
    world.tell(1, 0, { type: 'spread-news', isAnswer: false, records: [again], pages: [], opinions: [] });
    expect(world.phase(3, 1)).toBe('alive');
  });
});
