// The ring under churn over a few seeds, the directed histories, and what is measured in a large ring. Thousands of seeds are run by the
// command `simulate`.
import { formatFault, inputOf, runScenario, Simulation, simulateSeeds } from '@chordial/simulator';
import { describe, expect, it } from 'vitest';
import { chordChurn } from './chord-churn.ts';
import { chordHistories, historiesCount } from './chord-histories.ts';
import { chordSteady } from './chord-steady.ts';
import { addRing } from './ring-hosts.ts';
import { addPeer } from './ring-program.ts';
import { tablesOf } from './ring-quiet.ts';
import { shapeOf } from './ring-shape.ts';
import { RingWorld } from './ring-world.ts';

describe('chord-churn', () => {
  it('holds over 16 seeds of every weather', () => {
    const durationMs = chordChurn.durationMs!;
    const { failures } = simulateSeeds(chordChurn, { seedsCount: 16, durationMs, shrinkRuns: 20 });
    expect(failures.map(({ seed, shown }) => [seed, shown.violation, shown.input.plan.map(formatFault)])).toEqual([]);
    const weathers = new Set(Array.from({ length: 16 }, (_, seed) => shapeOf(seed + 1).weather));
    expect([...weathers].sort()).toEqual(['calm', 'crash', 'partition', 'storm']);
  }, 120_000);

  it('never lets more than a minority of hosts fail at once', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const { plan } = inputOf(chordChurn, seed, chordChurn.durationMs!);
      const outages = plan.filter(({ kind }) => kind === 'crash-host' || kind === 'pause-host');
      for (const { at } of outages) {
        const failing = outages.filter((other) => other.at <= at && at < other.at + other.durationMs);
        expect(failing.length).toBeLessThan(shapeOf(seed).hostsCount / 2);
      }
    }
  });
});

describe('chord-histories', () => {
  it('none of the situations in which the protocol of 2001 breaks breaks this one', () => {
    const { failures } = simulateSeeds(chordHistories, {
      seedsCount: historiesCount * 2,
      durationMs: chordHistories.durationMs!,
      shrinkRuns: 1,
    });
    expect(failures.map(({ seed, shown }) => [seed, shown.violation])).toEqual([]);
  }, 60_000);
});

describe('chord-steady', () => {
  it('answers at least 99.9 % of all look-ups right the first time, 128 peers that live 600 s', () => {
    const durationMs = 60_000;
    const { violation, figures } = runScenario(chordSteady, inputOf(chordSteady, 1, durationMs));
    expect(violation).toBeUndefined();
    const { asked = 0, right = 0, askedOneHop = 0, rightOneHop = 0 } = figures;
    expect(askedOneHop).toBeGreaterThan(10_000);
    expect(rightOneHop / askedOneHop).toBeGreaterThan(0.999);
    expect(right / asked).toBeGreaterThan(0.999);
  }, 60_000);
});

/** 128 peers on 32 hosts, one second apart at most in virtual time from what is measured. */
describe('news in a ring of 128 peers', () => {
  const ring = () => {
    const simulation = new Simulation({ seed: 7 });
    const world = new RingWorld(simulation);
    const spec = {
      hostsCount: 32,
      laterAtMs: [],
      lanesCount: 1,
      peersCount: 128,
      successorsCount: 16,
      hasService: true,
    };
    const configs = addRing(simulation, world, { ...spec, askEveryMs: 1_000 });
    simulation.run(5_000);
    return { simulation, world, configs };
  };
  const everywhere = (world: RingWorld, isRight: (keys: readonly string[]) => boolean): boolean =>
    tablesOf(world).every(({ members }) => isRight(members.map(({ key }) => key)));

  it('of a joined peer reaches every host within 2 s, and its neighbours within a period and a hop', () => {
    const { simulation, world, configs } = ring();
    addPeer(world, 3, 0, configs[3]!);
    const joiner = () => world.members().find(({ self }) => self.life > 0);
    expect(simulation.runUntil(() => joiner() !== undefined, 2_000)).toBe(true);
    const { self, predecessor } = joiner()!;
    const before = () => world.members().find((peer) => peer.self.chord === predecessor.chord)!;
    const after = () => world.members().find((peer) => peer.self.chord === joiner()!.successors[0]!.chord)!;
    const joinedAt = simulation.now;
    expect(simulation.runUntil(() => everywhere(world, (keys) => keys.includes(self.key)), 2_000)).toBe(true);
    simulation.run(joinedAt + 1_000 + 5);
    expect(before().successors[0]!.key).toBe(self.key);
    expect(after().predecessor.key).toBe(self.key);
  }, 30_000);

  it.each([
    ['killed', false],
    ['without power', true],
  ])(
    'of a host that is %s reaches every host within 2 s, and its neighbours too',
    (_, silent) => {
      const { simulation, world } = ring();
      const dead = world.hosts[9]!;
      const lost = world
        .members()
        .filter(({ self }) => self.host === dead.number)
        .map(({ self }) => self.key as string);
      expect(lost.length).toBe(4);
      dead.stop(false, silent);
      const hasNone = (keys: readonly string[]): boolean => !keys.some((key) => lost.includes(key));
      const diedAt = simulation.now;
      expect(simulation.runUntil(() => everywhere(world, hasNone), 2_000)).toBe(true);
      simulation.run(diedAt + 2_000);
      for (const { successors, predecessor } of world.members()) {
        expect(lost).not.toContain(successors[0]!.key);
        expect(lost).not.toContain(predecessor.key);
      }
    },
    30_000,
  );
});
