// The one spelling of an address of record, `user@host` in ASCII: equal AoRs (RFC 3261 19.1.4) have equal texts, and so the
// same place on the ring. The host is lower case; in the user, escapes of unreserved octets are undone, every other escape
// has capital digits, and octets a user may not hold are escaped. Case of the user stays. sip and sips count as the same.

import { classes, hexDigit, latin1Text, PERCENT, PLAIN, UNRESERVED } from './octets.ts';

const HEX = '0123456789ABCDEF';

function escaped(octet: number): string {
  return `%${HEX[octet >> 4]}${HEX[octet & 15]}`;
}

/** Whether every octet stands as itself. */
function isPlain(user: string): boolean {
  for (let i = 0; i < user.length; i++) {
    const code = user.charCodeAt(i);
    if (code > 127 || (classes[code]! & PLAIN) === 0) return false;
  }
  return true;
}

/** The canonical form of a user given as one character per octet. */
export function canonicalUserText(user: string): string {
  if (isPlain(user)) return user;
  let text = '';
  for (let i = 0; i < user.length; i++) {
    const octet = user.charCodeAt(i) & 255;
    const high = octet === PERCENT && i + 2 < user.length ? hexDigit(user.charCodeAt(i + 1)) : -1;
    const low = high >= 0 ? hexDigit(user.charCodeAt(i + 2)) : -1;
    if (low >= 0) {
      const value = high * 16 + low;
      text += (classes[value]! & UNRESERVED) !== 0 ? String.fromCharCode(value) : escaped(value);
      i += 2;
    } else text += (classes[octet]! & PLAIN) !== 0 ? String.fromCharCode(octet) : escaped(octet);
  }
  return text;
}

/** The canonical form of the octets of a user; `plain` says that they are canonical already. */
export function canonicalUser(bytes: Uint8Array, start: number, end: number, plain: boolean): string {
  const text = latin1Text(bytes, start, end);
  return plain ? text : canonicalUserText(text);
}

export function canonicalHost(bytes: Uint8Array, start: number, end: number, plain: boolean): string {
  const text = latin1Text(bytes, start, end);
  return plain ? text : text.toLowerCase();
}
