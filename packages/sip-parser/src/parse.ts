// `parseMessage`: octets to a SipMessage. It refuses what a server cannot act on at all (start line, header lines, a
// wrong or repeated header that identifies the message, its extent); every other header is judged when it is asked for.

import { Cursor, utf8FromOctets } from './cursor.ts';
import { ParseError } from './errors.ts';
import { type HeaderTable, readHeaderTable } from './header-table.ts';
import { limits } from './limits.ts';
import { SipMessage, type StartLine } from './message.ts';
import { latin1Text } from './octets.ts';
import { readUri } from './read-uri.ts';

export type ParseResult =
  | { readonly ok: true; readonly message: SipMessage }
  /** `need-more`: valid so far, `error` says what is missing. A datagram never gets more, so there it is an error too. */
  | { readonly ok: false; readonly reason: 'need-more' | 'error'; readonly error: ParseError };

const requestPattern = /^([a-zA-Z0-9!%*_+`'~.-]+) /;
const versionPattern = /^sip\/[0-9]/i;
const statusPattern = /^sip\/2\.0 ([1-6][0-9][0-9])(?: ([^\r\n]*))?$/i;

const onceOnly = ['from', 'to', 'call-id', 'cseq', 'max-forwards', 'content-length'];

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

function readRequestLine(line: string, method: string): StartLine | ParseError {
  const cursor = new Cursor(line, method.length + 1, line.length, 'Request-URI', 0);
  const uri = readUri(cursor, false);
  if (uri instanceof ParseError) return uri;
  if (cursor.code() !== 32) return cursor.error('expected one space after the Request-URI');
  if (uri.isSip && uri.text.slice(uri.text.indexOf('@') + 1).includes('?'))
    return cursor.error('headers are not allowed in a Request-URI');
  const version = line.slice(cursor.position + 1);
  if (/^sip\/2\.0$/i.test(version)) return { kind: 'request', method, uri, statusCode: 0, reason: '' };
  const other = versionPattern.test(version) && !/^sip\/2\.0/i.test(version);
  return new ParseError(
    'start-line',
    cursor.position + 1,
    'expected SIP/2.0 and the end of the line',
    other ? 505 : 400,
  );
}

function readStartLine(line: string): StartLine | ParseError {
  if (versionPattern.test(line)) {
    const match = statusPattern.exec(line);
    if (match === null) return new ParseError('start-line', 0, 'expected SIP/2.0 and a status code from 100 to 699');
    return {
      kind: 'response',
      method: '',
      uri: undefined,
      statusCode: Number(match[1]),
      reason: utf8FromOctets(match[2] ?? ''),
    };
  }
  const match = requestPattern.exec(line);
  return match === null
    ? new ParseError('start-line', 0, 'expected a method and one space')
    : readRequestLine(line, match[1]!);
}

function repeated(table: HeaderTable): string | undefined {
  return onceOnly.find((name) => table.names.indexOf(name) !== table.names.lastIndexOf(name));
}

/** The first thing wrong with the headers without which no message can be acted on; a missing one is no error here. */
function wrongHeader(message: SipMessage, table: HeaderTable): ParseError | undefined {
  const name = repeated(table);
  if (name !== undefined) {
    const { from, to, callId, cseq, maxForwards, contentLength } = message;
    return [from, to, callId, cseq, maxForwards, contentLength].find((value) => value instanceof ParseError);
  }
  if (message.contentLength instanceof ParseError) return message.contentLength;
  if (table.names.includes('via') && message.topVia instanceof ParseError) return message.topVia;
  const { cseq } = message;
  if (cseq instanceof ParseError) return table.names.includes('cseq') ? cseq : undefined;
  // "The method part of CSeq ... MUST match that of the request" (RFC 3261 8.1.1.5).
  if (message.kind === 'request' && cseq.method !== message.method)
    return new ParseError(
      'CSeq',
      table.bounds[2 * table.names.indexOf('cseq')]!,
      'the method is not that of the request line',
    );
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
  const decoded = latin1Text(bytes, first, Math.min(end, first + limits.headersBytesMax));
  const blank = decoded.indexOf('\r\n\r\n');
  if (blank < 0) {
    return end - first > limits.headersBytesMax
      ? refuse('header', 0, `the headers are longer than ${limits.headersBytesMax} octets`, 513)
      : needMore('header', end - first, 'the headers do not end with a blank line');
  }
  const text = decoded.slice(0, blank + 4);
  const alone = aloneAt(text);
  if (alone >= 0) return refuse('header', alone, 'a CR or LF stands alone');
  const lineEnd = text.indexOf('\r\n');
  const startLine = readStartLine(text.slice(0, lineEnd));
  if (startLine instanceof ParseError) return { ok: false, reason: 'error', error: startLine };
  const table = readHeaderTable(text, lineEnd + 2);
  if (table instanceof ParseError) return { ok: false, reason: 'error', error: table };
  const bodyStart = first + text.length;
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
