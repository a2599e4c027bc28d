// Words of the location service: the bindings of an address-of-record to contacts (RFC 3261 10). The record of one
// address-of-record changes as a whole or not at all. Times are milliseconds of the receiver's `now`.
import type { Address, Words } from '@chordial/actor';
import type { MessageRefused } from '@chordial/actor/protocol';
import type { RangeChanged } from '@chordial/chord/protocol';
import type { ReplicationAnswer } from '@chordial/replication/protocol';

export interface Binding {
  /** The contact URI as the client wrote it, without angle brackets and header parameters. */
  readonly contact: string;
  /** The contact in the form in which the service compares contacts; see `contact-match.ts`. */
  readonly contactKey: string;
  /** `+sip.instance` (RFC 5626) without quotes, or empty. */
  readonly instance: string;
  /** `reg-id` (RFC 5626), or 0. */
  readonly regId: number;
  readonly callId: string;
  readonly cseq: number;
  /** 0..1000, thousandths; 1000 when the client gave none. */
  readonly q: number;
  /** The first millisecond at which the binding no longer holds. */
  readonly expiresAt: number;
  readonly userAgent: string;
}

/** One wish of a REGISTER; `expiresMs` 0 removes. Of two wishes for one contact the later one counts. */
export interface BindingChange {
  readonly contact: string;
  /**
   * The contact with everything removed that RFC 3261 19.1.4 does not compare, then, after a space, the parameters that
   * count only where both URIs have them: lower-cased, `;name=value`, sorted. No space when there are none.
   */
  readonly contactKey: string;
  readonly instance: string;
  readonly regId: number;
  readonly q: number;
  readonly expiresMs: number;
}

/** Applies all changes, or none. `changes: 'remove-all'` is `Contact: *`. No changes at all is a query. */
export interface ChangeBindings {
  readonly type: 'change-bindings';
  /** Canonical `user@host`. */
  readonly aor: string;
  readonly callId: string;
  readonly cseq: number;
  readonly userAgent: string;
  readonly changes: readonly BindingChange[] | 'remove-all';
  readonly replyTo: Address<LocationReply>;
  readonly correlation: number;
}
export interface ListBindings {
  readonly type: 'list-bindings';
  readonly aor: string;
  readonly replyTo: Address<LocationReply>;
  readonly correlation: number;
}

/** The current bindings after the change, best q first. Expired ones are never among them. */
export interface BindingsListed {
  readonly type: 'bindings-listed';
  readonly correlation: number;
  readonly bindings: readonly Binding[];
  /** The service's clock when the list was made, to turn `expiresAt` into seconds left. */
  readonly now: number;
}
/** Nothing was changed; after `store-failed` or `not-owner` a change may come to light all the same. Also the answer to a list that cannot be made. */
export interface ChangeRefused {
  readonly type: 'change-refused';
  readonly correlation: number;
  /**
   * Not a higher CSeq than the stored one of this Call-ID, and no repetition of its request; too many bindings of this
   * user; too many characters in them; too many users of this peer; too few hosts could read or keep the record, or none in time; another peer
   * owns the user by now; too many requests wait.
   */
  readonly reason:
    | 'cseq-out-of-order'
    | 'bindings-exceeded'
    | 'record-characters-exceeded'
    | 'users-exceeded'
    | 'store-failed'
    | 'not-owner'
    | 'busy';
}
/** Whom the store has not answered for too long is refused. */
export interface AnswerDue {
  readonly type: 'answer-due';
}
/** Bindings whose time is over are removed. */
export interface ExpiryDue {
  readonly type: 'expiry-due';
}

export type LocationReply = BindingsListed | ChangeRefused;
/** `range-changed` comes from the chord peer whose users these are, `message-refused` says that the store's mailbox is full. */
export type LocationMessage =
  | ChangeBindings
  | ListBindings
  | ReplicationAnswer
  | MessageRefused
  | AnswerDue
  | ExpiryDue
  | RangeChanged;

/** Between hosts: an operator's question to the peer that owns a user. Numbers 1 and 2 are spent. */
export const locationWords: Words<ListBindings | LocationReply> = {
  'list-bindings': [3, 'aor', 'replyTo', 'correlation'],
  'bindings-listed': [4, 'correlation', 'bindings', 'now'],
  'change-refused': [5, 'correlation', 'reason'],
};
