// Reads a Contact line of the usual shape from its octets, without a table of its parameters:
//
//   "Alice" <sip:alice@192.0.2.4:5060;ob>;expires=600;q=0.5;+sip.instance="<urn:uuid:...>";reg-id=1
//
// It knows one spelling of each thing and gives up at the first octet that is anything else: a second contact, a fold,
// white space, a backslash, a name in capitals, a repeated name, a number that is none.
import { ParseError, type Peek } from '@chordial/sip-parser';
import { contactKeyOf } from './contact-key.ts';
import type { ContactWish } from './contact-wishes.ts';
import { ownText } from './own-text.ts';

const SP = 32;
const QUOTE = 34;
const COMMA = 44;
const DOT = 46;
const SEMICOLON = 59;
const LESS = 60;
const EQUAL = 61;
const GREATER = 62;
const BACKSLASH = 92;

/** The wish of the value at [start, end), or undefined when the parser shall say what it is. */
export function usualWish(peeked: Peek, start: number, end: number): ContactWish | undefined {
  const { bytes } = peeked;
  const open = skipDisplayName(bytes, start, end);
  if (open < 0) return undefined;
  let p = open + 1;
  while (p < end && bytes[p] !== GREATER) p++;
  const close = p++;

  let expires = -1;
  let q = -1;
  let regId = 0;
  let instanceStart = 0;
  let instanceEnd = 0;
  while (p < end) {
    if (bytes[p] !== SEMICOLON) return undefined;
    const nameStart = p + 1;
    const nameEnd = endOfName(bytes, nameStart, end);
    if (nameEnd === nameStart) return undefined;
    const hasValue = bytes[nameEnd] === EQUAL && nameEnd < end;
    const valueStart = hasValue ? nameEnd + 1 : nameEnd;
    p = hasValue ? endOfValue(bytes, valueStart, end) : nameEnd;
    if (hasValue && p === valueStart) return undefined;
    if (isText(bytes, nameStart, nameEnd, 'expires')) {
      if (expires >= 0) return undefined;
      expires = numberAt(bytes, valueStart, p);
      if (expires < 0) return undefined;
    } else if (isText(bytes, nameStart, nameEnd, 'q')) {
      if (q >= 0) return undefined;
      q = thousandthsAt(bytes, valueStart, p);
      if (q < 0) return undefined;
    } else if (isText(bytes, nameStart, nameEnd, 'reg-id')) {
      if (regId > 0) return undefined;
      regId = numberAt(bytes, valueStart, p);
      if (regId <= 0) return undefined;
    } else if (isText(bytes, nameStart, nameEnd, '+sip.instance')) {
      if (instanceEnd > 0 || bytes[valueStart] !== QUOTE) return undefined;
      instanceStart = valueStart + 1;
      instanceEnd = p - 1;
    }
  }

  const value = peeked.contact;
  // One character per octet, or positions in the octets are not those in the text.
  if (value.length !== end - start) return undefined;
  let contact = value.slice(open + 1 - start, close - start);
  let instance = instanceEnd > instanceStart ? value.slice(instanceStart - start, instanceEnd - start) : '';
  // Slices keep the whole value alive, with a display name of any length. Beside as many octets as they have it costs less
  // than copies; where there is more of it, copies are made.
  if (value.length > 2 * (contact.length + instance.length)) {
    contact = ownText(contact);
    instance = ownText(instance);
  }
  const key = contactKeyOf(contact);
  if (key instanceof ParseError) return undefined;
  const contactKey = key === contact ? contact : ownText(key);
  return { contact, contactKey, instance, regId, q: q < 0 ? 1000 : q, expires };
}

/** Where the `<` is, directly or after a quoted display name and spaces; -1 for any other beginning. */
function skipDisplayName(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] === LESS) return start;
  if (bytes[start] !== QUOTE) return -1;
  let p = endOfQuoted(bytes, start, end);
  while (p < end && bytes[p] === SP) p++;
  return p < end && bytes[p] === LESS ? p : -1;
}

/** The position after a quoted string of printable ASCII without backslashes; `start` itself for any other. */
function endOfQuoted(bytes: Uint8Array, start: number, end: number): number {
  for (let p = start + 1; p < end; p++) {
    const octet = bytes[p]!;
    if (octet === QUOTE) return p + 1;
    if (octet < SP || octet > 126 || octet === BACKSLASH) break;
  }
  return start;
}

/** The end of a run of lower-case letters, digits, `+`, `-` and `.`. */
function endOfName(bytes: Uint8Array, start: number, end: number): number {
  let p = start;
  for (; p < end; p++) {
    const octet = bytes[p]!;
    if (!(octet >= 97 && octet <= 122) && !isDigit(octet) && octet !== 43 && octet !== 45 && octet !== DOT) break;
  }
  return p;
}

/** The end of a quoted string or of a run of what may stand in an unquoted value. */
function endOfValue(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] === QUOTE) return endOfQuoted(bytes, start, end);
  let p = start;
  for (; p < end; p++) {
    const octet = bytes[p]!;
    if (octet <= SP || octet > 126) break;
    if (octet === QUOTE || octet === COMMA || octet === SEMICOLON || octet === LESS || octet === GREATER) break;
  }
  return p;
}

const isDigit = (octet: number): boolean => octet >= 48 && octet <= 57;

/** One to nine digits, or -1. */
function numberAt(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > 9) return -1;
  let number = 0;
  for (let p = start; p < end; p++) {
    if (!isDigit(bytes[p]!)) return -1;
    number = number * 10 + bytes[p]! - 48;
  }
  return number;
}

/** `0.` and one to three digits, in thousandths, or -1. */
function thousandthsAt(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 3 || end - start > 5 || bytes[start] !== 48 || bytes[start + 1] !== DOT) return -1;
  let thousandths = 0;
  for (let p = start + 2, unit = 100; p < end; p++, unit /= 10) {
    if (!isDigit(bytes[p]!)) return -1;
    thousandths += (bytes[p]! - 48) * unit;
  }
  return thousandths;
}

function isText(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}
