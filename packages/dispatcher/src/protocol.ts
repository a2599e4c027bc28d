// Words of the front door: messages from the transport, requests handed over by other lanes because a peer there owns
// the key, and questions of operators. One dispatcher runs on every lane.
import type { Address, Words } from '@chordial/actor';
import type { ByteView } from '@chordial/actor/protocol';
import type { Member, RingChanged, SuccessorFound } from '@chordial/chord/protocol';
import type { RingKey } from '@chordial/ring-key';
import type { RequestReceived } from '@chordial/sip-transaction/protocol';
import type { MessageReceived } from '@chordial/sip-transport/protocol';

/** A peer of this lane is ready to serve; `service` answers the requests for the keys it owns. */
export interface AttachPeer {
  readonly type: 'attach-peer';
  readonly key: RingKey;
  readonly service: Address<RequestReceived>;
}
export interface DetachPeer {
  readonly type: 'detach-peer';
  readonly key: RingKey;
}

/** A request that came in by another lane and whose key a peer of this lane owns. The bytes are the client's own. */
export interface ForwardRequest extends ByteView {
  readonly type: 'forward-request';
  readonly address: string;
  readonly port: number;
  /** Ring hops so far; a message that exceeds the limit is answered 482 and counted. */
  readonly hops: number;
}

/** Which peer owns this user, and how does a request get there? */
export interface LookUp {
  readonly type: 'look-up';
  /** Canonical address-of-record, `user@host`. */
  readonly aor: string;
  readonly replyTo: Address<LookedUp>;
  readonly correlation: number;
}
export interface LookedUp {
  readonly type: 'looked-up';
  readonly correlation: number;
  readonly key: RingKey;
  readonly owner: Member;
  readonly routing: 'one-hop' | 'fingers';
  readonly hops: number;
  /** Keys of the peers on the way, the owner last. */
  readonly trace: readonly RingKey[];
}

export type DispatcherMessage =
  | AttachPeer
  | DetachPeer
  | ForwardRequest
  | LookUp
  | MessageReceived
  | RingChanged
  | SuccessorFound;

export const dispatcherWords: Words<ForwardRequest> = {
  'forward-request': [1, 'bytes', 'start', 'end', 'address', 'port', 'hops'],
};
