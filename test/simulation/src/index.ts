// The scenarios that the command `simulate` knows.
import type { Scenario } from '@chordial/simulator';
import { pingPong, pingPongHasty } from './ping-pong.ts';

export const scenarios: readonly Scenario[] = [pingPong, pingPongHasty];
