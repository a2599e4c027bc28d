// The header lines of a message as a table: whose line it is, and where its value lies in the text. Read from octets in one
// pass; the headers with typed getters have their first line noted, so that to ask for an absent one costs one load.

import { ParseError } from './errors.ts';
import { hashStep as hashOneStep, headerAt, kindNames } from './header-names.ts';
import { limits } from './limits.ts';
import { classes as octetClasses, TOKEN as tokenBit } from './octets.ts';

// Bindings of this module: imported ones are loaded anew in each turn of a loop.
const classes = octetClasses;
const hashStep = hashOneStep;
const TOKEN = tokenBit;
const SP = 32;
const HT = 9;
const CR = 13;
const LF = 10;
const COLON = 58;

export interface HeaderTable {
  /** Lower-case full names, one for each line. */
  readonly names: readonly string[];
  /** Start and end of the value of line i at 2i and 2i+1, positions in the text. */
  readonly bounds: readonly number[];
  /** The first line of each kind, or -1. */
  readonly firstLines: readonly number[];
  /** Bit k: a header of kind k has more than one line. */
  readonly repeated: number;
  /** No octet of the start line and headers is above 127, so no text needs decoding. */
  readonly isAscii: boolean;
}

const noLines: readonly number[] = kindNames.map(() => -1);

/**
 * Reads the header lines of the message at `first` of `bytes`, from its octet `firstLine` up to the blank line. `text` has its
 * start line and headers, one character per octet. The blank line must be there, and no CR or LF may stand alone before it.
 */
export function readHeaderTable(
  bytes: Uint8Array,
  first: number,
  text: string,
  firstLine: number,
): HeaderTable | ParseError {
  const names: string[] = [];
  const bounds: number[] = [];
  const firstLines = noLines.slice();
  let repeated = 0;
  let p = first + firstLine;
  while (bytes[p] !== CR) {
    if (names.length >= limits.headersCountMax)
      return new ParseError('header', p - first, `more than ${limits.headersCountMax} header lines`, 400, 'message');
    let hash = 0;
    let nameEnd = p;
    for (let octet = bytes[p]!; (classes[octet]! & TOKEN) !== 0; octet = bytes[++nameEnd]!)
      hash = hashStep(hash, octet);
    let start = nameEnd;
    while (bytes[start] === SP || bytes[start] === HT) start++;
    if (nameEnd === p || bytes[start] !== COLON)
      return new ParseError('header', p - first, 'expected a header name and ":"', 400, 'message');
    start++;
    let lineEnd = first + text.indexOf('\r', start - first);
    while (bytes[lineEnd + 2] === SP || bytes[lineEnd + 2] === HT)
      lineEnd = first + text.indexOf('\r', lineEnd + 2 - first);
    let end = lineEnd;
    while (start < end && isSpace(bytes[start]!)) start++;
    while (end > start && isSpace(bytes[end - 1]!)) end--;
    const { name, kind } = headerAt(bytes, p, nameEnd, hash);
    if (firstLines[kind]! < 0) firstLines[kind] = names.length;
    else repeated |= 1 << kind;
    names.push(name);
    bounds.push(start - first, end - first);
    p = lineEnd + 2;
  }
  const isAscii = Buffer.byteLength(text, 'utf8') === text.length;
  return { names, bounds, firstLines, repeated, isAscii };
}

function isSpace(octet: number): boolean {
  return octet === SP || octet === HT || octet === CR || octet === LF;
}
