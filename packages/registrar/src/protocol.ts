// Words of the registrar (RFC 3261 10.3): it hears requests from the transaction layer and answers them; bindings are
// kept by the location service.
import type { LocationReply } from '@chordial/location/protocol';
import type { RequestReceived } from '@chordial/sip-transaction/protocol';

export type RegistrarMessage = RequestReceived | LocationReply;
