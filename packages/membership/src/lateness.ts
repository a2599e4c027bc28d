// Self-awareness (Dadgar et al., Lifeguard, 2017): a host whose own timers run late blames itself before it blames others. The beat, every
// 250 ms, measures it; one late beat is a hiccup, two in a row, or one that is overdue, are a lag.
import { beatMs } from './limits.ts';
import type { MembershipState } from './state.ts';

/** How late this host's timers run, in ms. */
export const lagOf = (state: MembershipState, now: number): number =>
  Math.max(0, now - state.beatAt, Math.min(state.lateMs, state.lateMsBefore));

/** Takes the measure at a beat and returns its lateness. */
export function measureBeat(state: MembershipState, now: number): number {
  state.lateMsBefore = state.lateMs;
  state.lateMs = Math.max(0, now - state.beatAt);
  state.beatAt = now + beatMs;
  return state.lateMs;
}

/** Time-outs are multiplied by this: 1 while timers are on time, up to 5. */
export const patienceOf = (state: MembershipState): number =>
  1 + Math.min(4, Math.max(state.lateMs, state.lateMsBefore) / beatMs);
