// What holds for a dispatcher after every step, for the simulator and for tests.
import type { State } from './state.ts';

export function dispatcherInvariants(state: State): string | undefined {
  const { members, lookups, resting, counts } = state;
  for (const [i, member] of members.entries()) {
    const before = members[i - 1];
    if (before !== undefined && before.key >= member.key) return 'members are sorted by key';
  }
  if ((state.table === undefined) !== (members.length === 0)) return 'a known ring has a table';
  if (lookups.count > 0 && !state.timerIsSet) return 'a pending look-up has a deadline';
  if (resting.count > 0 && !state.restTimerIsSet) return 'who rests is woken';
  if (resting.count > counts.rested) return 'rests are counted';
  return undefined;
}
