// A response written straight from the octets of its request (RFC 3261 8.2.6): all Via lines in order, From, To, Call-ID
// and CSeq are copied as they came; only the topmost Via gains `received` and rport's value (RFC 3261 18.2.1, RFC 3581 4), and
// To a tag. No message is built, nothing is allocated.

import { CR, LF, octetsOf } from './octets.ts';
import type { Peek } from './peek.ts';

export interface ResponseParts {
  readonly statusCode: number;
  /** One line of text; its UTF-16 units above 0x7e and controls are written as "?". */
  readonly reason: string;
  /** A token, added to To when the request's To has no tag. */
  readonly toTag?: string | undefined;
  /** Whole header lines, each ended by CRLF, in ASCII when a string. The caller vouches for them. */
  readonly extraHeaders?: string | Uint8Array | undefined;
  readonly body?: Uint8Array | undefined;
  /** Source address of the request, without brackets; given when the sent-by host differs or rport was asked for. */
  readonly received?: string | undefined;
  /** Source port of the request; written only when the request asked for it. */
  readonly rport?: number | undefined;
}

const STATUS_START = octetsOf('SIP/2.0 ');
const TAG = octetsOf(';tag=');
const RECEIVED = octetsOf(';received=');
const CONTENT_LENGTH = octetsOf('Content-Length: ');
const QUESTION_MARK = 63;

function copy(target: Uint8Array, at: number, source: Uint8Array, start: number, end: number): number {
  const length = end - start;
  for (let i = 0; i < length; i++) target[at + i] = source[start + i]!;
  return at + length;
}

function put(target: Uint8Array, at: number, octets: Uint8Array): number {
  for (let i = 0; i < octets.length; i++) target[at + i] = octets[i]!;
  return at + octets.length;
}

function putText(target: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) target[at + i] = text.charCodeAt(i);
  return at + text.length;
}

function putVisible(target: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    target[at + i] = unit < 32 || unit > 126 ? QUESTION_MARK : unit;
  }
  return at + text.length;
}

function putNumber(target: Uint8Array, at: number, value: number): number {
  let divisor = 1;
  while (value / divisor >= 10) divisor *= 10;
  let p = at;
  for (let rest = value; divisor >= 1; divisor /= 10) {
    const digit = Math.floor(rest / divisor);
    target[p++] = 48 + digit;
    rest -= digit * divisor;
  }
  return p;
}

function putLineEnd(target: Uint8Array, at: number): number {
  target[at] = CR;
  target[at + 1] = LF;
  return at + 2;
}

/** The topmost Via line: as it came, but for `received` (ours replaces one that the sender forged) and rport's value. */
function putTopVia(target: Uint8Array, offset: number, request: Peek, parts: ResponseParts): number {
  const { bytes, via } = request;
  const writesRport = parts.rport !== undefined && via.rportNameEnd >= 0;
  const replaces = parts.received !== undefined && via.receivedEnd > 0;
  let from = request.viaLines[0]!;
  let at = offset;
  // Two cuts in the order in which they stand in the line.
  for (let cut = 0; cut < 2; cut++) {
    const receivedNow =
      replaces &&
      via.receivedEnd > from &&
      !(writesRport && via.rportNameEnd > from && via.rportNameEnd <= via.receivedParameterStart);
    if (receivedNow) {
      at = copy(target, at, bytes, from, via.receivedParameterStart);
      from = via.receivedEnd;
    } else if (writesRport && via.rportNameEnd > from) {
      at = copy(target, at, bytes, from, via.rportNameEnd);
      target[at] = 61;
      at = putNumber(target, at + 1, parts.rport!);
      from = via.rportEnd > 0 ? via.rportEnd : via.rportNameEnd;
    }
  }
  at = copy(target, at, bytes, from, via.end);
  if (parts.received !== undefined) at = putVisible(target, put(target, at, RECEIVED), parts.received);
  return putLineEnd(target, copy(target, at, bytes, via.end, request.viaLines[1]!));
}

function putTo(target: Uint8Array, offset: number, request: Peek, toTag: string | undefined): number {
  const { to } = request;
  let at = copy(target, offset, request.bytes, to.lineStart, to.valueEnd);
  if (toTag !== undefined && to.tagEnd === 0) at = putVisible(target, put(target, at, TAG), toTag);
  return putLineEnd(target, at);
}

/**
 * Writes the response to an `answerable` request into `target` from `offset` on. Returns the position after it, or -1 when
 * it does not fit (what lies in `target` after `offset` is then undefined) or the request is not answerable.
 */
export function writeResponse(target: Uint8Array, offset: number, request: Peek, parts: ResponseParts): number {
  if (!request.answerable) return -1;
  const { bytes, viaLines } = request;
  let at = put(target, offset, STATUS_START);
  at = putNumber(target, at, parts.statusCode);
  target[at++] = 32;
  at = putLineEnd(target, putVisible(target, at, parts.reason));
  at = putTopVia(target, at, request, parts);
  for (let i = 1; i < request.viaLinesCount; i++) {
    at = putLineEnd(target, copy(target, at, bytes, viaLines[2 * i]!, viaLines[2 * i + 1]!));
  }
  at = putLineEnd(target, copy(target, at, bytes, request.from.lineStart, request.from.valueEnd));
  at = putTo(target, at, request, parts.toTag);
  at = putLineEnd(target, copy(target, at, bytes, request.callIdLineStart, request.callIdEnd));
  at = putLineEnd(target, copy(target, at, bytes, request.cseqLineStart, request.cseqMethodEnd));
  const extra = parts.extraHeaders;
  if (extra !== undefined) at = typeof extra === 'string' ? putText(target, at, extra) : put(target, at, extra);
  const { body } = parts;
  at = putNumber(target, put(target, at, CONTENT_LENGTH), body === undefined ? 0 : body.length);
  at = putLineEnd(target, putLineEnd(target, at));
  if (body !== undefined) at = put(target, at, body);
  return at <= target.length ? at : -1;
}
