// The octets SIP's grammar speaks of (RFC 3261 25.1) and one table that says which classes an octet belongs to, so
// that a scanner tests membership with one load and one AND.

export const HT = 9;
export const LF = 10;
export const CR = 13;
export const SP = 32;
export const QUOTE = 34;
export const PERCENT = 37;
export const COMMA = 44;
export const COLON = 58;
export const SEMICOLON = 59;
export const LESS = 60;
export const EQUAL = 61;
export const GREATER = 62;

/** `token` of RFC 3261 25.1. */
export const TOKEN = 1;
/** An unquoted parameter value. Wider than token / host, since base64 tags and bare IPv6 are seen in the field. */
export const VALUE = 2;
/** Any octet that may stand in a URI. Wider than RFC 3261 (an unescaped `#` in a user is common), never a delimiter. */
export const URI = 4;
/** A host name or IPv4 address. */
export const HOST = 8;
/** Inside the brackets of an IPv6 reference. */
export const IPV6 = 16;
/** What a display name may hold unquoted: token, or UTF-8. */
export const DISPLAY = 32;
/** An octet of a canonical user that stands as itself: unreserved and reserved (RFC 3261 19.1.4). */
export const PLAIN = 64;
/** RFC 3261 `unreserved`: the octets that an escape is equal to. */
export const UNRESERVED = 128;

const LETTERS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function buildClasses(): Uint8Array {
  const table = new Uint8Array(256);
  const add = (octets: string, bits: number): void => {
    for (let i = 0; i < octets.length; i++) table[octets.charCodeAt(i)]! |= bits;
  };
  add(LETTERS_AND_DIGITS, TOKEN | HOST | DISPLAY | PLAIN | UNRESERVED);
  add("-.!%*_+`'~", TOKEN | DISPLAY);
  add("-_.!~*'()", PLAIN | UNRESERVED);
  add('&=+$,;?/', PLAIN);
  add('-._', HOST);
  add('0123456789abcdefABCDEF:.', IPV6);
  for (let octet = 0x21; octet < 0x7f; octet++) {
    const text = String.fromCharCode(octet);
    if (!';,"<>'.includes(text)) table[octet]! |= VALUE;
    if (!'"<>'.includes(text)) table[octet]! |= URI;
  }
  for (let octet = 0x80; octet < 0x100; octet++) table[octet]! |= DISPLAY | VALUE;
  return table;
}

export const classes: Uint8Array = buildClasses();

/** The value of a hexadecimal digit, or -1. */
export function hexDigit(octet: number): number {
  if (octet >= 48 && octet <= 57) return octet - 48;
  const lower = octet | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** Octets of an ASCII text, for comparison with a message's own. */
export function octetsOf(text: string): Uint8Array {
  const octets = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) octets[i] = text.charCodeAt(i);
  return octets;
}

/** Whether `bytes` from `start` holds `lower` (which is in lower case), letter case aside. The caller knows the length. */
export function equalsIgnoringCase(bytes: Uint8Array, start: number, lower: Uint8Array): boolean {
  for (let i = 0; i < lower.length; i++) {
    const octet = bytes[start + i]!;
    if (octet !== lower[i] && (octet < 65 || octet > 90 || octet + 32 !== lower[i])) return false;
  }
  return true;
}

type Slicer = (this: Uint8Array, start: number, end: number) => string;

// Node's own slice works on any Uint8Array (shared memory too) and, unlike a Buffer view or TextDecoder, allocates nothing else.
const latin1Slicer = (Buffer.prototype as unknown as { readonly latin1Slice: Slicer }).latin1Slice;
const utf8Slicer = (Buffer.prototype as unknown as { readonly utf8Slice: Slicer }).utf8Slice;

/** One character for each octet. */
export function latin1Text(bytes: Uint8Array, start: number, end: number): string {
  return end > start ? latin1Slicer.call(bytes, start, end) : '';
}

/** The octets read as UTF-8; what is not UTF-8 becomes U+FFFD. */
export function utf8Text(bytes: Uint8Array, start: number, end: number): string {
  return end > start ? utf8Slicer.call(bytes, start, end) : '';
}
