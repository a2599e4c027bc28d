// How the main thread asks the actors of this host and of others: one message through the gateway of a lane, one answer.
import type { Address } from '@chordial/actor';
import type { LookedUp } from '@chordial/dispatcher/protocol';
import type { HostsListed } from '@chordial/membership/protocol';
import type { RingTold } from './protocol.ts';

export interface Question {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface Asking {
  /** The number of this host. */
  readonly host: number;
  readonly lanesCount: number;
  /** The lane of the store and of the replica. */
  readonly storeLane: number;
  /** Rejects when there is no answer in time; `lane` is the one that asks. */
  ask<Answer>(to: Address<never>, message: Question, timeoutMs?: number, lane?: number): Promise<Answer>;
  /** Who owns the hash of this name. */
  ownerOf(name: string): Promise<LookedUp>;
  tellRing(): Promise<RingTold>;
  listHosts(): Promise<HostsListed>;
}

/** Cannot be done as it was asked; the message says what to do. */
export class QuestionFault extends Error {
  override readonly name = 'QuestionFault';
}
