// The scenarios that the command `simulate` knows.
import type { Scenario } from '@chordial/simulator';
import { pingPong, pingPongHasty } from './ping-pong.ts';
import { register } from './register.ts';

export const scenarios: readonly Scenario[] = [pingPong, pingPongHasty, register];
