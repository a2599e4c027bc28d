// From and To (RFC 3261 20.20, 20.39): `name-addr / addr-spec` and the tag.

import { equalsIgnoringCase, classes as octetClasses, octetsOf } from './octets.ts';
import { scanParameter, skipQuoted, skipSpace } from './scan-line.ts';
import { scanUri } from './scan-uri.ts';
import type { AddressSlice, ScanResult } from './slices.ts';

// Local, since an imported binding is loaded anew at each use: with imports a whole peek took 1.6 times as long.
const COLON = 58;
const DISPLAY = 32;
const GREATER = 62;
const LESS = 60;
const QUOTE = 34;
const SEMICOLON = 59;
const classes = octetClasses;

const SP = 32;
const EQUAL = 61;
const VALUE = 2;
const TAG = octetsOf('tag');

/** The `<` after a display name, `start` itself for a bare addr-spec, or -1 with `out.problem` set. */
function scanDisplayName(bytes: Uint8Array, start: number, end: number, out: ScanResult): number {
  let p = start;
  if (p < end && bytes[p] === QUOTE) {
    p = skipQuoted(bytes, p, end);
    if (p < 0) return out.fail(start, 'the quoted display name is not closed');
    p = skipSpace(bytes, p, end);
    return p < end && bytes[p] === LESS ? p : out.fail(p, 'expected "<" after the display name');
  }
  while (p < end && (classes[bytes[p]!]! & DISPLAY) !== 0) p++;
  if (p > start && p < end && bytes[p] === COLON) return start;
  for (;;) {
    const next = skipSpace(bytes, p, end);
    if (next < end && bytes[next] === LESS) return next;
    if (next === p) return out.fail(p, 'expected a URI, or a display name and "<"');
    p = next;
    while (p < end && (classes[bytes[p]!]! & DISPLAY) !== 0) p++;
  }
}

/** Reads an address and its tag. Returns the position after it and any white space, or -1 with `out.problem` set. */
export function scanAddress(
  bytes: Uint8Array,
  start: number,
  end: number,
  address: AddressSlice,
  out: ScanResult,
): number {
  let p = start < end && bytes[start] === LESS ? start : scanDisplayName(bytes, start, end, out);
  if (p < 0) return -1;
  if (bytes[p] === LESS) {
    p = scanUri(bytes, p + 1, end, address.uri, false, out);
    if (p < 0) return -1;
    if (p >= end || bytes[p] !== GREATER) return out.fail(p, 'expected ">" after the URI');
    p++;
  } else {
    p = scanUri(bytes, p, end, address.uri, true, out);
    if (p < 0) return -1;
  }
  address.valueEnd = p;
  if (p < end && bytes[p]! <= SP) p = skipSpace(bytes, p, end);
  while (p < end && bytes[p] === SEMICOLON) {
    if (address.tagEnd === 0 && p + 5 < end && bytes[p + 4] === EQUAL && equalsIgnoringCase(bytes, p + 1, TAG)) {
      // ";tag=value", as nearly always.
      const start = p + 5;
      let q = start;
      while (q < end && (classes[bytes[q]!]! & VALUE) !== 0) q++;
      if (q > start) {
        address.tagStart = start;
        address.tagEnd = q;
        address.valueEnd = q;
        p = q < end && bytes[q]! <= SP ? skipSpace(bytes, q, end) : q;
        continue;
      }
    }
    p = scanParameter(bytes, p + 1, end, out);
    if (p < 0) return -1;
    address.valueEnd = p;
    if (address.tagEnd === 0 && out.nameEnd - out.nameStart === 3 && equalsIgnoringCase(bytes, out.nameStart, TAG)) {
      // The first tag counts, also one without a value.
      address.tagStart = out.valueStart >= 0 ? out.valueStart : out.nameEnd;
      address.tagEnd = out.valueStart >= 0 ? out.valueEnd : out.nameEnd;
    }
    if (p < end && bytes[p]! <= SP) p = skipSpace(bytes, p, end);
  }
  return p;
}
