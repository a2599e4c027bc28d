// The public face of sip-transaction: the behaviour for a host's wiring. Its words are in `@chordial/sip-transaction/protocol`.
export { sipTransaction } from './behaviour.ts';
export { type SipTransactionConfig, TIMER_J_MS } from './transaction.ts';
