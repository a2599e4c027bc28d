// `parseMessage`: octets to a SipMessage. It refuses what a server cannot act on at all (start line, header lines, a
// wrong or repeated header that identifies the message, its extent); every other header is judged when it is asked for.

import { ParseError } from './errors.ts';
import { CALL_ID, CONTENT_LENGTH, CSEQ, FROM, MAX_FORWARDS, TO, VIA } from './header-names.ts';
import { type HeaderTable, readHeaderTable } from './header-table.ts';
import { limits } from './limits.ts';
import { SipMessage } from './message.ts';
import { latin1Text } from './octets.ts';
import { readStartLine } from './read-start-line.ts';

export type ParseResult =
  | { readonly ok: true; readonly message: SipMessage }
  /** `need-more`: valid so far, `error` says what is missing. A datagram never gets more, so there it is an error too. */
  | { readonly ok: false; readonly reason: 'need-more' | 'error'; readonly error: ParseError };

const onceOnly = (1 << FROM) | (1 << TO) | (1 << CALL_ID) | (1 << CSEQ) | (1 << MAX_FORWARDS) | (1 << CONTENT_LENGTH);

function refuse(field: string, offset: number, sentence: string, status = 400): ParseResult {
  return { ok: false, reason: 'error', error: new ParseError(field, offset, sentence, status, 'message') };
}

function needMore(field: string, offset: number, sentence: string): ParseResult {
  return { ok: false, reason: 'need-more', error: new ParseError(field, offset, sentence, 400, 'message') };
}

/** The first CR or LF that is not part of a CRLF, or -1. */
function aloneAt(text: string): number {
  let p = 0;
  for (;;) {
    const cr = text.indexOf('\r', p);
    const lf = text.indexOf('\n', p);
    if (cr < 0 || lf !== cr + 1) return cr < 0 ? lf : lf < 0 ? cr : Math.min(cr, lf);
    p = lf + 1;
  }
}

/** The first thing wrong with the headers without which no message can be acted on; a missing one is no error here. */
function wrongHeader(message: SipMessage, table: HeaderTable): ParseError | undefined {
  if ((table.repeated & onceOnly) !== 0) {
    const { from, to, callId, cseq, maxForwards, contentLength } = message;
    return [from, to, callId, cseq, maxForwards, contentLength].find((value) => value instanceof ParseError);
  }
  const { contentLength } = message;
  if (contentLength instanceof ParseError) return contentLength;
  if (table.firstLines[VIA]! >= 0 && message.topVia instanceof ParseError) return message.topVia;
  const cseqLine = table.firstLines[CSEQ]!;
  const { cseq } = message;
  if (cseq instanceof ParseError) return cseqLine >= 0 ? cseq : undefined;
  // "The method part of CSeq ... MUST match that of the request" (RFC 3261 8.1.1.5).
  if (message.kind === 'request' && cseq.method !== message.method)
    return new ParseError('CSeq', table.bounds[2 * cseqLine]!, 'the method is not that of the request line');
  return undefined;
}

/**
 * Reads the message at [start, end) of `bytes`. The message keeps `bytes` for its body; the header text is copied. Never
 * throws; time is linear in the octets given.
 */
export function parseMessage(bytes: Uint8Array, start = 0, end = bytes.length): ParseResult {
  let first = start;
  while (first + 1 < end && bytes[first] === 13 && bytes[first + 1] === 10) first += 2;
  if (end - first > limits.messageBytesMax)
    return refuse('body', 0, `longer than ${limits.messageBytesMax} octets`, 513);
  const decodedEnd = Math.min(end, first + limits.headersBytesMax);
  const decoded = latin1Text(bytes, first, decodedEnd);
  const blank = decoded.indexOf('\r\n\r\n');
  if (blank < 0) {
    return end - first > limits.headersBytesMax
      ? refuse('header', 0, `the headers are longer than ${limits.headersBytesMax} octets`, 513)
      : needMore('header', end - first, 'the headers do not end with a blank line');
  }
  const bodyStart = first + blank + 4;
  // Decoded anew, not cut off, when a body follows: a slice is slower to read, and would keep the body's text.
  const text = bodyStart === decodedEnd ? decoded : latin1Text(bytes, first, bodyStart);
  const alone = aloneAt(text);
  if (alone >= 0) return refuse('header', alone, 'a CR or LF stands alone');
  const lineEnd = text.indexOf('\r');
  const startLine = readStartLine(text, lineEnd);
  if (startLine instanceof ParseError) return { ok: false, reason: 'error', error: startLine };
  const table = readHeaderTable(bytes, first, text, lineEnd + 2);
  if (table instanceof ParseError) return { ok: false, reason: 'error', error: table };
  const probe = new SipMessage(startLine, bytes, first, bodyStart, end, text, table);
  const wrong = wrongHeader(probe, table);
  if (wrong !== undefined) return { ok: false, reason: 'error', error: wrong };
  const { contentLength } = probe;
  if (typeof contentLength !== 'number') return { ok: true, message: probe };
  const bodyEnd = bodyStart + contentLength;
  if (bodyEnd - first > limits.messageBytesMax)
    return refuse('Content-Length', 0, `the message is longer than ${limits.messageBytesMax} octets`, 513);
  if (bodyEnd > end) return needMore('body', end - first, 'the body is shorter than Content-Length says');
  return {
    ok: true,
    message: bodyEnd === end ? probe : new SipMessage(startLine, bytes, first, bodyStart, bodyEnd, text, table),
  };
}
