// A message as an object. Its header lines are a table from the start; what a header means is read when a getter first
// asks, once, and is a value or a ParseError. A mandatory header that is missing is a ParseError, any other is undefined or an
// empty list.

import { Cursor, utf8FromOctets } from './cursor.ts';
import { ParseError } from './errors.ts';
import {
  CALL_ID,
  CONTACT,
  CONTENT_LENGTH,
  CONTENT_TYPE,
  CSEQ,
  EVENT,
  EXPIRES,
  FROM,
  fieldName,
  headerNamed,
  kindNames,
  MAX_FORWARDS,
  PATH,
  PROXY_REQUIRE,
  RECORD_ROUTE,
  REQUIRE,
  ROUTE,
  SUPPORTED,
  TO,
  VIA,
} from './header-names.ts';
import type { HeaderTable } from './header-table.ts';
import type { AddressValue, ContactValue, CseqValue, TypedValue, ViaValue } from './header-values.ts';
import { limits } from './limits.ts';
import { splitList } from './list-values.ts';
import type { StartLine } from './read-start-line.ts';
import {
  readAddress,
  readCallId,
  readContact,
  readContentLength,
  readContentType,
  readCseq,
  readEvent,
  readMaxForwards,
  readSeconds,
  readToken,
  readVia,
} from './read-values.ts';
import type { SipUri } from './uri.ts';

const COMMA = 44;
const noValues: readonly never[] = [];

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
  // What the getters have read; an absent header stays undefined, since to find that again costs one load.
  #via: readonly ViaValue[] | ParseError | undefined = undefined;
  #topVia: ViaValue | ParseError | undefined = undefined;
  #from: AddressValue | ParseError | undefined = undefined;
  #to: AddressValue | ParseError | undefined = undefined;
  #callId: string | ParseError | undefined = undefined;
  #cseq: CseqValue | ParseError | undefined = undefined;
  #contacts: readonly ContactValue[] | ParseError | undefined = undefined;
  #route: readonly AddressValue[] | ParseError | undefined = undefined;
  #recordRoute: readonly AddressValue[] | ParseError | undefined = undefined;
  #path: readonly AddressValue[] | ParseError | undefined = undefined;
  #require: readonly string[] | ParseError | undefined = undefined;
  #proxyRequire: readonly string[] | ParseError | undefined = undefined;
  #supported: readonly string[] | ParseError | undefined = undefined;
  #expires: number | ParseError | undefined = undefined;
  #maxForwards: number | ParseError | undefined = undefined;
  #contentLength: number | ParseError | undefined = undefined;
  #contentType: TypedValue | ParseError | undefined = undefined;
  #event: TypedValue | ParseError | undefined = undefined;
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
    const header = headerNamed(name);
    const { names, bounds, isAscii } = this.#table;
    const values: string[] = [];
    for (let index = names.indexOf(header.name); index >= 0; index = names.indexOf(header.name, index + 1)) {
      const start = bounds[2 * index]!;
      const end = bounds[2 * index + 1]!;
      if (header.isList) splitList(this.#text, start, end, isAscii, values);
      else values.push(utf8FromOctets(this.#text.slice(start, end), isAscii));
    }
    return values;
  }

  get via(): readonly ViaValue[] | ParseError {
    if (this.#via === undefined) {
      const { topVia } = this;
      this.#via = this.#viaIsAlone && !(topVia instanceof ParseError) ? [topVia] : this.#list(VIA, readVia);
    }
    return this.#via;
  }
  get topVia(): ViaValue | ParseError {
    this.#topVia ??= this.#readTopVia();
    return this.#topVia;
  }
  get from(): AddressValue | ParseError {
    this.#from ??= this.#single(FROM, readAddress) ?? this.#missing(FROM);
    return this.#from;
  }
  get to(): AddressValue | ParseError {
    this.#to ??= this.#single(TO, readAddress) ?? this.#missing(TO);
    return this.#to;
  }
  get callId(): string | ParseError {
    this.#callId ??= this.#single(CALL_ID, readCallId) ?? this.#missing(CALL_ID);
    return this.#callId;
  }
  get cseq(): CseqValue | ParseError {
    this.#cseq ??= this.#single(CSEQ, readCseq) ?? this.#missing(CSEQ);
    return this.#cseq;
  }
  get contacts(): readonly ContactValue[] | ParseError {
    this.#contacts ??= this.#list(CONTACT, readContact);
    return this.#contacts;
  }
  get route(): readonly AddressValue[] | ParseError {
    this.#route ??= this.#list(ROUTE, readAddress);
    return this.#route;
  }
  get recordRoute(): readonly AddressValue[] | ParseError {
    this.#recordRoute ??= this.#list(RECORD_ROUTE, readAddress);
    return this.#recordRoute;
  }
  get path(): readonly AddressValue[] | ParseError {
    this.#path ??= this.#list(PATH, readAddress);
    return this.#path;
  }
  get require(): readonly string[] | ParseError {
    this.#require ??= this.#list(REQUIRE, readToken);
    return this.#require;
  }
  get proxyRequire(): readonly string[] | ParseError {
    this.#proxyRequire ??= this.#list(PROXY_REQUIRE, readToken);
    return this.#proxyRequire;
  }
  get supported(): readonly string[] | ParseError {
    this.#supported ??= this.#list(SUPPORTED, readToken);
    return this.#supported;
  }
  /** Seconds. */
  get expires(): number | undefined | ParseError {
    this.#expires ??= this.#single(EXPIRES, readSeconds);
    return this.#expires;
  }
  get maxForwards(): number | undefined | ParseError {
    this.#maxForwards ??= this.#single(MAX_FORWARDS, readMaxForwards);
    return this.#maxForwards;
  }
  get contentLength(): number | undefined | ParseError {
    this.#contentLength ??= this.#single(CONTENT_LENGTH, readContentLength);
    return this.#contentLength;
  }
  get contentType(): TypedValue | undefined | ParseError {
    this.#contentType ??= this.#single(CONTENT_TYPE, readContentType);
    return this.#contentType;
  }
  get event(): TypedValue | undefined | ParseError {
    this.#event ??= this.#single(EVENT, readEvent);
    return this.#event;
  }

  /** The value of line `index` of the table. */
  #cursor(index: number): Cursor {
    const { bounds, names, isAscii } = this.#table;
    return new Cursor(this.#text, bounds[2 * index]!, bounds[2 * index + 1]!, names[index]!, isAscii);
  }

  #missing(kind: number): ParseError {
    return new ParseError(fieldName(kindNames[kind]!), this.#text.length, 'this header is missing');
  }

  #readTopVia(): ViaValue | ParseError {
    const { firstLines, repeated } = this.#table;
    const first = firstLines[VIA]!;
    if (first < 0) return this.#missing(VIA);
    const cursor = this.#cursor(first);
    const value = firstValue(cursor);
    this.#viaIsAlone = cursor.atEnd && (repeated & (1 << VIA)) === 0;
    return value;
  }

  #single<T>(kind: number, read: (cursor: Cursor) => T | ParseError): T | undefined | ParseError {
    const { firstLines, repeated, names } = this.#table;
    const index = firstLines[kind]!;
    if (index < 0) return undefined;
    if ((repeated & (1 << kind)) !== 0)
      return this.#cursor(names.indexOf(kindNames[kind]!, index + 1)).error('this header may stand only once');
    const cursor = this.#cursor(index);
    const value = read(cursor);
    if (value instanceof ParseError || cursor.atEnd) return value;
    cursor.skipSpace();
    return cursor.atEnd ? value : cursor.error('expected the end of the line');
  }

  #list<T>(kind: number, read: (cursor: Cursor) => T | ParseError): readonly T[] | ParseError {
    const { firstLines, repeated, names } = this.#table;
    let index = firstLines[kind]!;
    if (index < 0) return noValues;
    const values: T[] = [];
    while (index >= 0) {
      const cursor = this.#cursor(index);
      const wrong = readLine(cursor, read, values);
      if (wrong !== undefined) return wrong;
      index = (repeated & (1 << kind)) === 0 ? -1 : names.indexOf(kindNames[kind]!, index + 1);
    }
    return values;
  }
}

/** Adds the values of one line of a comma list. */
function readLine<T>(cursor: Cursor, read: (cursor: Cursor) => T | ParseError, values: T[]): ParseError | undefined {
  // An empty line is an empty list: "Supported:" is allowed (RFC 3261 20.37).
  if (cursor.atEnd) return undefined;
  do {
    const value = read(cursor);
    if (value instanceof ParseError) return value;
    values.push(value);
    if (values.length > limits.listValuesCountMax) return cursor.error(`more than ${limits.listValuesCountMax} values`);
  } while (cursor.takeSeparator(COMMA));
  cursor.skipSpace();
  return cursor.atEnd ? undefined : cursor.error('expected ";", "," or the end of the line');
}

/** The topmost Via; what follows it on its line is not looked at. */
function firstValue(cursor: Cursor): ViaValue | ParseError {
  const value = readVia(cursor);
  if (value instanceof ParseError) return value;
  cursor.skipSpace();
  return cursor.atEnd || cursor.code() === COMMA ? value : cursor.error('expected ";", "," or the end of the line');
}
