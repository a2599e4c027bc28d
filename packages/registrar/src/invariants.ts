// What holds in a registrar after every step, said as the sentence that is returned when it does not.
import type { RegistrarState } from './registrar.ts';

/** The first broken invariant, or undefined. */
export function registrarInvariants(state: RegistrarState): string | undefined {
  const { pending, timer, config } = state;
  const count = pending?.count ?? 0;
  if (count > config.pendingMax) return 'pendingMax holds';
  if (count > 0 && timer === 0) return 'while a request waits, a timer runs';
  let deadlineAt = 0;
  for (const request of pending?.requests() ?? []) {
    if (request.deadlineAt < deadlineAt) return 'the oldest request has the earliest deadline';
    deadlineAt = request.deadlineAt;
  }
  return undefined;
}
