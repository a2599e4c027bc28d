// URIs from text (RFC 3261 25.1). The counterpart, on octets, is scan-uri.ts; the fuzzer holds the two against each other.

import { Cursor } from './cursor.ts';
import { ParseError } from './errors.ts';
import { HOST, IPV6, classes as octetClasses, URI } from './octets.ts';
import { SipUri } from './uri.ts';

const classes = octetClasses;
const schemePattern = /^([a-zA-Z][a-zA-Z0-9!%*_+`'~.-]*):/;
const wrongEscape = /%(?![0-9a-fA-F]{2})/;
const delimiters = new Set([59, 44, 63]);

/** The end of the URI that begins at the cursor: the first character that no URI holds, or, when bare, a delimiter. */
function uriEnd(cursor: Cursor, bare: boolean): number {
  const { text, end } = cursor;
  let p = cursor.position;
  while (p < end) {
    const code = text.charCodeAt(p);
    if (code > 255 || (classes[code]! & URI) === 0 || (bare && delimiters.has(code))) break;
    p++;
  }
  return p;
}

function readHost(cursor: Cursor): string {
  const start = cursor.position;
  if (cursor.code() === 91) {
    cursor.position++;
    const inside = cursor.takeRun(IPV6);
    if (inside.length < 2 || cursor.code() !== 93) return '';
    cursor.position++;
    return cursor.text.slice(start, cursor.position);
  }
  return cursor.takeRun(HOST);
}

export function readHostPort(
  cursor: Cursor,
  spaceAllowed: boolean,
): { readonly host: string; readonly port: number } | ParseError {
  const host = readHost(cursor);
  if (host === '') return cursor.error('expected a host name, an IPv4 address or an IPv6 address in brackets');
  const colon = spaceAllowed ? cursor.takeSeparator(58) : cursor.code() === 58;
  if (!colon) return { host, port: 0 };
  if (!spaceAllowed) cursor.position++;
  const start = cursor.position;
  while (cursor.code() >= 48 && cursor.code() <= 57) cursor.position++;
  const digits = cursor.text.slice(start, cursor.position);
  const port = Number(digits);
  return digits === '' || port > 65_535 ? cursor.error('expected a port from 0 to 65535 after ":"') : { host, port };
}

function opaque(text: string, scheme: string): SipUri {
  return new SipUri({ text, scheme, user: '', password: '', host: '', port: 0, parametersText: '', headersText: '' });
}

/** Reads one URI and leaves the cursor behind it. `bare` as in scan-uri.ts. */
export function readUri(cursor: Cursor, bare: boolean): SipUri | ParseError {
  const start = cursor.position;
  const end = uriEnd(cursor, bare);
  const text = cursor.text.slice(start, end);
  const match = schemePattern.exec(text);
  if (match === null) return cursor.error('expected a URI scheme followed by ":"');
  const scheme = match[1]!.toLowerCase();
  const rest = text.slice(scheme.length + 1);
  cursor.position = end;
  if (scheme !== 'sip' && scheme !== 'sips')
    return rest === '' ? cursor.error('the URI ends after its scheme') : opaque(text, scheme);
  const at = rest.indexOf('@');
  let user = '';
  let password = '';
  if (at >= 0) {
    const userinfo = rest.slice(0, at);
    const colon = userinfo.indexOf(':');
    user = colon < 0 ? userinfo : userinfo.slice(0, colon);
    password = colon < 0 ? '' : userinfo.slice(colon + 1);
    if (user === '') return cursor.error('the user before "@" is empty');
    if (wrongEscape.test(userinfo)) return cursor.error('a "%" in the user is not followed by two hexadecimal digits');
  }
  cursor.position = start + scheme.length + 1 + at + 1;
  const hostPort = readHostPort(cursor, false);
  if (hostPort instanceof ParseError) return hostPort;
  const tail = cursor.text.slice(cursor.position, end);
  if (bare)
    return new SipUri({
      text: cursor.text.slice(start, cursor.position),
      scheme,
      user,
      password,
      ...hostPort,
      parametersText: '',
      headersText: '',
    });
  if (tail !== '' && tail[0] !== ';' && tail[0] !== '?')
    return cursor.error('expected ":", ";", "?" or the end of the URI after the host');
  if (tail.includes('@')) return cursor.error('a second "@" in the URI');
  cursor.position = end;
  const question = tail.indexOf('?');
  const parametersText = question < 0 ? tail : tail.slice(0, question);
  const headersText = question < 0 ? '' : tail.slice(question + 1);
  return new SipUri({ text, scheme, user, password, ...hostPort, parametersText, headersText });
}

/** Reads a URI that fills the whole text. */
export function parseUri(text: string): SipUri | ParseError {
  const cursor = new Cursor(text, 0, text.length, 'URI', 0);
  const uri = readUri(cursor, false);
  if (uri instanceof ParseError) return uri;
  return cursor.atEnd ? uri : cursor.error('expected the end of the URI');
}
