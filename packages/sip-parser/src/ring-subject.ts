// From a message to its place on the ring (DESIGN section 8): REGISTER and PUBLISH by the user they speak of (To), other
// requests by their Request-URI, requests inside a dialog and ACK by the key we put into Record-Route, responses by the key we
// put into Via.

import { type KeyHasher, type RingKey, ringKeyFromText } from '@chordial/ring-key';
import type { Peek } from './peek.ts';

/** The canonical AoR whose hash is the key; '' when the message has no SIP address to go by (a response, a tel: URI). */
export function ringKeySubject(peek: Peek): string {
  return peek.kind === 'request' ? peek.aorOf(peek.subjectField) : '';
}

const keyTextLength = 40;

/** The key that this message carries because a peer of ours wrote it there, or undefined. */
export function carriedRingKey(peek: Peek): RingKey | undefined {
  if (peek.kind === 'request' && peek.method !== 'ACK' && peek.to.tagEnd === peek.to.tagStart) return undefined;
  const text = peek.carriedKey.toLowerCase();
  if (text.length !== keyTextLength) return undefined;
  for (let i = 0; i < keyTextLength; i++) {
    const code = text.charCodeAt(i);
    if (!((code >= 48 && code <= 57) || (code >= 97 && code <= 102))) return undefined;
  }
  return text as RingKey;
}

/**
 * The key of a message, or undefined when it names none. `host` replaces the host of the subject, for a domain that has
 * other names; it must be in lower case.
 */
export function ringKeyOf(peek: Peek, host?: string): RingKey | undefined {
  if (peek.routeStart >= 0 || peek.kind === 'response') {
    const carried = carriedRingKey(peek);
    if (carried !== undefined) return carried;
  }
  const subject = canonicalSubject(peek, host);
  return subject === '' ? undefined : ringKeyFromText(subject);
}

const AT = 64;

/**
 * Hashes the subject of a request as `ringKeyOf` does, from its octets and without making a text: `hasher.prefix` finds
 * the owner. False when there is no subject. A key that the message carries is not looked at.
 */
export function hashSubject(peek: Peek, hasher: KeyHasher, host?: string): boolean {
  const uri = peek.subjectUri;
  if (uri.scheme === 0 || peek.kind === 'response') return false;
  if (!uri.plain || host !== undefined) return hashText(hasher, canonicalSubject(peek, host));
  const { bytes } = peek;
  // `user@host` stands in the message as it is hashed, unless a password lies between.
  if (uri.userEnd > uri.userStart && uri.userEnd + 1 === uri.hostStart)
    return hasher.hash(bytes, uri.userStart, uri.hostEnd);
  hasher.clear();
  if (uri.userEnd > uri.userStart && !(hasher.add(bytes, uri.userStart, uri.userEnd) && hasher.addOctet(AT)))
    return false;
  if (!hasher.add(bytes, uri.hostStart, uri.hostEnd)) return false;
  hasher.finish();
  return true;
}

function hashText(hasher: KeyHasher, text: string): boolean {
  hasher.clear();
  if (text === '' || !hasher.addText(text)) return false;
  hasher.finish();
  return true;
}

function canonicalSubject(peek: Peek, host: string | undefined): string {
  if (host === undefined) return ringKeySubject(peek);
  const user = peek.subjectUser;
  return user === '' ? host : `${user}@${host}`;
}
