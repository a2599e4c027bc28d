// Words of the front door: messages from the transport, requests handed over by other lanes because a peer there owns
// the key, and questions of operators. One dispatcher runs on every lane.
import type { Address, Words } from '@chordial/actor';
import type { ByteView } from '@chordial/actor/protocol';
import type { ChordMessage, Member, RangeChanged, RingChanged, SuccessorFound } from '@chordial/chord/protocol';
import type { RingKey } from '@chordial/ring-key';
import type { RequestReceived } from '@chordial/sip-transaction/protocol';
import type { MessageReceived, SendMessage } from '@chordial/sip-transport/protocol';

/** Peers of this lane, joining ones too; each service answers the requests for the keys that its peer owns (`range-changed`). */
export interface AttachPeers {
  readonly type: 'attach-peers';
  /** By chord actor, since a joining peer has no key yet. */
  readonly peers: readonly (readonly [chord: Address<ChordMessage>, service: Address<RequestReceived>])[];
}
export interface DetachPeer {
  readonly type: 'detach-peer';
  readonly chord: Address<ChordMessage>;
}

/** A request that came in by another lane or host and whose key a peer of this lane should own. The bytes are the client's own. */
export interface ForwardRequest extends ByteView {
  readonly type: 'forward-request';
  readonly address: string;
  readonly port: number;
  /** Hops and rests so far, this one included; a request that would exceed the limit is answered 503 and counted. */
  readonly hops: number;
  /** The owner as the sender knows it, for those who look on: who owns the key is looked at again. */
  readonly owner: RingKey;
  /** The transport that read the request, when that was on another host: the answer leaves by it. */
  readonly edge?: Address<SendMessage>;
}

/** Which peer owns this user, and how does a request get there? */
export interface LookUp {
  readonly type: 'look-up';
  /** Canonical address-of-record, `user@host`. */
  readonly aor: string;
  readonly replyTo: Address<LookedUp | LookUpFailed>;
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

/** The ring is not known yet, does not answer, or too many are asking. */
export interface LookUpFailed {
  readonly type: 'look-up-failed';
  readonly correlation: number;
  readonly sentence: string;
}
/** To the owner of the dispatcher (the host), once: it knows the ring, and the peers of its lane are attached. */
export interface DispatcherReady {
  readonly type: 'dispatcher-ready';
  /** Of the ring as it is known; -1 with finger routing, which asks the ring each time. */
  readonly epoch: number;
}
/** The members of the ring should be known by now. */
export interface WatchRingDue {
  readonly type: 'watch-ring-due';
}
/** Questions to the ring that were not answered in time are given up. */
export interface LookupsDue {
  readonly type: 'lookups-due';
}
/** Requests have rested; the ring may know their owner by now. */
export interface RestDue {
  readonly type: 'rest-due';
}

export type DispatcherMessage =
  | AttachPeers
  | DetachPeer
  | ForwardRequest
  | LookUp
  | LookupsDue
  | MessageReceived
  | RangeChanged
  | RestDue
  | RingChanged
  | SuccessorFound
  | WatchRingDue;

export const dispatcherWords: Words<ForwardRequest | AttachPeers | DetachPeer | LookUp> = {
  'forward-request': [1, 'bytes', 'start', 'end', 'address', 'port', 'hops', 'owner', 'edge'],
  'attach-peers': [2, 'peers'],
  'detach-peer': [3, 'chord'],
  'look-up': [4, 'aor', 'replyTo', 'correlation'],
};
