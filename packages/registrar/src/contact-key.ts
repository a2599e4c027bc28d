// The form in which the location service compares contacts (RFC 3261 19.1.4): what counts, in one spelling and order,
// then, after a space, the parameters that count only where both URIs have them (see `BindingChange.contactKey`).
//
//   <sip:Alice@HOST.example;Transport=TCP;line=7>  ->  sip:Alice@host.example;transport=tcp ;line=7
//
// Most phones write a URI that is its own key; `isOwnKey` sees that in one pass, so that no second text is kept.
import { ParseError, parseUri, type SipUri } from '@chordial/sip-parser';

/** "A user, ttl, or method uri-parameter appearing in only one URI never matches"; likewise maddr and transport. */
const obligatory: ReadonlySet<string> = new Set(['maddr', 'method', 'transport', 'ttl', 'user']);

/** The key of a URI text, or what is wrong with the URI. */
export function contactKeyOf(contact: string): string | ParseError {
  if (isOwnKey(contact)) return contact;
  const uri = parseUri(contact);
  return uri instanceof ParseError ? uri : keyOfUri(uri);
}

export function keyOfUri(uri: SipUri): string {
  // Other schemes have rules of their own, of which we know none: they are compared as written.
  if (!uri.isSip) return uri.text;
  let core = `${uri.scheme}:`;
  if (uri.user !== '') {
    core += unescaped(uri.user);
    if (uri.password !== '') core += `:${unescaped(uri.password)}`;
    core += '@';
  }
  core += uri.host.toLowerCase();
  if (uri.port !== 0) core += `:${uri.port}`;
  let others = '';
  for (const name of [...uri.parameters.keys()].sort()) {
    const value = unescaped(uri.parameters.get(name)!).toLowerCase();
    const text = value === '' ? `;${name}` : `;${name}=${value}`;
    if (obligatory.has(name)) core += text;
    else others += text;
  }
  // "URI header components are never ignored."
  let mark = '?';
  for (const name of [...uri.headers.keys()].sort()) {
    core += `${mark}${name}=${unescaped(uri.headers.get(name)!)}`;
    mark = '&';
  }
  return others === '' ? core : `${core} ${others}`;
}

const hexDigits = '0123456789abcdefABCDEF';

/** "Characters other than those in the reserved set are equivalent to their %HH encoding": the one spelling of a text. */
function unescaped(text: string): string {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 37 && i + 2 < text.length && isHex(text[i + 1]!) && isHex(text[i + 2]!)) {
      const octet = Number.parseInt(text.slice(i + 1, i + 3), 16);
      out += isUnreserved(octet) ? String.fromCharCode(octet) : escapeOf(octet);
      i += 2;
    } else out += isUnreserved(code) || userReserved.includes(text[i]!) ? text[i] : escapeOf(code);
  }
  return out;
}

/** Reserved characters that a user may hold as they are (`user-unreserved`). */
const userReserved = '&=+$,;?/';
const escapeOf = (octet: number): string => `%${octet < 16 ? '0' : ''}${octet.toString(16).toUpperCase()}`;
const isHex = (digit: string): boolean => hexDigits.includes(digit);
const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isLower = (code: number): boolean => code >= 97 && code <= 122;
const isLetter = (code: number): boolean => isLower(code | 32);
/** RFC 3261 `unreserved`: alphanumeric and the marks `-_.!~*'()`. */
const isUnreserved = (code: number): boolean =>
  isDigit(code) || isLetter(code) || "-_.!~*'()".includes(String.fromCharCode(code));
const isPlainUser = (code: number): boolean =>
  isDigit(code) || isLetter(code) || code === 45 || code === 46 || code === 95 || code === 43;

const transports: readonly string[] = ['udp', 'tcp', 'tls', 'ws', 'wss'];

/** Whether `sip:user@host:port;transport=x` (all but the host optional) is written in just the form of a key. */
export function isOwnKey(contact: string): boolean {
  if (!contact.startsWith('sip:')) return false;
  let p = 4;
  const at = contact.indexOf('@', 4);
  if (at >= 0) {
    if (at === 4) return false;
    for (; p < at; p++) if (!isPlainUser(contact.charCodeAt(p))) return false;
    p++;
  }
  const host = p;
  for (; p < contact.length; p++) {
    const code = contact.charCodeAt(p);
    if (!isDigit(code) && !isLower(code) && code !== 46 && code !== 45) break;
  }
  if (p === host) return false;
  if (contact.charCodeAt(p) === 58) {
    const port = ++p;
    while (isDigit(contact.charCodeAt(p))) p++;
    if (p === port || p - port > 5 || contact.charCodeAt(port) === 48) return false;
    if (Number(contact.slice(port, p)) > 65_535) return false;
  }
  return p === contact.length || (contact.startsWith(';transport=', p) && transports.includes(contact.slice(p + 11)));
}
