// The start line from text (RFC 3261 7.1, 7.2). The counterpart, on octets, is scan-start-line.ts.

import { Cursor, utf8FromOctets } from './cursor.ts';
import { ParseError } from './errors.ts';
import { TOKEN } from './octets.ts';
import { readUri } from './read-uri.ts';
import type { SipUri } from './uri.ts';

export interface StartLine {
  readonly kind: 'request' | 'response';
  /** '' in a response. */
  readonly method: string;
  readonly uri: SipUri | undefined;
  /** 0 in a request. */
  readonly statusCode: number;
  readonly reason: string;
}

const versionPattern = /^sip\/[0-9]/i;
const version2Pattern = /^sip\/2\.0/i;
const statusPattern = /^sip\/2\.0 ([1-6][0-9][0-9])(?: ([^\r\n]*))?$/i;
const version2 = 'SIP/2.0';
const SP = 32;
const SLASH = 47;

/** What is wrong with the version at [start, end) of a text, if anything. */
function wrongVersion(text: string, start: number, end: number): ParseError | undefined {
  if (end - start === version2.length && text.startsWith(version2, start)) return undefined;
  const version = text.slice(start, end);
  if (version.toUpperCase() === version2) return undefined;
  const status = versionPattern.test(version) && !version2Pattern.test(version) ? 505 : 400;
  return new ParseError('start-line', start, 'expected SIP/2.0 and the end of the line', status);
}

function readRequestLine(text: string, end: number): StartLine | ParseError {
  const cursor = new Cursor(text, 0, end, 'Request-URI', false);
  const method = cursor.takeRun(TOKEN);
  if (method === '' || cursor.code() !== SP) return new ParseError('start-line', 0, 'expected a method and one space');
  cursor.position++;
  const uri = readUri(cursor, false);
  if (uri instanceof ParseError) return uri;
  if (cursor.code() !== SP) return cursor.error('expected one space after the Request-URI');
  if (uri.isSip && uri.text.includes('?', uri.text.indexOf('@') + 1))
    return cursor.error('headers are not allowed in a Request-URI');
  return wrongVersion(text, cursor.position + 1, end) ?? { kind: 'request', method, uri, statusCode: 0, reason: '' };
}

/** Reads the start line at [0, end) of a text. */
export function readStartLine(text: string, end: number): StartLine | ParseError {
  // A method has no "/", so what has one in fourth place may be a version.
  if (text.charCodeAt(3) !== SLASH || !versionPattern.test(text)) return readRequestLine(text, end);
  const match = statusPattern.exec(text.slice(0, end));
  if (match === null) return new ParseError('start-line', 0, 'expected SIP/2.0 and a status code from 100 to 699');
  return {
    kind: 'response',
    method: '',
    uri: undefined,
    statusCode: Number(match[1]),
    reason: utf8FromOctets(match[2] ?? '', false),
  };
}
