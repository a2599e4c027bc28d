// What holds for one peer after each of its steps, and for a whole ring after every step of a simulation (DESIGN section 5;
// Zave, TSE 2017, "one ordered ring", "sufficient principals"). Each answer is the sentence that is not true, or undefined.
import { between, type RingKey } from '@chordial/ring-key';
import type { ChordPeerState } from './peer-state.ts';
import type { Member } from './protocol.ts';

/** Checked alone: the pointers of a peer stand in clockwise order, each once. */
export function peerInvariants({ config, successors, fingers }: ChordPeerState): string | undefined {
  const { self, founding } = config;
  if (founding.members.length === 1) return undefined;
  if (successors.length === 0) return 'a peer knows a successor';
  if (successors.length > founding.successorsCount) return 'a successor list has at most r members';
  let before = self;
  for (const member of [...successors, ...fingers]) {
    const isNext = before === self ? member.key !== self.key : between(before.key, member.key, self.key);
    if (!isNext) return `${member.key} stands in clockwise order among the successors and fingers of ${self.key}`;
    before = member;
  }
  return undefined;
}

/** Checked together: `peers` are the states of all live peers, of one ring, in any order. O(N r). */
export function ringInvariants(peers: readonly ChordPeerState[]): string | undefined {
  const ring = peers.toSorted((a, b) => (a.config.self.key < b.config.self.key ? -1 : 1));
  const indexByKey = new Map(ring.map(({ config }, i) => [config.self.key, i] as const));
  for (const peer of ring) {
    const broken = peerInvariants(peer);
    if (broken !== undefined) return broken;
  }
  const next = ring.map((peer) => liveSuccessor(peer, indexByKey));
  const widow = next.indexOf(-1);
  if (widow >= 0) return `${ring[widow]!.config.self.key} has a live successor`;
  return disorder(ring, next) ?? missingPrincipals(ring, indexByKey);
}

/** Index of the first successor that lives, or -1. */
function liveSuccessor({ successors }: ChordPeerState, indexByKey: ReadonlyMap<RingKey, number>): number {
  for (const { key } of successors) {
    const index = indexByKey.get(key);
    if (index !== undefined) return index;
  }
  return -1;
}

/** Following first live successors from anywhere leads into one and the same cycle, which goes round once, clockwise. */
function disorder(ring: readonly ChordPeerState[], next: readonly number[]): string | undefined {
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

/** A principal is a member that no successor list skips. There are at least r + 1 of them. */
function missingPrincipals(
  ring: readonly ChordPeerState[],
  indexByKey: ReadonlyMap<RingKey, number>,
): string | undefined {
  const count = ring.length;
  const skipped = new Uint8Array(count);
  for (const { config, successors } of ring) {
    let before = indexByKey.get(config.self.key)!;
    for (const { key } of successors as readonly Member[]) {
      const index = indexByKey.get(key);
      if (index === undefined) continue;
      for (let i = (before + 1) % count; i !== index; i = (i + 1) % count) skipped[i] = 1;
      before = index;
    }
  }
  const principals = count - skipped.reduce((sum, one) => sum + one, 0);
  const wanted = ring[0]!.config.founding.successorsCount + 1;
  return principals >= wanted ? undefined : `at least ${wanted} members are principals, not ${principals}`;
}
