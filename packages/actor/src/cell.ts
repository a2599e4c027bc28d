// A cell holds one actor inside a kernel: its behaviour, its state, how many messages wait for it, and its family.
import type { Address } from './address.ts';
import type { Behaviour, Received } from './contract.ts';
import type { RunQueue } from './run-queue.ts';
import type { Typed } from './words.ts';

/** A behaviour whose types were checked where it was spawned. */
export type AnyBehaviour = Behaviour<unknown, Typed, unknown>;

export interface Cell {
  readonly self: Address<Typed>;
  readonly index: number;
  readonly behaviour: AnyBehaviour;
  readonly config: unknown;
  readonly parent: Cell | undefined;
  /** Undefined until the first child, as most actors have none. */
  children: Set<Cell> | undefined;
  state: unknown;
  /** `stopping` from the moment an actor stops itself to the end of that step. */
  phase: 'running' | 'stopping' | 'restarting' | 'stopped';
  /** Counts restarts, so that timers and mail of an earlier life do not reach a later one. */
  incarnation: number;
  /** Entries of the run queue that are for this actor: messages, due timers and system events. */
  waitingCount: number;
  /** How many of them, oldest first, were sent to an earlier life and are lost. */
  skipCount: number;
  /** The mailbox's limit, copied here because every delivery reads it. */
  readonly messagesMax: number;
  /** Only with `drop-oldest`: the messages themselves, for each of which the run queue holds a token. */
  readonly kept: RunQueue<undefined> | undefined;
  failuresAt: number[] | undefined;
}

/** The `Received` that a kernel reuses for every step. */
export interface Delivery extends Received<Typed> {
  now: number;
  from: Address<never>;
  message: Typed;
}

/** A timer as the shell keeps it until it is due; it is given back to `LaneKernel.fire`. */
export interface DueTimer {
  readonly cell: Cell;
  readonly incarnation: number;
  readonly message: Typed;
}
