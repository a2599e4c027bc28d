// Words from a lane of this host to its main thread, beside those of the transport.
import type { Address } from '@chordial/actor';
import type { LocationMessage } from '@chordial/location/protocol';
import type { RingKey } from '@chordial/ring-key';

/** The peers of a lane are in place; operators' questions about a user go to the address beside the owner's key. */
export interface PeersReady {
  readonly type: 'peers-ready';
  readonly lane: number;
  readonly peers: readonly (readonly [key: RingKey, location: Address<LocationMessage>])[];
}
