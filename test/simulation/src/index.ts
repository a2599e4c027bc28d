// The scenarios that the command `simulate` knows, and the mistakes that they must catch.
import type { Scenario } from '@chordial/simulator';
import { chordChurn } from './chord-churn.ts';
import { chordHistories } from './chord-histories.ts';
import { chordSteady, chordSteady64 } from './chord-steady.ts';
import { pingPong, pingPongHasty } from './ping-pong.ts';
import { register } from './register.ts';
import { registerRing } from './register-ring.ts';
import { replication } from './replication.ts';

export { type Mutant, mutants } from './mutants.ts';
export { tryMutations, type Verdict } from './trial.ts';

export const scenarios: readonly Scenario[] = [
  pingPong,
  pingPongHasty,
  register,
  registerRing,
  chordChurn,
  replication,
  chordHistories,
  chordSteady,
  chordSteady64,
];
