// Which of the headers that `peek` reads a name stands for: by its length first, then octet by octet, so that an unknown
// name costs one comparison. Compact forms are those of RFC 3261 7.3.3.

import { octetsOf } from './octets.ts';

export const OTHER = 0;
export const VIA = 1;
export const FROM = 2;
export const TO = 3;
export const CALL_ID = 4;
export const CSEQ = 5;
export const CONTACT = 6;
export const ROUTE = 7;
export const MAX_FORWARDS = 8;
export const CONTENT_LENGTH = 9;
export const REQUIRE = 10;
export const PROXY_REQUIRE = 11;

/** Headers of this kind and above are not read by a peek. */
export const UNREAD = 12;

const COLON = 58;
const CONTACT_KIND = 6;
const CONTENT_LENGTH_KIND = 9;

/** `b | 32` is the small letter of a letter and leaves `-` alone, so this is exact for octets that are letters, digits or `-`. */
function follows(bytes: Uint8Array, start: number, lower: Uint8Array): boolean {
  for (let i = 1; i < lower.length; i++) if ((bytes[start + i]! | 32) !== lower[i]) return false;
  return true;
}

function compactKind(letter: number): number {
  switch (letter) {
    case 118:
      return VIA;
    case 102:
      return FROM;
    case 116:
      return TO;
    case 105:
      return CALL_ID;
    case 109:
      return CONTACT;
    case 108:
      return CONTENT_LENGTH;
    default:
      return OTHER;
  }
}

const via = octetsOf('via');
const from = octetsOf('from');
const to = octetsOf('to');
const callId = octetsOf('call-id');
const cseq = octetsOf('cseq');
const contact = octetsOf('contact');
const route = octetsOf('route');
const maxForwards = octetsOf('max-forwards');
const contentLength = octetsOf('content-length');
const require = octetsOf('require');
const proxyRequire = octetsOf('proxy-require');

/** The kind of the name at [start, end), which is a token. */
export function headerKind(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start]! | 32;
  switch (end - start) {
    case 1:
      return compactKind(first);
    case 2:
      return first === 116 && follows(bytes, start, to) ? TO : OTHER;
    case 3:
      return first === 118 && follows(bytes, start, via) ? VIA : OTHER;
    case 4:
      if (first === 102) return follows(bytes, start, from) ? FROM : OTHER;
      return first === 99 && follows(bytes, start, cseq) ? CSEQ : OTHER;
    case 5:
      return first === 114 && follows(bytes, start, route) ? ROUTE : OTHER;
    case 7:
      if (first === 99) {
        if ((bytes[start + 1]! | 32) === 97) return follows(bytes, start, callId) ? CALL_ID : OTHER;
        return follows(bytes, start, contact) ? CONTACT : OTHER;
      }
      return first === 114 && follows(bytes, start, require) ? REQUIRE : OTHER;
    case 12:
      return first === 109 && follows(bytes, start, maxForwards) ? MAX_FORWARDS : OTHER;
    case 13:
      return first === 112 && follows(bytes, start, proxyRequire) ? PROXY_REQUIRE : OTHER;
    case 14:
      return first === 99 && follows(bytes, start, contentLength) ? CONTENT_LENGTH : OTHER;
    default:
      return OTHER;
  }
}

/** Full names by kind, each with its colon. */
const usualNames: readonly Uint8Array[] = [
  '',
  'via:',
  'from:',
  'to:',
  'call-id:',
  'cseq:',
  'contact:',
  'route:',
  'max-forwards:',
  'content-length:',
  'require:',
  'proxy-require:',
  // Kinds from UNREAD on: known by name only so that their lines are passed over quickly.
  'user-agent:',
  'allow:',
  'supported:',
  'expires:',
].map(octetsOf);

/** Octets of a full name, by kind. */
export const nameLengths: Uint8Array = Uint8Array.from(usualNames, (name) => Math.max(0, name.length - 1));

/** The longest full name and its colon, in whole words. */
export const nameBytesMax = 16;

const slotOf = (first: number, third: number): number => ((first & 31) << 5) | (third & 31);

// First and third letter tell the names apart (Contact and Content-Length aside): one load instead of a chain of comparisons.
const kindBySlot = new Uint8Array(1024);
for (let kind = 1; kind < usualNames.length; kind++) {
  const name = usualNames[kind]!;
  if (kind !== CONTENT_LENGTH) kindBySlot[slotOf(name[0]!, name[2]!)] = kind;
}

// Names are compared four octets at a time. Of each word: what it must be, the bits to set first so that capitals become small
// (only where a letter stands, or a CR would pass for a hyphen), and the octets that count, as the last word may be longer
// than the name.
const wordsPerName = 4;
const words = new Int32Array(usualNames.length * wordsPerName);
const letterBits = new Int32Array(words.length);
const counted = new Int32Array(words.length);
const wordCounts = Uint8Array.from(usualNames, (name) => Math.ceil(name.length / 4));
usualNames.forEach((name, kind) => {
  name.forEach((octet, i) => {
    const word = kind * wordsPerName + (i >> 2);
    const shift = (i & 3) * 8;
    words[word]! |= octet << shift;
    counted[word]! |= 0xff << shift;
    if (octet >= 97 && octet <= 122) letterBits[word]! |= 0x20 << shift;
  });
});

/**
 * The kind of a line that begins with a full name and, right after it, a colon, as nearly all do; OTHER for the rest,
 * which `headerKind` decides. The caller has made sure of `nameBytesMax` octets.
 */
export function usualKind(view: DataView, p: number): number {
  let word = view.getInt32(p, true);
  let kind = kindBySlot[slotOf(word, word >> 16)]!;
  if (kind === 0) return OTHER;
  if (kind === CONTACT_KIND && view.getUint8(p + 14) === COLON) kind = CONTENT_LENGTH_KIND;
  let at = kind * wordsPerName;
  if (((word | letterBits[at]!) & counted[at]!) !== words[at]) return OTHER;
  const count = wordCounts[kind]!;
  for (let i = 1; i < count; i++) {
    at++;
    word = view.getInt32(p + i * 4, true);
    if (((word | letterBits[at]!) & counted[at]!) !== words[at]) return OTHER;
  }
  return kind;
}

export const fieldNames: readonly string[] = [
  'header',
  'Via',
  'From',
  'To',
  'Call-ID',
  'CSeq',
  'Contact',
  'Route',
  'Max-Forwards',
  'Content-Length',
  'Require',
  'Proxy-Require',
];
