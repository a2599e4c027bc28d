// A message as an object. Its header lines are a table from the start; what a header means is read when a getter first
// asks, once, and is a value or a ParseError. A mandatory header that is missing is a ParseError, any other is undefined or an
// empty list.

import { Cursor, utf8FromOctets } from './cursor.ts';
import { ParseError } from './errors.ts';
import { canonicalName, fieldName, type HeaderTable, listHeaders } from './header-table.ts';
import type { AddressValue, ContactValue, CseqValue, TypedValue, ViaValue } from './header-values.ts';
import { limits } from './limits.ts';
import { splitList } from './list-values.ts';
import {
  readAddress,
  readCallId,
  readContact,
  readContentType,
  readCseq,
  readEvent,
  readNumber,
  readToken,
  readVia,
} from './read-values.ts';
import type { SipUri } from './uri.ts';

export interface StartLine {
  readonly kind: 'request' | 'response';
  /** '' in a response. */
  readonly method: string;
  readonly uri: SipUri | undefined;
  /** 0 in a request. */
  readonly statusCode: number;
  readonly reason: string;
}

export class SipMessage implements StartLine {
  readonly kind: 'request' | 'response';
  readonly method: string;
  /** Of a request. */
  readonly uri: SipUri | undefined;
  readonly statusCode: number;
  readonly reason: string;
  readonly bytes: Uint8Array;
  /** Octet positions in `bytes`. */
  readonly start: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  /** Start line and headers, one character per octet. */
  readonly #text: string;
  readonly #table: HeaderTable;
  readonly #read = new Map<string, unknown>();
  /** The topmost Via is the only one, so that the list need not read it again. */
  #viaIsAlone = false;

  constructor(
    startLine: StartLine,
    bytes: Uint8Array,
    start: number,
    bodyStart: number,
    bodyEnd: number,
    text: string,
    table: HeaderTable,
  ) {
    this.kind = startLine.kind;
    this.method = startLine.method;
    this.uri = startLine.uri;
    this.statusCode = startLine.statusCode;
    this.reason = startLine.reason;
    this.bytes = bytes;
    this.start = start;
    this.bodyStart = bodyStart;
    this.bodyEnd = bodyEnd;
    this.#text = text;
    this.#table = table;
  }

  /** A view of the body's octets, not a copy. */
  get body(): Uint8Array {
    return this.bytes.subarray(this.bodyStart, this.bodyEnd);
  }

  /** Lower-case full names, in order, one for each header line. */
  get headerNames(): readonly string[] {
    return this.#table.names;
  }

  /** The values of a header, by full or compact name, comma lists split where the grammar has lists. Folds are kept. */
  headers(name: string): readonly string[] {
    const canonical = canonicalName(name);
    const values: string[] = [];
    const { names } = this.#table;
    for (let index = names.indexOf(canonical); index >= 0; index = names.indexOf(canonical, index + 1)) {
      const cursor = this.#cursor(index, canonical);
      if (listHeaders.has(canonical)) values.push(...splitList(cursor).map(utf8FromOctets));
      else values.push(utf8FromOctets(cursor.text.slice(cursor.position, cursor.end)));
    }
    return values;
  }

  get via(): readonly ViaValue[] | ParseError {
    return this.#once('via', (name) => {
      const { topVia } = this;
      return this.#viaIsAlone && !(topVia instanceof ParseError) ? [topVia] : this.#list(name, readVia);
    });
  }
  get topVia(): ViaValue | ParseError {
    return this.#once('top-via', () => {
      const { names } = this.#table;
      const first = names.indexOf('via');
      if (first < 0) return this.#missing('via');
      const cursor = this.#cursor(first, 'via');
      const value = firstValue(cursor);
      this.#viaIsAlone = cursor.atEnd && names.indexOf('via', first + 1) < 0;
      return value;
    });
  }
  get from(): AddressValue | ParseError {
    return this.#once('from', (name) => this.#single(name, readAddress) ?? this.#missing(name));
  }
  get to(): AddressValue | ParseError {
    return this.#once('to', (name) => this.#single(name, readAddress) ?? this.#missing(name));
  }
  get callId(): string | ParseError {
    return this.#once('call-id', (name) => this.#single(name, readCallId) ?? this.#missing(name));
  }
  get cseq(): CseqValue | ParseError {
    return this.#once('cseq', (name) => this.#single(name, readCseq) ?? this.#missing(name));
  }
  get contacts(): readonly ContactValue[] | ParseError {
    return this.#once('contact', (name) => this.#list(name, readContact));
  }
  get route(): readonly AddressValue[] | ParseError {
    return this.#once('route', (name) => this.#list(name, readAddress));
  }
  get recordRoute(): readonly AddressValue[] | ParseError {
    return this.#once('record-route', (name) => this.#list(name, readAddress));
  }
  get path(): readonly AddressValue[] | ParseError {
    return this.#once('path', (name) => this.#list(name, readAddress));
  }
  get require(): readonly string[] | ParseError {
    return this.#once('require', (name) => this.#list(name, readToken));
  }
  get proxyRequire(): readonly string[] | ParseError {
    return this.#once('proxy-require', (name) => this.#list(name, readToken));
  }
  get supported(): readonly string[] | ParseError {
    return this.#once('supported', (name) => this.#list(name, readToken));
  }
  /** Seconds. */
  get expires(): number | undefined | ParseError {
    return this.#once('expires', (name) => this.#single(name, (cursor) => readNumber(cursor, limits.secondsMax)));
  }
  get maxForwards(): number | undefined | ParseError {
    return this.#once('max-forwards', (name) =>
      this.#single(name, (cursor) => readNumber(cursor, limits.maxForwardsMax)),
    );
  }
  get contentLength(): number | undefined | ParseError {
    return this.#once('content-length', (name) =>
      this.#single(name, (cursor) => readNumber(cursor, limits.messageBytesMax)),
    );
  }
  get contentType(): TypedValue | undefined | ParseError {
    return this.#once('content-type', (name) => this.#single(name, readContentType));
  }
  get event(): TypedValue | undefined | ParseError {
    return this.#once('event', (name) => this.#single(name, readEvent));
  }

  #once<T>(name: string, read: (name: string) => T): T {
    const known = this.#read.get(name);
    if (known !== undefined || this.#read.has(name)) return known as T;
    const value = read(name);
    this.#read.set(name, value);
    return value;
  }

  /** The value of line `index` of the table. */
  #cursor(index: number, name: string): Cursor {
    const { bounds } = this.#table;
    return new Cursor(this.#text, bounds[2 * index]!, bounds[2 * index + 1]!, name, 0);
  }

  #missing(name: string): ParseError {
    return new ParseError(fieldName(name), this.#text.length, 'this header is missing');
  }

  #single<T>(name: string, read: (cursor: Cursor) => T | ParseError): T | undefined | ParseError {
    const { names } = this.#table;
    const index = names.indexOf(name);
    if (index < 0) return undefined;
    const second = names.indexOf(name, index + 1);
    if (second >= 0) return this.#cursor(second, name).error('this header may stand only once');
    const first = this.#cursor(index, name);
    const value = read(first);
    if (value instanceof ParseError || first.atEnd) return value;
    first.skipSpace();
    return first.atEnd ? value : first.error('expected the end of the line');
  }

  #list<T>(name: string, read: (cursor: Cursor) => T | ParseError): readonly T[] | ParseError {
    const { names } = this.#table;
    const values: T[] = [];
    for (let index = names.indexOf(name); index >= 0; index = names.indexOf(name, index + 1)) {
      const cursor = this.#cursor(index, name);
      // An empty line is an empty list: "Supported:" is allowed (RFC 3261 20.37).
      if (cursor.atEnd) continue;
      do {
        const value = read(cursor);
        if (value instanceof ParseError) return value;
        values.push(value);
        if (values.length > limits.listValuesCountMax)
          return cursor.error(`more than ${limits.listValuesCountMax} values`);
      } while (cursor.takeSeparator(44));
      cursor.skipSpace();
      if (!cursor.atEnd) return cursor.error('expected ";", "," or the end of the line');
    }
    return values;
  }
}

/** The topmost Via; what follows it on its line is not looked at. */
function firstValue(cursor: Cursor): ViaValue | ParseError {
  const value = readVia(cursor);
  if (value instanceof ParseError) return value;
  cursor.skipSpace();
  return cursor.atEnd || cursor.code() === 44 ? value : cursor.error('expected ";", "," or the end of the line');
}
