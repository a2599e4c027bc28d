// Seeded protocol bugs, each of which the scenarios must catch.
import type { Mutation } from './mutation.ts';

export interface Mutant extends Mutation {
  /** Scenarios that take turns to catch it. */
  readonly scenarios: readonly string[];
}

export const mutants: readonly Mutant[] = [];
