// How long the body of a message in a stream is, from its Content-Length alone: framing must work for a message whose other
// headers are wrong, or one bad header would cost the connection.

import { ParseError } from './errors.ts';
import { CONTENT_LENGTH, headerKind } from './header-kind.ts';
import { limits } from './limits.ts';
import { COLON, classes, HT, SP, TOKEN } from './octets.ts';
import { skipLine, skipSpace, trimEnd } from './scan-line.ts';

/** The position after the colon when the line at `start` is Content-Length, else -1. */
function contentLengthValue(bytes: Uint8Array, start: number, end: number): number {
  let p = start;
  while (p < end && (classes[bytes[p]!]! & TOKEN) !== 0) p++;
  if (p === start || headerKind(bytes, start, p) !== CONTENT_LENGTH) return -1;
  while (p < end && (bytes[p] === SP || bytes[p] === HT)) p++;
  return bytes[p] === COLON ? skipSpace(bytes, p + 1, end) : -1;
}

function numberIn(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return -1;
  let number = 0;
  for (let p = start; p < end; p++) {
    const digit = bytes[p]! - 48;
    if (digit < 0 || digit > 9) return -1;
    if (number <= limits.messageBytesMax) number = number * 10 + digit;
  }
  return number;
}

/** The body's octets, -1 when there is no Content-Length. Headers lie in [start, bodyStart) and end with a blank line. */
export function bodyLength(bytes: Uint8Array, start: number, bodyStart: number): number | ParseError {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let length = -1;
  let line = start;
  while (line < bodyStart - 2) {
    // The octet after the blank line is not ours to look at, so the search ends with it.
    const next = skipLine(bytes, view, line, bodyStart);
    if (next < 0) return new ParseError('header', line - start, 'a CR or LF stands alone in this line', 400, 'message');
    const value = contentLengthValue(bytes, line, next);
    if (value >= 0) {
      if (length >= 0)
        return new ParseError('Content-Length', line - start, 'this header may stand only once', 400, 'message');
      length = numberIn(bytes, value, trimEnd(bytes, value, next));
      if (length < 0) return new ParseError('Content-Length', value - start, 'expected a number', 400, 'message');
    }
    line = next;
  }
  return length;
}
