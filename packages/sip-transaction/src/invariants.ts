// What holds for the transactions of a lane after every step, for the simulator and for tests.
import type { State } from './transaction.ts';
import { COMPLETED, FREE } from './transaction-table.ts';

export function transactionInvariants(state: State): string | undefined {
  const { table, counts, timerIsSet } = state;
  if (table.count > 0 && !timerIsSet) return 'a transaction has a Timer J that will end it';
  if (table.openCount > state.openTransactionsMax) return 'open transactions stay within their limit';
  if (table.ring.usedBytes > table.ring.bytes.length) return 'records lie within the store';
  if (counts.completed > counts.started) return 'only what was started is completed';
  let open = 0;
  let all = 0;
  for (let slot = 0; slot < table.state.length; slot++) {
    if (table.state[slot] === FREE) continue;
    all++;
    if (table.state[slot] !== COMPLETED) {
      open++;
      if (table.flow[slot] === undefined) return 'an open transaction knows its way back';
    } else if (table.flow[slot] !== undefined) return 'a completed transaction keeps no flow';
    if (table.offset[slot]! + table.messageEnd[slot]! > table.ring.bytes.length)
      return 'a record ends within the store';
  }
  if (open !== table.openCount) return 'open transactions are counted';
  if (all !== table.count) return 'transactions are counted';
  return undefined;
}
