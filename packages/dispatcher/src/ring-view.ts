// What a dispatcher knows of the ring: its members, told by the membership of the lane, and which of them are peers of this lane
// whose service is attached. Once it knows both it says so to its owner: from then on no request is told 503 for want of them.
import type { Outbox } from '@chordial/actor';
import type { RingChanged } from '@chordial/chord/protocol';
import { KeyTable, type RingKey } from '@chordial/ring-key';
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
  for (const [key, service] of peers) {
    state.peers.set(key, service);
    placeService(state, key, service);
  }
  state.peersAreAttached = true;
  tellReady(state, out);
}

export function onDetachPeer(state: State, { key }: DetachPeer): void {
  state.peers.delete(key);
  placeService(state, key, undefined);
}

/** Services stand beside their members, so that a request costs no second search by key. */
function placeService(state: State, key: RingKey, service: State['services'][number]): void {
  const index = state.table === undefined ? -1 : state.table.indexOf(key);
  if (index >= 0) state.services[index] = service;
}

export function onRingChanged(state: State, { epoch, members }: RingChanged, out: Outbox): void {
  if (epoch <= state.epoch) return;
  state.epoch = epoch;
  state.members = members;
  state.table = members.length === 0 ? undefined : new KeyTable(members.map(({ key }) => key));
  state.services = members.map(({ key }) => state.peers.get(key));
  tellReady(state, out);
}

/** Once in a life. With finger routing the ring is asked for each request, so there is nothing to know of it. */
function tellReady(state: State, out: Outbox): void {
  const { config, epoch } = state;
  const ringIsKnown = config.routing === 'fingers' || state.table !== undefined;
  if (state.readyIsTold || !ringIsKnown || !state.peersAreAttached) return;
  state.readyIsTold = true;
  out.send(config.owner, { type: 'dispatcher-ready', epoch });
}
