// Ordered tables: compare and set by consensus. Not there yet: refused.
import type { Outbox } from '@chordial/actor';
import type { CoordinatorState } from './coordinator-state.ts';
import { refuse } from './operations.ts';
import type { ChangeOrdered, GetRecord } from './protocol.ts';

const sentence = 'ordered tables are not there yet: use a table that is not ordered';

export function onChangeOrdered(state: CoordinatorState, message: ChangeOrdered, _now: number, out: Outbox): void {
  refuse(state, message, 'invalid', sentence, out);
}

/** A get of an ordered table. */
export function getOrdered(state: CoordinatorState, message: GetRecord, _now: number, out: Outbox): void {
  refuse(state, message, 'invalid', sentence, out);
}
