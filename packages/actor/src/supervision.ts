// Supervision: what to do with a child that failed. A pure decision over the times of its failures: restart after a
// back-off that doubles with each recent failure, or escalate to the supervisor's own supervisor after n in t (Erlang/OTP
// supervisor, restart intensity).
import type { Supervision } from './contract.ts';

export const defaultSupervision: Supervision = {
  backoffMsMin: 10,
  backoffMsMax: 5_000,
  restartsMax: 10,
  withinMs: 60_000,
};

export type Verdict = { readonly restart: true; readonly afterMs: number } | { readonly restart: false };

/** Decides over a failure at `now`; `failuresAt` (times of earlier failures, ms) is pruned and extended in place. */
export function judgeFailure(supervision: Supervision, failuresAt: number[], now: number): Verdict {
  while (failuresAt.length > 0 && now - failuresAt[0]! > supervision.withinMs) failuresAt.shift();
  failuresAt.push(now);
  if (failuresAt.length > supervision.restartsMax) return { restart: false };
  const doublings = Math.min(failuresAt.length - 1, 30);
  return { restart: true, afterMs: Math.min(supervision.backoffMsMin * 2 ** doublings, supervision.backoffMsMax) };
}
