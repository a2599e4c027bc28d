// The core of the location service: one per peer, a cache of the records of the users whose keys the peer owns, in front of the store.
// What a request needs of the store is in `busy-users.ts`. One timer, set only while there are users, wakes the actor at the next tick
// at which somebody may have expired; lists leave expired bindings out whether or not they were swept. RFC 3261 10.3.
import { type Birth, nobody, type Outbox, type Received } from '@chordial/actor';
import { hostOf } from '@chordial/actor/shell';
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
  if (!isHeeded(state, received)) return;
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

/**
 * The peer is of the own host. Answers of the store may come from whom it gave the range to, and lists are asked for from elsewhere: these have
 * their form. Timers, the shell and registrars that are no actors have no address, and no words by which what they say could come from elsewhere.
 */
function isHeeded({ self }: LocationState, { message, from }: Received<LocationMessage>): boolean {
  if ((from as number) !== nobody && hostOf(from) === hostOf(self)) return true;
  switch (message.type) {
    case 'list-bindings':
      return (
        typeof message.aor === 'string' && Number.isSafeInteger(message.replyTo) && (message.replyTo as number) > 0
      );
    case 'record-got':
      return (
        typeof message.context === 'string' && Array.isArray(message.siblings) && message.siblings.every(isSibling)
      );
    case 'record-put':
      return typeof message.context === 'string';
    case 'record-refused':
      return true;
    default:
      return (from as number) === nobody && message.type !== 'range-changed';
  }
}

const isSibling = (one: unknown): boolean =>
  Array.isArray(one) && typeof one[0] === 'string' && typeof one[1] === 'number';
