// `peek`: start line, then every header line once, then the body's extent (RFC 3261 7). A wrong field is noted and
// reading goes on, so that a 400 can still be addressed; a broken line ends it.

import { ParseError } from './errors.ts';
import {
  CALL_ID,
  CONTACT,
  CONTENT_LENGTH,
  CSEQ,
  FROM,
  fieldNames,
  headerKind,
  MAX_FORWARDS,
  OTHER,
  PROXY_REQUIRE,
  REQUIRE,
  ROUTE,
  TO,
  VIA,
} from './header-kind.ts';
import { limits } from './limits.ts';
import { COLON, COMMA, CR, classes, HT, LF, SP, TOKEN } from './octets.ts';
import type { Peek } from './peek.ts';
import { scanAddress } from './scan-address.ts';
import { BROKEN_LINE, NEED_MORE, skipLine, skipSpace, trimEnd } from './scan-line.ts';
import { scanStartLine } from './scan-start-line.ts';
import { scanVia } from './scan-via.ts';
import type { AddressSlice } from './slices.ts';

function note(out: Peek, field: string, at: number, sentence: string, status = 400): void {
  out.error ??= new ParseError(field, at - out.start, sentence, status);
}

/** The message cannot be read any further; replaces what was noted before. */
function stop(out: Peek, field: string, at: number, sentence: string, status = 400): false {
  out.error = new ParseError(field, at - out.start, sentence, status, 'message');
  return false;
}

function needMore(out: Peek, field: string, sentence: string): false {
  out.needMore = true;
  return stop(out, field, out.end, sentence);
}

/** Digits of [start, end): their number, capped at 2^32; the position after them goes to `out.scan.nameEnd`. */
function scanNumber(bytes: Uint8Array, start: number, end: number, out: Peek): number {
  let p = start;
  let number = 0;
  while (p < end) {
    const octet = bytes[p]!;
    if (octet < 48 || octet > 57) break;
    if (number <= limits.secondsMax) number = number * 10 + octet - 48;
    p++;
  }
  out.scan.nameEnd = p;
  return p === start ? -1 : number;
}

function onVia(out: Peek, lineStart: number, valueStart: number): number {
  if (out.viaLinesCount === 0) return scanVia(out.bytes, valueStart, out.end, out.via, out.scan);
  if (out.viaLinesCount >= limits.viaLinesCountMax)
    return out.scan.fail(lineStart, `more than ${limits.viaLinesCountMax} Via lines`);
  return valueStart;
}

function onAddress(out: Peek, address: AddressSlice, lineStart: number, valueStart: number): number {
  if (address.valueEnd > 0) return out.scan.fail(lineStart, 'this header may stand only once');
  address.lineStart = lineStart;
  return scanAddress(out.bytes, valueStart, out.end, address, out.scan);
}

function onCallId(out: Peek, lineStart: number, valueStart: number): number {
  const { bytes, end } = out;
  if (out.callIdEnd > 0) return out.scan.fail(lineStart, 'this header may stand only once');
  let p = valueStart;
  while (p < end && bytes[p]! > SP) p++;
  if (p === valueStart) return out.scan.fail(p, 'the Call-ID is empty');
  out.callIdLineStart = lineStart;
  out.callIdStart = valueStart;
  out.callIdEnd = p;
  return skipSpace(bytes, p, end);
}

function onCseq(out: Peek, lineStart: number, valueStart: number): number {
  const { bytes, end, scan } = out;
  if (out.cseqLineStart > 0) return scan.fail(lineStart, 'this header may stand only once');
  out.cseqLineStart = lineStart;
  const number = scanNumber(bytes, valueStart, end, out);
  const digitsEnd = scan.nameEnd;
  if (number < 0) return scan.fail(valueStart, 'expected a number');
  const method = skipSpace(bytes, digitsEnd, end);
  let p = method;
  while (p < end && (classes[bytes[p]!]! & TOKEN) !== 0) p++;
  if (method === digitsEnd || p === method) return scan.fail(p, 'expected white space and a method after the number');
  out.cseqMethodStart = method;
  out.cseqMethodEnd = p;
  if (number > limits.cseqMax) return scan.fail(valueStart, 'the number is not below 2^31');
  out.cseqNumber = number;
  return skipSpace(bytes, p, end);
}

function onMaxForwards(out: Peek, lineStart: number, valueStart: number): number {
  if (out.maxForwards >= 0) return out.scan.fail(lineStart, 'this header may stand only once');
  const number = scanNumber(out.bytes, valueStart, out.end, out);
  const p = out.scan.nameEnd;
  if (number < 0 || number > limits.maxForwardsMax) return out.scan.fail(valueStart, 'expected a number from 0 to 255');
  out.maxForwards = number;
  return skipSpace(out.bytes, p, out.end);
}

function onContentLength(out: Peek, lineStart: number, valueStart: number): number {
  if (out.contentLength >= 0) return out.scan.fail(lineStart, 'this header may stand only once');
  const number = scanNumber(out.bytes, valueStart, out.end, out);
  const p = out.scan.nameEnd;
  if (number < 0) return out.scan.fail(valueStart, 'expected a number');
  out.contentLength = Math.min(number, limits.messageBytesMax + 1);
  return skipSpace(out.bytes, p, out.end);
}

/** Reads the value of a header we know. The position where reading ended, or -1 with `out.scan.problem` set. */
function scanHeader(out: Peek, kind: number, lineStart: number, valueStart: number): number {
  switch (kind) {
    case VIA:
      return onVia(out, lineStart, valueStart);
    case FROM:
      return onAddress(out, out.from, lineStart, valueStart);
    case TO:
      return onAddress(out, out.to, lineStart, valueStart);
    case CALL_ID:
      return onCallId(out, lineStart, valueStart);
    case CSEQ:
      return onCseq(out, lineStart, valueStart);
    case MAX_FORWARDS:
      return onMaxForwards(out, lineStart, valueStart);
    case CONTENT_LENGTH:
      return onContentLength(out, lineStart, valueStart);
    case REQUIRE:
      out.hasRequire = true;
      return valueStart;
    case PROXY_REQUIRE:
      out.hasProxyRequire = true;
      return valueStart;
    default:
      return valueStart;
  }
}

/** Whether nothing may follow where the scanner of this header ended. */
function endsLine(kind: number): boolean {
  return kind >= FROM && kind <= CSEQ ? true : kind === MAX_FORWARDS || kind === CONTENT_LENGTH;
}

/** Where the value of a header line begins, or -1 with `out.scan.problem` set. */
function scanName(out: Peek, lineStart: number): number {
  const { bytes, end, scan } = out;
  let p = lineStart;
  while (p < end && (classes[bytes[p]!]! & TOKEN) !== 0) p++;
  if (p === lineStart) return scan.fail(p, 'expected a header name');
  scan.nameEnd = p;
  while (p < end && (bytes[p] === SP || bytes[p] === HT)) p++;
  if (p < end && bytes[p] !== COLON) return scan.fail(p, 'expected ":" after the header name');
  p++;
  return p < end && bytes[p]! > SP ? p : skipSpace(bytes, p, end);
}

/** One header line. The start of the next line, NEED_MORE or BROKEN_LINE. */
function scanHeaderLine(out: Peek, lineStart: number): number {
  const { bytes, end, scan } = out;
  const valueStart = scanName(out, lineStart);
  if (valueStart < 0) return BROKEN_LINE;
  if (valueStart >= end) return NEED_MORE;
  const kind = headerKind(bytes, lineStart, scan.nameEnd);
  if (kind === OTHER) return skipToNext(out, valueStart);
  const p = scanHeader(out, kind, lineStart, valueStart);
  const broken = p < 0;
  const problem = scan.problem;
  const problemOffset = scan.problemOffset;
  if (!broken && endsLine(kind) && p + 2 < end && bytes[p] === CR && bytes[p + 1] === LF) return p + 2;
  const next = skipToNext(out, broken ? valueStart : p);
  if (next < 0) return next;
  if (kind === VIA) onViaLineEnd(out, lineStart, valueStart, p, next);
  if (broken) {
    note(out, fieldNames[kind]!, problemOffset, problem);
    keepWholeLine(out, kind, lineStart, trimEnd(bytes, valueStart, next));
  } else if (endsLine(kind)) {
    note(out, fieldNames[kind]!, p, 'expected the end of the line');
    keepWholeLine(out, kind, lineStart, trimEnd(bytes, valueStart, next));
  } else if (kind === CONTACT && out.contactStart < 0) {
    out.contactStart = valueStart;
    out.contactEnd = trimEnd(bytes, valueStart, next);
  } else if (kind === ROUTE && out.routeStart < 0) {
    out.routeStart = valueStart;
    out.routeEnd = trimEnd(bytes, valueStart, next);
  }
  return next;
}

/** A value that could not be read is still copied whole into the answer that says so. */
function keepWholeLine(out: Peek, kind: number, lineStart: number, valueEnd: number): void {
  if (kind === FROM && out.from.lineStart === lineStart) out.from.valueEnd = valueEnd;
  else if (kind === TO && out.to.lineStart === lineStart) out.to.valueEnd = valueEnd;
  else if (kind === CALL_ID && out.callIdLineStart === lineStart) out.callIdEnd = valueEnd;
}

function onViaLineEnd(out: Peek, lineStart: number, valueStart: number, p: number, next: number): void {
  if (out.viaLinesCount >= limits.viaLinesCountMax) return;
  if (out.viaLinesCount === 0 && p >= 0 && out.bytes[p] !== CR && out.bytes[p] !== COMMA) {
    note(out, 'Via', p, 'expected ";", "," or the end of the line');
  }
  out.viaLines[2 * out.viaLinesCount] = lineStart;
  out.viaLines[2 * out.viaLinesCount + 1] = trimEnd(out.bytes, valueStart, next);
  out.viaLinesCount++;
}

function skipToNext(out: Peek, from: number): number {
  const next = skipLine(out.bytes, from, out.end);
  if (next === BROKEN_LINE) out.scan.fail(from, 'a CR or LF stands alone in this line');
  return next;
}

function scanHeaders(out: Peek, firstLine: number): boolean {
  const { bytes, end } = out;
  let p = firstLine;
  for (;;) {
    if (p < end && bytes[p] === CR) {
      if (p + 1 >= end) return needMore(out, 'header', 'the blank line after the headers is not complete');
      if (bytes[p + 1] !== LF) return stop(out, 'header', p, 'a CR stands alone');
      out.bodyStart = p + 2;
      return true;
    }
    if (p >= end) return needMore(out, 'header', 'the headers do not end with a blank line');
    if (++out.headersCount > limits.headersCountMax)
      return stop(out, 'header', p, `more than ${limits.headersCountMax} header lines`);
    const next = scanHeaderLine(out, p);
    if (next === NEED_MORE) return needMore(out, 'header', 'the headers do not end with a blank line');
    if (next === BROKEN_LINE) return stop(out, 'header', out.scan.problemOffset, out.scan.problem);
    p = next;
  }
}

function methodsDiffer(out: Peek): boolean {
  const length = out.methodEnd - out.methodStart;
  if (out.cseqMethodEnd - out.cseqMethodStart !== length) return true;
  for (let i = 0; i < length; i++)
    if (out.bytes[out.cseqMethodStart + i] !== out.bytes[out.methodStart + i]) return true;
  return false;
}

/** What can be said only once all headers are read. */
function checkWhole(out: Peek): void {
  if (out.viaLinesCount === 0) note(out, 'Via', out.bodyStart, 'this header is missing');
  if (out.from.valueEnd === 0) note(out, 'From', out.bodyStart, 'this header is missing');
  if (out.to.valueEnd === 0) note(out, 'To', out.bodyStart, 'this header is missing');
  if (out.callIdEnd === 0) note(out, 'Call-ID', out.bodyStart, 'this header is missing');
  if (out.cseqNumber < 0) note(out, 'CSeq', out.bodyStart, 'this header is missing');
  // "The method part of CSeq ... MUST match that of the request" (RFC 3261 8.1.1.5).
  else if (out.kind === 'request' && methodsDiffer(out))
    note(out, 'CSeq', out.cseqMethodStart, 'the method is not that of the request line');
}

function scanBody(out: Peek): boolean {
  if (out.contentLength < 0) return true;
  const bodyEnd = out.bodyStart + out.contentLength;
  if (bodyEnd - out.start > limits.messageBytesMax) {
    return stop(
      out,
      'Content-Length',
      out.bodyStart,
      `the message is longer than ${limits.messageBytesMax} octets`,
      513,
    );
  }
  // "If the transport packet ends before the end of the message body, this is considered an error" (RFC 3261 18.3).
  if (bodyEnd > out.end) return needMore(out, 'body', 'the body is shorter than Content-Length says');
  out.bodyEnd = bodyEnd;
  return true;
}

/**
 * Reads the message at [start, end) of `bytes` into `out`. False when something is wrong: `out.error` says what, and
 * `out.answerable` whether the sender can be told. Never throws; looks at each octet a bounded number of times.
 */
export function peek(bytes: Uint8Array, start: number, end: number, out: Peek): boolean {
  out.clear(bytes, start, end);
  let first = start;
  // "Implementations ... MUST ignore any CRLF appearing before the start-line" (RFC 3261 7.5).
  while (first + 1 < end && bytes[first] === CR && bytes[first + 1] === LF) first += 2;
  out.start = first;
  if (end - first > limits.messageBytesMax)
    return stop(out, 'body', first, `longer than ${limits.messageBytesMax} octets`, 513);
  const headers = scanStartLine(out);
  if (headers === NEED_MORE) return needMore(out, 'start-line', 'the start line is not complete');
  if (headers === BROKEN_LINE) return stop(out, 'start-line', out.scan.problemOffset, out.scan.problem);
  if (!scanHeaders(out, headers)) return false;
  if (out.bodyStart - first > limits.headersBytesMax)
    return stop(out, 'header', first, `the headers are longer than ${limits.headersBytesMax} octets`, 513);
  checkWhole(out);
  return scanBody(out) && out.error === undefined;
}
