// A repair makes one range the same here and on some hosts; a session is its part with one host. What a session has still to do are pieces to
// compare, names to fetch and names to send.
import type { Address } from '@chordial/actor';
import type { RingKey } from '@chordial/ring-key';
import type { RecordName } from '@chordial/storage/protocol';
import type { PieceListing, RangeRepaired } from './protocol.ts';

export interface Repair {
  readonly from: RingKey;
  readonly to: RingKey;
  readonly isUrgent: boolean;
  /** Undefined for what the replica offers by itself. */
  readonly asker: { readonly replyTo: Address<RangeRepaired>; readonly correlation: number } | undefined;
  readonly same: number[];
  readonly silent: number[];
  left: number;
  sentCount: number;
  takenCount: number;
}

/** (from, to] with what was measured of it, when it does not consist of whole buckets. */
export interface Piece {
  readonly from: RingKey;
  readonly to: RingKey;
  measured: { readonly high: number; readonly low: number; readonly count: number } | undefined;
}

export interface Session {
  readonly id: number;
  readonly host: number;
  readonly repair: Repair;
  /** Sends what the other host lacks and takes nothing: for a host that only returns what it holds for others. */
  readonly isOneWay: boolean;
  readonly pieces: Piece[];
  readonly listings: PieceListing[];
  readonly fetches: RecordName[];
  readonly pushes: RecordName[];
  /** Names to be sent when they have been fetched, as both hosts have something of their own. */
  readonly merging: Set<string>;
  /** Messages without an answer yet. */
  asked: number;
  /** Jobs of the own store, and batches that are being kept. */
  working: number;
  pausedUntil: number;
  /** Refusals since the last answer. */
  refusalsCount: number;
  heardAt: number;
  /** Empty, or why it ended without the range being the same. */
  trouble: string;
  sentCount: number;
  takenCount: number;
}
