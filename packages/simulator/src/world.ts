// What the parts of a simulation share: virtual time, the dice, the network's weather, and where a broken rule is reported.
import type { Random } from '@chordial/actor/random';
import type { ScheduledEvent } from './event-heap.ts';
import type { History } from './history.ts';
import type { Network } from './network.ts';

/** The first broken rule of a run; the run stops there. */
export interface Violation {
  /** Virtual milliseconds. */
  readonly at: number;
  readonly sentence: string;
  /** Host, lane and behaviour, or the scenario's name. */
  readonly where: string;
}

export interface World {
  /** Virtual milliseconds since the start of the simulation. */
  readonly now: number;
  readonly history: History;
  readonly network: Network;
  /** One generator per concern, so that a fault less in one does not shift the dice of another. */
  readonly random: { readonly lanes: Random; readonly disks: Random; readonly starts: Random; readonly hosts: Random };
  readonly options: WorldOptions;
  after(delayMs: number, run: () => void): ScheduledEvent;
  /** As `after`, but at a virtual time; two events for one time keep the order in which they were arranged. */
  at(timeMs: number, run: () => void): ScheduledEvent;
  cancel(event: ScheduledEvent): void;
  violate(sentence: string, where: string): void;
  /** True once a rule was broken: nothing that happens later counts. */
  readonly isOver: boolean;
  /** Asks the simulation-wide invariants. */
  checkAll(): void;
}

export interface WorldOptions {
  /** `violation`: an actor that fails ends the run as a broken rule. `supervised`: it is restarted, as in production. */
  readonly actorFailures: 'violation' | 'supervised';
  /** Invariants are asked after every so many steps. */
  readonly invariantsEvery: number;
  /** Messages and bytes that a link between two lanes holds. */
  readonly linkMessagesMax: number;
  readonly linkBytesMax: number;
  readonly diskBytesMax: number;
}
