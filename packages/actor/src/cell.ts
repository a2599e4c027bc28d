// A cell holds one actor inside a kernel: its behaviour, its state, how many messages wait for it, and its family.
import type { Address } from './address.ts';
import type { Behaviour, Received } from './contract.ts';
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
  phase: 'running' | 'restarting' | 'stopped';
  /** Counts restarts, so that timers and mail of an earlier life do not reach a later one. */
  incarnation: number;
  waitingCount: number;
  /** How many of the waiting messages, oldest first, were given up by `drop-oldest`. */
  skipCount: number;
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
