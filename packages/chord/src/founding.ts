// The founding ring: who is a member on the first day, as data that every lane of every host computes alone and alike.
// A ring begins with r + 1 members that know each other and never grows from one by the old rule (Zave, TSE 2017). Peers are dealt
// to hosts, and within a host to lanes, in clockwise turns: the neighbours that would take over a range live elsewhere.
import { type Address, assert } from '@chordial/actor';
import { distance, KeyTable, type RingKey } from '@chordial/ring-key';
import { placePeers } from './placement.ts';
import type { ChordMessage, Member } from './protocol.ts';

/** Successors each peer knows (r of the papers) where nothing smaller is declared. */
export const successorsCountDefault = 16;
/** A lane has no more addresses than this, and one lane must be able to hold all. */
const peersMax = 1_000_000;
const lanesPerHostMax = 256;

export interface FoundingRing {
  /** Sorted by key, clockwise from 0. */
  readonly members: readonly Member[];
  /** The members' keys, so that `members[table.ownerIndex(key)]` owns the key. */
  readonly table: KeyTable;
  /** The successors each peer keeps: at most members - 1, and 0 for a ring of one, which owns everything. */
  readonly successorsCount: number;
  /**
   * The version of every founder's pointers, within 1..2^30: the same for all who know the same ring, so that a founder need not read what it
   * can compute. At the start of 40,000 peers those reads filled the links between lanes.
   */
  readonly version: number;
}

export interface FoundingLayout {
  /** Hosts by their number; each is given the same count of peers, give or take one. */
  readonly hosts: readonly { readonly host: number; readonly lanesCount: number }[];
  readonly peersCount: number;
  /** Decides all keys. */
  readonly ringName: string;
  /** r; without it 16, or everyone else where one host has fewer peers than that. */
  readonly successorsCount?: number;
  /** Of all founders; 0 when left out. Whoever starts again later is a joiner with a life of its own. */
  readonly life?: number;
  /** The address of the peer that its lane starts as number `indexOnLane`, in the order of the keys. */
  readonly chordAddress: (lane: number, indexOnLane: number, host: number) => Address<ChordMessage>;
}

/** Why no ring can be founded on this layout, as a sentence for its operator, or undefined. */
export function foundingFault(layout: Omit<FoundingLayout, 'ringName' | 'chordAddress'>): string | undefined {
  const { hosts, peersCount } = layout;
  if (hosts.length === 0) return 'a ring needs a host';
  if (new Set(hosts.map(({ host }) => host)).size < hosts.length) return 'each host has a number of its own';
  for (const { host, lanesCount } of hosts) {
    if (!Number.isInteger(lanesCount) || lanesCount < 1 || lanesCount > lanesPerHostMax)
      return `host ${host} has ${lanesCount} lanes; 1 to ${lanesPerHostMax} are possible`;
  }
  if (!Number.isInteger(peersCount) || peersCount < 1 || peersCount > peersMax)
    return `${peersCount} peers were asked for; 1 to ${peersMax} are possible`;
  if (peersCount < hosts.length) return `${hosts.length} hosts need at least as many peers, not ${peersCount}`;
  const wanted = layout.successorsCount;
  const least = hosts.length > 1 ? 2 : 0;
  if (wanted !== undefined && !(Number.isInteger(wanted) && wanted >= least))
    return `each peer knows at least ${least} successors, not ${wanted}`;
  const successorsCount = successorsCountOf(layout);
  if (peersCount <= successorsCount)
    return `a ring whose peers know ${successorsCount} successors is founded by at least ${successorsCount + 1} peers, not ${peersCount}: use more peers, or declare fewer successors`;
  if (successorsCount === 0 && peersCount > 1) return 'only a peer that is alone knows no successor';
  return undefined;
}

/** Peers of one host die together, so a short successor list costs a lone host nothing; several hosts must say so. */
function successorsCountOf({ hosts, peersCount, successorsCount }: Omit<FoundingLayout, 'ringName' | 'chordAddress'>) {
  if (successorsCount !== undefined) return successorsCount;
  return hosts.length === 1 ? Math.min(successorsCountDefault, peersCount - 1) : successorsCountDefault;
}

/** The ring of a layout that has no `foundingFault`. */
export function foundingRing(layout: FoundingLayout): FoundingRing {
  const fault = foundingFault(layout);
  assert(fault === undefined, fault ?? '');
  const { hosts, chordAddress, life = 0 } = layout;
  const members = placePeers(layout.ringName, layout.peersCount).map((key, turn): Member => {
    const { host, lanesCount } = hosts[turn % hosts.length]!;
    const indexOnHost = Math.floor(turn / hosts.length);
    const lane = indexOnHost % lanesCount;
    return { key, host, lane, chord: chordAddress(lane, Math.floor(indexOnHost / lanesCount), host), life };
  });
  return ringOfMembers(members, successorsCountOf(layout));
}

/** A ring of members that are already placed, sorted by key and distinct. */
export function ringOfMembers(members: readonly Member[], successorsCount: number): FoundingRing {
  assert(members.length > successorsCount, 'a ring is founded by at least r + 1 members');
  assert(successorsCount > 0 || members.length === 1, 'only a peer that is alone knows no successor');
  const version = versionOf(members, successorsCount);
  return { members, table: new KeyTable(members.map(({ key }) => key)), successorsCount, version };
}

/** FNV-1a over everything that founding pointers are made of. O(N). */
function versionOf(members: readonly Member[], successorsCount: number): number {
  let hash = Math.imul(0x811c9dc5 ^ successorsCount, 0x01000193);
  const mix = (word: number): void => {
    hash = Math.imul(hash ^ word, 0x01000193);
    hash ^= hash >>> 15;
  };
  for (const { key, chord, life } of members) {
    for (let digit = 0; digit < 40; digit += 8) mix(Number.parseInt(key.slice(digit, digit + 8), 16));
    mix(chord % 2 ** 32);
    mix(Math.floor(chord / 2 ** 32));
    mix(life % 2 ** 32);
  }
  return 1 + (hash >>> 2);
}

/** How many times the mean the busiest member owns: 1 is perfect. */
export function loadOf({ members }: FoundingRing): number {
  const before = (i: number): RingKey => members.at(i - 1)!.key;
  if (members.length === 1) return 1;
  const shares = members.map(({ key }, i) => Number(distance(before(i), key)) / 2 ** 160);
  return shares.reduce((most, share) => Math.max(most, share), 0) * members.length;
}
