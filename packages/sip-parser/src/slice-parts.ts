// Parts of a header value that are looked for only when asked: the first value of a comma list and one URI parameter.

import {
  COMMA,
  classes,
  EQUAL,
  equalsIgnoringCase,
  GREATER,
  LESS,
  latin1Text,
  octetsOf,
  QUOTE,
  SEMICOLON,
  TOKEN,
} from './octets.ts';
import { skipQuoted, trimEnd } from './scan-line.ts';

/** The end of the first value of a comma list; commas in quotes and angle brackets do not part values. */
export function firstListValueEnd(bytes: Uint8Array, start: number, end: number): number {
  let angle = false;
  let p = start;
  while (p < end) {
    const octet = bytes[p]!;
    if (octet === QUOTE && !angle) {
      const next = skipQuoted(bytes, p, end);
      if (next < 0) return end;
      p = next;
      continue;
    }
    if (octet === LESS) angle = true;
    else if (octet === GREATER) angle = false;
    else if (octet === COMMA && !angle) return trimEnd(bytes, start, p);
    p++;
  }
  return end;
}

const nameOctets = new Map<string, Uint8Array>([['rk', octetsOf('rk')]]);

/** The value of URI parameter `name` in the first `<...>` of a value, or ''. */
export function uriParameter(bytes: Uint8Array, start: number, end: number, name: string): string {
  const wanted = nameOctets.get(name) ?? octetsOf(name);
  let p = start;
  while (p < end && bytes[p] !== LESS) p = bytes[p] === QUOTE ? Math.max(p + 1, skipQuoted(bytes, p, end)) : p + 1;
  // The user may hold ";" too, so parameters begin after the last "@" before ">".
  let first = p;
  let close = p;
  while (close < end && bytes[close] !== GREATER) {
    if (bytes[close] === 64) first = close;
    close++;
  }
  for (p = first; p < close; p++) {
    if (bytes[p] !== SEMICOLON) continue;
    const nameStart = p + 1;
    let nameEnd = nameStart;
    while (nameEnd < close && (classes[bytes[nameEnd]!]! & TOKEN) !== 0) nameEnd++;
    if (
      bytes[nameEnd] !== EQUAL ||
      nameEnd - nameStart !== wanted.length ||
      !equalsIgnoringCase(bytes, nameStart, wanted)
    )
      continue;
    let valueEnd = nameEnd + 1;
    while (valueEnd < close && bytes[valueEnd] !== SEMICOLON && bytes[valueEnd] !== 63) valueEnd++;
    return latin1Text(bytes, nameEnd + 1, valueEnd);
  }
  return '';
}
