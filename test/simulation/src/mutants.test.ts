// The seeded bugs: none is stale, and a fast part of them is caught here; all are tried by `simulate --mutants`. Those of the protocol of
// 2001 break in the directed histories.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { historiesCount } from './chord-histories.ts';
import { mutants } from './mutants.ts';
import { mutate } from './mutation.ts';
import { tryMutations } from './trial.ts';

const sourceOf = (file: string): string => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');

describe('mutants', () => {
  it('are at least 20, each with a name of its own, and none is stale', () => {
    expect(mutants.length).toBeGreaterThanOrEqual(20);
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
    for (const mutant of mutants) expect(mutate(sourceOf(mutant.file), mutant)).not.toBe(sourceOf(mutant.file));
  });

  it('that are stale say so', async () => {
    const [mutant] = mutants;
    const stale = { ...mutant!, find: 'nowhere to be found' };
    const trial = { mutations: [stale], scenarios: ['chord-histories'], seedsMax: 1, realMsMax: 60_000 };
    await expect(tryMutations(trial)).rejects.toThrow('is stale: its text occurs 0 times');
  }, 60_000);

  it('are needed: without one the same trial finds nothing', async () => {
    const trial = { mutations: [], scenarios: ['chord-histories'], seedsMax: historiesCount, realMsMax: 60_000 };
    expect(await tryMutations(trial)).toMatchObject({ caught: undefined, runs: historiesCount });
  }, 60_000);
});

describe('the protocol of 2001, rule by rule, is caught in its histories', () => {
  it.each([
    ['no-wrap-around', ''],
    ['uncontacted-predecessor', 'that was not contacted'],
    ['join-without-list', 'has a live successor'],
    ['ring-of-one', ''],
    ['no-rectify', ''],
    ['leaves-below-the-base', 'are principals'],
    ['list-of-one-host', ''],
    ['takes-over-nothing', 'owns a range'],
    ['owns-before-hand-over', 'before its records were handed over'],
    ['no-epoch-increment', 'own the same keys'],
  ])(
    '%s',
    async (name, rule) => {
      const mutations = mutants.filter((mutant) => mutant.name === name);
      const seedsMax = historiesCount * 3;
      const { caught } = await tryMutations({
        mutations,
        scenarios: ['chord-histories'],
        seedsMax,
        realMsMax: 120_000,
      });
      expect(caught?.sentence).toContain(rule);
    },
    200_000,
  );
});
