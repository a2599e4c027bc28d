// What a peer knows of the ring: its predecessor, the next r peers clockwise, and fingers, the peers found 2^k further on.
// Fingers that the successor list already holds, or that repeat, are left out, so that about log2(N / r) remain and one peer
// costs a few hundred bytes. Members are shared references: no pointer is copied where one equal to it is known.
//
//   self --> s0 s1 ... s15 ----> f0 --------> f1 ----------------> f2 ... --> predecessor --> self
//            `successors`        `fingers`, each about twice as far as the one before
import { addPowerOfTwo, between, betweenRightClosed, keyBits, type RingKey } from '@chordial/ring-key';
import type { FoundingRing } from './founding.ts';
import type { Member } from './protocol.ts';

export interface Pointers {
  predecessor: Member;
  /** Clockwise from self; never empty, and only self in a ring of one. */
  successors: readonly Member[];
  /** Clockwise, all beyond the last successor. */
  fingers: readonly Member[];
}

/** The pointers of member number `index` on the first day. O(log N) key searches for hashed keys. */
export function foundingPointers({ members, table, successorsCount }: FoundingRing, index: number): Pointers {
  const self = members[index]!;
  if (members.length === 1) return { predecessor: self, successors: [self], fingers: [] };
  const at = (steps: number): Member => members[(index + steps) % members.length]!;
  const successors = Array.from({ length: successorsCount }, (_, i) => at(i + 1));
  const last = successors.at(-1)!.key;
  const fingers: Member[] = [];
  for (let exponent = keyBits - 1; exponent >= 0; exponent--) {
    const start = addPowerOfTwo(self.key, exponent);
    if (betweenRightClosed(self.key, start, last)) break;
    const finger = members[table.ownerIndex(start)]!;
    if (finger !== fingers.at(-1) && between(last, finger.key, self.key)) fingers.push(finger);
  }
  // Exact sizes: an array that grew keeps room for more.
  return { predecessor: at(members.length - 1), successors, fingers: fingers.reverse().slice() };
}

/**
 * The known member that is nearest before `key`, clockwise from `self`; undefined when none lies between. O(log log N), because
 * successors and fingers stand in clockwise order and those before the key come first.
 */
export function closestPreceding(self: RingKey, { successors, fingers }: Pointers, key: RingKey): Member | undefined {
  const first = fingers[0];
  const row = first !== undefined && between(self, first.key, key) ? fingers : successors;
  let low = 0;
  let high = row.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (between(self, row[middle]!.key, key)) low = middle + 1;
    else high = middle;
  }
  return row[low - 1];
}

/** The successor list that follows from `successor` and its own list: at most `count` members, in order, never past self. */
export function successorsAfter(
  self: Member,
  successor: Member,
  theirs: readonly Member[],
  count: number,
): readonly Member[] {
  const list = [successor];
  for (const member of theirs) {
    if (list.length >= count || !between(list.at(-1)!.key, member.key, self.key)) break;
    list.push(member);
  }
  return list;
}

export const sameMember = (a: Member, b: Member): boolean => a === b || (a.key === b.key && a.chord === b.chord);

export const sameMembers = (a: readonly Member[], b: readonly Member[]): boolean =>
  a.length === b.length && a.every((member, i) => sameMember(member, b[i]!));
