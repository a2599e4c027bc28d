// The header lines of a message, each read once (RFC 3261 7.3). A wrong value is noted and reading goes on, so that a 400
// can still be addressed; a broken line ends it.

import { ParseError } from './errors.ts';
import {
  fieldNames,
  headerKind,
  nameBytesMax as kindBytesMax,
  nameLengths as kindLengths,
  UNREAD as unread,
  usualKind,
} from './header-kind.ts';
import { limits } from './limits.ts';
import { classes as octetClasses } from './octets.ts';
import type { Peek } from './peek.ts';
import { onAddress, onCallId, onContentLength, onCseq, onMaxForwards, onVia, scanUsualNumber } from './scan-fields.ts';
import { skipLine, skipSpace, trimEnd } from './scan-line.ts';

// Local, since an imported binding is loaded anew at each use: with imports a whole peek took 1.6 times as long.
const BROKEN_LINE = -2;
const NEED_MORE = -1;
const HT = 9;
const LF = 10;
const CR = 13;
const SP = 32;
const COMMA = 44;
const COLON = 58;
const TOKEN = 1;
const OTHER = 0;
const VIA = 1;
const FROM = 2;
const TO = 3;
const CALL_ID = 4;
const CSEQ = 5;
const CONTACT = 6;
const ROUTE = 7;
const MAX_FORWARDS = 8;
const CONTENT_LENGTH = 9;
const REQUIRE = 10;
const PROXY_REQUIRE = 11;
const UNREAD = unread;
const classes = octetClasses;
const nameBytesMax = kindBytesMax;
const nameLengths = kindLengths;
const viaLinesCountMax = limits.viaLinesCountMax;
const headersCountMax = limits.headersCountMax;
const maxForwardsMax = limits.maxForwardsMax;
const messageBytesMax = limits.messageBytesMax;

/** Where the colon of a header line stands, -1 at the end of the octets, or BROKEN_LINE; the end of the name goes to `out.scan`. */
function scanName(out: Peek, lineStart: number): number {
  const { bytes, end, scan } = out;
  let p = lineStart;
  while (p < end && (classes[bytes[p]!]! & TOKEN) !== 0) p++;
  if (p === lineStart) {
    scan.fail(p, 'expected a header name');
    return BROKEN_LINE;
  }
  scan.nameEnd = p;
  while (p < end && (bytes[p] === SP || bytes[p] === HT)) p++;
  if (p >= end) return NEED_MORE;
  if (bytes[p] === COLON) return p;
  scan.fail(p, 'expected ":" after the header name');
  return BROKEN_LINE;
}

function skipToNext(out: Peek, from: number): number {
  const next = skipLine(out.bytes, out.view, from, out.end);
  if (next === BROKEN_LINE) out.scan.fail(from, 'a CR or LF stands alone in this line');
  return next;
}

/** A header whose value is read: the start of the next line, NEED_MORE or BROKEN_LINE. */
function scanValue(out: Peek, kind: number, lineStart: number, valueStart: number): number {
  switch (kind) {
    case VIA:
      return endVia(out, lineStart, valueStart, onVia(out, lineStart, valueStart));
    case FROM:
      return endLine(out, kind, lineStart, valueStart, onAddress(out, out.from, lineStart, valueStart));
    case TO:
      return endLine(out, kind, lineStart, valueStart, onAddress(out, out.to, lineStart, valueStart));
    case CALL_ID:
      return endLine(out, kind, lineStart, valueStart, onCallId(out, lineStart, valueStart));
    case CSEQ:
      return endLine(out, kind, lineStart, valueStart, onCseq(out, lineStart, valueStart));
    case MAX_FORWARDS:
      if (out.maxForwards < 0) {
        const next = scanUsualNumber(out, valueStart);
        if (next > 0 && out.scan.number <= maxForwardsMax) {
          out.maxForwards = out.scan.number;
          return next;
        }
      }
      return endLine(out, kind, lineStart, valueStart, onMaxForwards(out, lineStart, valueStart));
    case CONTENT_LENGTH:
      if (out.contentLength < 0) {
        const next = scanUsualNumber(out, valueStart);
        if (next > 0) {
          out.contentLength = Math.min(out.scan.number, messageBytesMax + 1);
          return next;
        }
      }
      return endLine(out, kind, lineStart, valueStart, onContentLength(out, lineStart, valueStart));
    default:
      return takeLine(out, kind, valueStart);
  }
}

/** A header of which only the extent or the presence matters. */
function takeLine(out: Peek, kind: number, valueStart: number): number {
  const next = skipToNext(out, valueStart);
  if (next < 0) return next;
  if (kind === CONTACT && out.contactStart < 0) {
    out.contactStart = valueStart;
    out.contactEnd = trimEnd(out.bytes, valueStart, next);
  } else if (kind === ROUTE && out.routeStart < 0) {
    out.routeStart = valueStart;
    out.routeEnd = trimEnd(out.bytes, valueStart, next);
  } else if (kind === REQUIRE) out.hasRequire = true;
  else if (kind === PROXY_REQUIRE) out.hasProxyRequire = true;
  return next;
}

/** `p` is where a value ended, which must be the end of its line, or -1. */
function endLine(out: Peek, kind: number, lineStart: number, valueStart: number, p: number): number {
  const { bytes } = out;
  if (p >= 0 && p + 2 < out.end && bytes[p] === CR && bytes[p + 1] === LF) return p + 2;
  const problem = p < 0 ? out.scan.problem : 'expected the end of the line';
  const problemOffset = p < 0 ? out.scan.problemOffset : p;
  const next = skipToNext(out, valueStart);
  if (next < 0) return next;
  out.error ??= new ParseError(fieldNames[kind]!, problemOffset - out.start, problem);
  // A value that could not be read is still copied whole into the answer that says so.
  const valueEnd = trimEnd(bytes, valueStart, next);
  if (kind === FROM && out.from.lineStart === lineStart) out.from.valueEnd = valueEnd;
  else if (kind === TO && out.to.lineStart === lineStart) out.to.valueEnd = valueEnd;
  else if (kind === CALL_ID && out.callIdLineStart === lineStart) out.callIdEnd = valueEnd;
  return next;
}

/** The same for Via, whose line may go on with further values. */
function endVia(out: Peek, lineStart: number, valueStart: number, p: number): number {
  const { bytes } = out;
  const first = out.viaLinesCount === 0;
  let next = p + 2;
  let valueEnd = out.via.end;
  if (!first || p < 0 || p + 2 >= out.end || bytes[p] !== CR || bytes[p + 1] !== LF) {
    const problem = p < 0 ? out.scan.problem : 'expected ";", "," or the end of the line';
    const problemOffset = p < 0 ? out.scan.problemOffset : p;
    next = skipToNext(out, valueStart);
    if (next < 0) return next;
    valueEnd = trimEnd(bytes, valueStart, next);
    if (p < 0 || (first && bytes[p] !== COMMA)) out.error ??= new ParseError('Via', problemOffset - out.start, problem);
  }
  if (out.viaLinesCount < viaLinesCountMax) {
    out.viaLines[2 * out.viaLinesCount] = lineStart;
    out.viaLines[2 * out.viaLinesCount + 1] = valueEnd;
    out.viaLinesCount++;
  }
  return next;
}

/** One header line. The start of the next line, NEED_MORE, or BROKEN_LINE with `out.scan.problem` set. */
function scanHeaderLine(out: Peek, bytes: Uint8Array, lineStart: number, end: number): number {
  let kind = lineStart + nameBytesMax < end ? usualKind(out.view, lineStart) : OTHER;
  let colon = lineStart + nameLengths[kind]!;
  if (kind === OTHER) {
    colon = scanName(out, lineStart);
    if (colon < 0) return colon;
    kind = headerKind(bytes, lineStart, out.scan.nameEnd);
    if (kind === OTHER) return skipToNext(out, colon + 1);
  } else if (kind >= UNREAD) return skipToNext(out, colon + 1);
  let p = colon + 1;
  if (p < end && bytes[p] === SP) p++;
  if (p < end && bytes[p]! <= SP) p = skipSpace(bytes, p, end);
  return p < end ? scanValue(out, kind, lineStart, p) : NEED_MORE;
}

/** Reads the header lines from `firstLine` on. The start of the body, NEED_MORE, or BROKEN_LINE with `out.scan.problem` set. */
export function scanHeaders(out: Peek, firstLine: number): number {
  const { bytes, end } = out;
  let p = firstLine;
  let count = 0;
  while (p < end && bytes[p] !== CR) {
    if (++count > headersCountMax) {
      out.scan.fail(p, `more than ${headersCountMax} header lines`);
      return BROKEN_LINE;
    }
    p = scanHeaderLine(out, bytes, p, end);
    if (p < 0) return p;
  }
  out.headersCount = count;
  if (p + 1 >= end) return NEED_MORE;
  if (bytes[p + 1] === LF) return p + 2;
  out.scan.fail(p, 'a CR stands alone');
  return BROKEN_LINE;
}
