// Who is in the ring, as the membership of the host tells it, and the way to the replica of another host: its lane 0, until it has answered from
// elsewhere.
import { type Address, makeAddress, nobody, type Outbox } from '@chordial/actor';
import type { RingChanged } from '@chordial/chord/protocol';
import type { ReplicaMessage } from './protocol.ts';
import type { ReplicaState, RingKnown } from './replica-state.ts';

/** Until the first answer, and afterwards, in case the membership was started again. */
const watchAgainMs = 1_000;
const rewatchMs = 60_000;

export const initRing = (): RingKnown => ({ members: [], hosts: new Set(), watchedAt: -Infinity, ways: new Map() });

export function watchRing(state: ReplicaState, now: number, out: Outbox): void {
  const { ring, config, self } = state;
  if ((config.membership as number) === nobody) return;
  if (now - ring.watchedAt < (ring.members.length === 0 ? watchAgainMs : rewatchMs)) return;
  ring.watchedAt = now;
  out.send(config.membership, { type: 'watch-ring', replyTo: self });
}

/** Returns the hosts that were in the ring and are not any more. */
export function noteRing({ ring }: ReplicaState, { members }: RingChanged): number[] {
  const hosts = new Set(members.map(({ host }) => host));
  const lost = members.length === 0 ? [] : [...ring.hosts].filter((host) => !hosts.has(host));
  for (const host of lost) ring.ways.delete(host);
  ring.members = members;
  ring.hosts = hosts;
  return lost;
}

export const replicaOf = ({ ring, config }: ReplicaState, host: number): Address<ReplicaMessage> =>
  ring.ways.get(host) ?? makeAddress(host, 0, config.at);
