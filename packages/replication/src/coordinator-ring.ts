// The ring as a coordinator knows it: the members that answer, their hosts, and when a host was lost last. A change is taken in by one pass
// over the members, about 5 ns each; what follows for ranges is looked at later, some at a time, by the generation of the ring they have seen.
import type { Member } from '@chordial/chord/protocol';

export interface RingView {
  /** 0 until the members are known. Grows with each change. */
  generation: number;
  /** Shared with the membership and others: never changed here. */
  members: readonly Member[];
  /** Each once. */
  hosts: readonly number[];
  /** By host, the generation since which it is in the ring without a gap; a host that is not in it is not here. */
  readonly since: Map<number, number>;
}

export const createRing = (): RingView => ({ generation: 0, members: [], hosts: [], since: new Map() });

export const isInRing = ({ since }: RingView, host: number): boolean => since.has(host);

/** Whether a host has been in the ring all the time since `generation`. */
export const stayedSince = ({ since }: RingView, host: number, generation: number): boolean =>
  (since.get(host) ?? Number.POSITIVE_INFINITY) <= generation;

/** Takes in new members; returns the hosts that were lost. */
export function changeRing(ring: RingView, members: readonly Member[]): readonly number[] {
  // A ring that has grown too large is told as empty: the hosts that were known are better than none.
  if (members.length === 0 || members === ring.members) return [];
  ring.generation++;
  ring.members = members;
  const { since, generation } = ring;
  const present = new Set<number>();
  let last = -1;
  for (const { host } of members) {
    if (host === last) continue;
    last = host;
    present.add(host);
  }
  const lost: number[] = [];
  for (const host of since.keys()) {
    if (present.has(host)) continue;
    lost.push(host);
    since.delete(host);
  }
  for (const host of present) if (!since.has(host)) since.set(host, generation);
  ring.hosts = [...present];
  return lost;
}
