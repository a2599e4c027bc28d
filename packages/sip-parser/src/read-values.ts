// The readers of single header values: a cursor in, a value or a ParseError out.

import { type Cursor, unquoted, utf8FromOctets } from './cursor.ts';
import { ParseError } from './errors.ts';
import type { AddressValue, ContactAddress, ContactValue, CseqValue, TypedValue, ViaValue } from './header-values.ts';
import { limits } from './limits.ts';
import { DISPLAY, TOKEN } from './octets.ts';
import { readHostPort, readUri } from './read-uri.ts';

const LESS = 60;
const GREATER = 62;
const STAR = 42;
const secondsWhenMalformed = 3600;

/** `SIP / 2.0 / transport` at the start of a Via value. */
const protocolPattern = /[Ss][Ii][Pp][ \t\r\n]*\/[ \t\r\n]*2\.0[ \t\r\n]*\/[ \t\r\n]*/y;

export function readVia(cursor: Cursor): ViaValue | ParseError {
  protocolPattern.lastIndex = cursor.position;
  const match = protocolPattern.exec(cursor.text);
  if (match === null) return cursor.error('expected "SIP/2.0/" and a transport');
  cursor.position += match[0].length;
  const transport = cursor.takeRun(TOKEN).toUpperCase();
  if (transport === '') return cursor.error('expected a transport after "SIP/2.0/"');
  const before = cursor.position;
  cursor.skipSpace();
  if (cursor.position === before) return cursor.error('expected white space after the transport');
  const hostPort = readHostPort(cursor, true);
  if (hostPort instanceof ParseError) return hostPort;
  const parameters = cursor.takeParameters();
  if (parameters instanceof ParseError) return parameters;
  return {
    transport,
    host: hostPort.host,
    port: hostPort.port,
    branch: utf8FromOctets(parameters.get('branch') ?? ''),
    received: utf8FromOctets(parameters.get('received') ?? '').replace(/[[\]]/g, ''),
    rport: parameters.get('rport'),
    parameters,
  };
}

/** The display name; undefined when the address is a bare addr-spec. */
function readDisplayName(cursor: Cursor): string | undefined | ParseError {
  if (cursor.code() === LESS) return '';
  if (cursor.code() === 34) {
    const quoted = cursor.takeQuoted();
    if (quoted === '') return cursor.error('the quoted display name is not closed');
    cursor.skipSpace();
    return cursor.code() === LESS
      ? utf8FromOctets(unquoted(quoted))
      : cursor.error('expected "<" after the display name');
  }
  const start = cursor.position;
  const first = cursor.takeRun(DISPLAY);
  if (first !== '' && cursor.code() === 58) {
    cursor.position = start;
    return undefined;
  }
  for (;;) {
    const end = cursor.position;
    cursor.skipSpace();
    if (cursor.code() === LESS) return utf8FromOctets(cursor.text.slice(start, end));
    if (cursor.position === end) return cursor.error('expected a URI, or a display name and "<"');
    cursor.takeRun(DISPLAY);
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
  return { displayName: displayName ?? '', uri, tag: utf8FromOctets(parameters.get('tag') ?? ''), parameters };
}

/** Digits only, or undefined. */
function wholeNumber(text: string | undefined, max: number): number | undefined {
  if (text === undefined || !/^[0-9]+$/.test(text)) return undefined;
  const number = Number(text);
  return number <= max ? number : undefined;
}

function withContactParameters(address: AddressValue): ContactAddress | string {
  const { parameters } = address;
  const qText = parameters.get('q');
  if (qText !== undefined && !/^(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/.test(qText))
    return 'q is not a number from 0 to 1 with at most three decimals';
  const expiresText = parameters.get('expires');
  const instance = parameters.get('+sip.instance');
  return {
    ...address,
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
export function readNumber(cursor: Cursor, max: number): number | ParseError {
  const number = wholeNumber(cursor.text.slice(cursor.position, cursor.end), max);
  if (number === undefined) return cursor.error(`expected a number from 0 to ${max}`);
  cursor.position = cursor.end;
  return number;
}

export function readCseq(cursor: Cursor): CseqValue | ParseError {
  const start = cursor.position;
  while (cursor.code() >= 48 && cursor.code() <= 57) cursor.position++;
  const digits = cursor.text.slice(start, cursor.position);
  if (digits === '') return cursor.error('expected a number');
  const before = cursor.position;
  cursor.skipSpace();
  const spaced = cursor.position > before;
  const method = cursor.takeRun(TOKEN);
  if (!spaced || method === '') return cursor.error('expected white space and a method after the number');
  const number = Number(digits);
  return number > limits.cseqMax ? cursor.error('the number is not below 2^31') : { number, method };
}

export function readCallId(cursor: Cursor): string | ParseError {
  const text = cursor.text.slice(cursor.position, cursor.end);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
  if (text === '' || /[\x00-\x20]/.test(text)) return cursor.error('expected one word');
  cursor.position = cursor.end;
  return utf8FromOctets(text);
}

export function readToken(cursor: Cursor): string | ParseError {
  const token = cursor.takeRun(TOKEN);
  return token === '' ? cursor.error('expected a token') : token;
}

/** `type/subtype *(;parameter)`; the slash may have white space around it. */
export function readContentType(cursor: Cursor): TypedValue | ParseError {
  const type = cursor.takeRun(TOKEN);
  if (type === '' || !cursor.takeSeparator(47)) return cursor.error('expected "type/subtype"');
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
