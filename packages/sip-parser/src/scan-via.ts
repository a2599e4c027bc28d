// The topmost Via value (RFC 3261 20.42, RFC 3581, RFC 5118 4.5): transport, sent-by and the parameters that routing needs.

import { equalsIgnoringCase, classes as octetClasses, octetsOf } from './octets.ts';
import { scanParameter, skipSpace } from './scan-line.ts';
import { scanHost, scanPort } from './scan-uri.ts';
import type { ScanResult, ViaSlice } from './slices.ts';

// Local, since an imported binding is loaded anew at each use: with imports a whole peek took 1.6 times as long.
const COLON = 58;
const SEMICOLON = 59;
const SLASH = 47;
const SP = 32;
const HT = 9;
const CR = 13;
const VALUE = 2;
const TOKEN = 1;
const classes = octetClasses;

// Four octets as the number that a DataView reads (least significant first), and the bits that make capitals small, set only
// where a letter stands.
const SIP_SLASH = 0x2f706973;
const VERSION_SLASH = 0x2f302e32;
const SEMICOLON_BRA = 0x6172623b;
const NCH_EQUAL = 0x3d68636e;
const SEMICOLON_RPO = 0x6f70723b;
const SMALL_3 = 0x00202020;
const SMALL_LAST_3 = 0x20202000;

const BRANCH = octetsOf('branch');
const RECEIVED = octetsOf('received');
const RPORT = octetsOf('rport');
const RK = octetsOf('rk');

/** Position after `SIP / 2.0 /` and white space, or -1. */
function scanProtocol(bytes: Uint8Array, view: DataView, start: number, end: number): number {
  // The usual form has no white space.
  if (
    start + 8 < end &&
    (view.getInt32(start, true) | SMALL_3) === SIP_SLASH &&
    view.getInt32(start + 4, true) === VERSION_SLASH
  )
    return bytes[start + 8]! <= SP ? skipSpace(bytes, start + 8, end) : start + 8;
  if (
    start + 8 > end ||
    (bytes[start]! | 32) !== 115 ||
    (bytes[start + 1]! | 32) !== 105 ||
    (bytes[start + 2]! | 32) !== 112
  )
    return -1;
  let p = skipSpace(bytes, start + 3, end);
  if (p >= end || bytes[p] !== SLASH) return -1;
  p = skipSpace(bytes, p + 1, end);
  if (p + 3 > end || bytes[p] !== 50 || bytes[p + 1] !== 46 || bytes[p + 2] !== 48) return -1;
  p = skipSpace(bytes, p + 3, end);
  if (p >= end || bytes[p] !== SLASH) return -1;
  return skipSpace(bytes, p + 1, end);
}

function takeParameter(bytes: Uint8Array, semicolon: number, via: ViaSlice, parameter: ScanResult): void {
  const { nameStart, nameEnd } = parameter;
  // The first of a name counts, also when it has no value: then its value is empty.
  const valued = parameter.valueStart >= 0;
  const valueStart = valued ? parameter.valueStart : nameEnd;
  const valueEnd = valued ? parameter.valueEnd : nameEnd;
  switch (nameEnd - nameStart) {
    case 2:
      if (via.ringKeyEnd === 0 && equalsIgnoringCase(bytes, nameStart, RK)) {
        via.ringKeyStart = valueStart;
        via.ringKeyEnd = valueEnd;
      }
      break;
    case 5:
      if (via.rportNameEnd < 0 && equalsIgnoringCase(bytes, nameStart, RPORT)) {
        via.rportNameEnd = nameEnd;
        if (valued) {
          via.rportStart = valueStart;
          via.rportEnd = valueEnd;
        }
      }
      break;
    case 6:
      if (via.branchEnd === 0 && equalsIgnoringCase(bytes, nameStart, BRANCH)) {
        via.branchStart = valueStart;
        via.branchEnd = valueEnd;
      }
      break;
    case 8:
      if (via.receivedEnd === 0 && equalsIgnoringCase(bytes, nameStart, RECEIVED)) {
        via.receivedParameterStart = semicolon;
        via.receivedStart = valueStart;
        via.receivedEnd = valueEnd;
      }
      break;
  }
}

/**
 * `;branch=value` and `;rport`, the two that nearly every request has, without the detour over a name. The position after
 * the parameter, or 0 when it is another or already known.
 */
function scanUsualParameter(bytes: Uint8Array, view: DataView, semicolon: number, end: number, via: ViaSlice): number {
  if (semicolon + 8 >= end) return 0;
  const begin = view.getInt32(semicolon, true) | SMALL_LAST_3;
  if (begin === SEMICOLON_BRA && (view.getInt32(semicolon + 4, true) | SMALL_3) === NCH_EQUAL && via.branchEnd === 0) {
    const start = semicolon + 8;
    let p = start;
    while (p < end && (classes[bytes[p]!]! & VALUE) !== 0) p++;
    if (p === start) return 0;
    via.branchStart = start;
    via.branchEnd = p;
    return p;
  }
  if (begin === SEMICOLON_RPO && via.rportNameEnd < 0 && equalsIgnoringCase(bytes, semicolon + 1, RPORT)) {
    const after = bytes[semicolon + 6]!;
    if (after !== CR && after !== SEMICOLON) return 0;
    via.rportNameEnd = semicolon + 6;
    // A fold may still bring "=": leave that to the reader of parameters in general.
    if (after === CR && (bytes[semicolon + 8] === SP || bytes[semicolon + 8] === HT)) {
      via.rportNameEnd = -1;
      return 0;
    }
    return semicolon + 6;
  }
  return 0;
}

/** Reads one Via value into `via`. Returns the position after it and any white space, or -1 with `out.problem` set. */
export function scanVia(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  via: ViaSlice,
  out: ScanResult,
): number {
  via.start = start;
  let p = scanProtocol(bytes, view, start, end);
  if (p < 0) return out.fail(start, 'expected "SIP/2.0/" and a transport');
  via.transportStart = p;
  while (p < end && (classes[bytes[p]!]! & TOKEN) !== 0) p++;
  if (p === via.transportStart) return out.fail(p, 'expected a transport after "SIP/2.0/"');
  via.transportEnd = p;
  let host = p < end && bytes[p] === SP ? p + 1 : p;
  if (host < end && bytes[host]! <= SP) host = skipSpace(bytes, host, end);
  if (host === p) return out.fail(p, 'expected white space after the transport');
  p = scanHost(bytes, host, end, out);
  if (p < 0) return out.fail(host, 'expected a host name, an IPv4 address or an IPv6 address in brackets');
  via.hostStart = host;
  via.hostEnd = p;
  via.end = p;
  if (p < end && bytes[p]! <= SP) p = skipSpace(bytes, p, end);
  if (p < end && bytes[p] === COLON) {
    const port = p + 1 < end && bytes[p + 1]! <= SP ? skipSpace(bytes, p + 1, end) : p + 1;
    p = scanPort(bytes, port, end, out);
    if (p < 0) return out.fail(port, 'expected a port from 0 to 65535 after ":"');
    via.port = out.number;
    via.end = p;
    if (p < end && bytes[p]! <= SP) p = skipSpace(bytes, p, end);
  }
  while (p < end && bytes[p] === SEMICOLON) {
    const usual = scanUsualParameter(bytes, view, p, end, via);
    if (usual > 0) {
      p = usual;
      via.end = p;
      if (p < end && bytes[p]! <= SP) p = skipSpace(bytes, p, end);
      continue;
    }
    const semicolon = p;
    p = scanParameter(bytes, p + 1, end, out);
    if (p < 0) return -1;
    via.end = p;
    takeParameter(bytes, semicolon, via, out);
    if (p < end && bytes[p]! <= SP) p = skipSpace(bytes, p, end);
  }
  return p;
}
