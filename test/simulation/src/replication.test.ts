// The scenario `replication` over a few seeds, its plans of faults, and the part of its seeded bugs that is caught fast. Thousands of seeds, and all
// bugs, are run by the command `simulate`.
import { ringKeyFromText } from '@chordial/ring-key';
import { formatFault, inputOf, runScenario, simulateSeeds } from '@chordial/simulator';
import { describe, expect, it } from 'vitest';
import { RecordHistory, seenBy } from './record-history.ts';
import { replication } from './replication.ts';
import { replicationMutations } from './replication-mutants.ts';
import { replicationShapeOf } from './replication-shape.ts';
import { tryMutations } from './trial.ts';

const durationMs = replication.durationMs!;

describe('replication', () => {
  it('holds over 8 seeds of every weather', () => {
    const weathers = new Set(Array.from({ length: 8 }, (_, seed) => replicationShapeOf(seed + 1).weather));
    expect([...weathers].sort()).toEqual(['calm', 'crash', 'partition', 'storm']);
    const { failures } = simulateSeeds(replication, { seedsCount: 8, durationMs, shrinkRuns: 20 });
    expect(failures.map(({ seed, shown }) => [seed, shown.violation, shown.input.plan.map(formatFault)])).toEqual([]);
  }, 120_000);

  it('gives the same history twice', () => {
    const input = inputOf(replication, 6, 20_000);
    expect(runScenario(replication, input).historyHash).toBe(runScenario(replication, input).historyHash);
  }, 30_000);

  it('never lets more hosts fail at once than a minority, nor disks before the last one has been given its records again', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const { plan } = inputOf(replication, seed, durationMs);
      const shape = replicationShapeOf(seed);
      const outages = plan.filter(({ kind }) => ['crash-host', 'pause-host', 'pause-lane', 'kill-lane'].includes(kind));
      for (const { at } of outages) {
        const failing = outages.filter((other) => other.at <= at && at < other.at + other.durationMs);
        expect(failing.length).toBeLessThan(shape.hostsCount / 2);
        expect(failing.length).toBeLessThanOrEqual(shape.downMax);
      }
      const losses = plan
        .filter((fault) => fault.kind === 'damage-disk' || (fault.kind === 'crash-host' && fault.disk === 'lost'))
        .map((fault) => [fault.at, 'host' in fault ? fault.host : -1] as const);
      for (const [at, host] of losses)
        for (const [other, otherHost] of losses)
          expect(host === otherHost && Math.abs(at - other) < 10).toBe(Math.abs(at - other) < 15_000);
    }
  });
});

describe('a record history', () => {
  const history = (): RecordHistory => new RecordHistory(1, 'siblings', ringKeyFromText('a'), 'a', false);
  const acknowledge = (write: { fate: string; endedAt: number }, at: number): void => {
    write.fate = 'acknowledged';
    write.endedAt = at;
  };

  it('wants what was acknowledged before the read began, unless a later write has seen it', () => {
    const record = history();
    const first = record.begin('1', new Set(), 0, 0);
    acknowledge(first, 10);
    expect(record.fault([], 5, 20)).toBeUndefined();
    expect(record.fault([], 10, 20)).toMatch('lost 1');
    record.begin('2', seenBy([first]), 0, 30);
    expect(record.fault([], 20, 25)).toMatch('lost 1');
    expect(record.fault([], 20, 40)).toBeUndefined();
  });

  it('does not want back what an acknowledged write has seen, itself or through what it saw', () => {
    const record = history();
    const first = record.begin('1', new Set(), 0, 0);
    const second = record.begin('2', seenBy([first]), 0, 1);
    const removal = record.begin('', seenBy([second]), 0, 2);
    expect(record.fault([first, second], 50, 60)).toBeUndefined();
    acknowledge(removal, 40);
    expect(record.fault([first], 50, 60)).toMatch('has 1 again');
    expect(record.fault([second], 50, 60)).toMatch('has 2 again');
    expect(record.fault([second], 30, 60)).toBeUndefined();
  });

  it('knows a value that nobody wrote', () => {
    const record = history();
    record.begin('1', new Set(), 0, 0);
    expect(record.read([['1', 0]])).toHaveLength(1);
    expect(record.read([['9', 0]])).toMatch('nobody wrote');
  });
});

describe('seeded bugs of replication', () => {
  it('are at least 20', () => {
    expect(replicationMutations.length).toBeGreaterThanOrEqual(20);
  });

  it.each([
    ['one-copy-is-enough', 'was acknowledged with'],
    ['acknowledged-before-commit', 'was acknowledged with'],
    ['no-tombstone', 'again, which an acknowledged write had superseded'],
    ['merge-drops-a-sibling', 'has lost'],
    ['released-before-repair', 'counts as settled, but has not'],
    ['snapshot-leaves-buckets-out', ''],
  ])(
    '%s',
    async (name, rule) => {
      const mutations = replicationMutations.filter((mutant) => mutant.name === name);
      const trial = { mutations, scenarios: ['replication'], seedsMax: 20, realMsMax: 120_000 };
      const { caught } = await tryMutations(trial);
      expect(caught?.sentence).toContain(rule);
    },
    200_000,
  );
});
