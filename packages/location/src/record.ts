// The record of one address-of-record: an immutable list of immutable bindings, best q first, replaced as a whole. A
// list can therefore be given away in a message without a copy, and a failed change needs nothing undone.
import { contactsMatch } from './contact-match.ts';
import type { Binding, BindingChange, ChangeBindings } from './protocol.ts';

export const noBindings: readonly Binding[] = [];

/** Those that hold at `now`; the list itself when all do. */
export function liveBindings(bindings: readonly Binding[], now: number): readonly Binding[] {
  for (let i = 0; i < bindings.length; i++) {
    if (bindings[i]!.expiresAt <= now) return bindings.filter((binding) => binding.expiresAt > now);
  }
  return bindings;
}

export function earliestExpiry(bindings: readonly Binding[]): number {
  let earliest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < bindings.length; i++) earliest = Math.min(earliest, bindings[i]!.expiresAt);
  return earliest;
}

/** What `recordCharactersMax` counts. */
export function charactersOf(bindings: readonly Binding[]): number {
  let characters = 0;
  for (let i = 0; i < bindings.length; i++) {
    const { contact, instance, userAgent } = bindings[i]!;
    characters += contact.length + instance.length + userAgent.length;
  }
  return characters;
}

/** The place of a contact in the list: the binding with the same key, else the first that matches it, else -1. */
export function indexOfContact(bindings: readonly Binding[], contactKey: string): number {
  for (let i = 0; i < bindings.length; i++) if (bindings[i]!.contactKey === contactKey) return i;
  for (let i = 0; i < bindings.length; i++) if (contactsMatch(bindings[i]!.contactKey, contactKey)) return i;
  return -1;
}

/**
 * How a request stands to the bindings it touches, RFC 3261 10.3 steps 6 and 7: with the Call-ID of an existing binding,
 * "If the value is higher than that of the existing binding, it MUST update or remove the binding as above. If not, the
 * update MUST be aborted and the request fails." A retransmission that outlived its transaction is known by this: all that
 * it asks for is so already, with its own Call-ID and CSeq. It is `repeated`, and is answered without a change.
 */
export function orderOf(
  current: readonly Binding[],
  message: ChangeBindings,
  now: number,
): 'newer' | 'repeated' | 'older' {
  const { changes, callId, cseq } = message;
  let equal = false;
  const count = changes === 'remove-all' ? current.length : changes.length;
  for (let i = 0; i < count; i++) {
    const index = changes === 'remove-all' ? i : indexOfContact(current, changes[i]!.contactKey);
    if (index < 0) continue;
    const binding = current[index]!;
    if (binding.callId !== callId || cseq > binding.cseq) continue;
    if (cseq < binding.cseq) return 'older';
    equal = true;
  }
  if (!equal) return 'newer';
  return isSameButForTimes(current, changedBindings(current, message, now)) ? 'repeated' : 'older';
}

/** Contacts are bound once, so lists of one length are the same when each binding of the one is in the other. */
function isSameButForTimes(current: readonly Binding[], next: readonly Binding[]): boolean {
  return (
    current.length === next.length &&
    current.every((one) => next.some((other) => one.contactKey === other.contactKey && isSameRegistration(one, other)))
  );
}

function isSameRegistration(one: Binding, other: Binding): boolean {
  return (
    one.contact === other.contact &&
    one.instance === other.instance &&
    one.regId === other.regId &&
    one.callId === other.callId &&
    one.cseq === other.cseq &&
    one.q === other.q &&
    one.userAgent === other.userAgent
  );
}

/** The list after all changes of a request that is `newer`. */
export function changedBindings(current: readonly Binding[], message: ChangeBindings, now: number): readonly Binding[] {
  const { changes } = message;
  if (changes === 'remove-all') return noBindings;
  const next = current.slice();
  for (let i = 0; i < changes.length; i++) {
    const change = changes[i]!;
    const index = indexOfContact(next, change.contactKey);
    if (change.expiresMs > 0) next[index < 0 ? next.length : index] = bindingOf(change, message, next[index], now);
    else if (index >= 0) next.splice(index, 1);
  }
  if (next.length > 1) next.sort((a, b) => b.q - a.q);
  return next;
}

/** A refresh says again what is known: then the texts we have are kept, and those of the message die young. */
function bindingOf(change: BindingChange, message: ChangeBindings, known: Binding | undefined, now: number): Binding {
  const same = known !== undefined && known.contact === change.contact && known.contactKey === change.contactKey;
  return {
    contact: same ? known.contact : change.contact,
    contactKey: same ? known.contactKey : change.contactKey,
    instance: same && known.instance === change.instance ? known.instance : change.instance,
    regId: change.regId,
    callId: same && known.callId === message.callId ? known.callId : message.callId,
    cseq: message.cseq,
    q: change.q,
    expiresAt: now + change.expiresMs,
    userAgent: same && known.userAgent === message.userAgent ? known.userAgent : message.userAgent,
  };
}
