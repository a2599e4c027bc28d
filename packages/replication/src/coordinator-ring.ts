// The ring as a coordinator knows it: the members that answer, their hosts, and when a host was lost last. A change is taken in by one pass
// over the members, about 5 ns each; what follows for ranges is looked at later, some at a time, by the generation of the ring they have seen.
//
// A ring that is too large to be told has its hosts told: then groups are taken from places that each host is given by its number, so that all who
// know the same hosts say the same. A range's neighbours by place are not its neighbours by peers, but they are some and are asked alike.
import { type Address, nobody } from '@chordial/actor';
import type { ChordMessage, Member, RingChanged } from '@chordial/chord/protocol';
import { ringKeyFromText } from '@chordial/ring-key';

export interface RingView {
  /** 0 until the members are known. Grows with each change. */
  generation: number;
  /** Shared with the membership and others: never changed here. */
  members: readonly Member[];
  /** Each once. */
  hosts: readonly number[];
  /** In place of members, while only hosts are told. */
  places: readonly Member[];
  /** By host, the generation since which it is in the ring without a gap; a host that is not in it is not here. */
  readonly since: Map<number, number>;
}

export const createRing = (): RingView => ({ generation: 0, members: [], hosts: [], places: [], since: new Map() });

export const isInRing = ({ since }: RingView, host: number): boolean => since.has(host);

/** Whether a host has been in the ring all the time since `generation`. */
export const stayedSince = ({ since }: RingView, host: number, generation: number): boolean =>
  (since.get(host) ?? Number.POSITIVE_INFINITY) <= generation;

/** Takes in what was told of the ring; returns the hosts that were lost. */
export function changeRing(
  ring: RingView,
  { members: told, hosts }: Pick<RingChanged, 'members' | 'hosts'>,
): readonly number[] {
  const members = told.length === 0 && hosts !== undefined ? placesOf(ring, hosts) : told;
  // Nobody has answered yet: whoever was known is better than nobody.
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

/** Places of a host, so that hosts have about the same share of the ring. */
const placesPerHost = 32;

/** The same array where the hosts are the same. */
function placesOf(ring: RingView, hosts: readonly number[]): readonly Member[] {
  const isSame =
    ring.members === ring.places && hosts.length === ring.hosts.length && hosts.every((host) => isInRing(ring, host));
  if (isSame) return ring.places;
  const places: Member[] = [];
  const chord = nobody as Address<unknown> as Address<ChordMessage>;
  for (const host of hosts) {
    for (let i = 0; i < placesPerHost; i++)
      places.push({ key: ringKeyFromText(`host ${host} place ${i}`), host, lane: 0, chord, life: 0 });
  }
  ring.places = places.sort((a, b) => (a.key < b.key ? -1 : 1));
  return ring.places;
}
