// The ranges that peers of this lane own, by their own word (`range-changed`), and the services that answer for them. A key is
// looked up by the first owner at or after it, and belongs to it only if it lies behind the start of its range: a peer
// does not own what it has not been handed yet, whatever a list of members says.
import type { Address } from '@chordial/actor';
import type { ChordMessage, Member, RangeChanged } from '@chordial/chord/protocol';
import { betweenRightClosed, type KeyHasher, KeyTable, keyPrefix, type RingKey } from '@chordial/ring-key';
import type { RequestReceived } from '@chordial/sip-transaction/protocol';

type ChordAddress = Address<ChordMessage>;
type Service = Address<RequestReceived>;

/** One peer of this lane: what answers for it, once attached, and what it owns, once it has said so. */
export interface LocalPeer {
  service: Service | undefined;
  range: RangeChanged | undefined;
}
/** A peer that owns something. */
export interface LocalOwner extends LocalPeer {
  range: RangeChanged;
}

export class OwnedRanges {
  readonly #peers = new Map<ChordAddress, LocalPeer>();
  #owners: readonly LocalOwner[] = [];
  #table = new KeyTable([]);
  #starts = new Float64Array(0);
  #ends = new Float64Array(0);
  /** Set by every change, so that many of them cost one sorting. */
  #isStale = false;

  /** Peers attached or heard of. */
  get count(): number {
    return this.#peers.size;
  }
  /** Peers that own something. */
  get ownersCount(): number {
    this.#sort();
    return this.#owners.length;
  }

  attach(chord: ChordAddress, service: Service): void {
    this.#peerOf(chord).service = service;
  }

  detach(chord: ChordAddress): void {
    this.#peers.delete(chord);
    this.#isStale = true;
  }

  change(range: RangeChanged): void {
    this.#peerOf(range.self.chord).range = range;
    this.#isStale = true;
  }

  peerOf(chord: ChordAddress): LocalPeer | undefined {
    return this.#peers.get(chord);
  }

  /** A peer of the ring, to ask it by: one that owns something, else one that waits for its range; a joiner says nothing yet. */
  get someMember(): Member | undefined {
    this.#sort();
    const [owner] = this.#owners;
    if (owner !== undefined) return owner.range.self;
    for (const { range } of this.#peers.values()) if (range !== undefined) return range.self;
    return undefined;
  }

  /** The peer that owns `key`, or undefined when it is none of this lane. */
  ownerOf(key: RingKey): LocalOwner | undefined {
    this.#sort();
    const owner = this.#owners[this.#table.ownerIndex(key)];
    return owner !== undefined && betweenRightClosed(owner.range.from, key, owner.range.self.key) ? owner : undefined;
  }

  /** The same for a name that was just hashed; its text is made only where 48 bits do not tell. */
  ownerOfHashed(hasher: KeyHasher): LocalOwner | undefined {
    if (this.#isStale) this.#sort();
    const index = this.#table.ownerIndexOf(hasher);
    if (index < 0) return undefined;
    const { prefix } = hasher;
    const start = this.#starts[index]!;
    const end = this.#ends[index]!;
    if (prefix === start || prefix === end || start === end) return this.ownerOf(hasher.key);
    const isOwned = start < end ? start < prefix && prefix < end : prefix > start || prefix < end;
    return isOwned ? this.#owners[index] : undefined;
  }

  #peerOf(chord: ChordAddress): LocalPeer {
    let peer = this.#peers.get(chord);
    if (peer === undefined) {
      peer = { service: undefined, range: undefined };
      this.#peers.set(chord, peer);
    }
    return peer;
  }

  #sort(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    const byKey = new Map<RingKey, LocalOwner>();
    for (const peer of this.#peers.values()) {
      if (!owns(peer)) continue;
      const { key } = peer.range.self;
      // Two peers at one key are two lives of one place: the later claim counts.
      const other = byKey.get(key);
      if (other === undefined || other.range.epoch < peer.range.epoch) byKey.set(key, peer);
    }
    const keys = [...byKey.keys()].sort();
    const owners = keys.map((key) => byKey.get(key)!);
    this.#owners = owners;
    this.#table = new KeyTable(keys);
    this.#starts = Float64Array.from(owners, ({ range }) => keyPrefix(range.from));
    this.#ends = Float64Array.from(keys, keyPrefix);
  }
}

const owns = (peer: LocalPeer): peer is LocalOwner => peer.range?.owns === true;
