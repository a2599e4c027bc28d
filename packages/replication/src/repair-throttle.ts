// How much repair may move, so that it never starves service (DESIGN, section 9): a bucket of characters that fills at a steady rate. Whoever
// finds it empty waits; what is moved beyond it is a debt.
import type { ReplicaState } from './replica-state.ts';

/** What may be moved at once after a rest. */
const burstMs = 200;
const burstCharactersMin = 100_000;

export function mayMove(state: ReplicaState, now: number): boolean {
  refill(state, now);
  return state.allowance > 0;
}

export function moved(state: ReplicaState, characters: number, now: number): void {
  refill(state, now);
  state.allowance -= characters;
}

function refill(state: ReplicaState, now: number): void {
  const { repairBytesPerSecond } = state.config;
  const full = Math.max(burstCharactersMin, (repairBytesPerSecond * burstMs) / 1_000);
  const passedMs = Math.max(0, now - state.allowedAt);
  state.allowance = Math.min(full, state.allowance + (repairBytesPerSecond * passedMs) / 1_000);
  state.allowedAt = now;
}
