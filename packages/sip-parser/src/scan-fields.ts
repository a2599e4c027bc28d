// The values of the headers that `peek` reads. Each function takes where the line and its value begin and gives the position
// where reading ended, white space after it included, or -1 with `out.scan.problem` set.

import { limits } from './limits.ts';
import { classes as octetClasses } from './octets.ts';
import type { Peek } from './peek.ts';
import { scanAddress } from './scan-address.ts';
import { skipSpace, skipToBelow } from './scan-line.ts';
import { scanVia } from './scan-via.ts';
import type { AddressSlice } from './slices.ts';

// Local, since an imported binding is loaded anew at each use: with imports a whole peek took 1.6 times as long.
/** Octets up to a space end a Call-ID. */
const fourSpaces = 0x21212121;
const HT = 9;
const LF = 10;
const CR = 13;
const SP = 32;
const TOKEN = 1;
const classes = octetClasses;
const secondsMax = limits.secondsMax;

/** Digits of [start, end): their number, capped at 2^32; the position after them goes to `out.scan.nameEnd`. */
function scanNumber(bytes: Uint8Array, start: number, end: number, out: Peek): number {
  let p = start;
  let number = 0;
  while (p < end) {
    const octet = bytes[p]!;
    if (octet < 48 || octet > 57) break;
    if (number <= secondsMax) number = number * 10 + octet - 48;
    p++;
  }
  out.scan.nameEnd = p;
  return p === start ? -1 : number;
}

/**
 * A number and the end of its line, with nothing between and no fold after it, as nearly always: the start of the next line
 * with the number in `out.scan.number`, or 0 for anything else.
 */
export function scanUsualNumber(out: Peek, start: number): number {
  const { bytes } = out;
  const last = Math.min(out.end - 3, start + 5);
  let p = start;
  let number = 0;
  let octet = 0;
  while (p <= last) {
    octet = bytes[p]!;
    if (octet < 48 || octet > 57) break;
    number = number * 10 + octet - 48;
    p++;
  }
  if (octet !== CR || p === start || bytes[p + 1] !== LF || bytes[p + 2] === SP || bytes[p + 2] === HT) return 0;
  out.scan.number = number;
  return p + 2;
}

export function onVia(out: Peek, lineStart: number, valueStart: number): number {
  if (out.viaLinesCount === 0) return scanVia(out.bytes, out.view, valueStart, out.end, out.via, out.scan);
  if (out.viaLinesCount >= limits.viaLinesCountMax)
    return out.scan.fail(lineStart, `more than ${limits.viaLinesCountMax} Via lines`);
  return valueStart;
}

export function onAddress(out: Peek, address: AddressSlice, lineStart: number, valueStart: number): number {
  if (address.valueEnd > 0) return out.scan.fail(lineStart, 'this header may stand only once');
  address.lineStart = lineStart;
  return scanAddress(out.bytes, valueStart, out.end, address, out.scan);
}

export function onCallId(out: Peek, lineStart: number, valueStart: number): number {
  const { bytes, end } = out;
  if (out.callIdEnd > 0) return out.scan.fail(lineStart, 'this header may stand only once');
  const p = skipToBelow(bytes, out.view, valueStart, end, fourSpaces);
  if (p === valueStart) return out.scan.fail(p, 'the Call-ID is empty');
  out.callIdLineStart = lineStart;
  out.callIdStart = valueStart;
  out.callIdEnd = p;
  return skipSpace(bytes, p, end);
}

export function onCseq(out: Peek, lineStart: number, valueStart: number): number {
  const { bytes, end, scan } = out;
  if (out.cseqLineStart > 0) return scan.fail(lineStart, 'this header may stand only once');
  out.cseqLineStart = lineStart;
  const number = scanNumber(bytes, valueStart, end, out);
  const digitsEnd = scan.nameEnd;
  if (number < 0) return scan.fail(valueStart, 'expected a number');
  const method = skipSpace(bytes, digitsEnd, end);
  let p = method;
  while (p < end && (classes[bytes[p]!]! & TOKEN) !== 0) p++;
  if (method === digitsEnd || p === method) return scan.fail(p, 'expected white space and a method after the number');
  out.cseqMethodStart = method;
  out.cseqMethodEnd = p;
  if (number > limits.cseqMax) return scan.fail(valueStart, 'the number is not below 2^31');
  out.cseqNumber = number;
  return skipSpace(bytes, p, end);
}

export function onMaxForwards(out: Peek, lineStart: number, valueStart: number): number {
  if (out.maxForwards >= 0) return out.scan.fail(lineStart, 'this header may stand only once');
  const number = scanNumber(out.bytes, valueStart, out.end, out);
  const p = out.scan.nameEnd;
  if (number < 0 || number > limits.maxForwardsMax) return out.scan.fail(valueStart, 'expected a number from 0 to 255');
  out.maxForwards = number;
  return skipSpace(out.bytes, p, out.end);
}

export function onContentLength(out: Peek, lineStart: number, valueStart: number): number {
  if (out.contentLength >= 0) return out.scan.fail(lineStart, 'this header may stand only once');
  const number = scanNumber(out.bytes, valueStart, out.end, out);
  const p = out.scan.nameEnd;
  if (number < 0) return out.scan.fail(valueStart, 'expected a number');
  out.contentLength = Math.min(number, limits.messageBytesMax + 1);
  return skipSpace(out.bytes, p, out.end);
}
