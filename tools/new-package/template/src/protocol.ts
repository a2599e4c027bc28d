// Every word that the counter hears and says. Read this first.
import type { Address, Words } from '@chordial/actor';

/** Asks to add `amount`, a positive whole number. Answered by `amount-added` or `amount-refused`. */
export interface AddAmount {
  readonly type: 'add-amount';
  readonly replyTo: Address<CounterEvent>;
  readonly amount: number;
}
/** Timer: nobody has added anything for `quietMs`. */
export interface QuietDue {
  readonly type: 'quiet-due';
}
export type CounterMessage = AddAmount | QuietDue;

export interface AmountAdded {
  readonly type: 'amount-added';
  readonly total: number;
}
export interface AmountRefused {
  readonly type: 'amount-refused';
  /** A sentence for a person. */
  readonly sentence: string;
}
export type CounterEvent = AmountAdded | AmountRefused;

/** How the messages are written between threads and hosts: append fields, never reuse an opcode. */
export const counterWords: Words<CounterMessage> = {
  'add-amount': [1, 'replyTo', 'amount'],
  'quiet-due': [2],
};
