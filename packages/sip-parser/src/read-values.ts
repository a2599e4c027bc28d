// The readers of single header values: a cursor in, a value or a ParseError out.

import { type Cursor, unquoted, utf8FromOctets, withoutPairs } from './cursor.ts';
import { ParseError } from './errors.ts';
import type { AddressValue, ContactAddress, ContactValue, CseqValue, TypedValue, ViaValue } from './header-values.ts';
import { limits } from './limits.ts';
import { DISPLAY, TOKEN } from './octets.ts';
import { hostSentence, portSentence, readUri, takeHost, takePort } from './read-uri.ts';

const QUOTE = 34;
const SLASH = 47;
const COLON = 58;
const LESS = 60;
const GREATER = 62;
const STAR = 42;
const secondsWhenMalformed = 3600;

/** `SIP / 2.0 /` at the start of a Via value. */
const protocolPattern = /[Ss][Ii][Pp][ \t\r\n]*\/[ \t\r\n]*2\.0[ \t\r\n]*\//y;
const usualProtocol = 'SIP/2.0/';

/** Steps over the protocol of a Via value and the white space behind it. */
function skipProtocol(cursor: Cursor): boolean {
  const { text, position } = cursor;
  let length = usualProtocol.length;
  if (!text.startsWith(usualProtocol, position)) {
    protocolPattern.lastIndex = position;
    length = protocolPattern.exec(text)?.[0].length ?? 0;
  }
  if (length === 0 || position + length > cursor.end) return false;
  cursor.position = position + length;
  cursor.skipSpace();
  return true;
}

/** In capitals, without a copy when it is already. */
function capitals(token: string): string {
  for (let i = 0; i < token.length; i++) {
    const code = token.charCodeAt(i);
    if (code >= 97 && code <= 122) return token.toUpperCase();
  }
  return token;
}

export function readVia(cursor: Cursor): ViaValue | ParseError {
  if (!skipProtocol(cursor)) return cursor.error('expected "SIP/2.0/" and a transport');
  const transport = capitals(cursor.takeRun(TOKEN));
  if (transport === '') return cursor.error('expected a transport after "SIP/2.0/"');
  const before = cursor.position;
  cursor.skipSpace();
  if (cursor.position === before) return cursor.error('expected white space after the transport');
  const host = takeHost(cursor);
  if (host === '') return cursor.error(hostSentence);
  const port = takePort(cursor, true);
  if (port < 0) return cursor.error(portSentence);
  const parameters = cursor.takeParameters();
  if (parameters instanceof ParseError) return parameters;
  const received = parameters.get('received');
  return {
    transport,
    host,
    port,
    branch: utf8FromOctets(parameters.get('branch') ?? '', cursor.isAscii),
    received: received === undefined ? '' : utf8FromOctets(received, cursor.isAscii).replace(/[[\]]/g, ''),
    rport: parameters.get('rport'),
    parameters,
  };
}

/** The display name; undefined when the address is a bare addr-spec. */
function readDisplayName(cursor: Cursor): string | undefined | ParseError {
  if (cursor.code() === LESS) return '';
  const start = cursor.position;
  if (cursor.code() === QUOTE) {
    if (!cursor.skipQuoted()) return cursor.error('the quoted display name is not closed');
    const inner = cursor.text.slice(start + 1, cursor.position - 1);
    cursor.skipSpace();
    return cursor.code() === LESS
      ? utf8FromOctets(withoutPairs(inner), cursor.isAscii)
      : cursor.error('expected "<" after the display name');
  }
  if (cursor.skipRun(DISPLAY) && cursor.code() === COLON) {
    cursor.position = start;
    return undefined;
  }
  for (;;) {
    const end = cursor.position;
    cursor.skipSpace();
    if (cursor.code() === LESS) return utf8FromOctets(cursor.text.slice(start, end), cursor.isAscii);
    if (cursor.position === end) return cursor.error('expected a URI, or a display name and "<"');
    cursor.skipRun(DISPLAY);
  }
}

export function readAddress(cursor: Cursor): AddressValue | ParseError {
  const displayName = readDisplayName(cursor);
  if (displayName instanceof ParseError) return displayName;
  if (displayName !== undefined) cursor.position++;
  const uri = readUri(cursor, displayName === undefined);
  if (uri instanceof ParseError) return uri;
  if (displayName !== undefined) {
    if (cursor.code() !== GREATER) return cursor.error('expected ">" after the URI');
    cursor.position++;
  }
  const parameters = cursor.takeParameters();
  if (parameters instanceof ParseError) return parameters;
  const tag = utf8FromOctets(parameters.get('tag') ?? '', cursor.isAscii);
  return { displayName: displayName ?? '', uri, tag, parameters };
}

/** Digits only and at most `max`, or undefined. */
function wholeNumber(text: string | undefined, max: number): number | undefined {
  if (text === undefined || text === '') return undefined;
  let number = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 48 || code > 57) return undefined;
    number = number * 10 + code - 48;
  }
  return number <= max ? number : undefined;
}

function withContactParameters(address: AddressValue): ContactAddress | string {
  const { displayName, uri, tag, parameters } = address;
  const qText = parameters.get('q');
  if (qText !== undefined && !/^(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/.test(qText))
    return 'q is not a number from 0 to 1 with at most three decimals';
  const expiresText = parameters.get('expires');
  const instance = parameters.get('+sip.instance');
  return {
    displayName,
    uri,
    tag,
    parameters,
    star: false,
    q: qText === undefined ? undefined : Number(qText),
    expires:
      expiresText === undefined ? undefined : (wholeNumber(expiresText, limits.secondsMax) ?? secondsWhenMalformed),
    instance: instance === undefined ? undefined : unquoted(instance),
    regId: wholeNumber(parameters.get('reg-id'), limits.cseqMax),
  };
}

export function readContact(cursor: Cursor): ContactValue | ParseError {
  if (cursor.code() === STAR) {
    const star = cursor.position;
    cursor.position++;
    cursor.skipSpace();
    if (cursor.atEnd || cursor.code() === 44) return { star: true };
    cursor.position = star;
  }
  const address = readAddress(cursor);
  if (address instanceof ParseError) return address;
  const contact = withContactParameters(address);
  return typeof contact === 'string' ? cursor.error(contact) : contact;
}

/** All digits up to the end of the value, at most `max`. */
function readNumber(cursor: Cursor, max: number): number | ParseError {
  const start = cursor.position;
  const number = cursor.takeDigits();
  if (number >= 0 && number <= max && cursor.atEnd) return number;
  cursor.position = start;
  return cursor.error(`expected a number from 0 to ${max}`);
}

export const readSeconds = (cursor: Cursor): number | ParseError => readNumber(cursor, limits.secondsMax);
export const readMaxForwards = (cursor: Cursor): number | ParseError => readNumber(cursor, limits.maxForwardsMax);
export const readContentLength = (cursor: Cursor): number | ParseError => readNumber(cursor, limits.messageBytesMax);

export function readCseq(cursor: Cursor): CseqValue | ParseError {
  const number = cursor.takeDigits();
  if (number < 0) return cursor.error('expected a number');
  const before = cursor.position;
  cursor.skipSpace();
  const spaced = cursor.position > before;
  const method = cursor.takeRun(TOKEN);
  if (!spaced || method === '') return cursor.error('expected white space and a method after the number');
  return number > limits.cseqMax ? cursor.error('the number is not below 2^31') : { number, method };
}

export function readCallId(cursor: Cursor): string | ParseError {
  const { text, position, end } = cursor;
  let p = position;
  while (p < end && text.charCodeAt(p) > 32) p++;
  if (p === position || p < end) return cursor.error('expected one word');
  cursor.position = end;
  return utf8FromOctets(text.slice(position, end), cursor.isAscii);
}

export function readToken(cursor: Cursor): string | ParseError {
  const token = cursor.takeRun(TOKEN);
  return token === '' ? cursor.error('expected a token') : token;
}

/** `type/subtype *(;parameter)`; the slash may have white space around it. */
export function readContentType(cursor: Cursor): TypedValue | ParseError {
  const type = cursor.takeRun(TOKEN);
  if (type === '' || !cursor.takeSeparator(SLASH)) return cursor.error('expected "type/subtype"');
  const subtype = cursor.takeRun(TOKEN);
  if (subtype === '') return cursor.error('expected a subtype after "/"');
  const parameters = cursor.takeParameters();
  return parameters instanceof ParseError ? parameters : { type: `${type}/${subtype}`.toLowerCase(), parameters };
}

export function readEvent(cursor: Cursor): TypedValue | ParseError {
  const type = cursor.takeRun(TOKEN);
  if (type === '') return cursor.error('expected an event package');
  const parameters = cursor.takeParameters();
  return parameters instanceof ParseError ? parameters : { type, parameters };
}
