// What the Contact headers of a REGISTER wish for. One header line of the shape `<URI>;expires=N;q=N` and a URI that is its own key,
// as most phones send it, is read here from the octets; every other shape is left to the parser. Both give
// the same wishes, which `contact-wishes.test.ts` checks.
import { ParseError, type Peek, parseMessage } from '@chordial/sip-parser';
import type { ContactAddress } from '@chordial/sip-parser/headers';
import { isOwnKey, keyOfUri } from './contact-key.ts';
import type { HeaderLines } from './header-lines.ts';

export interface ContactWish {
  readonly contact: string;
  readonly contactKey: string;
  /** '' when absent. */
  readonly instance: string;
  /** 0 when absent. */
  readonly regId: number;
  /** 0..1000 */
  readonly q: number;
  /** Seconds; -1 when the contact has no `expires`. */
  readonly expires: number;
}

/** `*` is `Contact: *` on its own, `mixed` is `*` beside other contacts. */
export type ContactWishes = readonly ContactWish[] | '*' | 'mixed' | ParseError;

const noWishes: readonly ContactWish[] = [];
/** RFC 3261 20.10: "Malformed values SHOULD be treated as equivalent to 3600." */
export const expiresMalformed = 3600;
export const expiresSecondsLargest = 4_294_967_295;

export function contactWishes(peeked: Peek, lines: HeaderLines): ContactWishes {
  if (lines.contactLinesCount === 0) return noWishes;
  if (lines.contactLinesCount === 1) {
    const wish = plainWish(peeked, lines);
    if (wish !== undefined) return [wish];
  }
  return parsedWishes(peeked.bytes, peeked.start, peeked.end);
}

/** The wishes as the parser reads them. */
export function parsedWishes(bytes: Uint8Array, start: number, end: number): ContactWishes {
  const parsed = parseMessage(bytes, start, end);
  if (!parsed.ok) return parsed.error;
  const contacts = parsed.message.contacts;
  if (contacts instanceof ParseError) return contacts;
  const wishes: ContactWish[] = [];
  for (const contact of contacts) {
    if (contact.star) return contacts.length === 1 ? '*' : 'mixed';
    wishes.push(wishOf(contact));
  }
  return wishes;
}

function wishOf(contact: ContactAddress): ContactWish {
  const { uri, q, expires, instance, regId } = contact;
  return {
    contact: uri.text,
    contactKey: keyOfUri(uri),
    instance: instance !== undefined && isPrintable(instance) ? instance : '',
    regId: regId ?? 0,
    q: q === undefined ? 1000 : Math.round(q * 1000),
    expires: expires ?? -1,
  };
}

/** Whether a text can be put between quotes as it is. */
function isPrintable(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 32 || code > 126 || code === 34 || code === 92) return false;
  }
  return true;
}

const SEMICOLON = 59;
const LESS = 60;
const EQUAL = 61;
const GREATER = 62;

/** The wish of a line of the usual shape; undefined when the shape is another one, right or wrong. */
function plainWish(peeked: Peek, lines: HeaderLines): ContactWish | undefined {
  const { bytes } = peeked;
  const { contactStart, contactEnd } = lines;
  if (bytes[contactStart] !== LESS) return undefined;
  let p = contactStart + 1;
  while (p < contactEnd && bytes[p] !== GREATER) p++;
  const uriLength = p - contactStart - 1;
  let expires = -1;
  let q = 1000;
  p++;
  while (p < contactEnd) {
    if (bytes[p] !== SEMICOLON) return undefined;
    if (expires < 0 && isParameter(bytes, p + 1, contactEnd, 'expires')) {
      expires = 0;
      for (p += 9; p < contactEnd && isDigit(bytes[p]!); p++) {
        expires = expires * 10 + bytes[p]! - 48;
        if (expires > expiresSecondsLargest) return undefined;
      }
      if (bytes[p - 1] === EQUAL) return undefined;
    } else if (q === 1000 && isParameter(bytes, p + 1, contactEnd, 'q')) {
      if (bytes[p + 3] !== 48 || bytes[p + 4] !== 46) return undefined;
      q = 0;
      let unit = 100;
      for (p += 5; p < contactEnd && isDigit(bytes[p]!); p++, unit /= 10) {
        if (unit < 1) return undefined;
        q += (bytes[p]! - 48) * unit;
      }
    } else return undefined;
  }
  const contact = peeked.contact.slice(1, 1 + uriLength);
  return isOwnKey(contact) ? { contact, contactKey: contact, instance: '', regId: 0, q, expires } : undefined;
}

const isDigit = (octet: number): boolean => octet >= 48 && octet <= 57;

/** Whether `name=` stands at `start`; letter case other than the usual is left to the parser. */
function isParameter(bytes: Uint8Array, start: number, end: number, name: string): boolean {
  if (start + name.length >= end || bytes[start + name.length] !== EQUAL) return false;
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name.charCodeAt(i)) return false;
  return true;
}
