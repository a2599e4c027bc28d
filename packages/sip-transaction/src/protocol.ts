// Words of SIP server transactions (RFC 3261 17.2). The dispatcher hands a request in; the transaction absorbs its
// retransmissions and passes the first one up to the service that shall answer; the service answers in terms of status
// and header lines, and the transaction writes, sends, and keeps the response for retransmissions.
import type { Address } from '@chordial/actor';
import type { ByteView } from '@chordial/actor/protocol';
import type { Peek } from '@chordial/sip-parser';
import type { Flow } from '@chordial/sip-transport/protocol';

/** A request for a service of this lane. `peek` describes `bytes[start, end)`; both are valid until the end of the turn. */
export interface ServeRequest extends ByteView {
  readonly type: 'serve-request';
  readonly peek: Peek;
  readonly flow: Flow;
  /** The user that the request is for: canonical `user@domain`, whichever name of the service the client wrote. */
  readonly aor: string;
  readonly service: Address<RequestReceived>;
}

/** Upward: a new request. What a service needs of bytes and `peek` it takes in this step; they end with the turn. */
export interface RequestReceived extends ByteView {
  readonly type: 'request-received';
  /** Names the transaction in `respond`. */
  readonly transaction: number;
  readonly peek: Peek;
  readonly flow: Flow;
  /** As in `serve-request`. */
  readonly aor: string;
  readonly replyTo: Address<Respond>;
}

/** Downward: the final answer of a service (or 100, RFC 4320 4.1). */
export interface Respond {
  readonly type: 'respond';
  readonly transaction: number;
  readonly statusCode: number;
  readonly reason: string;
  /** Complete header lines, each ended by CRLF, without those copied from the request and without Content-Length. */
  readonly headerLines: string;
  readonly body?: string;
}

/** The oldest transactions may be over (Timer J, RFC 3261 17.2.2). */
export interface TimerJDue {
  readonly type: 'timer-j-due';
}

export type SipTransactionMessage = ServeRequest | Respond | TimerJDue;
