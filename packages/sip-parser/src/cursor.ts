// A place in the text of one header value, from which the readers of this package take tokens, quoted strings and
// parameters (RFC 3261 25.1). The text has one character per octet, so positions are octets. CR and LF occur in a value only as
// folds and count as white space.

import { ParseError } from './errors.ts';
import { fieldName } from './header-table.ts';
import { classes as octetClasses, TOKEN, VALUE } from './octets.ts';

const classes = octetClasses;

/** The class bits of a character; none beyond U+00FF. */
const bitsOf = (code: number): number => (code < 256 ? classes[code]! : 0);

const BACKSLASH = 92;
const QUOTE = 34;

export class Cursor {
  readonly text: string;
  position: number;
  readonly end: number;
  /** Of the header, in lower case. */
  readonly name: string;
  /** Octets of the message before `text`. */
  readonly base: number;

  constructor(text: string, start: number, end: number, name: string, base: number) {
    this.text = text;
    this.position = start;
    this.end = end;
    this.name = name;
    this.base = base;
  }

  error(sentence: string, status = 400): ParseError {
    return new ParseError(fieldName(this.name), this.base + this.position, sentence, status);
  }

  get atEnd(): boolean {
    return this.position >= this.end;
  }

  /** The character code here, -1 at the end. */
  code(): number {
    return this.position < this.end ? this.text.charCodeAt(this.position) : -1;
  }

  skipSpace(): void {
    while (this.position < this.end) {
      const code = this.text.charCodeAt(this.position);
      if (code !== 32 && code !== 9 && code !== 13 && code !== 10) return;
      this.position++;
    }
  }

  /** Steps over `code` and white space around it, if it comes next. */
  takeSeparator(code: number): boolean {
    const before = this.position;
    this.skipSpace();
    if (this.code() !== code) {
      this.position = before;
      return false;
    }
    this.position++;
    this.skipSpace();
    return true;
  }

  /** The longest run of characters of a class; '' when there is none. */
  takeRun(bits: number): string {
    const start = this.position;
    while (this.position < this.end && (bitsOf(this.text.charCodeAt(this.position)) & bits) !== 0) this.position++;
    return this.text.slice(start, this.position);
  }

  /** A quoted string with its quotes, or '' when it is not closed. */
  takeQuoted(): string {
    const start = this.position;
    for (let p = start + 1; p < this.end; p++) {
      const code = this.text.charCodeAt(p);
      if (code === QUOTE) {
        this.position = p + 1;
        return this.text.slice(start, p + 1);
      }
      if (code !== BACKSLASH) continue;
      p++;
      const next = p < this.end ? this.text.charCodeAt(p) : 13;
      // quoted-pair excludes CR and LF.
      if (next === 13 || next === 10) return '';
    }
    return '';
  }

  /** All `;name[=value]` from here on. Names in lower case; the first of a name counts; quotes stay on. */
  takeParameters(): ReadonlyMap<string, string> | ParseError {
    if (!this.takeSeparator(59)) return noParameters;
    const parameters = new Map<string, string>();
    do {
      const name = this.takeRun(TOKEN).toLowerCase();
      if (name === '') return this.error('expected a parameter name after ";"');
      let value = '';
      if (this.takeSeparator(61)) {
        const quoted = this.code() === QUOTE;
        value = quoted ? this.takeQuoted() : this.takeRun(VALUE);
        if (value === '') return this.error(quoted ? 'a quoted string is not closed' : 'expected a value after "="');
      }
      if (!parameters.has(name)) parameters.set(name, value);
    } while (this.takeSeparator(59));
    return parameters;
  }
}

const noParameters: ReadonlyMap<string, string> = new Map();

/** Quotes and quoted-pairs undone; a text without quotes as it is. */
export function unquoted(text: string): string {
  if (text.length < 2 || text.charCodeAt(0) !== QUOTE) return text;
  const inner = text.slice(1, -1);
  return inner.includes('\\') ? inner.replace(/\\([\s\S])/g, '$1') : inner;
}

/** One character per octet to text: what is UTF-8 is read as such. */
export function utf8FromOctets(text: string): string {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 127) return Buffer.from(text, 'latin1').toString('utf8');
  }
  return text;
}
