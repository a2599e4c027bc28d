// Words of the registrar (RFC 3261 10.3): it hears requests from the transaction layer and answers them with `respond`;
// bindings are kept by the location service.
import type { MessageRefused } from '@chordial/actor/protocol';
import type { LocationReply } from '@chordial/location/protocol';
import type { RequestReceived } from '@chordial/sip-transaction/protocol';

/** Requests that have waited for the location service until their deadline are answered 504. */
export interface DeadlineDue {
  readonly type: 'deadline-due';
}

/** `message-refused`: the mailbox of the location service was full; the request is answered 503. */
export type RegistrarMessage = RequestReceived | LocationReply | DeadlineDue | MessageRefused;
