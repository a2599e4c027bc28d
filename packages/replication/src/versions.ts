// Versions of copies and what follows from them: which copy is newer, what two copies make together, what a write supersedes. A copy is a
// causal history and the values that nobody has superseded, a dotted version vector set (Preguiça et al. 2010; Gonçalves et al. 2012).
// Merging is commutative, associative and idempotent, so that copies may meet in any order and as often as they like.
import type { RingKey } from '@chordial/ring-key';
import type { StoredRecord } from '@chordial/storage/protocol';
import {
  boundVector,
  contextText,
  type Dot,
  emptyParts,
  holdsDot,
  parseContext,
  parseVersion,
  raise,
  seenOf,
  siblingsMax,
  type VersionParts,
  versionText,
} from './versions-text.ts';
import { type Lasting, valueSiblings, valueText } from './versions-value.ts';

/** How long a host may be away and come back with what was removed meanwhile, where that would never have expired. */
export const tombstoneMs = 10 * 24 * 3_600_000;
/** A tombstone lives longer than what it removes by so much: another host may have got that later, or its clock may be behind. */
export const tombstoneMarginMs = 60_000;
/**
 * Siblings, and characters of a value with several, that a write may make. Two parts of a ring that have no way to each other may fill a record
 * up to it, and what they make together is still kept.
 */
export const siblingsWrittenMax = 16;
export const siblingsCharactersWrittenMax = 16_000;
/** Characters of a value with several siblings, which is what a store takes; above that the oldest counts as seen. */
export const siblingsCharactersMax = 32_700;
/** Coordinators count microseconds since 1970; beyond this one could soon count no further. */
const countersKeptMax = 2 ** 52;
/** A copy that outlives what it supersedes by less is good enough: hosts do not expire things at the same moment anyway. */
const lifeSlackMs = 1_000;

export type Order = 'same' | 'covers' | 'covered' | 'concurrent';

/** A value of a copy, and which write it was. */
export interface Sibling extends Dot {
  readonly value: string;
  /** 0: does not expire. */
  readonly ttlMs: number;
}
export interface Named {
  readonly table: number;
  readonly key: RingKey;
  readonly name: string;
}

const first = emptyParts();
const second = emptyParts();
const third = emptyParts();

/** How a stands to b: `covers` when b has nothing that a has not seen. What is no version is covered by everything. */
export function compareVersions(a: string, b: string): Order {
  if (a === b) return 'same';
  const isKnown = parseVersion(a, first);
  if (!parseVersion(b, second)) return isKnown || a > b ? 'covers' : 'covered';
  if (!isKnown) return 'covered';
  if (covers(first, second)) return 'covers';
  return covers(second, first) ? 'covered' : 'concurrent';
}

/** Whether merging b into a changes nothing. */
function covers(a: VersionParts, b: VersionParts): boolean {
  for (let i = 0; i < b.vectorCount; i++) if (seenOf(a, b.vectorSites[i]!) < b.vectorCounters[i]!) return false;
  return hasSeenDots(a, b) && !isSuperseded(a, b);
}

/** Whether a has seen each write that b holds. */
function hasSeenDots(a: VersionParts, b: VersionParts): boolean {
  for (let i = 0; i < b.dotsCount; i++) {
    const [site, counter] = [b.dotSites[i]!, b.dotCounters[i]!];
    if (seenOf(a, site) < counter && !holdsDot(a, site, counter)) return false;
  }
  return true;
}

/** Whether a holds a write that b has seen and holds no more. */
function isSuperseded(a: VersionParts, b: VersionParts): boolean {
  for (let i = 0; i < a.dotsCount; i++) {
    const [site, counter] = [a.dotSites[i]!, a.dotCounters[i]!];
    if (seenOf(b, site) >= counter && !holdsDot(b, site, counter)) return true;
  }
  return false;
}

/**
 * What both copies of one record make together: a or b itself where it is that already. A new one has the name and the key of a. The result
 * lives long enough to keep from coming back what either of them superseded.
 */
export function mergedCopy(a: StoredRecord, b: StoredRecord, losses?: Losses): StoredRecord {
  const order = compareVersions(a.version, b.version);
  if (order === 'same') return a;
  if (order === 'covers') return outliving(a, b);
  if (order === 'covered') return outliving(b, a);
  // Both are parsed by the comparison.
  const siblings = [...surviving(a, first, second), ...surviving(b, second, first)];
  const held = new Map<string, HeldSibling>();
  for (const one of siblings) {
    const name = `${one.site}.${one.counter}`;
    const other = held.get(name);
    if (other === undefined || other.leftMs < one.leftMs) held.set(name, one);
  }
  const sorted = [...held.values()].sort((one, other) => one.counter - other.counter || one.site - other.site);
  const vector = third;
  vector.vectorCount = 0;
  for (const parts of [first, second])
    for (let i = 0; i < parts.vectorCount; i++) raise(vector, parts.vectorSites[i]!, parts.vectorCounters[i]!);
  return copyOf(a, vector, sorted, Math.max(lifeNeededMs(a), lifeNeededMs(b)), losses);
}

/** Living siblings that count as seen, though nobody has seen them, as there was no room. */
export interface Losses {
  count: number;
}

/** Whether a copy has more siblings than writes may make; a copy of one sibling has not. */
export const isCrowded = ({ version, value }: StoredRecord): boolean =>
  parseVersion(version, first) &&
  first.dotsCount > 1 &&
  (first.dotsCount > siblingsWrittenMax || value.length > siblingsCharactersWrittenMax);

/** How many siblings a copy has. */
export const siblingsCountOf = ({ version }: StoredRecord): number =>
  parseVersion(version, first) ? first.dotsCount : 0;

interface HeldSibling extends Lasting, Dot {}

/** Siblings of a copy that the other one holds too, or has not seen. */
function surviving(record: StoredRecord, own: VersionParts, other: VersionParts): HeldSibling[] {
  const siblings = valueSiblings(record.value, leftMs(record), own.dotsCount) ?? [];
  const survivors: HeldSibling[] = [];
  siblings.forEach(({ text, leftMs }, i) => {
    const [site, counter] = [own.dotSites[i]!, own.dotCounters[i]!];
    if (seenOf(other, site) < counter || holdsDot(other, site, counter))
      survivors.push({ text, leftMs, site, counter });
  });
  return survivors;
}

/** A copy within its bounds: the oldest siblings that are too many count as seen, those that have expired before others. */
function copyOf(
  named: Named,
  vector: VersionParts,
  sorted: HeldSibling[],
  lifeMs: number,
  losses?: Losses,
): StoredRecord {
  const { table, key, name } = named;
  for (;;) {
    const siblings = lastingAlike(sorted);
    const longestMs = siblings.reduce((longest, one) => Math.max(longest, one.leftMs), lifeMs);
    const value = valueText(siblings, longestMs);
    if (sorted.length > siblingsMax || (sorted.length > 1 && value.length > siblingsCharactersMax)) {
      const oldest = sorted.find((one) => one.leftMs <= 0 && isFirstOfSite(sorted, one)) ?? sorted[0]!;
      raise(vector, oldest.site, oldest.counter);
      if (losses !== undefined && oldest.leftMs > 0) losses.count++;
      sorted = sorted.filter((one) => one.site !== oldest.site || one.counter > oldest.counter);
      continue;
    }
    boundVector(vector);
    vector.dotsCount = sorted.length;
    sorted.forEach(({ site, counter }, i) => {
      vector.dotSites[i] = site;
      vector.dotCounters[i] = counter;
    });
    const ttlMs = longestMs === Infinity ? 0 : Math.max(1, longestMs);
    return { table, key, name, version: versionText(vector), value, ttlMs };
  }
}

/** A vector that has seen a sibling has seen all of its site below. */
const isFirstOfSite = (sorted: readonly HeldSibling[], one: HeldSibling): boolean =>
  sorted.every(({ site, counter }) => site !== one.site || counter >= one.counter);

/** Beside a sibling that does not expire none does, since how long they have yet could not be said. */
function lastingAlike<S extends Lasting>(siblings: readonly S[]): readonly Lasting[] {
  if (!siblings.some((one) => one.leftMs === Infinity)) return siblings;
  return siblings.map(({ text }) => ({ text, leftMs: Infinity }));
}

const leftMs = ({ ttlMs }: StoredRecord): number => (ttlMs === 0 ? Infinity : ttlMs);
/** How long whatever supersedes a copy has to live at least. */
const lifeNeededMs = ({ ttlMs }: StoredRecord): number => (ttlMs === 0 ? tombstoneMs : ttlMs);

/** The newer copy, with a longer life if what it supersedes has one. */
function outliving(newer: StoredRecord, older: StoredRecord): StoredRecord {
  const neededMs = newer.version.endsWith('|') ? tombstoneLifeMs(older) : lifeNeededMs(older);
  if (newer.ttlMs === 0 || newer.ttlMs + lifeSlackMs >= neededMs) return newer;
  if (!parseVersion(newer.version, third)) return newer;
  const siblings = valueSiblings(newer.value, leftMs(newer), third.dotsCount);
  if (siblings === undefined) return newer;
  return { ...newer, value: valueText(siblings, neededMs), ttlMs: neededMs };
}

/** How long a tombstone lives that removes what a copy holds. What that itself supersedes needs no further margin, or it would grow for ever. */
function tombstoneLifeMs(removed: StoredRecord): number {
  if (removed.ttlMs === 0) return tombstoneMs + tombstoneMarginMs;
  return siblingsOf(removed).reduce(
    (longest, { ttlMs }) => Math.max(longest, ttlMs + tombstoneMarginMs),
    removed.ttlMs,
  );
}

/** What readers of a copy see, the latest write last; nothing where it is removed or its values have expired. */
export function siblingsOf(record: StoredRecord): Sibling[] {
  if (!parseVersion(record.version, first)) return [];
  const siblings: Sibling[] = [];
  (valueSiblings(record.value, leftMs(record), first.dotsCount) ?? []).forEach(({ text, leftMs }, i) => {
    if (leftMs <= 0) return;
    const ttlMs = leftMs === Infinity ? 0 : leftMs;
    siblings.push({ value: text, ttlMs, site: first.dotSites[i]!, counter: first.dotCounters[i]! });
  });
  return siblings;
}

/** The context of what a version holds: whoever writes with it supersedes all of that. Empty for what is no version. */
export function contextOf(version: string): string {
  if (!parseVersion(version, first)) return '';
  for (let i = 0; i < first.dotsCount; i++) raise(first, first.dotSites[i]!, first.dotCounters[i]!);
  boundVector(first);
  return contextText(first);
}

export const isContext = (text: string): boolean => parseContext(text, first);

/** Up to which counter a context has seen a site: -1 for a site that it does not name, undefined for what is no context. */
export const seenInContext = (text: string, site: number): number | undefined =>
  text === '' ? -1 : parseContext(text, first) ? seenOf(first, site) : undefined;

/** An empty sentence when it is a copy as others can keep it. */
export function copyFault({ version, value, ttlMs }: StoredRecord): string {
  if (typeof version !== 'string' || typeof value !== 'string') return 'a version and a value are texts';
  if (!parseVersion(version, first)) return 'the version is not a version vector with dots';
  if (highestOf(first) > countersKeptMax) return 'the version counts beyond 2^52: the clock of its writer is wrong';
  if (typeof ttlMs !== 'number' || !(ttlMs >= 0 && ttlMs <= Number.MAX_SAFE_INTEGER))
    return 'the time to live is not within 0 ms and 2^53 ms';
  if (first.dotsCount === 0 && ttlMs === 0) return 'a tombstone has a time to live';
  if (valueSiblings(value, Infinity, first.dotsCount) === undefined)
    return 'the value has other siblings than its version';
  return '';
}

function highestOf({ vectorCount, vectorCounters, dotsCount, dotCounters }: VersionParts): number {
  let highest = 0;
  for (let i = 0; i < vectorCount; i++) highest = Math.max(highest, vectorCounters[i]!);
  for (let i = 0; i < dotsCount; i++) highest = Math.max(highest, dotCounters[i]!);
  return highest;
}

/**
 * The copy that a write makes, merged with `current` where its writer knows that; it may as well be merged where it arrives. It supersedes
 * what `context` has seen. The dot is that of the writing coordinator, counted above all its dots so far and at least above the context.
 */
export function withWrite(
  current: StoredRecord | undefined,
  { table, key, name }: Named,
  context: string,
  { site, counter }: Dot,
  value: string,
  ttlMs: number,
): StoredRecord {
  parseContext(context, first);
  first.dotsCount = 1;
  first.dotSites[0] = site;
  first.dotCounters[0] = Math.max(counter, seenOf(first, site) + 1);
  const text = valueText([{ text: value, leftMs: Infinity }], Infinity);
  const written: StoredRecord = { table, key, name, version: versionText(first), value: text, ttlMs };
  return current === undefined ? written : mergedCopy(current, written);
}

/** The tombstone that a removal makes, to be merged as a write is. `ttlMs` is that of what is removed, 0 where it is not known. */
export function withRemoval(
  current: StoredRecord | undefined,
  { table, key, name }: Named,
  context: string,
  ttlMs: number,
): StoredRecord {
  const lifeMs =
    current === undefined || ttlMs === 0
      ? (ttlMs === 0 ? tombstoneMs : ttlMs) + tombstoneMarginMs
      : Math.max(ttlMs, tombstoneLifeMs(current));
  parseContext(context, first);
  const removed: StoredRecord = { table, key, name, version: versionText(first), value: '', ttlMs: lifeMs };
  return current === undefined ? removed : mergedCopy(current, removed);
}

/**
 * What became of a write in a copy. A coordinator that finds its own write `superseded` before anybody can have read it has counted lower than in
 * an earlier life: it goes on from above `counterOf` and writes again.
 */
export function fateOf(version: string, { site, counter }: Dot): 'held' | 'superseded' | 'unseen' {
  if (!parseVersion(version, first)) return 'unseen';
  if (holdsDot(first, site, counter)) return 'held';
  return seenOf(first, site) >= counter ? 'superseded' : 'unseen';
}

/** The highest counter of a site in a version; -1 where there is none. */
export function counterOf(version: string, site: number): number {
  if (!parseVersion(version, first)) return -1;
  let highest = seenOf(first, site);
  for (let i = 0; i < first.dotsCount; i++)
    if (first.dotSites[i] === site) highest = Math.max(highest, first.dotCounters[i]!);
  return highest;
}
