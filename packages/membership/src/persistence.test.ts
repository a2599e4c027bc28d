// What outlives the process: the file is written after changes, read at birth, and never believed blindly.
import { makeAddress } from '@chordial/actor';
import type { PeerPlaced } from '@chordial/chord/protocol';
import { describe, expect, it } from 'vitest';
import { ringOf, World } from './world.fixture.ts';

const text = (world: World, host: number): string => new TextDecoder().decode(world.hosts.get(host)!.disk);
const written = (world: World, host: number) =>
  JSON.parse(text(world, host)) as { hosts: { host: number; phase: string }[]; places: string[]; life: number };

describe('the file', () => {
  it('holds the other hosts, their phases, and the places of own peers; it is written once a second at most', () => {
    const world = ringOf(3, 1, { founders: 2, hasDisk: true });
    world.run(3_000);
    expect(written(world, 1).hosts).toMatchObject([
      { host: 2, port: 7_002, fingerprint: 'print-2', phase: 'alive' },
      { host: 3, phase: 'alive' },
    ]);
    expect(written(world, 1).places.toSorted()).toEqual([0, 1].map((i) => world.member(1, 0, i).key).toSorted());
    const before = world.writes;
    world.run(10_000);
    expect(world.writes).toBe(before);
    for (let i = 0; i < 20; i++) {
      const phase = i % 2 === 0 ? 'left' : 'member';
      world.tell(1, 0, { type: 'peer-changed', self: world.member(1, 0, 0), phase });
      world.run(100);
    }
    expect(world.writes - before).toBeGreaterThan(1);
    expect(world.writes - before).toBeLessThanOrEqual(12);
  });

  it('brings a restarted host back without seeds, at its places, with a life above its last even if its clock is behind', () => {
    const world = ringOf(3, 1, { founders: 2, hasDisk: true });
    world.run(3_000);
    const lifeBefore = written(world, 2).life;
    world.crash(2);
    world.run(7_000);
    world.startHost(2, { hasDisk: true, life: 1_600_000_000_000 });
    const heard = world.addPeer(2, 0, 0) as PeerPlaced[];
    world.tell(2, 0, { type: 'place-peer', chord: world.member(2, 0, 0).chord });
    expect(heard).toHaveLength(0);
    world.runUntil(() => heard.length > 0, 3_000);
    expect([0, 1].map((i) => world.member(2, 0, i).key)).toContain(heard[0]!.key);
    world.run(2_000);
    expect(world.lane(2).state.roster.entries.get(2)!.record.life).toBeGreaterThan(lifeBefore);
    for (const host of [1, 3]) expect(world.phase(2, host)).toBe('alive');
    expect(world.keys(2)).toHaveLength(4);
  });

  it.each(['{"hosts":[', '[]', '"x"', 'null', '{"hosts":[null,{"host":"a"}],"places":[5,"zz"]}', '\u0000\u00ff'])(
    'garbage in it is ignored: %s',
    (garbage) => {
      const world = new World();
      world.startHost(1, { founders: 2 });
      world.startHost(2, { seeds: [1] }).disk = new TextEncoder().encode(garbage);
      world.startHost(2, { seeds: [1], hasDisk: true });
      world.run(2_500);
      expect(world.keys(2)).toHaveLength(2);
      const warnings = world
        .lane(2)
        .reports.filter((report) => 'sentence' in report && report.sentence.includes('not what was written'));
      expect(warnings).toHaveLength(garbage.startsWith('{"hosts":[null') ? 0 : 1);
    },
  );

  it('of another host gives its contacts and not its places', () => {
    const world = ringOf(2, 1, { founders: 2, hasDisk: true });
    world.run(2_000);
    const { disk } = world.hosts.get(2)!;
    world.startHost(3, { fingerprint: 'new' }).disk = disk;
    world.startHost(3, { fingerprint: 'new', hasDisk: true });
    world.runUntil(() => world.keys(3).length === 4, 3_000);
    expect(world.lane(3).state.placesEarlier).toEqual([]);
  });

  it('names with letters beyond ASCII are written as escapes', () => {
    const world = new World();
    world.startHost(1, { hasDisk: true });
    world.tell(1, 0, { type: 'host-introduced', ...world.contact(2), address: 'höst.example' });
    world.addPeer(1, 0, 0);
    world.tell(1, 0, { type: 'peer-changed', self: world.member(1, 0, 0), phase: 'member' });
    world.run(1_500);
    expect(text(world, 1)).toContain('h\\u00f6st.example');
    expect(JSON.stringify(written(world, 1).hosts)).toContain('höst');
  });
});

describe('a disk that fails', () => {
  it('is told of once, and everything goes on', () => {
    const world = ringOf(2, 1, { founders: 2, hasDisk: true });
    const failed = { type: 'disk-failed', code: 'ENOSPC', sentence: 'no space' } as const;
    world.run(1_000);
    for (const correlation of [2, 2, 1]) world.tell(1, 0, { ...failed, correlation });
    world.run(2_000);
    const warnings = world
      .lane(1)
      .reports.filter((report) => 'sentence' in report && report.sentence.includes('no space'));
    expect(warnings).toHaveLength(1);
    expect(world.keys(1)).toHaveLength(4);
  });

  it('that never answers is not waited for: places are given after two seconds', () => {
    const world = new World();
    world.startHost(1, { founders: 2 });
    world.startHost(2, { seeds: [1], config: { disk: makeAddress(2, 0, 999) } });
    const heard = world.addPeer(2, 0, 0) as PeerPlaced[];
    world.tell(2, 0, { type: 'place-peer', chord: world.member(2, 0, 0).chord });
    world.run(1_500);
    expect(heard).toHaveLength(0);
    world.run(1_000);
    expect(heard).toHaveLength(1);
  });
});
