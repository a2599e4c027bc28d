// What lies outside a kernel: the shell's side of it, and the counters that a shell shows to its operators.
import type { Address } from './address.ts';
import type { AnyBehaviour, Cell, DueTimer } from './cell.ts';
import type { TimerId } from './contract.ts';
import type { Typed } from './words.ts';

/** What a shell does for its kernels. */
export interface Outside {
  /** Carries a message to another lane or host; false when the way there is full. */
  post(to: Address<Typed>, from: Address<never>, message: Typed): boolean;
  setTimer(delayMs: number, due: DueTimer): TimerId;
  clearTimer(timer: TimerId): void;
  /** An actor failed; `remedy` says what supervision does about it. Called inside the failing turn. */
  actorFailed(actor: Address<Typed>, name: string, failure: unknown, remedy: 'restart' | 'escalate'): void;
  /** Failure reached a root actor: the lane cannot go on. */
  laneFailed(failure: unknown): void;
  /** Called once for every actor that is started, before its `init`. */
  spawned?(behaviour: AnyBehaviour): void;
  /** Called after every step when given, also after one that failed or stopped its actor (`cell.phase` tells). */
  stepped?(cell: Cell, message: Typed): void;
}

/** Counters since the kernel was made; all but `actors` only grow. */
export interface KernelCounts {
  steps: number;
  /** Dropped because a mailbox was full (either drop rule), or lost with a life: sent before a failure or during a restart. */
  dropped: number;
  refused: number;
  /** Sent to an address where no actor lives, or whose actor stopped before the message's turn. */
  deadLetters: number;
  failures: number;
  /** Living now. */
  actors: number;
}
