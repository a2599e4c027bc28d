// A place in the text of one header value, from which the readers of this package take tokens, quoted strings and
// parameters (RFC 3261 25.1). The text has one character per octet, so positions are octets. CR and LF occur in a value only as
// folds and count as white space.

import { ParseError } from './errors.ts';
import { fieldName } from './header-names.ts';
import { classes as octetClasses, TOKEN as tokenBit, VALUE as valueBit } from './octets.ts';
import { noParameters, Parameters } from './parameters.ts';

// Bindings of this module: imported ones are loaded anew in each turn of a loop.
const classes = octetClasses;
const TOKEN = tokenBit;
const VALUE = valueBit;
const QUOTE = 34;
const SEMICOLON = 59;
const EQUAL = 61;
const BACKSLASH = 92;

const isSpace = (code: number): boolean => code === 32 || code === 9 || code === 13 || code === 10;

/** The end of the run of characters of a class from `start`; none beyond U+00FF is of any class. */
function runEnd(text: string, start: number, end: number, bits: number): number {
  let p = start;
  while (p < end) {
    const code = text.charCodeAt(p);
    if (code > 255 || (classes[code]! & bits) === 0) break;
    p++;
  }
  return p;
}

export class Cursor {
  readonly text: string;
  position: number;
  readonly end: number;
  /** Of the header, in lower case. */
  readonly name: string;
  /** No character of the text is above U+007F. */
  readonly isAscii: boolean;

  constructor(text: string, start: number, end: number, name: string, isAscii: boolean) {
    this.text = text;
    this.position = start;
    this.end = end;
    this.name = name;
    this.isAscii = isAscii;
  }

  error(sentence: string, status = 400): ParseError {
    return new ParseError(fieldName(this.name), this.position, sentence, status);
  }

  get atEnd(): boolean {
    return this.position >= this.end;
  }

  /** The character code here, -1 at the end. */
  code(): number {
    return this.position < this.end ? this.text.charCodeAt(this.position) : -1;
  }

  skipSpace(): void {
    let p = this.position;
    while (p < this.end && isSpace(this.text.charCodeAt(p))) p++;
    this.position = p;
  }

  /** Steps over `code` and white space around it, if it comes next. */
  takeSeparator(code: number): boolean {
    const { text, end } = this;
    let p = this.position;
    while (p < end && isSpace(text.charCodeAt(p))) p++;
    if (p >= end || text.charCodeAt(p) !== code) return false;
    p++;
    while (p < end && isSpace(text.charCodeAt(p))) p++;
    this.position = p;
    return true;
  }

  /** Steps over the longest run of characters of a class; false when there is none. */
  skipRun(bits: number): boolean {
    const start = this.position;
    this.position = runEnd(this.text, start, this.end, bits);
    return this.position > start;
  }

  /** The longest run of characters of a class; '' when there is none. */
  takeRun(bits: number): string {
    const start = this.position;
    this.position = runEnd(this.text, start, this.end, bits);
    return this.text.slice(start, this.position);
  }

  /** Digits as a number, beyond 2^53 not exactly; -1 when there are none. */
  takeDigits(): number {
    const { text, end, position: start } = this;
    let number = 0;
    let p = start;
    for (; p < end; p++) {
      const code = text.charCodeAt(p);
      if (code < 48 || code > 57) break;
      number = number * 10 + code - 48;
    }
    this.position = p;
    return p > start ? number : -1;
  }

  /** Steps over a quoted string; false when there is none here that is closed. */
  skipQuoted(): boolean {
    const { text, end } = this;
    if (this.code() !== QUOTE) return false;
    for (let p = this.position + 1; p < end; p++) {
      const code = text.charCodeAt(p);
      if (code === QUOTE) {
        this.position = p + 1;
        return true;
      }
      if (code !== BACKSLASH) continue;
      p++;
      const next = p < end ? text.charCodeAt(p) : 13;
      // quoted-pair excludes CR and LF.
      if (next === 13 || next === 10) return false;
    }
    return false;
  }

  /** All `;name[=value]` from here on. */
  takeParameters(): Parameters | ParseError {
    if (!this.takeSeparator(SEMICOLON)) return noParameters;
    const bounds: number[] = [];
    do {
      const nameStart = this.position;
      if (!this.skipRun(TOKEN)) return this.error('expected a parameter name after ";"');
      const nameEnd = this.position;
      let valueStart = nameEnd;
      if (this.takeSeparator(EQUAL)) {
        valueStart = this.position;
        const quoted = this.code() === QUOTE;
        if (!(quoted ? this.skipQuoted() : this.skipRun(VALUE)))
          return this.error(quoted ? 'a quoted string is not closed' : 'expected a value after "="');
      }
      bounds.push(nameStart, nameEnd, valueStart, this.position);
    } while (this.takeSeparator(SEMICOLON));
    return new Parameters(this.text, bounds);
  }
}

/** Quoted-pairs undone. */
export function withoutPairs(inner: string): string {
  return inner.includes('\\') ? inner.replace(/\\([\s\S])/g, '$1') : inner;
}

/** Quotes and quoted-pairs undone; a text without quotes as it is. */
export function unquoted(text: string): string {
  return text.length < 2 || text.charCodeAt(0) !== QUOTE ? text : withoutPairs(text.slice(1, -1));
}

/** One character per octet to text: what is UTF-8 is read as such. `isAscii` says that nothing is. */
export function utf8FromOctets(text: string, isAscii: boolean): string {
  if (isAscii) return text;
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 127) return Buffer.from(text, 'latin1').toString('utf8');
  }
  return text;
}
