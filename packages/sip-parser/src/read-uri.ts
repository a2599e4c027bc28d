// URIs from text (RFC 3261 25.1). The counterpart, on octets, is scan-uri.ts; the fuzzer holds the two against each other.

import { Cursor } from './cursor.ts';
import { ParseError } from './errors.ts';
import { classes, HOST, IPV6, TOKEN, URI } from './octets.ts';
import { SipUri } from './uri.ts';

const PERCENT = 37;
const COMMA = 44;
const COLON = 58;
const SEMICOLON = 59;
const QUESTION = 63;
const AT = 64;

/** What a character is to a URI: OUTSIDE ends it, PLAIN is nothing special, MARK is a delimiter to look at. */
const OUTSIDE = 0;
const PLAIN = 1;
const MARK = 2;
const roles: Uint8Array = classes.map((bits) => ((bits & URI) === 0 ? OUTSIDE : PLAIN));
for (const mark of [PERCENT, COMMA, COLON, SEMICOLON, QUESTION, AT]) roles[mark] = MARK;

const wrongEscape = /%(?![0-9a-fA-F]{2})/;
const portMax = 65_535;

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
  const scheme = takeScheme(cursor);
  if (scheme === '') return cursor.error('expected a URI scheme followed by ":"');
  const rest = cursor.position;
  // One walk to the end of the URI: the first character that no URI holds, or, when bare, a delimiter.
  let end = rest;
  let at = -1;
  let lastAt = -1;
  let colon = -1;
  let isEscaped = false;
  let question = -1;
  for (; end < cursor.end; end++) {
    const code = text.charCodeAt(end);
    const role = code < 256 ? roles[code] : OUTSIDE;
    if (role === PLAIN) continue;
    if (role === OUTSIDE || (bare && (code === SEMICOLON || code === COMMA || code === QUESTION))) break;
    if (code === AT) {
      if (at < 0) at = end;
      lastAt = end;
      question = -1;
    } else if (code === QUESTION && question < 0) question = end;
    else if (code === COLON && colon < 0) colon = end;
    else if (code === PERCENT && at < 0) isEscaped = true;
  }
  cursor.position = end;
  if (scheme !== 'sip' && scheme !== 'sips')
    return rest === end ? cursor.error('the URI ends after its scheme') : opaque(text.slice(start, end), scheme);
  let user = '';
  let password = '';
  if (at >= 0) {
    const hasPassword = colon >= 0 && colon < at;
    user = text.slice(rest, hasPassword ? colon : at);
    if (hasPassword) password = text.slice(colon + 1, at);
    if (user === '') return cursor.error('the user before "@" is empty');
    if (isEscaped && wrongEscape.test(text.slice(rest, at)))
      return cursor.error('a "%" in the user is not followed by two hexadecimal digits');
  }
  cursor.position = at < 0 ? rest : at + 1;
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
    parametersText = text.slice(tail, question < 0 ? end : question);
    if (question >= 0) headersText = text.slice(question + 1, end);
  }
  cursor.position = end;
  return new SipUri({ text: text.slice(start, end), scheme, user, password, host, port, parametersText, headersText });
}

/** Reads a URI that fills the whole text. */
export function parseUri(text: string): SipUri | ParseError {
  const cursor = new Cursor(text, 0, text.length, 'URI', false);
  const uri = readUri(cursor, false);
  if (uri instanceof ParseError) return uri;
  return cursor.atEnd ? uri : cursor.error('expected the end of the URI');
}
