// The core of the location service: one per peer, a cache of the records of the users whose keys the peer owns, in front of the store.
// What a request needs of the store is in `busy-users.ts`. One timer, set only while there are users, wakes the actor at the next tick
// at which somebody may have expired; lists leave expired bindings out whether or not they were swept. RFC 3261 10.3.
import type { Birth, Outbox, Received } from '@chordial/actor';
import {
  onAnswerDue,
  onMessageRefused,
  onRecordGot,
  onRecordPut,
  onRecordRefused,
  onUserRequest,
} from './busy-users.ts';
import type { LocationMessage } from './protocol.ts';
import { onRangeChanged } from './range.ts';
import { initState, type LocationConfig, type LocationState } from './state.ts';
import { onExpiryDue } from './users.ts';

export function initLocation(config: LocationConfig, birth: Birth<LocationMessage>, _out: Outbox): LocationState {
  return initState(config, birth);
}

export function stepLocation(state: LocationState, received: Received<LocationMessage>, out: Outbox): void {
  const { message, now } = received;
  switch (message.type) {
    case 'change-bindings':
    case 'list-bindings':
      onUserRequest(state, message, now, out);
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
    default:
      message satisfies never;
  }
}
