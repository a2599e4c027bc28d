// From and To (RFC 3261 20.20, 20.39): `name-addr / addr-spec` and the tag.

import { COLON, classes, DISPLAY, equalsIgnoringCase, GREATER, LESS, octetsOf, QUOTE, SEMICOLON } from './octets.ts';
import { scanParameter, skipQuoted, skipSpace } from './scan-line.ts';
import { scanUri } from './scan-uri.ts';
import type { AddressSlice, ScanResult } from './slices.ts';

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
  p = skipSpace(bytes, p, end);
  while (p < end && bytes[p] === SEMICOLON) {
    p = scanParameter(bytes, p + 1, end, out);
    if (p < 0) return -1;
    address.valueEnd = p;
    if (
      address.tagEnd === 0 &&
      out.nameEnd - out.nameStart === 3 &&
      out.valueStart >= 0 &&
      equalsIgnoringCase(bytes, out.nameStart, TAG)
    ) {
      address.tagStart = out.valueStart;
      address.tagEnd = out.valueEnd;
    }
    p = skipSpace(bytes, p, end);
  }
  return p;
}
