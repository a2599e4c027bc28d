// The taking side of a hand-over: chunks are applied in their order and acknowledged by the next one awaited, so what was lost or came
// twice does no harm. A record that is already here (from an earlier ownership, or from a part of a broken ring) is
// merged with the one that comes, contact by contact.
import type { Address, Outbox } from '@chordial/actor';
import type { Binding, HandedBinding, HandedRecord, HandedRemoval, RecordsTaken, TakeRecords } from './protocol.ts';
import { dropLater } from './range.ts';
import { charactersOf, indexOfContact, liveBindings, noBindings } from './record.ts';
import type { LocationState } from './state.ts';
import { keepBindings } from './users.ts';

/** One hand-over that comes in. */
export interface Taking {
  readonly transfer: number;
  readonly giver: Address<RecordsTaken>;
  chunkNext: number;
}

/** Hand-overs taken at a time; with another one the oldest is forgotten, and its giver gives up. */
export const takingsMax = 16;
/** Longer than any registrar grants (RFC 3261 20.19: 2^32 - 1 seconds). */
const msLeftMax = 2 ** 32 * 1_000;

export function onTakeRecords(state: LocationState, message: TakeRecords, now: number, out: Outbox): void {
  const { transfer, chunk, records, replyTo } = message;
  const { takings } = state;
  let taking = takings.find((one) => one.transfer === transfer && one.giver === replyTo);
  if (taking === undefined && chunk === 0) {
    taking = { transfer, giver: replyTo, chunkNext: 0 };
    if (takings.push(taking) > takingsMax) takings.shift();
  }
  if (taking !== undefined && taking.chunkNext === chunk) {
    taking.chunkNext++;
    for (const record of records) {
      if (isWhole(record)) take(state, record[0], record[1], record[2], now, out);
      else state.counts.handedRefused++;
    }
    // They may come before the range that they belong to.
    if (state.users !== undefined) dropLater(state, now, out);
  }
  out.send(replyTo, { type: 'records-taken', transfer, chunkNext: taking?.chunkNext ?? 0 });
}

/** Another host may be of another version: what it sends amiss must not cost what is here. */
function isWhole([aor, bindings, removals]: HandedRecord): boolean {
  return (
    typeof aor === 'string' &&
    bindings.every(
      ([contact, contactKey, instance, regId, callId, cseq, q, msLeft, userAgent]) =>
        [contact, contactKey, instance, callId, userAgent].every((text) => typeof text === 'string') &&
        [regId, cseq, q].every((number) => number >= 0) &&
        msLeft < msLeftMax,
    ) &&
    removals.every(([contactKey, callId]) => typeof contactKey === 'string' && typeof callId === 'string')
  );
}

function take(
  state: LocationState,
  aor: string,
  bindings: readonly HandedBinding[],
  removals: readonly HandedRemoval[],
  now: number,
  out: Outbox,
): void {
  const { config, counts } = state;
  const user = state.users?.get(aor);
  if (user === undefined && (state.users?.size ?? 0) >= config.usersMax) {
    counts.handedRefused++;
    return;
  }
  const present = user === undefined ? noBindings : liveBindings(user.bindings, now);
  const merged = mergedBindings(present, bindings, removals, now);
  // Limits may differ between hosts: who lives longest stays.
  while (merged.length > config.bindingsPerUserMax || charactersOf(merged) > config.recordCharactersMax) {
    merged.splice(indexOfEarliest(merged), 1);
    counts.handedRefused++;
  }
  counts.recordsTaken++;
  keepBindings(state, aor, merged, '', now, out);
}

/** Contact by contact: of the same Call-ID the higher CSeq wins, else the later expiry. */
export function mergedBindings(
  present: readonly Binding[],
  handed: readonly HandedBinding[],
  removals: readonly HandedRemoval[],
  now: number,
): Binding[] {
  const merged = present.slice();
  for (const [contactKey, callId, cseq] of removals) {
    const index = indexOfContact(merged, contactKey);
    if (index >= 0 && !(merged[index]!.callId === callId && merged[index]!.cseq > cseq)) merged.splice(index, 1);
  }
  for (const one of handed) {
    const binding = bindingOf(one, now);
    if (binding.expiresAt <= now) continue;
    const index = indexOfContact(merged, binding.contactKey);
    if (index < 0) merged.push(binding);
    else if (isNewer(binding, merged[index]!)) merged[index] = binding;
  }
  return merged.sort((a, b) => b.q - a.q);
}

function isNewer(one: Binding, other: Binding): boolean {
  if (one.callId === other.callId && one.cseq !== other.cseq) return one.cseq > other.cseq;
  return one.expiresAt > other.expiresAt;
}

function indexOfEarliest(bindings: readonly Binding[]): number {
  let earliest = 0;
  for (let i = 1; i < bindings.length; i++) if (bindings[i]!.expiresAt < bindings[earliest]!.expiresAt) earliest = i;
  return earliest;
}

function bindingOf(handed: HandedBinding, now: number): Binding {
  const [contact, contactKey, instance, regId, callId, cseq, q, msLeft, userAgent] = handed;
  return { contact, contactKey, instance, regId, callId, cseq, q, expiresAt: now + msLeft, userAgent };
}

export function handedBindingOf(binding: Binding, now: number): HandedBinding {
  const { contact, contactKey, instance, regId, callId, cseq, q, expiresAt, userAgent } = binding;
  return [contact, contactKey, instance, regId, callId, cseq, q, expiresAt - now, userAgent];
}
