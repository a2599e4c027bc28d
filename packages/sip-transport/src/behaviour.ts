// The transport as a shell runs it.
import type { Behaviour, Words } from '@chordial/actor';
import { transportInvariants } from './invariants.ts';
import { type SipTransportMessage, sipTransportWords } from './protocol.ts';
import { initTransport, type SipTransportConfig, type State, stepTransport } from './transport.ts';

export type { SipTransportConfig } from './transport.ts';

/** Overload: what does not fit is lost as a datagram would be, and its sender retransmits (RFC 3261 17.1.2.2). */
export const sipTransport: Behaviour<State, SipTransportMessage, SipTransportConfig> = {
  name: 'sip-transport',
  init: initTransport,
  step: stepTransport,
  mailbox: { messagesMax: 16_384, overflow: 'drop-newest' },
  words: sipTransportWords as Words<SipTransportMessage>,
  hearsSystem: true,
  invariants: transportInvariants,
  inspect: (state) => ({ socket: state.socket, ...state.counts }),
};
