// What holds for one peer after each of its steps, for a whole ring after every step of a simulation (DESIGN section 5; Zave, TSE 2017,
// "one ordered ring", "sufficient principals"), and for the ranges: fenced always, exact when the ring is quiet. Each answer is
// the sentence that is not true, or undefined. A picture is what `pointers-read` says, so that a living ring is judged alike.
import { between, type RingKey } from '@chordial/ring-key';
import { type ChordPeerState, isIn, successorsCountOf } from './peer-state.ts';
import { successorsMax } from './pointers.ts';
import type { Member, PointersRead } from './protocol.ts';

/** What is judged of a peer that is in the ring; a state and a `pointers-read` both have it. */
export type PeerPicture = Pick<PointersRead, 'self' | 'predecessor' | 'successors' | 'owns' | 'ownedFrom' | 'epoch'>;

/** Checked alone: the pointers of a peer stand in clockwise order, each once. */
export function peerInvariants(state: ChordPeerState): string | undefined {
  const { self, successors, fingers, phase, owns, queries, joining, leaving } = state;
  if (owns && !isIn(state)) return `${self.key} owns a range only as a member, not while ${phase}`;
  if ((phase === 'joining') !== (joining !== undefined)) return 'a peer that is joining has an attempt, and no other';
  if ((phase === 'leaving') !== (leaving !== undefined))
    return 'a peer that is leaving remembers who asked, and no other';
  if (new Set(queries.map(({ correlation }) => correlation)).size < queries.length) return 'open queries differ';
  return isIn(state) ? disorderly(self, successors, fingers) : undefined;
}

function disorderly(self: Member, successors: readonly Member[], fingers: readonly Member[]): string | undefined {
  if (successors.length === 0) return 'a peer knows a successor';
  if (successors.length > successorsMax) return `a successor list has at most ${successorsMax} members`;
  if (successors.length === 1 && successors[0]!.key === self.key && fingers.length === 0) return undefined;
  let before = self;
  for (const member of [...successors, ...fingers]) {
    const isNext = before === self ? member.key !== self.key : between(before.key, member.key, self.key);
    if (!isNext) return `${member.key} stands in clockwise order among the successors and fingers of ${self.key}`;
    before = member;
  }
  return undefined;
}

/** Checked together: the states of all live peers of one ring, in any order; only those in the ring are judged. O(N r). */
export function ringInvariants(peers: readonly ChordPeerState[]): string | undefined {
  for (const peer of peers) {
    const broken = peerInvariants(peer);
    if (broken !== undefined) return broken;
  }
  const members = peers.filter(isIn);
  const least = members.reduce((count, peer) => Math.min(count, successorsCountOf(peer)), Number.POSITIVE_INFINITY);
  return ringFault(members, least);
}

/** The same for pictures of all live members; `successorsCount` is r. */
export function ringFault(pictures: readonly PeerPicture[], successorsCount: number): string | undefined {
  if (pictures.length < 2) return undefined;
  const ring = inOrder(pictures);
  const indexByKey = new Map(ring.map(({ self }, i) => [self.key, i] as const));
  if (indexByKey.size < ring.length) return 'no two members have the same key';
  const next = ring.map((peer) => liveSuccessor(peer, indexByKey));
  const widow = next.indexOf(-1);
  if (widow >= 0) return `${ring[widow]!.self.key} has a live successor`;
  return disorder(ring, next) ?? missingPrincipals(ring, indexByKey, successorsCount);
}

const inOrder = (pictures: readonly PeerPicture[]): PeerPicture[] =>
  pictures.toSorted((a, b) => (a.self.key < b.self.key ? -1 : 1));

/** Index of the first successor that lives, or -1. */
function liveSuccessor({ self, successors }: PeerPicture, indexByKey: ReadonlyMap<RingKey, number>): number {
  for (const { key } of successors) {
    const index = indexByKey.get(key);
    if (index !== undefined && key !== self.key) return index;
  }
  return -1;
}

/** Following first live successors from anywhere leads into one and the same cycle, which goes round once, clockwise. */
function disorder(ring: readonly PeerPicture[], next: readonly number[]): string | undefined {
  const cycleOf = new Int32Array(ring.length).fill(-1);
  let cycle = -1;
  for (let start = 0; start < ring.length; start++) {
    let at = start;
    for (; cycleOf[at] === -1; at = next[at]!) cycleOf[at] = start;
    if (cycleOf[at] !== start) continue;
    // This walk met itself: `at` is on a cycle that was not seen before.
    if (cycle >= 0) return 'there is one ring';
    cycle = at;
    let descents = 0;
    do {
      if (next[at]! <= at) descents++;
      at = next[at]!;
    } while (at !== cycle);
    if (descents > 1) return 'the ring is ordered: it goes round once';
  }
  return undefined;
}

/** A principal is a member that no successor list skips. There are at least r + 1 of them, or all where there are fewer. */
function missingPrincipals(
  ring: readonly PeerPicture[],
  indexByKey: ReadonlyMap<RingKey, number>,
  successorsCount: number,
): string | undefined {
  const count = ring.length;
  const skipped = new Uint8Array(count);
  for (const { self, successors } of ring) {
    let before = indexByKey.get(self.key)!;
    // What an extended list holds beyond r members only helps to survive.
    for (const { key } of successors.slice(0, successorsCount)) {
      const index = indexByKey.get(key);
      if (index === undefined) continue;
      for (let i = (before + 1) % count; i !== index; i = (i + 1) % count) skipped[i] = 1;
      before = index;
    }
  }
  const principals = count - skipped.reduce((sum, one) => sum + one, 0);
  const wanted = Math.min(successorsCount + 1, count);
  return principals >= wanted ? undefined : `at least ${wanted} members are principals, not ${principals}`;
}

/** Holds whenever the ring is quiet: each member knows the next one as its first successor and owns exactly (pred, self]. */
export function ownershipFault(pictures: readonly PeerPicture[]): string | undefined {
  const ring = inOrder(pictures);
  for (const [i, { self, predecessor, successors, owns, ownedFrom }] of ring.entries()) {
    const before = ring.at(i - 1)!.self.key;
    const after = ring[(i + 1) % ring.length]!.self.key;
    if (predecessor.key !== before) return `${self.key} has ${before} as its predecessor, not ${predecessor.key}`;
    if (successors[0]!.key !== after) return `${self.key} has ${after} as its successor, not ${successors[0]!.key}`;
    if (!owns) return `${self.key} owns a range`;
    if (ownedFrom !== before) return `${self.key} owns what follows ${before}, not what follows ${ownedFrom}`;
  }
  return undefined;
}

/** Holds always, also in a partition: no key is owned by two peers with equal epochs. O(N) where ranges hardly overlap. */
export function fencingFault(pictures: readonly PeerPicture[]): string | undefined {
  const owners = inOrder(pictures.filter(({ owns }) => owns));
  for (const [i, one] of owners.entries()) {
    // Two arcs overlap exactly if one holds the end of the other.
    for (let back = 1; back < owners.length; back++) {
      const other = owners.at(i - back)!;
      if (!between(one.ownedFrom, other.self.key, one.self.key)) break;
      if (other.epoch === one.epoch)
        return `${one.self.key} and ${other.self.key} own the same keys with different epochs`;
    }
  }
  return undefined;
}
