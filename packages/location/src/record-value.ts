// The value of a user's record in the store: compact JSON `[ttlMs, [binding...]]` with times left at the time of writing. The store gives the
// time to live that is left back with it, so the age is known and hosts' clocks need not agree. Values that were written apart are
// merged as a join of maps (Shapiro et al., *Conflict-free Replicated Data Types*, 2011): in any order, in any grouping, as often as one
// likes. What one user may see of the result is decided when it is read.
import type { Binding } from './protocol.ts';
import { charactersOf, noBindings } from './record.ts';

/** A contact key that is the contact itself is left out (empty). */
type StoredBinding = readonly [
  contact: string,
  contactKey: string,
  instance: string,
  regId: number,
  callId: string,
  cseq: number,
  q: number,
  msLeft: number,
  userAgent: string,
];
/** A value and its time to live, as the store takes and gives it. */
export type TimedValue = readonly [value: string, ttlMs: number];

/** Longer than any registrar grants (RFC 3261 20.19: 2^32 - 1 seconds). */
const msLeftMax = 2 ** 32 * 1_000;
/** A record without bindings lives no longer than it must; 0 would be for ever. */
const nothing: TimedValue = ['[1,[]]', 1];
/** What siblings make of which one cannot be read. Whatever it is merged with cannot be read either. */
const unreadable: TimedValue = ['', 1];

/** What is written for these bindings: at least one, all live. The record lives as long as the longest of them. */
export function recordValueOf(bindings: readonly Binding[], now: number): TimedValue {
  const stored: StoredBinding[] = [];
  for (let i = 0; i < bindings.length; i++) {
    const { contact, contactKey, instance, regId, callId, cseq, q, expiresAt, userAgent } = bindings[i]!;
    const msLeft = Math.ceil(expiresAt - now);
    stored.push([
      contact,
      contactKey === contact ? '' : contactKey,
      instance,
      regId,
      callId,
      cseq,
      q,
      msLeft,
      userAgent,
    ]);
  }
  return timedValueOf(stored);
}

/**
 * The bindings in values that were read from the store: several are merged. Of two for one contact, or for one instance and reg-id
 * (RFC 5626) of different Call-IDs, the one that expires later is meant. Best q first. Undefined where one of them
 * cannot be read.
 */
export function bindingsOf(siblings: readonly TimedValue[], now: number): Binding[] | undefined {
  const [value, ttlLeftMs] = siblings.length > 1 ? mergedValue(siblings) : (siblings[0] ?? nothing);
  const stored = liveOf(value, ttlLeftMs);
  if (stored === undefined) return undefined;
  const current = stored.length > 1 ? stored.filter((_one, i) => !isReplaced(stored, i)) : stored;
  return current.map((one) => bindingOf(one, now)).sort((a, b) => b.q - a.q);
}

/** Limits may differ between hosts, and siblings can be more than a request could make them: who lives longest stays. */
export function boundedBindings(bindings: Binding[], bindingsMax: number, charactersMax: number): readonly Binding[] {
  if (bindings.length === 0) return noBindings;
  while (bindings.length > bindingsMax || charactersOf(bindings) > charactersMax) {
    let earliest = 0;
    for (let i = 1; i < bindings.length; i++) if (bindings[i]!.expiresAt < bindings[earliest]!.expiresAt) earliest = i;
    bindings.splice(earliest, 1);
  }
  return bindings;
}

/** The merge of the table of bindings, as the coordinator asks for it. */
export function mergeBindings(siblings: readonly { readonly value: string; readonly ttlMs: number }[]): TimedValue {
  return mergedValue(siblings.map(({ value, ttlMs }) => [value, ttlMs]));
}

/**
 * One value of several: commutative, associative, idempotent. For each contact (the instance with its reg-id where there are
 * both, else the contact key) and Call-ID the binding of the highest CSeq is kept, of equal ones the one that expires later. Requests
 * of two Call-IDs have no order (RFC 3261 10.2), so both stay, and `bindingsOf` chooses. With one that cannot be read, as a later
 * version of this software wrote it, nothing can be said of the whole.
 */
export function mergedValue(siblings: readonly TimedValue[]): TimedValue {
  const merged = new Map<string, StoredBinding>();
  for (const [value, ttlLeftMs] of siblings) {
    const live = liveOf(value, ttlLeftMs);
    if (live === undefined) return unreadable;
    for (const one of live) {
      const name = JSON.stringify([identityOf(one), one[4]]);
      const other = merged.get(name);
      if (other === undefined || compareRequests(one, other) > 0) merged.set(name, one);
    }
  }
  const sorted = [...merged].sort(([a, one], [b, other]) => other[6] - one[6] || (a < b ? -1 : 1));
  return sorted.length === 0 ? nothing : timedValueOf(sorted.map(([, one]) => one));
}

function timedValueOf(stored: readonly StoredBinding[]): TimedValue {
  let ttlMs = 1;
  for (let i = 0; i < stored.length; i++) ttlMs = Math.max(ttlMs, stored[i]![7]);
  return [JSON.stringify([ttlMs, stored]), ttlMs];
}

/** The bindings of a value that still hold, with the time that is left to them; undefined when the value cannot be read. */
function liveOf(value: string, ttlLeftMs: number): StoredBinding[] | undefined {
  const [ttlMs, stored] = parsed(value);
  if (typeof ttlMs !== 'number' || !Array.isArray(stored) || !stored.every(isWhole)) return undefined;
  // Never younger than it was written.
  const ageMs = Math.max(0, ttlMs - ttlLeftMs);
  const live: StoredBinding[] = [];
  for (const [contact, contactKey, instance, regId, callId, cseq, q, msLeft, userAgent] of stored)
    if (msLeft > ageMs) live.push([contact, contactKey, instance, regId, callId, cseq, q, msLeft - ageMs, userAgent]);
  return live;
}

/** Another host may be of another version, and a disk may lie. */
function parsed(value: string): readonly unknown[] {
  try {
    const read: unknown = JSON.parse(value);
    return Array.isArray(read) ? read : [];
  } catch {
    return [];
  }
}

function isWhole(read: unknown): read is StoredBinding {
  if (!Array.isArray(read)) return false;
  const [contact, contactKey, instance, regId, callId, cseq, q, msLeft, userAgent] = read as unknown[];
  return (
    [contact, contactKey, instance, callId, userAgent].every((text) => typeof text === 'string') &&
    [regId, cseq, q, msLeft].every((number) => typeof number === 'number' && number >= 0) &&
    (msLeft as number) < msLeftMax
  );
}

function bindingOf(stored: StoredBinding, now: number): Binding {
  const [contact, key, instance, regId, callId, cseq, q, msLeft, userAgent] = stored;
  const contactKey = key === '' ? contact : key;
  return { contact, contactKey, instance, regId, callId, cseq, q, expiresAt: now + msLeft, userAgent };
}

const contactKeyOf = ([contact, contactKey]: StoredBinding): string => (contactKey === '' ? contact : contactKey);

/** An instance and a reg-id name one flow of one phone, whatever its contact is today (RFC 5626 4.2). */
function identityOf(one: StoredBinding): string {
  const [, , instance, regId] = one;
  return instance !== '' && regId > 0 ? JSON.stringify([instance, regId]) : contactKeyOf(one);
}

function isReplaced(stored: readonly StoredBinding[], index: number): boolean {
  const one = stored[index]!;
  return stored.some((other, i) => {
    const order = i === index ? 1 : compareExpiries(one, other) || i - index;
    if (order > 0) return false;
    return contactKeyOf(one) === contactKeyOf(other) || (one[4] !== other[4] && identityOf(one) === identityOf(other));
  });
}

/** A total order of requests of one Call-ID for one contact: only equal texts are equal. */
function compareRequests(one: StoredBinding, other: StoredBinding): number {
  return one[5] === other[5] ? compareExpiries(one, other) : one[5] - other[5];
}

function compareExpiries(one: StoredBinding, other: StoredBinding): number {
  if (one[7] !== other[7]) return one[7] - other[7];
  const [a, b] = [JSON.stringify(one), JSON.stringify(other)];
  return a === b ? 0 : a > b ? 1 : -1;
}
