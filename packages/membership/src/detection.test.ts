// Failure detection between hosts: silence, suspicion, refutation, death, relays, lag, and standing still.
import { describe, expect, it } from 'vitest';
import { World } from './world.fixture.ts';

function ringOf(count: number, seed = 1, founders = 4): World {
  const world = new World(seed);
  for (let host = 1; host <= count; host++) world.startHost(host, { founders, seeds: host === 1 ? [] : [1] });
  world.runUntil(() => [...world.hosts.keys()].every((host) => world.keys(host).length === count * founders));
  return world;
}

describe('hosts that know a seed', () => {
  it('all know all members within two seconds', () => {
    const world = ringOf(8);
    expect(world.now).toBeLessThan(2_000);
    const keys = world.keys(1);
    expect(keys).toEqual(keys.toSorted());
    for (const host of world.hosts.keys()) expect(world.keys(host)).toEqual(keys);
  });
});

describe('a host that is silent', () => {
  it('is slow within 1.5 s of its crash, which all peers hear, and dead 5 s later', () => {
    const world = ringOf(3);
    world.run(2_000);
    world.crash(2);
    const took = world.runUntil(() => world.phase(2, 1) === 'slow' && world.phase(2, 3) === 'slow');
    expect(took).toBeLessThan(1_500);
    expect(world.keys(1)).toHaveLength(8);
    for (const { heard } of [...world.lane(1).peers, ...world.lane(3).peers]) {
      expect(heard.filter(({ type }) => type === 'members-lost')).toEqual([
        { type: 'members-lost', hosts: [2], members: [] },
      ]);
    }
    world.run(4_000);
    expect(world.phase(2, 1)).toBe('slow');
    world.run(2_000);
    expect(world.phase(2, 1)).toBe('dead');
    expect(world.lane(1).reports.map((report) => 'phase' in report && report.phase)).toEqual([
      'joined',
      'joined',
      'slow',
      'dead',
    ]);
  });
});
