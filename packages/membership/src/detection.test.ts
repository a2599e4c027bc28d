// Failure detection between hosts: silence, suspicion, refutation, death, relays, lag, and standing still.
import { describe, expect, it } from 'vitest';
import { ringOf, typesOf } from './world.fixture.ts';

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
    expect(world.newsOf(1)).toEqual(['joined', 'joined', 'slow', 'dead']);
  });

  it('is asked for through three others, and directly once more, and all that again, before it is suspected', () => {
    const world = ringOf(6);
    world.run(1_000);
    world.crash(6);
    const before = world.lane(1).state.counts.suspicions;
    world.log = [];
    world.runUntil(() => world.phase(6, 1) === 'slow');
    const relayed = world.log.filter(({ message }) => message.type === 'probe-host' && message.about === 6);
    const askers = new Map<number, number>();
    for (const { from, to, message } of relayed) {
      const key = message.type === 'probe-host' && to !== 6 ? message.correlation * 100 + from : 0;
      askers.set(key, (askers.get(key) ?? 0) + 1);
    }
    askers.delete(0);
    expect([...askers.values()]).toContain(6);
    expect(world.lane(1).state.counts.suspicions).toBeGreaterThanOrEqual(before);
  });

  it('is asked for at once when its link breaks, without waiting for the next probe to time out', () => {
    const world = ringOf(3);
    world.run(2_000);
    world.crash(2);
    const unlinked = { type: 'host-unlinked', host: 2, code: 'ECONNRESET', sentence: 'reset' } as const;
    world.tell(1, 0, unlinked);
    expect(world.runUntil(() => world.phase(2, 1) === 'slow')).toBeLessThan(700);
  });

  it('is not asked for when a link to its former life was left, as it is back', () => {
    const world = ringOf(3);
    world.run(2_000);
    const before = world.lane(1).state.correlation;
    world.tell(1, 0, { type: 'host-unlinked', host: 2, code: 'former-life', sentence: 'the host was started again' });
    expect(world.lane(1).state.correlation).toBe(before);
  });

  it('a probe that was refused on its own lane is not waited for either', () => {
    const world = ringOf(2);
    world.run(2_000);
    world.crash(2);
    world.lane(1).routes.clear();
    expect(world.runUntil(() => world.phase(2, 1) === 'slow')).toBeLessThan(150 * 2 + 500);
  });
});

describe('a suspicion', () => {
  it('of others is believed only when the suspect does not answer here either; it refutes it with a higher version', () => {
    const world = ringOf(4);
    world.run(2_000);
    const { life, version } = world.lane(2).state.roster.entries.get(2)!.record;
    const slander = { host: 2, life, version, phase: 'slow' } as const;
    world.tell(1, 0, { type: 'spread-news', isAnswer: false, records: [], pages: [], opinions: [slander] });
    world.runUntil(() => {
      expect(world.phase(2, 1)).toBe('alive');
      expect(world.keys(1)).toHaveLength(16);
      return world.lane(1).state.roster.entries.get(2)!.record.version > version;
    }, 500);
    expect(world.lane(1).state.accusations.get(2)?.isOpen).toBe(false);
    world.run(1_500);
    expect(world.lane(1).state.accusations.size).toBe(0);
    const after = world.lane(2).state.roster.entries.get(2)!.record;
    expect(after.version).toBe(version + 1);
    expect(world.lane(2).state.counts.refutations).toBe(1);
    world.runUntil(() => [1, 3, 4].every((host) => world.keys(host).length === 16), 500);
  });

  it('of others is believed after one time-out when the suspect is silent', () => {
    const world = ringOf(4);
    world.run(2_000);
    const { life, version } = world.lane(2).state.roster.entries.get(2)!.record;
    world.crash(2);
    const opinions = [{ host: 2, life, version, phase: 'slow' } as const];
    world.tell(1, 0, { type: 'spread-news', isAnswer: false, records: [], pages: [], opinions });
    expect(world.phase(2, 1)).toBe('alive');
    expect(world.runUntil(() => world.phase(2, 1) === 'slow', 1_000)).toBeLessThan(350);
  });

  it('of a former version is not believed', () => {
    const world = ringOf(2);
    const { life, version } = world.lane(2).state.roster.entries.get(2)!.record;
    const opinions = [{ host: 2, life, version: version - 1, phase: 'dead' } as const];
    world.tell(1, 0, { type: 'spread-news', isAnswer: false, records: [], pages: [], opinions });
    expect(world.phase(2, 1)).toBe('alive');
  });
});

describe('a host that lags', () => {
  it('is slow to others though it answers, does not refute while it lags, and comes back when it is on time', () => {
    const world = ringOf(3);
    world.run(2_000);
    world.lane(2).timersLateMs = 1_500;
    world.run(5_000);
    for (let i = 0; i < 30; i++, world.run(100))
      expect([world.phase(2, 1), world.phase(2, 3)]).toEqual(['slow', 'slow']);
    world.lane(2).timersLateMs = 0;
    world.runUntil(() => world.phase(2, 1) === 'alive' && world.phase(2, 3) === 'alive', 4_000);
    expect(world.phase(1, 2)).toBe('alive');
  });

  it('that stood still for ten seconds tells its peers to doubt what they own, blames nobody, and refutes its death', () => {
    const world = ringOf(3);
    world.run(2_000);
    world.pause(2, 10_000);
    world.run(9_900);
    expect(world.phase(2, 1)).toBe('dead');
    const reports = world.lane(2).reports.length;
    world.run(1_500);
    for (const { heard } of world.lane(2).peers) expect(typesOf(heard)).toContain('ownership-doubted');
    expect(world.lane(2).reports.length).toBe(reports);
    expect(world.phase(2, 1)).toBe('alive');
    expect(world.phase(2, 3)).toBe('alive');
    expect(world.newsOf(1).slice(-3)).toEqual(['slow', 'dead', 'alive']);
    for (const host of [1, 2, 3]) expect(world.keys(host)).toHaveLength(12);
  });
});

describe('a way that is cut between two hosts of three', () => {
  it.each([
    ['both ways', ['1>2', '2>1']],
    ['one way', ['1>2']],
    ['the other way', ['2>1']],
  ])('%s: they reach each other through the third, and directly when it is healed', (_, cuts) => {
    const world = ringOf(3);
    world.run(2_000);
    for (const cut of cuts) world.cuts.add(cut);
    // Whose own way works may keep it: the answers come through the third.
    const isRelayed = (from: number, to: number) =>
      !cuts.includes(`${from}>${to}`) || world.lane(from).routes.get(to)!.via === 3;
    world.runUntil(() => isRelayed(1, 2) && isRelayed(2, 1), 4_000);
    const before = world.newsOf(1).length;
    world.run(20_000);
    expect(world.newsOf(1).length).toBe(before);
    expect(world.phase(1, 2)).toBe('alive');
    expect(world.phase(2, 1)).toBe('alive');
    for (const host of [1, 2, 3]) expect(world.keys(host)).toHaveLength(12);
    world.cuts.clear();
    world.runUntil(() => world.lane(1).routes.get(2)!.via === 0 && world.lane(2).routes.get(1)!.via === 0, 62_000);
  });

  it('is tried at once when the hosts port says that the link is open again', () => {
    const world = ringOf(3);
    world.run(2_000);
    world.cut([1], [2]);
    world.runUntil(() => world.lane(1).routes.get(2)!.via === 3, 4_000);
    world.run(30_000);
    world.cuts.clear();
    world.tell(1, 0, { type: 'host-linked', host: 2 });
    expect(world.runUntil(() => world.lane(1).state.roster.entries.get(2)!.via === 0)).toBeLessThan(700);
  });

  it('when the relay dies as well, the other side is slow', () => {
    const world = ringOf(3);
    world.run(2_000);
    world.cut([1], [2]);
    world.runUntil(() => world.lane(1).routes.get(2)!.via === 3, 4_000);
    world.crash(3);
    world.runUntil(() => world.phase(3, 1) === 'slow' && world.phase(2, 1) === 'slow', 4_000);
  });
});

describe('a slow and lossy network', () => {
  it('200 ms and 5 % loss: no host is dead, suspicions are refuted, and time-outs adapt within their limits', () => {
    const world = ringOf(3);
    world.latencyMs = 200;
    world.loss = 0.05;
    world.run(60_000);
    for (const host of [1, 2, 3]) expect(world.newsOf(host)).not.toContain('dead');
    expect(world.lane(1).state.ways.get(2)!.estimator.smoothedMs).toBeGreaterThan(350);
    world.loss = 0;
    world.run(10_000);
    for (const host of [1, 2, 3]) expect(world.keys(host)).toHaveLength(12);
  });
});

describe('a partition', () => {
  it('is two rings, and one again when it heals: dead hosts are asked for ever', () => {
    const world = ringOf(6);
    world.run(2_000);
    world.cut([1, 2, 3], [4, 5, 6]);
    world.run(60_000);
    expect(world.phase(4, 1)).toBe('dead');
    expect(world.keys(1)).toHaveLength(12);
    expect(world.keys(4)).toHaveLength(12);
    expect(world.keys(1)).not.toEqual(world.keys(4));
    world.cuts.clear();
    const took = world.runUntil(() => [1, 2, 3, 4, 5, 6].every((host) => world.keys(host).length === 24), 10_000);
    expect(took).toBeLessThan(4_000);
  });
});
