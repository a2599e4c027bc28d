// What a dispatcher knows of the ring: its members, told by the membership of the lane, and what the peers of this lane own, told by
// the peers themselves. Once it knows the ring and its lane's peers are attached it says so to its owner: from then on it is an edge.
import type { Outbox } from '@chordial/actor';
import type { RangeChanged, RingChanged } from '@chordial/chord/protocol';
import { KeyTable } from '@chordial/ring-key';
import type { AttachPeers, DetachPeer, WatchRingDue } from './protocol.ts';
import type { State } from './state.ts';

const watchRingDue: WatchRingDue = { type: 'watch-ring-due' };

/** Asks for the members, and again until they have come: the question or the answer may find a full mailbox. */
export function watchRing(state: State, out: Outbox): void {
  const { routing, membership } = state.config;
  if (routing === 'fingers' || state.table !== undefined) return;
  out.send(membership, { type: 'watch-ring', replyTo: state.self });
  out.setTimer(state.watchRingMs, watchRingDue);
}

export function onAttachPeers(state: State, { peers }: AttachPeers, out: Outbox): void {
  for (const [chord, service] of peers) state.ranges.attach(chord, service);
  state.peersAreAttached = true;
  tellReady(state, out);
}

export function onDetachPeer(state: State, { chord }: DetachPeer): void {
  state.ranges.detach(chord);
}

/** A peer of this lane: its own word about what it owns goes before any list of members. */
export function onRangeChanged(state: State, range: RangeChanged, out: Outbox): void {
  state.ranges.change(range);
  tellReady(state, out);
}

export function onRingChanged(state: State, { epoch, members }: RingChanged, out: Outbox): void {
  if (epoch <= state.epoch) return;
  state.epoch = epoch;
  state.members = members;
  state.table = members.length === 0 ? undefined : new KeyTable(members.map(({ key }) => key));
  tellReady(state, out);
}

/**
 * Once in a life. A lane that knows members can hand requests on, whether or not its own peers own anything yet. Without a list
 * of members (fingers, or a ring too large for lists) it needs a peer in the ring to ask by.
 */
function tellReady(state: State, out: Outbox): void {
  const { config, ranges, table } = state;
  if (state.readyIsTold || !state.peersAreAttached) return;
  if (table === undefined) {
    if (config.routing === 'one-hop' && state.epoch < 0) return;
    if (ranges.someMember === undefined && (config.chord === undefined || ranges.count > 0)) return;
  }
  state.readyIsTold = true;
  out.send(config.owner, { type: 'dispatcher-ready', epoch: state.epoch });
}
