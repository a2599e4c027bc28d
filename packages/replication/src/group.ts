// Groups: which hosts keep a record. Clockwise from its key, each host once: the first n are its group, some more are its neighbourhood, where
// copies may lie that were put while a host of the group was away. All who know the same members say the same (DeCandia et al. 2007, 4.3).
//
//    key ->  A1   A2   B7   A3   B2   C5   D1        n = 3: group A B C, neighbourhood A B C D
import type { Member } from '@chordial/chord/protocol';
import { lowerBound, type RingKey } from '@chordial/ring-key';

/** Hosts beyond the group that may have copies of its records. */
export const neighboursCount = 2;
/** Members looked at. A host that has so few peers that none is among them is not in the group. */
const stepsMax = 1_024;

/** Index of the first member at or clockwise after `key`, wrapping to 0. */
export function ownerIndex(members: readonly Member[], key: RingKey): number {
  const index = lowerBound(members, key);
  return index < members.length ? index : 0;
}

/** The first `count` distinct hosts clockwise from the owner of `key`; fewer where the ring has fewer. */
export function groupOf(members: readonly Member[], key: RingKey, count: number): number[] {
  const hosts: number[] = [];
  collect(hosts, members, ownerIndex(members, key), count);
  return hosts;
}

/** The same for a range whose owner is the peer at `key` of host `own`, whether or not the members know that. */
export function groupOfOwner(members: readonly Member[], own: number, key: RingKey, count: number): number[] {
  const hosts = [own];
  collect(hosts, members, ownerIndex(members, key), count);
  return hosts;
}

function collect(hosts: number[], members: readonly Member[], first: number, count: number): void {
  const steps = Math.min(members.length, stepsMax);
  for (let i = 0, at = first; i < steps && hosts.length < count; i++) {
    const { host } = members[at]!;
    if (!hosts.includes(host)) hosts.push(host);
    if (++at === members.length) at = 0;
  }
}
