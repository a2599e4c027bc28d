// Words of a lane of this host to its main thread, beside those of the transport, the dispatcher and the membership; and what the
// main thread asks the ring reporter, the one actor of this app.
import type { Address } from '@chordial/actor';
import type { Member, RingChanged } from '@chordial/chord/protocol';

/** The ring as this lane knows it changed: figures only, as the list may be long. */
export interface RingNews {
  readonly type: 'ring-news';
  readonly lane: number;
  readonly membersCount: number;
  /** Members among them that are peers of this host. */
  readonly ownCount: number;
  readonly hostsCount: number;
}

/** Which members does this lane know? */
export interface TellRing {
  readonly type: 'tell-ring';
  readonly replyTo: Address<RingTold>;
  readonly correlation: number;
}
export interface RingTold {
  readonly type: 'ring-told';
  readonly correlation: number;
  readonly epoch: number;
  /** Sorted by key. */
  readonly members: readonly Member[];
}

export type ReporterMessage = TellRing | RingChanged;
