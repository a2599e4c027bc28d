// All members that answer, sorted by key. A change is merged in one pass over the array, about 10 ns a member, and what was given to
// watchers is never changed. Two members with one key can exist for a moment (a place given twice): the younger one counts.
import type { Member } from '@chordial/chord/protocol';
import { lowerBound, type RingKey } from '@chordial/ring-key';

export interface RingPicture {
  /** Sorted by key, then the younger first: duplicates stand side by side, also one member in two pages while it moves. */
  sorted: readonly Member[];
  /** One member per key: what watchers are told. */
  members: readonly Member[];
}

export const createPicture = (): RingPicture => ({ sorted: [], members: [] });

/** Key, then higher life, then smaller address: a total order. */
export const memberOrder = (a: Member, b: Member): number =>
  a.key < b.key ? -1 : a.key > b.key ? 1 : b.life - a.life || a.chord - b.chord;

/** The same arguments, another order of arrival: the same picture. `gained` must not be in the picture, `lost` must. */
export function changePicture(picture: RingPicture, lost: ReadonlySet<Member>, gained: Member[]): void {
  gained.sort(memberOrder);
  const merged: Member[] = [];
  let next = 0;
  let hasDuplicates = false;
  const add = (member: Member): void => {
    if (merged.length > 0 && merged[merged.length - 1]!.key === member.key) hasDuplicates = true;
    merged.push(member);
  };
  for (const member of picture.sorted) {
    if (lost.has(member)) continue;
    while (next < gained.length && memberOrder(gained[next]!, member) < 0) add(gained[next++]!);
    add(member);
  }
  while (next < gained.length) add(gained[next++]!);
  picture.sorted = merged;
  picture.members = hasDuplicates ? merged.filter((member, i) => merged[i - 1]?.key !== member.key) : merged;
}

/** Whether this very member, by key, address and life, is in the picture. */
export function isMember({ members }: RingPicture, { key, chord, life }: Member): boolean {
  const found = members[lowerBound(members, key)];
  return found !== undefined && found.key === key && found.chord === chord && found.life === life;
}

/** The nearest member strictly after `key`, clockwise; undefined when there is no other. */
export function following({ members }: RingPicture, key: RingKey): Member | undefined {
  const at = lowerBound(members, key);
  const next = members[members[at]?.key === key ? at + 1 : at] ?? members[0];
  return next === undefined || next.key === key ? undefined : next;
}
