// A URI read from octets (RFC 3261 19.1.1): where its user, host, port and parameters lie. A SIP or SIPS URI is checked;
// of any other scheme only the extent is found.

import { hexDigit, classes as octetClasses } from './octets.ts';
import type { ScanResult, UriSlice } from './slices.ts';

// Local, since an imported binding is loaded anew at each use: with imports a whole peek took 1.6 times as long.
const AT = 64;
const COLON = 58;
const COMMA = 44;
const HOST = 8;
const IPV6 = 16;
const PERCENT = 37;
const PLAIN = 64;
const QUESTION = 63;
const SEMICOLON = 59;
const TOKEN = 1;
const URI = 4;
const classes = octetClasses;

const LEFT_BRACKET = 91;
const RIGHT_BRACKET = 93;

/** Position after `:` or -1. Sets `uri.scheme`. */
function scanScheme(bytes: Uint8Array, start: number, end: number, uri: UriSlice): number {
  uri.scheme = 0;
  if (
    start + 4 < end &&
    (bytes[start]! | 32) === 115 &&
    (bytes[start + 1]! | 32) === 105 &&
    (bytes[start + 2]! | 32) === 112
  ) {
    if (bytes[start + 3] === COLON) {
      uri.scheme = 1;
      return start + 4;
    }
    if ((bytes[start + 3]! | 32) === 115 && bytes[start + 4] === COLON) {
      uri.scheme = 2;
      return start + 5;
    }
  }
  let p = start;
  const letter = p < end ? bytes[p]! | 32 : 0;
  if (letter < 97 || letter > 122) return -1;
  while (p < end && (classes[bytes[p]!]! & TOKEN) !== 0) p++;
  return p < end && bytes[p] === COLON ? p + 1 : -1;
}

/** Whether every `%` in [start, end) is followed by two hexadecimal digits. */
function escapesAreWhole(bytes: Uint8Array, start: number, end: number): boolean {
  for (let p = start; p < end; p++) {
    if (bytes[p] !== PERCENT) continue;
    if (p + 2 >= end || hexDigit(bytes[p + 1]!) < 0 || hexDigit(bytes[p + 2]!) < 0) return false;
    p += 2;
  }
  return true;
}

/** Position after the host that begins at `start`, or -1. `out.capital` says whether it has a capital letter. */
export function scanHost(bytes: Uint8Array, start: number, end: number, out: ScanResult): number {
  if (start < end && bytes[start] === LEFT_BRACKET) return scanIpv6(bytes, start, end, out);
  let p = start;
  let least = 127;
  while (p < end) {
    const octet = bytes[p]!;
    if ((classes[octet]! & HOST) === 0) break;
    // Capitals are the only host octets from 65 to 90, digits and marks lie below 58; fold both tests into one minimum.
    if (octet > 64 && octet < least) least = octet;
    p++;
  }
  out.capital = least < 91;
  return p === start ? -1 : p;
}

function scanIpv6(bytes: Uint8Array, start: number, end: number, out: ScanResult): number {
  let p = start + 1;
  out.capital = false;
  while (p < end && (classes[bytes[p]!]! & IPV6) !== 0) {
    if (bytes[p]! >= 65 && bytes[p]! <= 70) out.capital = true;
    p++;
  }
  return p >= end || bytes[p] !== RIGHT_BRACKET || p - start < 3 ? -1 : p + 1;
}

/** Reads digits from after a `:`. The position after them, or -1 when there is none or the port is above 65535; else `out.number`. */
export function scanPort(bytes: Uint8Array, start: number, end: number, out: ScanResult): number {
  let p = start;
  let port = 0;
  while (p < end && bytes[p]! >= 48 && bytes[p]! <= 57) {
    if (port <= 65_535) port = port * 10 + bytes[p]! - 48;
    p++;
  }
  if (p === start || port > 65_535) return -1;
  out.number = port;
  return p;
}

/**
 * Reads one URI. When `bare` (an addr-spec outside angle brackets) it ends before `;` `,` or `?`, which then belong to
 * the header (RFC 3261 20). Returns the position after the URI, or -1 with `out.problem` set.
 */
export function scanUri(
  bytes: Uint8Array,
  start: number,
  end: number,
  uri: UriSlice,
  bare: boolean,
  out: ScanResult,
): number {
  uri.start = start;
  uri.parametersStart = -1;
  uri.headersStart = -1;
  uri.plain = true;
  uri.port = 0;
  const body = scanScheme(bytes, start, end, uri);
  if (body < 0) return out.fail(start, 'expected a URI scheme followed by ":"');
  let p = body;
  let at = -1;
  let colon = -1;
  let common = PLAIN;
  while (p < end) {
    const octet = bytes[p]!;
    if (octet === AT) {
      at = p;
      break;
    }
    const bits = classes[octet]!;
    if ((bits & URI) === 0) break;
    if (bare && (octet === SEMICOLON || octet === COMMA || octet === QUESTION)) break;
    if (octet === COLON) {
      if (colon < 0) colon = p;
    } else if (colon < 0) common &= bits;
    p++;
  }
  if (uri.scheme === 0) return scanOpaque(bytes, p, end, uri, body, bare, out);
  if (at >= 0) {
    uri.userStart = body;
    uri.userEnd = colon >= 0 ? colon : at;
    if (uri.userEnd === body) return out.fail(body, 'the user before "@" is empty');
    if (common === 0) uri.plain = false;
    if (common === 0 || colon >= 0) {
      if (!escapesAreWhole(bytes, body, at))
        return out.fail(body, 'a "%" in the user is not followed by two hexadecimal digits');
    }
    p = at + 1;
  } else {
    uri.userStart = body;
    uri.userEnd = body;
    p = body;
  }
  const hostStart = p;
  p = scanHost(bytes, p, end, out);
  if (p < 0) return out.fail(hostStart, 'expected a host name, an IPv4 address or an IPv6 address in brackets');
  uri.hostStart = hostStart;
  uri.hostEnd = p;
  if (out.capital) uri.plain = false;
  if (p < end && bytes[p] === COLON) {
    const portStart = p + 1;
    p = scanPort(bytes, portStart, end, out);
    if (p < 0) return out.fail(portStart, 'expected a port from 0 to 65535 after ":"');
    uri.port = out.number;
  }
  uri.end = p;
  return bare ? p : scanRest(bytes, p, end, uri, out);
}

function scanOpaque(
  bytes: Uint8Array,
  at: number,
  end: number,
  uri: UriSlice,
  body: number,
  bare: boolean,
  out: ScanResult,
): number {
  let p = at;
  while (p < end) {
    const octet = bytes[p]!;
    if ((classes[octet]! & URI) === 0) break;
    if (bare && (octet === SEMICOLON || octet === COMMA || octet === QUESTION)) break;
    p++;
  }
  if (p === body) return out.fail(p, 'the URI ends after its scheme');
  uri.userStart = body;
  uri.userEnd = body;
  uri.hostStart = body;
  uri.hostEnd = body;
  uri.end = p;
  return p;
}

/** Parameters and headers of a URI: their extent, and that no second `@` is among them. */
function scanRest(bytes: Uint8Array, start: number, end: number, uri: UriSlice, out: ScanResult): number {
  let p = start;
  if (p < end) {
    const first = bytes[p]!;
    if (first === SEMICOLON) uri.parametersStart = p;
    else if (first !== QUESTION) {
      return (classes[first]! & URI) === 0
        ? p
        : out.fail(p, 'expected ":", ";", "?" or the end of the URI after the host');
    }
  }
  while (p < end) {
    const octet = bytes[p]!;
    if ((classes[octet]! & URI) === 0) break;
    if (octet === AT) return out.fail(p, 'a second "@" in the URI');
    if (octet === QUESTION && uri.headersStart < 0) uri.headersStart = p;
    p++;
  }
  uri.end = p;
  return p;
}
