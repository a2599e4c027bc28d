// The core of the location service: one per peer, the bindings of the users whose keys the peer owns, in memory. A user
// exists while it has a binding. One timer, set only while there are users, wakes the actor at the next tick at which
// somebody may have expired; lists leave expired bindings out whether or not they were swept. RFC 3261 10.3.
import type { Birth, Outbox, Received } from '@chordial/actor';
import {
  listed,
  onAnswerDue,
  onMessageRefused,
  onRecordGot,
  onRecordPut,
  onRecordRefused,
  onUserRequest,
  refused,
} from './busy-users.ts';
import { mirrorChange, onHandOverDue, onHandRange, onRecordsTaken } from './hand-over.ts';
import type { ChangeBindings, ListBindings, LocationMessage, LocationReply } from './protocol.ts';
import { onDropDue, onRangeChanged } from './range.ts';
import { changedBindings, charactersOf, liveBindings, noBindings, orderOf } from './record.ts';
import { initState, type LocationConfig, type LocationState } from './state.ts';
import { onTakeRecords } from './taking.ts';
import { keepBindings, onExpiryDue } from './users.ts';

export function initLocation(config: LocationConfig, birth: Birth<LocationMessage>, _out: Outbox): LocationState {
  return initState(config, birth);
}

export function stepLocation(state: LocationState, received: Received<LocationMessage>, out: Outbox): void {
  const { message, now } = received;
  switch (message.type) {
    case 'change-bindings':
      if (state.config.store === undefined) out.send(message.replyTo, onChangeBindings(state, message, now, out));
      else onUserRequest(state, message, now, out);
      break;
    case 'list-bindings':
      if (state.config.store === undefined) out.send(message.replyTo, onListBindings(state, message, now));
      else onUserRequest(state, message, now, out);
      break;
    case 'record-got':
      onRecordGot(state, message, now, out);
      break;
    case 'record-put':
      onRecordPut(state, message, now, out);
      break;
    case 'record-refused':
      onRecordRefused(state, message, now, out);
      break;
    case 'message-refused':
      onMessageRefused(state, message, now, out);
      break;
    case 'answer-due':
      onAnswerDue(state, now, out);
      break;
    case 'expiry-due':
      onExpiryDue(state, now, out);
      break;
    case 'range-changed':
      onRangeChanged(state, message, now, out);
      break;
    case 'drop-due':
      onDropDue(state, now, out);
      break;
    case 'hand-range':
      onHandRange(state, message, now, out);
      break;
    case 'records-taken':
      onRecordsTaken(state, message, now, out);
      break;
    case 'hand-over-due':
      onHandOverDue(state, now, out);
      break;
    case 'take-records':
      onTakeRecords(state, message, now, out);
      break;
    default:
      message satisfies never;
  }
}

function onChangeBindings(state: LocationState, message: ChangeBindings, now: number, out: Outbox): LocationReply {
  const { config, users } = state;
  const { aor, correlation } = message;
  const user = users?.get(aor);
  const current = user === undefined ? noBindings : liveBindings(user.bindings, now);
  if (message.changes.length === 0) return listed(correlation, current, now);

  const order = orderOf(current, message, now);
  if (order === 'older') return refused(correlation, 'cseq-out-of-order');
  if (order === 'repeated') return listed(correlation, current, now);

  const next = changedBindings(current, message, now);
  if (next.length > config.bindingsPerUserMax) return refused(correlation, 'bindings-exceeded');
  if (charactersOf(next) > config.recordCharactersMax) return refused(correlation, 'record-characters-exceeded');
  if (user === undefined && next.length > 0 && users !== undefined && users.size >= state.usersShare)
    return refused(correlation, 'users-exceeded');
  keepBindings(state, aor, next, '', now, out);
  if (state.handOvers.length > 0) mirrorChange(state, message, current, next, now, out);
  return listed(correlation, next, now);
}

function onListBindings(state: LocationState, message: ListBindings, now: number): LocationReply {
  const user = state.users?.get(message.aor);
  return listed(message.correlation, user === undefined ? noBindings : liveBindings(user.bindings, now), now);
}
