// Lines and white space. A line ends with CRLF; CRLF followed by a space or tab is a fold and counts as white space
// (RFC 3261 7.3.1). A CR or LF that stands alone is refused: two parsers that read it differently can be made to see two
// different messages.

import { classes as octetClasses } from './octets.ts';
import type { ScanResult } from './slices.ts';

// Local, since an imported binding is loaded anew at each use: with imports a whole peek took 1.6 times as long.
const BACKSLASH = 92;
const CR = 13;
const EQUAL = 61;
const HT = 9;
const LF = 10;
const QUOTE = 34;
const SP = 32;
const TOKEN = 1;
const VALUE = 2;
const classes = octetClasses;

export const NEED_MORE = -1;
export const BROKEN_LINE = -2;

/** The position after spaces, tabs and folds. */
export function skipSpace(bytes: Uint8Array, start: number, end: number): number {
  let p = start;
  while (p < end) {
    const octet = bytes[p]!;
    if (octet === SP || octet === HT) p++;
    else if (octet === CR && p + 2 < end && bytes[p + 1] === LF && (bytes[p + 2] === SP || bytes[p + 2] === HT)) p += 3;
    else break;
  }
  return p;
}

/**
 * The first octet in [start, end) that is below `limit` (1 to 128), or `end`. Four octets are looked at with one branch, as
 * branches are what a scanner costs: in `(x - limit*1) & ~x` an octet's highest bit is set if it is below the limit, and the
 * lowest such bit is exact (Mycroft 1987). `four` is the limit in each of four octets; `view` lies over `bytes`.
 */
export function skipToBelow(bytes: Uint8Array, view: DataView, start: number, end: number, four: number): number {
  let p = start;
  while (p + 4 <= end) {
    const octets = view.getInt32(p, true);
    const below = (octets - four) & ~octets & 0x80808080;
    if (below !== 0) return p + ((31 - Math.clz32(below & -below)) >> 3);
    p += 4;
  }
  const limit = four & 0xff;
  while (p < end && bytes[p]! >= limit) p++;
  return p;
}

const fourLineEnds = 0x0e0e0e0e;

/** The start of the next line, NEED_MORE, or BROKEN_LINE. Folded lines belong to the line they continue. */
export function skipLine(bytes: Uint8Array, view: DataView, start: number, end: number): number {
  let p = start;
  for (;;) {
    p = skipToBelow(bytes, view, p, end, fourLineEnds);
    if (p >= end) return NEED_MORE;
    const octet = bytes[p]!;
    if (octet === CR) {
      if (p + 2 >= end) return p + 1 < end && bytes[p + 1] !== LF ? BROKEN_LINE : NEED_MORE;
      if (bytes[p + 1] !== LF) return BROKEN_LINE;
      const first = bytes[p + 2]!;
      if (first !== SP && first !== HT) return p + 2;
      p += 3;
    } else if (octet === LF) return BROKEN_LINE;
    else p++;
  }
}

/** The end of a value whose line ends before `lineEnd`, trailing white space and folds left out. */
export function trimEnd(bytes: Uint8Array, start: number, lineEnd: number): number {
  let p = lineEnd;
  while (p > start) {
    const octet = bytes[p - 1]!;
    if (octet !== SP && octet !== HT && octet !== CR && octet !== LF) break;
    p--;
  }
  return p;
}

/** The position after a quoted string that begins at `start`, or -1. */
export function skipQuoted(bytes: Uint8Array, start: number, end: number): number {
  let p = start + 1;
  while (p < end) {
    const octet = bytes[p]!;
    // Letters and digits, which most octets are, end no quoted string and need no second look.
    if (octet > BACKSLASH || (octet > QUOTE && octet < BACKSLASH)) {
      p++;
      continue;
    }
    if (octet === QUOTE) return p + 1;
    if (octet === BACKSLASH) {
      if (bytes[p + 1] === CR || bytes[p + 1] === LF) return -1;
      p += 2;
    } else if (octet === CR) {
      const next = skipSpace(bytes, p, end);
      if (next === p) return -1;
      p = next;
    } else if (octet === LF) return -1;
    else p++;
  }
  return -1;
}

/**
 * One parameter, `name [= value]`, from after its `;`. Returns the position after it, before any white space, or -1
 * with `out.problem` set. `gen-value = token / host / quoted-string` (RFC 3261 25.1), read a little wider.
 */
export function scanParameter(bytes: Uint8Array, start: number, end: number, out: ScanResult): number {
  let p = start < end && bytes[start]! <= SP ? skipSpace(bytes, start, end) : start;
  out.nameStart = p;
  while (p < end && (classes[bytes[p]!]! & TOKEN) !== 0) p++;
  if (p === out.nameStart) return out.fail(p, 'expected a parameter name after ";"');
  out.nameEnd = p;
  out.valueStart = -1;
  out.valueEnd = -1;
  let equal = p;
  if (bytes[p] !== EQUAL) {
    if (p < end && bytes[p]! > SP) return p;
    equal = skipSpace(bytes, p, end);
    if (equal >= end || bytes[equal] !== EQUAL) return p;
  }
  p = equal + 1;
  if (p < end && bytes[p]! <= SP) p = skipSpace(bytes, p, end);
  out.valueStart = p;
  if (p < end && bytes[p] === QUOTE) {
    p = skipQuoted(bytes, p, end);
    if (p < 0) return out.fail(out.valueStart, 'a quoted string is not closed');
  } else {
    while (p < end && (classes[bytes[p]!]! & VALUE) !== 0) p++;
    if (p === out.valueStart) return out.fail(p, 'expected a value after "="');
  }
  out.valueEnd = p;
  return p;
}
