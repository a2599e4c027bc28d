// Ordered tables in a coordinator: compare and set, and reads, of registers that a majority of acceptors keeps. Any coordinator may propose, owner or
// not: two that believe to own a key only get in each other's way. See docs/decisions/0013-ordered-tables.md.
import type { Outbox } from '@chordial/actor';
import type { CoordinatorState } from './coordinator-state.ts';
import { refuse } from './operations.ts';
import { tableOf } from './operations-put.ts';
import { onBallotAccepted, onBallotPromised, onBallotRefused, startChange, sweepChanges } from './ordered-change.ts';
import { onBallotsListed, onListRefused, onRosterLearned, tickRoster } from './ordered-moving.ts';
import { isBallotWord } from './ordered-outside.ts';
import type { BallotAnswer } from './ordered-protocol.ts';
import { rosterTable } from './ordered-roster.ts';
import type { OrderedState } from './ordered-state.ts';
import type { ChangeOrdered, GetRecord } from './protocol.ts';

/** While changes are under way, and else. */
const dueMs = 20;
const idleMs = 500;
const contextCharactersMax = 64;

export function onChangeOrdered(state: CoordinatorState, message: ChangeOrdered, now: number, out: Outbox): void {
  const fault = changeFault(state, message);
  if (fault !== '') return refuse(state, message, 'invalid', fault, out);
  const { table, key, name, expected, value, ttlMs, replyTo, correlation } = message;
  const asker = { kind: 'client', replyTo, correlation } as const;
  startChange(state.ordered, { table, key, name, write: { expected, value, ttlMs }, for: asker }, now, out);
  tickOrdered(state.ordered, now, out);
}

function changeFault(state: CoordinatorState, message: ChangeOrdered): string {
  const table = tableOf(state, message);
  if (typeof table === 'string') return table;
  if (!table.isOrdered || table.table >= rosterTable)
    return `the table ${table.name} is not ordered: change it by put-record`;
  const { expected, value, ttlMs } = message;
  const { valueCharactersMax } = state.config;
  if (typeof expected !== 'string' || expected.length > contextCharactersMax)
    return 'what is expected is the context that was given with the record, or empty';
  if (value !== undefined && (typeof value !== 'string' || value.length > valueCharactersMax))
    return `a value has at most ${valueCharactersMax} characters`;
  return typeof ttlMs === 'number' && ttlMs >= 0 && ttlMs <= Number.MAX_SAFE_INTEGER
    ? ''
    : 'a time to live is 0 or a number of milliseconds';
}

/** A get of an ordered table. */
export function getOrdered(state: CoordinatorState, message: GetRecord, now: number, out: Outbox): void {
  if (message.table >= rosterTable)
    return refuse(state, message, 'invalid', 'tables 254 and 255 cannot be ordered', out);
  const { table, key, name, replyTo, correlation } = message;
  startChange(
    state.ordered,
    { table, key, name, write: undefined, for: { kind: 'client', replyTo, correlation } },
    now,
    out,
  );
  tickOrdered(state.ordered, now, out);
}

export function onBallotAnswer(state: OrderedState, message: BallotAnswer, now: number, out: Outbox): void {
  if (!isBallotWord(message)) return;
  switch (message.type) {
    case 'ballot-promised':
      onBallotPromised(state, message, now, out);
      break;
    case 'ballot-accepted':
      onBallotAccepted(state, message, now, out);
      break;
    case 'ballot-refused':
      if (!onListRefused(state, message)) onBallotRefused(state, message, now, out);
      break;
    case 'roster-learned':
      onRosterLearned(state, message, out);
      break;
    case 'ballots-listed':
      onBallotsListed(state, message, now, out);
      break;
    default:
      message satisfies never;
  }
}

/** Begins to tick; afterwards the timer goes on by itself. */
export function tickOrdered(state: OrderedState, now: number, out: Outbox): void {
  if (state.timer !== 0 && state.tickDueAt <= now + dueMs) return;
  setTick(state, now, out);
}

function setTick(state: OrderedState, now: number, out: Outbox): void {
  const delayMs = state.changes.size > 0 ? dueMs : idleMs;
  state.tickDueAt = now + delayMs;
  if (state.timer !== 0) out.clearTimer(state.timer);
  state.timer = out.setTimer(delayMs, { type: 'ballot-due' });
}

export function onBallotDue(state: OrderedState, now: number, out: Outbox): void {
  sweepChanges(state, now, out);
  tickRoster(state, now, out);
  setTick(state, now, out);
}

/** The hosts of the ring: with more than 10,000 members they are not known, and the roster stays as it is. */
export function onOrderedRing(state: OrderedState, hosts: readonly number[]): void {
  state.moving.hosts = hosts;
}
