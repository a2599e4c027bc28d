// URIs from text (RFC 3261 25.1). The counterpart, on octets, is scan-uri.ts; the fuzzer holds the two against each other.

import { Cursor } from './cursor.ts';
import { ParseError } from './errors.ts';
import { HOST, IPV6, classes as octetClasses, TOKEN, URI as uriBit } from './octets.ts';
import { SipUri } from './uri.ts';

// Bindings of this module: imported ones are loaded anew in each turn of a loop.
const classes = octetClasses;
const URI = uriBit;
const PERCENT = 37;
const COMMA = 44;
const COLON = 58;
const SEMICOLON = 59;
const QUESTION = 63;
const AT = 64;
const wrongEscape = /%(?![0-9a-fA-F]{2})/;
const portMax = 65_535;

/** The first `code` in [start, end) of a text, or -1. */
function placeOf(text: string, code: number, start: number, end: number): number {
  for (let p = start; p < end; p++) if (text.charCodeAt(p) === code) return p;
  return -1;
}

/** The scheme at the cursor, in lower case, with the cursor moved behind its colon; '' when there is none. */
function takeScheme(cursor: Cursor): string {
  const { text, position: start } = cursor;
  if (text.startsWith('sip:', start) && start + 4 <= cursor.end) {
    cursor.position = start + 4;
    return 'sip';
  }
  const first = cursor.code() | 32;
  const scheme = first >= 97 && first <= 122 ? cursor.takeRun(TOKEN) : '';
  if (scheme === '' || cursor.code() !== COLON) {
    cursor.position = start;
    return '';
  }
  cursor.position++;
  return scheme.toLowerCase();
}

/** The host at the cursor, as written; '' when there is none. */
export function takeHost(cursor: Cursor): string {
  if (cursor.code() !== 91) return cursor.takeRun(HOST);
  const start = cursor.position++;
  const inside = cursor.takeRun(IPV6);
  if (inside.length < 2 || cursor.code() !== 93) return '';
  cursor.position++;
  return cursor.text.slice(start, cursor.position);
}

/** The port after a colon, 0 when there is no colon, -1 when what follows it is no port. */
export function takePort(cursor: Cursor, spaceAllowed: boolean): number {
  if (spaceAllowed) {
    if (!cursor.takeSeparator(COLON)) return 0;
  } else if (cursor.code() === COLON) cursor.position++;
  else return 0;
  const port = cursor.takeDigits();
  return port > portMax ? -1 : port;
}

export const hostSentence = 'expected a host name, an IPv4 address or an IPv6 address in brackets';
export const portSentence = 'expected a port from 0 to 65535 after ":"';

function opaque(text: string, scheme: string): SipUri {
  return new SipUri({ text, scheme, user: '', password: '', host: '', port: 0, parametersText: '', headersText: '' });
}

/** Reads one URI and leaves the cursor behind it. `bare` as in scan-uri.ts. */
export function readUri(cursor: Cursor, bare: boolean): SipUri | ParseError {
  const { text, position: start } = cursor;
  // The end of the URI: the first character that no URI holds, or, when bare, a delimiter.
  let end = start;
  let firstAt = -1;
  let lastAt = -1;
  for (; end < cursor.end; end++) {
    const code = text.charCodeAt(end);
    if (code > 255 || (classes[code]! & URI) === 0) break;
    if (code === AT) {
      lastAt = end;
      if (firstAt < 0) firstAt = end;
    } else if (bare && (code === SEMICOLON || code === COMMA || code === QUESTION)) break;
  }
  const scheme = takeScheme(cursor);
  if (scheme === '') return cursor.error('expected a URI scheme followed by ":"');
  const rest = cursor.position;
  cursor.position = end;
  if (scheme !== 'sip' && scheme !== 'sips')
    return rest === end ? cursor.error('the URI ends after its scheme') : opaque(text.slice(start, end), scheme);
  let user = '';
  let password = '';
  if (firstAt >= 0) {
    const colon = placeOf(text, COLON, rest, firstAt);
    user = text.slice(rest, colon < 0 ? firstAt : colon);
    if (colon >= 0) password = text.slice(colon + 1, firstAt);
    if (user === '') return cursor.error('the user before "@" is empty');
    if (placeOf(text, PERCENT, rest, firstAt) >= 0 && wrongEscape.test(text.slice(rest, firstAt)))
      return cursor.error('a "%" in the user is not followed by two hexadecimal digits');
  }
  cursor.position = firstAt < 0 ? rest : firstAt + 1;
  const host = takeHost(cursor);
  if (host === '') return cursor.error(hostSentence);
  const port = takePort(cursor, false);
  if (port < 0) return cursor.error(portSentence);
  const tail = cursor.position;
  let parametersText = '';
  let headersText = '';
  if (bare) end = tail;
  else if (tail < end) {
    const code = text.charCodeAt(tail);
    if (code !== SEMICOLON && code !== QUESTION)
      return cursor.error('expected ":", ";", "?" or the end of the URI after the host');
    if (lastAt >= tail) return cursor.error('a second "@" in the URI');
    const question = placeOf(text, QUESTION, tail, end);
    parametersText = text.slice(tail, question < 0 ? end : question);
    if (question >= 0) headersText = text.slice(question + 1, end);
  }
  cursor.position = end;
  return new SipUri({ text: text.slice(start, end), scheme, user, password, host, port, parametersText, headersText });
}

/** Reads a URI that fills the whole text. */
export function parseUri(text: string): SipUri | ParseError {
  const cursor = new Cursor(text, 0, text.length, 'URI');
  const uri = readUri(cursor, false);
  if (uri instanceof ParseError) return uri;
  return cursor.atEnd ? uri : cursor.error('expected the end of the URI');
}
