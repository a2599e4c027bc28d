// Writing a response in two steps, because its request's octets end with the turn but its service may answer later. When
// the request comes, the lines that every response copies (Via .. CSeq, RFC 3261 8.2.6.2) are written; when the
// answer comes, they are put between a status line and the rest.
import { type Peek, writeResponse } from '@chordial/sip-parser';
import { type Flow, receivedOf } from '@chordial/sip-transport/protocol';
import { putNumber, putUtf8, putVisible, UTF8_BYTES_MAX } from './octets.ts';
import type { Respond } from './protocol.ts';

const STATUS_START = 'SIP/2.0 ';
const CONTENT_LENGTH = 'Content-Length: ';
/** `SIP/2.0 200 ` and CRLF, which `writeCopiedLines` writes before the lines and nobody sends. */
const DRAFT_STATUS_BYTES = 14;
/** `Content-Length: 0` and two CRLF, which it writes after them. */
const DRAFT_END_BYTES = 21;
/** Tag, received, rport and line ends; status line and Content-Length without their texts. */
const ADDED_BYTES_MAX = 256;

/** Reused from request to request; `ResponseParts` of the parser. */
const draft = {
  statusCode: 200,
  reason: '',
  toTag: undefined as string | undefined,
  received: undefined as string | undefined,
  rport: 0,
};

export const copiedBytesMax = (peek: Peek, flow: Flow): number =>
  peek.bodyStart - peek.start + flow.address.length + ADDED_BYTES_MAX;

/** Writes the copied lines to `target[offset + copiedLead, result)`; -1 when the request cannot be answered. */
export function writeCopiedLines(
  target: Uint8Array,
  offset: number,
  peek: Peek,
  flow: Flow,
  toTag: string | undefined,
): number {
  draft.toTag = toTag;
  draft.received = receivedOf(peek, flow);
  draft.rport = flow.port;
  const end = writeResponse(target, offset, peek, draft);
  return end < 0 ? -1 : end - DRAFT_END_BYTES;
}
export const copiedLead: number = DRAFT_STATUS_BYTES;

export const responseBytesMax = (respond: Respond, serverLine: string, copiedLength: number): number =>
  ADDED_BYTES_MAX +
  respond.reason.length +
  copiedLength +
  serverLine.length +
  UTF8_BYTES_MAX * (respond.headerLines.length + (respond.body?.length ?? 0));

export function writeStatusLine(target: Uint8Array, offset: number, { statusCode, reason }: Respond): number {
  const at = putNumber(target, putUtf8(target, offset, STATUS_START), statusCode);
  target[at] = 32;
  return putUtf8(target, putVisible(target, at + 1, reason), '\r\n');
}

/** What follows the copied lines: the service's header lines, Content-Length and the body. */
export function writeRest(target: Uint8Array, offset: number, respond: Respond, serverLine: string): number {
  const { body } = respond;
  const at = putUtf8(target, putUtf8(target, putUtf8(target, offset, respond.headerLines), serverLine), CONTENT_LENGTH);
  const length = body === undefined ? 0 : utf8Length(body);
  const bodyStart = putUtf8(target, putNumber(target, at, length), '\r\n\r\n');
  return body === undefined ? bodyStart : putUtf8(target, bodyStart, body);
}

/** Octets of `text` as `putUtf8` writes it. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const point = text.codePointAt(i)!;
    if (point >= 0x10000) {
      i++;
      length += 2;
    } else if (point >= 0x800) length += 2;
    else if (point >= 0x80) length += 1;
  }
  return length;
}
