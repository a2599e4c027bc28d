// The roster at work: the group of a key, what a majority is, and a roster in text. The group is the n voters that weigh most for the key (Thaler and
// Ravishankar, *rendezvous hashing*, 1998): it does not depend on where peers are, so that only a change of the roster changes groups, and
// each change moves as few registers as can be.
import { type RingKey, ringKeyFromText } from '@chordial/ring-key';
import type { Roster, Voter } from './ordered-protocol.ts';

/** Of a roster, so that it fits in a register. */
export const votersMax = 500;
/** The table of the register that holds the roster, and its key. */
export const rosterTable = 254;
export const rosterName = 'roster';
export const rosterKey: RingKey = ringKeyFromText(rosterName);
const copiesMax = 15;
/** Of the name of a store. */
const storeCharactersMax = 32;

export const voterName = (host: number, store: string): string => `${host}.${store}`;

export function groupOfKey(voters: readonly Voter[], key: RingKey, n: number): Voter[] {
  const high = Number.parseInt(key.slice(0, 8), 16) | 0;
  const low = Number.parseInt(key.slice(8, 16), 16) | 0;
  return voters
    .map((voter) => ({ voter, weight: mix(mix(high ^ Math.imul(voter[0], 0x9e37_79b1)) ^ low) }))
    .sort((a, b) => b.weight - a.weight || a.voter[0] - b.voter[0] || (a.voter[1] < b.voter[1] ? -1 : 1))
    .slice(0, n)
    .map(({ voter }) => voter);
}

/** The finalizer of MurmurHash3 (Appleby): every bit of the input changes about half of the output. */
function mix(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** One group of voters by name, or two while the roster changes. */
export type Groups = readonly (readonly string[])[];

export function groupsOfKey(roster: Roster, key: RingKey): { readonly groups: Groups; readonly voters: Voter[] } {
  const now = groupOfKey(roster.voters, key, roster.n);
  if (roster.next.length === 0) return { groups: [namesOf(now)], voters: now };
  const next = groupOfKey(roster.next, key, roster.n);
  const names = namesOf(now);
  const others = next.filter(([host, store]) => !names.includes(voterName(host, store)));
  return { groups: [names, namesOf(next)], voters: [...now, ...others] };
}

const namesOf = (voters: readonly Voter[]): string[] => voters.map(([host, store]) => voterName(host, store));

export const majorityOf = (count: number): number => Math.floor(count / 2) + 1;

export const isQuorum = (groups: Groups, has: (name: string) => boolean): boolean =>
  groups.every((group) => group.filter(has).length >= majorityOf(group.length));

/** Whether its registers must be copied when `voters` become `next`. */
export function isMoved({ voters, next, n }: Roster, key: RingKey): boolean {
  const before = namesOf(groupOfKey(voters, key, n));
  const after = namesOf(groupOfKey(next, key, n));
  return after.length !== before.length || after.some((name) => !before.includes(name));
}

/** Voters that may be missing when the others' lists are to show every register that a majority of its group has accepted. */
export function missingMax({ voters, n }: Roster): number {
  const size = Math.min(n, voters.length);
  return size - majorityOf(size);
}

export const isLater = (roster: Roster | undefined, than: Roster | undefined): boolean =>
  roster !== undefined && (than === undefined || (roster.id === than.id && roster.epoch > than.epoch));

export const rosterText = ({ id, epoch, n, voters, next }: Roster): string =>
  JSON.stringify([id, epoch, n, voters, next]);

export function parseRoster(text: string): Roster | undefined {
  try {
    const [id, epoch, n, voters, next] = JSON.parse(text) as Roster[keyof Roster][];
    return checkedRoster({ id, epoch, n, voters, next });
  } catch {
    return undefined;
  }
}

/** The roster itself when it is one. */
export function checkedRoster(roster: unknown): Roster | undefined {
  if (typeof roster !== 'object' || roster === null) return undefined;
  const { id, epoch, n, voters, next } = roster as Partial<Record<keyof Roster, unknown>>;
  const isWell =
    typeof id === 'string' &&
    id.length <= storeCharactersMax &&
    Number.isSafeInteger(epoch) &&
    Number.isInteger(n) &&
    (n as number) >= 1 &&
    (n as number) <= copiesMax &&
    areVoters(voters) &&
    voters.length > 0 &&
    areVoters(next);
  return isWell ? (roster as Roster) : undefined;
}

const areVoters = (voters: unknown): voters is Voter[] =>
  Array.isArray(voters) &&
  voters.length <= votersMax &&
  voters.every(
    (voter) =>
      Array.isArray(voter) &&
      Number.isInteger(voter[0]) &&
      typeof voter[1] === 'string' &&
      voter[1].length <= storeCharactersMax,
  );
