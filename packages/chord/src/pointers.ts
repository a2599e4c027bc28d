// What a peer knows of the ring: its predecessor, the next peers clockwise, and fingers, the peers found 2^k further on.
// Fingers that the successor list already holds, or that repeat, are left out, so that about log2(N / r) remain and one peer
// costs a few hundred bytes. Members are shared references: no pointer is copied where one equal to it is known. A host dies
// with all its peers, so a list goes on after r members until it names peers of three other hosts.
//
//   self --> s0 s1 ... s15 ----> f0 --------> f1 ----------------> f2 ... --> predecessor --> self
//            `successors`        `fingers`, each about twice as far as the one before
import { addPowerOfTwo, between, betweenRightClosed, keyBits, type RingKey } from '@chordial/ring-key';
import type { FoundingRing } from './founding.ts';
import { sameMember } from './peer-state.ts';
import type { Member } from './protocol.ts';

/** No successor list is longer, however many peers of one host follow each other. */
export const successorsMax = 64;
/** A list goes on until it names peers of so many hosts other than its own, so that two of them may die at once. */
const otherHostsWanted = 3;

export interface Pointers {
  /** Self when none is known. */
  predecessor: Member;
  /** Clockwise from self; never empty in a member, and only self in a ring of one. */
  successors: readonly Member[];
  /** Clockwise, all beyond the last successor. */
  fingers: readonly Member[];
}

/** The pointers of member number `index` on the first day. O(log N) key searches for hashed keys. */
export function foundingPointers({ members, table, successorsCount }: FoundingRing, index: number): Pointers {
  const self = members[index]!;
  if (members.length === 1) return { predecessor: self, successors: [self], fingers: [] };
  const at = (steps: number): Member => members[(index + steps) % members.length]!;
  const others = Array.from({ length: Math.min(successorsMax, members.length - 1) }, (_, i) => at(i + 1));
  const successors = successorsAfter(self, others[0]!, others.slice(1), successorsCount);
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
export function closestPreceding(
  self: RingKey,
  { successors, fingers }: Omit<Pointers, 'predecessor'>,
  key: RingKey,
): Member | undefined {
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

/**
 * The successor list that follows from `successor` and its own list, in order, never past self: `count` members, and more until
 * three hosts other than self's are named.
 */
export function successorsAfter(
  self: Member,
  successor: Member,
  theirs: readonly Member[],
  count: number,
): readonly Member[] {
  const list = [successor];
  const hosts: number[] = successor.host === self.host ? [] : [successor.host];
  for (const member of theirs) {
    if (list.length >= successorsMax || (list.length >= count && hosts.length >= otherHostsWanted)) break;
    const before = list.at(-1)!.key;
    // A later life stands at the key of an earlier one.
    if (member.key === before) continue;
    if (!between(before, member.key, self.key)) break;
    list.push(member);
    if (member.host !== self.host && !hosts.includes(member.host)) hosts.push(member.host);
  }
  return trimmed(list, self, count);
}

/** Where the ring has fewer than three other hosts, the list ends with the r members, or with the last new host after them. */
function trimmed(list: readonly Member[], { host }: Member, count: number): readonly Member[] {
  if (list.length <= count) return list;
  const hosts: number[] = [];
  let length = count;
  list.forEach((member, i) => {
    if (member.host === host || hosts.includes(member.host)) return;
    hosts.push(member.host);
    if (hosts.length <= otherHostsWanted) length = Math.max(length, i + 1);
  });
  return list.slice(0, length);
}

export const sameMembers = (a: readonly Member[], b: readonly Member[]): boolean =>
  a.length === b.length && a.every((member, i) => sameMember(member, b[i]!));
