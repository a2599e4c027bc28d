// What the peers of a lane own, sorted by key so that the range of a record is found by a binary search over the first 48 bits. A range is
// settled when the own store has every acknowledged write of it; what came without having been given is unsettled until others were asked.
//
//         from ------------- unsettled.to ----------------- key
//              asked around               settled

import type { Member } from '@chordial/chord/protocol';
import { betweenRightClosed, keyPrefix, type RingKey } from '@chordial/ring-key';
import { type RingView, stayedSince } from './coordinator-ring.ts';
import { groupOfOwner, neighboursCount } from './group.ts';

/** The part (from, to] of a range, until all of the neighbourhood have been asked. */
export interface Unsettled {
  readonly to: RingKey;
  /** Hosts that were made the same with. */
  same: readonly number[];
  /** The question under way, or 0. */
  correlation: number;
  askAt: number;
}

export interface OwnedRange {
  /** The peer; its key is the end of the range. */
  self: Member;
  from: RingKey;
  /** As the peer said it last. */
  epoch: number;
  /** Of the ring, as which `hosts` and `same` were worked out. */
  generation: number;
  /** The neighbourhood, this host first. */
  hosts: readonly number[];
  /** A bit for each of `hosts` that has been the same since it is among them. */
  same: number;
  unsettled: Unsettled | undefined;
  /** A repair of it is under way that nobody waits for. */
  isRepairing: boolean;
}

const noHosts: readonly number[] = [];

export class RangeTable {
  /** Ascending by key; `#prefixes` in the same order. */
  readonly #ranges: OwnedRange[] = [];
  readonly #prefixes: number[] = [];
  readonly #byPeer = new Map<number, OwnedRange>();
  /** Grows when what is owned changes. */
  version = 1;

  get count(): number {
    return this.#ranges.length;
  }

  at(index: number): OwnedRange {
    return this.#ranges[index]!;
  }

  /** The range that a peer owns. */
  of(peer: number): OwnedRange | undefined {
    return this.#byPeer.get(peer);
  }

  has(range: OwnedRange): boolean {
    return this.#byPeer.get(range.self.chord) === range;
  }

  /** The range that holds `key`, or undefined: it is another lane's. */
  find(key: RingKey): OwnedRange | undefined {
    const ranges = this.#ranges;
    if (ranges.length === 0) return undefined;
    const index = this.#lowerBound(key);
    const range = ranges[index < ranges.length ? index : 0]!;
    return betweenRightClosed(range.from, key, range.self.key) ? range : undefined;
  }

  add(self: Member, from: RingKey, epoch: number): OwnedRange {
    const range: OwnedRange = {
      self,
      from,
      epoch,
      generation: -1,
      hosts: noHosts,
      same: 0,
      unsettled: undefined,
      isRepairing: false,
    };
    const index = this.#lowerBound(self.key);
    this.#ranges.splice(index, 0, range);
    this.#prefixes.splice(index, 0, keyPrefix(self.key));
    this.#byPeer.set(self.chord, range);
    this.version++;
    return range;
  }

  remove(range: OwnedRange): void {
    let index = this.#lowerBound(range.self.key);
    while (this.#ranges[index] !== range) index++;
    this.#ranges.splice(index, 1);
    this.#prefixes.splice(index, 1);
    this.#byPeer.delete(range.self.chord);
    this.version++;
  }

  /** A sentence when it is out of order. */
  get fault(): string | undefined {
    const ranges = this.#ranges;
    for (let i = 1; i < ranges.length; i++)
      if (ranges[i]!.self.key < ranges[i - 1]!.self.key) return 'the ranges are sorted by key';
    if (ranges.some(({ self }, i) => this.#prefixes[i] !== keyPrefix(self.key))) return 'each range has its prefix';
    return ranges.length === this.#byPeer.size ? undefined : 'each peer has one range';
  }

  #lowerBound(key: RingKey): number {
    const prefixes = this.#prefixes;
    const prefix = keyPrefix(key);
    let low = 0;
    let high = prefixes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const found = prefixes[middle]!;
      if (found < prefix || (found === prefix && this.#ranges[middle]!.self.key < key)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Brings a range up to date with the ring: its neighbourhood, and who of its group is still known to be the same. */
export function refreshRange(range: OwnedRange, ring: RingView, own: number, hostsCount: number): void {
  const { generation } = range;
  if (generation === ring.generation) return;
  const hosts = groupOfOwner(ring.members, own, range.self.key, hostsCount);
  const copiesCount = hostsCount - neighboursCount;
  let same = 0;
  for (let i = 0; i < hosts.length; i++)
    if (isSame(range, hosts[i]!, copiesCount) && stayedSince(ring, hosts[i]!, generation)) same |= 1 << i;
  range.generation = ring.generation;
  range.same = same;
  // A copy has no room to grow: there may be thousands.
  if (!isEqual(hosts, range.hosts)) range.hosts = hosts.slice();
}

/** Whether a host of the group is known to be the same. One beyond the group was so once, and has not been sent anything since. */
function isSame({ hosts, same }: OwnedRange, host: number, copiesCount: number): boolean {
  const index = hosts.indexOf(host);
  return index >= 0 && index < copiesCount && (same & (1 << index)) !== 0;
}

export function setSame(range: OwnedRange, host: number, isSame: boolean): void {
  const index = range.hosts.indexOf(host);
  if (index < 0) return;
  range.same = isSame ? range.same | (1 << index) : range.same & ~(1 << index);
}

const isEqual = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((host, i) => host === b[i]);

/** Others of its group, of n hosts, that are not known to be the same. */
export function strangersOf({ hosts, same }: OwnedRange, n: number): readonly number[] {
  let strangers = noHosts;
  for (let i = 1; i < n && i < hosts.length; i++) if ((same & (1 << i)) === 0) strangers = [...strangers, hosts[i]!];
  return strangers;
}
