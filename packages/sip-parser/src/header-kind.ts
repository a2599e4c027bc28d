// Which of the headers that `peek` reads a name stands for: by its length first, then octet by octet, so that an unknown
// name costs one comparison. Compact forms are those of RFC 3261 7.3.3.

import { equalsIgnoringCase, octetsOf } from './octets.ts';

export const OTHER = 0;
export const VIA = 1;
export const FROM = 2;
export const TO = 3;
export const CALL_ID = 4;
export const CSEQ = 5;
export const CONTACT = 6;
export const ROUTE = 7;
export const MAX_FORWARDS = 8;
export const CONTENT_LENGTH = 9;
export const REQUIRE = 10;
export const PROXY_REQUIRE = 11;

const octets = {
  via: octetsOf('via'),
  from: octetsOf('from'),
  to: octetsOf('to'),
  callId: octetsOf('call-id'),
  cseq: octetsOf('cseq'),
  contact: octetsOf('contact'),
  route: octetsOf('route'),
  maxForwards: octetsOf('max-forwards'),
  contentLength: octetsOf('content-length'),
  require: octetsOf('require'),
  proxyRequire: octetsOf('proxy-require'),
};
const { via, from, to, callId, cseq, contact, route, maxForwards, contentLength, require, proxyRequire } = octets;

function compactKind(letter: number): number {
  switch (letter) {
    case 118:
      return VIA;
    case 102:
      return FROM;
    case 116:
      return TO;
    case 105:
      return CALL_ID;
    case 109:
      return CONTACT;
    case 108:
      return CONTENT_LENGTH;
    default:
      return OTHER;
  }
}

export function headerKind(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start]! | 32;
  switch (end - start) {
    case 1:
      return compactKind(first);
    case 2:
      return first === 116 && equalsIgnoringCase(bytes, start, to) ? TO : OTHER;
    case 3:
      return first === 118 && equalsIgnoringCase(bytes, start, via) ? VIA : OTHER;
    case 4:
      if (first === 102) return equalsIgnoringCase(bytes, start, from) ? FROM : OTHER;
      return first === 99 && equalsIgnoringCase(bytes, start, cseq) ? CSEQ : OTHER;
    case 5:
      return first === 114 && equalsIgnoringCase(bytes, start, route) ? ROUTE : OTHER;
    case 7:
      if (first === 99) {
        if (equalsIgnoringCase(bytes, start, callId)) return CALL_ID;
        return equalsIgnoringCase(bytes, start, contact) ? CONTACT : OTHER;
      }
      return first === 114 && equalsIgnoringCase(bytes, start, require) ? REQUIRE : OTHER;
    case 12:
      return first === 109 && equalsIgnoringCase(bytes, start, maxForwards) ? MAX_FORWARDS : OTHER;
    case 13:
      return first === 112 && equalsIgnoringCase(bytes, start, proxyRequire) ? PROXY_REQUIRE : OTHER;
    case 14:
      return first === 99 && equalsIgnoringCase(bytes, start, contentLength) ? CONTENT_LENGTH : OTHER;
    default:
      return OTHER;
  }
}

export const fieldNames: readonly string[] = [
  'header',
  'Via',
  'From',
  'To',
  'Call-ID',
  'CSeq',
  'Contact',
  'Route',
  'Max-Forwards',
  'Content-Length',
  'Require',
  'Proxy-Require',
];
