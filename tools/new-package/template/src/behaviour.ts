// What a shell needs to run a counter.
import type { Behaviour } from '@chordial/actor';
import { type CounterConfig, type CounterState, counterInvariants, initCounter, stepCounter } from './counter.ts';
import { type CounterMessage, counterWords } from './protocol.ts';

export const counterBehaviour: Behaviour<CounterState, CounterMessage, CounterConfig> = {
  name: 'counter',
  init: initCounter,
  step: stepCounter,
  mailbox: { messagesMax: 1_000, overflow: 'refuse' },
  words: counterWords,
  invariants: counterInvariants,
  inspect: ({ total }) => ({ total }),
};
