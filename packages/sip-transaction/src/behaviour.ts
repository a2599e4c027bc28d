// The transactions of a lane as a shell runs them.
import type { Behaviour } from '@chordial/actor';
import { transactionInvariants } from './invariants.ts';
import type { SipTransactionMessage } from './protocol.ts';
import { initTransaction, type SipTransactionConfig, type State, stepTransaction } from './transaction.ts';

/** Overload: a request that does not fit goes back to the dispatcher, which answers 503. */
export const sipTransaction: Behaviour<State, SipTransactionMessage, SipTransactionConfig> = {
  name: 'sip-transaction',
  init: initTransaction,
  step: stepTransaction,
  mailbox: { messagesMax: 32_768, overflow: 'refuse' },
  hearsSystem: true,
  invariants: transactionInvariants,
  inspect: ({ table, counts }) => ({
    transactions: table.count,
    open: table.openCount,
    storeBytes: table.ring.bytes.length,
    usedBytes: table.ring.usedBytes,
    endedEarly: table.endedEarly,
    abandonedEarly: table.abandonedEarly,
    ...counts,
  }),
};
