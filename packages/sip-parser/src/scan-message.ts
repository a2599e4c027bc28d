// `peek`: start line, then every header line once, then the body's extent (RFC 3261 7).

import { ParseError } from './errors.ts';
import { limits } from './limits.ts';
import { CR, LF } from './octets.ts';
import type { Peek } from './peek.ts';
import { scanHeaders } from './scan-headers.ts';
import { BROKEN_LINE, NEED_MORE } from './scan-line.ts';
import { scanStartLine } from './scan-start-line.ts';

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
  const bodyStart = scanHeaders(out, headers);
  if (bodyStart === NEED_MORE) return needMore(out, 'header', 'the headers do not end with a blank line');
  if (bodyStart === BROKEN_LINE) return stop(out, 'header', out.scan.problemOffset, out.scan.problem);
  out.bodyStart = bodyStart;
  if (out.bodyStart - first > limits.headersBytesMax)
    return stop(out, 'header', first, `the headers are longer than ${limits.headersBytesMax} octets`, 513);
  checkWhole(out);
  return scanBody(out) && out.error === undefined;
}
