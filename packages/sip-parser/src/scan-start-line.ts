// Request-Line and Status-Line (RFC 3261 7.1, 7.2): single spaces, nothing before or after.

import { ParseError } from './errors.ts';
import { methodText } from './methods.ts';
import { classes as octetClasses } from './octets.ts';
import type { Peek } from './peek.ts';

import { scanUri } from './scan-uri.ts';

// Local, since an imported binding is loaded anew at each use: with imports a whole peek took 1.6 times as long.
const BROKEN_LINE = -2;
const CR = 13;
const LF = 10;
const NEED_MORE = -1;
const SLASH = 47;
const SP = 32;
const TOKEN = 1;
const classes = octetClasses;

const isDigit = (octet: number): boolean => octet >= 48 && octet <= 57;

/** Position after `SIP/2.0`, -1 when it is not a SIP version, -2 when it is another version. */
function scanVersion(bytes: Uint8Array, start: number, end: number): number {
  if (
    start + 7 > end ||
    (bytes[start]! | 32) !== 115 ||
    (bytes[start + 1]! | 32) !== 105 ||
    (bytes[start + 2]! | 32) !== 112
  )
    return -1;
  if (bytes[start + 3] !== SLASH || !isDigit(bytes[start + 4]!)) return -1;
  return bytes[start + 4] === 50 && bytes[start + 5] === 46 && bytes[start + 6] === 48 ? start + 7 : -2;
}

/** The start of the line after [start, ..), which must be plain text up to a CRLF. */
function lineEnd(out: Peek, start: number): number {
  const { bytes, end } = out;
  let p = start;
  while (p < end && bytes[p] !== CR && bytes[p] !== LF) p++;
  if (p >= end || (bytes[p] === CR && p + 1 >= end)) return NEED_MORE;
  if (bytes[p] === LF || bytes[p + 1] !== LF) {
    out.scan.fail(p, 'a CR or LF stands alone in the start line');
    return BROKEN_LINE;
  }
  return p + 2;
}

/** Notes the first problem and goes to the next line, so that the headers are still read. */
function goOn(out: Peek, field: string, at: number, sentence: string, status = 400): number {
  const next = lineEnd(out, out.start);
  if (next > 0) out.error ??= new ParseError(field, at - out.start, sentence, status);
  return next;
}

function broken(out: Peek, at: number, sentence: string): number {
  const next = lineEnd(out, out.start);
  if (next === NEED_MORE) return NEED_MORE;
  out.scan.fail(at, sentence);
  return BROKEN_LINE;
}

function scanStatusLine(out: Peek): number {
  const { bytes, start, end } = out;
  out.kind = 'response';
  let p = scanVersion(bytes, start, end);
  if (p < 0) return broken(out, start, 'the SIP version is not 2.0');
  if (p + 5 > end) return broken(out, p, 'expected a status code');
  const code = (bytes[p + 1]! - 48) * 100 + (bytes[p + 2]! - 48) * 10 + bytes[p + 3]! - 48;
  const digits = isDigit(bytes[p + 1]!) && isDigit(bytes[p + 2]!) && isDigit(bytes[p + 3]!);
  // A Status-Line without reason ought to keep the space before it; its absence is harmless and common.
  const after = bytes[p + 4]!;
  if (bytes[p] !== SP || !digits || code < 100 || code > 699 || (after !== SP && after !== CR)) {
    return broken(out, p, 'expected a status code from 100 to 699');
  }
  p += 4;
  out.statusCode = code;
  return lineEnd(out, p);
}

/** Reads the start line at `out.start`. The start of the next line, NEED_MORE, or BROKEN_LINE with `out.scan.problem` set. */
export function scanStartLine(out: Peek): number {
  const { bytes, start, end } = out;
  let p = start;
  while (p < end && (classes[bytes[p]!]! & TOKEN) !== 0) p++;
  if (p === start + 3 && p < end && bytes[p] === SLASH && scanVersion(bytes, start, end) !== -1)
    return scanStatusLine(out);
  if (p === start || p >= end || bytes[p] !== SP) return broken(out, p, 'expected a method and one space');
  out.methodStart = start;
  out.methodEnd = p;
  out.method = methodText(bytes, start, p);
  const uriStart = p + 1;
  p = scanUri(bytes, uriStart, end, out.requestUri, false, out.scan);
  if (p < 0) return goOn(out, 'Request-URI', out.scan.problemOffset, out.scan.problem);
  if (p >= end || bytes[p] !== SP) return goOn(out, 'Request-URI', p, 'expected one space after the Request-URI');
  // "headers ... not allowed in Request-URI" (RFC 3261 19.1.1, table 1).
  if (out.requestUri.scheme > 0 && out.requestUri.headersStart >= 0) {
    return goOn(out, 'Request-URI', out.requestUri.headersStart, 'headers are not allowed in a Request-URI');
  }
  const version = p + 1;
  p = scanVersion(bytes, version, end);
  if (p === -2) return goOn(out, 'start-line', version, 'the SIP version is not 2.0', 505);
  if (p < 0) return goOn(out, 'start-line', version, 'expected the SIP version after one space');
  if (p + 1 < end && bytes[p] === CR && bytes[p + 1] === LF) return p + 2;
  if (p < end && bytes[p] !== CR)
    return goOn(out, 'start-line', p, 'expected the end of the line after the SIP version');
  return lineEnd(out, p);
}
