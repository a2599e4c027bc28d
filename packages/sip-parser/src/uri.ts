// A SIP URI as a value (RFC 3261 19.1): parsed once, parameters and headers split when asked for.

import { canonicalUserText } from './canonical.ts';

/** What a reader finds in the text of a URI. */
export interface UriParts {
  readonly text: string;
  /** `sip`, `sips`, or another scheme in lower case; of another scheme only `text` and `scheme` are known. */
  readonly scheme: string;
  /** As written, escapes and all; '' when absent. */
  readonly user: string;
  readonly password: string;
  /** As written, brackets of IPv6 included. */
  readonly host: string;
  /** 0 when the URI names none. */
  readonly port: number;
  /** `;a=b;c` and `x=y&z=w`, without the leading `?`. */
  readonly parametersText: string;
  readonly headersText: string;
}

const none: ReadonlyMap<string, string> = new Map();

function splitPairs(text: string, separator: string): ReadonlyMap<string, string> {
  if (text === '') return none;
  const pairs = new Map<string, string>();
  for (const piece of text.split(separator)) {
    if (piece === '') continue;
    const equal = piece.indexOf('=');
    const name = (equal < 0 ? piece : piece.slice(0, equal)).toLowerCase();
    if (!pairs.has(name)) pairs.set(name, equal < 0 ? '' : piece.slice(equal + 1));
  }
  return pairs;
}

/** Every `%HH` of a text undone, once. */
export function unescapeText(text: string): string {
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

export class SipUri {
  readonly text: string;
  readonly scheme: string;
  readonly user: string;
  readonly password: string;
  readonly host: string;
  readonly port: number;
  readonly #parametersText: string;
  readonly #headersText: string;
  #parameters: ReadonlyMap<string, string> | undefined = undefined;
  #headers: ReadonlyMap<string, string> | undefined = undefined;

  constructor(parts: UriParts) {
    this.text = parts.text;
    this.scheme = parts.scheme;
    this.user = parts.user;
    this.password = parts.password;
    this.host = parts.host;
    this.port = parts.port;
    this.#parametersText = parts.parametersText;
    this.#headersText = parts.headersText;
  }

  get isSip(): boolean {
    return this.scheme === 'sip' || this.scheme === 'sips';
  }
  /** Names in lower case, values as written; '' for a parameter without a value. The first of a name counts. */
  get parameters(): ReadonlyMap<string, string> {
    this.#parameters ??= splitPairs(this.#parametersText, ';');
    return this.#parameters;
  }
  get headers(): ReadonlyMap<string, string> {
    this.#headers ??= splitPairs(this.#headersText, '&');
    return this.#headers;
  }
  toString(): string {
    return this.text;
  }
}

/** The canonical AoR `user@host` (or `host` without a user); '' when the URI is neither sip nor sips. */
export function aorOf(uri: SipUri): string {
  if (!uri.isSip) return '';
  const host = uri.host.toLowerCase();
  return uri.user === '' ? host : `${canonicalUserText(uri.user)}@${host}`;
}
