// The public face of the counter; its words are in `@chordial/counter/protocol`.
export { counterBehaviour } from './behaviour.ts';
export { type CounterConfig, type CounterState, initCounter, stepCounter } from './counter.ts';
