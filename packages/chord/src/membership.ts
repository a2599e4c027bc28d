// The core of a lane's view of the whole ring: whoever watches it gets the members at once and after every change, which
// is all that one-hop routing needs (a `KeyTable` over the members). In this version the members are the founders.
import { type Address, assert, type Birth, type Outbox, type Received } from '@chordial/actor';
import type { FoundingRing } from './founding.ts';
import type { Member, MembershipMessage, RingChanged, WatchRing } from './protocol.ts';

export interface ChordMembershipConfig {
  readonly founding: FoundingRing;
}

export interface ChordMembershipState {
  readonly epoch: number;
  readonly members: readonly Member[];
  readonly watchers: Set<Address<RingChanged>>;
}

/** Watchers are actors of the own lane, a handful. */
const watchersMax = 1_024;

export function initChordMembership(
  { founding }: ChordMembershipConfig,
  _birth: Birth<MembershipMessage>,
  _out: Outbox,
): ChordMembershipState {
  return { epoch: 1, members: founding.members, watchers: new Set() };
}

export function stepChordMembership(
  state: ChordMembershipState,
  { message }: Received<MembershipMessage>,
  out: Outbox,
): void {
  switch (message.type) {
    case 'watch-ring':
      onWatchRing(state, message, out);
      break;
    default:
      message.type satisfies never;
  }
}

/** Asking again is answered again: that is how a watcher that restarted learns the members. */
function onWatchRing({ epoch, members, watchers }: ChordMembershipState, { replyTo }: WatchRing, out: Outbox): void {
  assert(watchers.has(replyTo) || watchers.size < watchersMax, 'the actors of one lane that watch the ring are few');
  watchers.add(replyTo);
  out.send(replyTo, { type: 'ring-changed', epoch, members });
}
