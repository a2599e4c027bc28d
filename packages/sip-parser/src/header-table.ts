// The header lines of a message as a table: canonical lower-case name, and where the value lies in the text. Names are
// case-insensitive and have compact forms (RFC 3261 7.3.3, and the registry's later ones).

import { ParseError } from './errors.ts';
import { limits } from './limits.ts';

const compactForms: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  n: 'identity-info',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
};

/** Headers whose grammar is a comma list, so that one line may hold several values (RFC 3261 7.3.1). */
export const listHeaders: ReadonlySet<string> = new Set([
  'accept',
  'accept-contact',
  'accept-encoding',
  'accept-language',
  'alert-info',
  'allow',
  'allow-events',
  'call-info',
  'contact',
  'content-encoding',
  'content-language',
  'error-info',
  'history-info',
  'in-reply-to',
  'p-asserted-identity',
  'path',
  'proxy-require',
  'record-route',
  'reject-contact',
  'require',
  'route',
  'service-route',
  'supported',
  'unsupported',
  'via',
  'warning',
]);

export interface HeaderTable {
  readonly names: readonly string[];
  /** Start and end of the value of line i at 2i and 2i+1, positions in the text. */
  readonly bounds: readonly number[];
}

/** The lower-case full name. */
export function canonicalName(name: string): string {
  const lower = name.toLowerCase();
  return lower.length === 1 ? (compactForms[lower] ?? lower) : lower;
}

const unusualNames: Readonly<Record<string, string>> = { 'call-id': 'Call-ID', cseq: 'CSeq' };

/** `content-length` as `Content-Length`, for people. */
export function fieldName(name: string): string {
  const unusual = unusualNames[name];
  return unusual ?? name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
}

const namePattern = /([a-zA-Z0-9!%*_+`'~.-]+)[ \t]*:/y;

const isSpace = (code: number): boolean => code === 32 || code === 9 || code === 13 || code === 10;

/** Reads the header lines of `text` from `firstLine` up to the blank line, which must be there. */
export function readHeaderTable(text: string, firstLine: number): HeaderTable | ParseError {
  const names: string[] = [];
  const bounds: number[] = [];
  let p = firstLine;
  while (!text.startsWith('\r\n', p)) {
    if (names.length >= limits.headersCountMax)
      return new ParseError('header', p, `more than ${limits.headersCountMax} header lines`, 400, 'message');
    namePattern.lastIndex = p;
    const match = namePattern.exec(text);
    if (match === null) return new ParseError('header', p, 'expected a header name and ":"', 400, 'message');
    let lineEnd = text.indexOf('\r\n', p);
    for (let next = text.charCodeAt(lineEnd + 2); next === 32 || next === 9; next = text.charCodeAt(lineEnd + 2)) {
      lineEnd = text.indexOf('\r\n', lineEnd + 2);
    }
    let start = p + match[0].length;
    let end = lineEnd;
    while (start < end && isSpace(text.charCodeAt(start))) start++;
    while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
    names.push(canonicalName(match[1]!));
    bounds.push(start, end);
    p = lineEnd + 2;
  }
  return { names, bounds };
}
