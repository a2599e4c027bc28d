// The public face of dispatcher: the behaviour for a host's wiring. Its words are in `@chordial/dispatcher/protocol`.
export { countedMethods } from './admission.ts';
export { dispatcher } from './behaviour.ts';
export type { DispatcherConfig } from './state.ts';
