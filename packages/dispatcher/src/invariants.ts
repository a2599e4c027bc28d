// What holds for a dispatcher after every step, for the simulator and for tests.
import type { State } from './state.ts';

export function dispatcherInvariants(state: State): string | undefined {
  const { members, services, lookups, counts, timerIsSet } = state;
  if (services.length !== members.length) return 'each member has its place for a service';
  for (const [i, member] of members.entries()) {
    if (services[i] !== state.peers.get(member.key)) return 'a service stands at the place of its peer';
    const before = members[i - 1];
    if (before !== undefined && before.key >= member.key) return 'members are sorted by key';
  }
  if ((state.table === undefined) !== (members.length === 0)) return 'a known ring has a table';
  if (lookups.count > 0 && !timerIsSet) return 'a pending look-up has a deadline';
  if (lookups.count > counts.lookups && state.config.routing === 'one-hop')
    return 'only fingers leave look-ups pending';
  return undefined;
}
