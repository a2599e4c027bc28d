// The core of the membership: a total that grows as it is told, never past a limit, and falls back to zero after a quiet
// time. All it can do is on `out`; time is the timer it asked for.
import { assert, type Birth, type Outbox, type Received, type TimerId } from '@chordial/actor';
import type { AddAmount, MembershipMessage } from './protocol.ts';

export interface MembershipConfig {
  /** An amount that would take the total past this is refused. */
  readonly totalMax: number;
  /** The total falls back to zero after this many milliseconds without an addition. */
  readonly quietMs: number;
}

export interface MembershipState {
  readonly config: MembershipConfig;
  total: number;
  /** 0 while the total is zero. */
  quietTimer: TimerId;
}

export function initMembership(
  config: MembershipConfig,
  _birth: Birth<MembershipMessage>,
  _out: Outbox,
): MembershipState {
  assert(config.totalMax > 0, 'totalMax is positive');
  return { config, total: 0, quietTimer: 0 };
}

export function stepMembership(state: MembershipState, { message }: Received<MembershipMessage>, out: Outbox): void {
  switch (message.type) {
    case 'add-amount':
      return onAddAmount(state, message, out);
    case 'quiet-due':
      return onQuietDue(state);
    default:
      message satisfies never;
  }
}

function onAddAmount(state: MembershipState, { replyTo, amount }: AddAmount, out: Outbox): void {
  if (!Number.isSafeInteger(amount) || amount <= 0) {
    return out.send(replyTo, { type: 'amount-refused', sentence: 'the amount is not a positive whole number' });
  }
  if (state.total + amount > state.config.totalMax) {
    return out.send(replyTo, { type: 'amount-refused', sentence: 'the total would pass its limit' });
  }
  state.total += amount;
  if (state.quietTimer !== 0) out.clearTimer(state.quietTimer);
  state.quietTimer = out.setTimer(state.config.quietMs, { type: 'quiet-due' });
  out.send(replyTo, { type: 'amount-added', total: state.total });
}

function onQuietDue(state: MembershipState): void {
  state.total = 0;
  state.quietTimer = 0;
}

/** A sentence about what is broken in a state, or undefined. */
export function membershipInvariants({ total, config, quietTimer }: MembershipState): string | undefined {
  if (total < 0 || total > config.totalMax) return `the total ${total} is not within 0..${config.totalMax}`;
  if ((total === 0) !== (quietTimer === 0)) return 'a timer runs exactly while there is something to forget';
  return undefined;
}
