// Words of SIP over sockets: whole messages up, with the flow they came by, and messages down to a flow. A flow is the
// way back to a client: for UDP the source address and port as the socket saw them (RFC 3261 18, RFC 3581).
import type { Address, Words } from '@chordial/actor';
import type { ByteView, UdpEvent } from '@chordial/actor/protocol';

// What whoever answers a request needs, without an actor: where a response goes, how one is written without remembering
// anything, and octets that live as long as a turn.
export { receivedOf, responseFlow } from './response-flow.ts';
export { StatelessResponder } from './stateless-responder.ts';
export { tagText } from './tag-text.ts';
export { TurnOctets } from './turn-octets.ts';

export interface Flow {
  readonly transport: 'udp';
  /** Source address in its canonical text form, without brackets. */
  readonly address: string;
  readonly port: number;
  /**
   * The transport at the edge: whoever answers from another host sends `send-message` there, since only that host's socket is one
   * that the client has talked to. Absent for what this host itself received: any of its lanes can answer.
   */
  readonly edge?: Address<SendMessage>;
}

/** One SIP message arrived; goes to the address given in the transport's config. */
export interface MessageReceived extends ByteView {
  readonly type: 'message-received';
  readonly flow: Flow;
}
/** Sends one serialized SIP message to where `flow` leads; over UDP any lane can, as all share the port. */
export interface SendMessage extends ByteView {
  readonly type: 'send-message';
  readonly flow: Flow;
}
/** A datagram that another lane read from the shared port and hands over unparsed, because it is behind. */
export interface HandOverDatagram extends ByteView {
  readonly type: 'hand-over-datagram';
  readonly address: string;
  readonly port: number;
}

/** The socket is bound; `port` is the real one where the config said 0. */
export interface TransportReady {
  readonly type: 'transport-ready';
  readonly address: string;
  readonly port: number;
}
/** The socket could not be bound. */
export interface TransportFailed {
  readonly type: 'transport-failed';
  readonly address: string;
  readonly port: number;
  /** The system's name of the error (`EADDRINUSE`). */
  readonly code: string;
  readonly sentence: string;
}

export type SipTransportEvent = MessageReceived;
/** What the owner of a transport (the host) hears. */
export type SipTransportState = TransportReady | TransportFailed;
export type SipTransportMessage = SendMessage | HandOverDatagram | UdpEvent;

export const sipTransportWords: Words<SendMessage | HandOverDatagram> = {
  'send-message': [1, 'bytes', 'start', 'end', 'flow'],
  'hand-over-datagram': [2, 'bytes', 'start', 'end', 'address', 'port'],
};
/** Where a core that only sends down needs the transport. */
export type SipTransportAddress = Address<SendMessage>;
