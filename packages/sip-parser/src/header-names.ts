// Names of headers: case-insensitive, with compact forms (RFC 3261 7.3.3, and the registry's later ones). A known name is
// found from its octets without making a text of it: a hash says which spelling it can be, a comparison whether it is.

import { equalsIgnoringCase, latin1Text, octetsOf } from './octets.ts';

/** The headers that have a typed getter, numbered so that a table can keep their places; OTHER is every other header. */
export const OTHER = 0;
export const VIA = 1;
export const FROM = 2;
export const TO = 3;
export const CALL_ID = 4;
export const CSEQ = 5;
export const CONTACT = 6;
export const ROUTE = 7;
export const RECORD_ROUTE = 8;
export const PATH = 9;
export const REQUIRE = 10;
export const PROXY_REQUIRE = 11;
export const SUPPORTED = 12;
export const EXPIRES = 13;
export const MAX_FORWARDS = 14;
export const CONTENT_LENGTH = 15;
export const CONTENT_TYPE = 16;
export const EVENT = 17;

/** The names of the numbers above. */
export const kindNames = [
  '',
  'via',
  'from',
  'to',
  'call-id',
  'cseq',
  'contact',
  'route',
  'record-route',
  'path',
  'require',
  'proxy-require',
  'supported',
  'expires',
  'max-forwards',
  'content-length',
  'content-type',
  'event',
] as const;

const compactForms: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  n: 'identity-info',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
};

/** Headers whose grammar is a comma list, so that one line may hold several values (RFC 3261 7.3.1). */
const listNames: ReadonlySet<string> = new Set([
  'accept',
  'accept-contact',
  'accept-encoding',
  'accept-language',
  'alert-info',
  'allow',
  'allow-events',
  'call-info',
  'contact',
  'content-encoding',
  'content-language',
  'error-info',
  'history-info',
  'in-reply-to',
  'p-asserted-identity',
  'path',
  'proxy-require',
  'record-route',
  'reject-contact',
  'require',
  'route',
  'service-route',
  'supported',
  'unsupported',
  'via',
  'warning',
]);

/** Neither a list nor typed, but often seen: known so that a line with one makes no text. */
const otherNames = [
  'user-agent',
  'server',
  'date',
  'authorization',
  'proxy-authorization',
  'www-authenticate',
  'proxy-authenticate',
  'min-expires',
  'subscription-state',
  'timestamp',
];

export interface HeaderName {
  /** In lower case, in full. */
  readonly name: string;
  readonly kind: number;
  readonly isList: boolean;
}

interface Spelling {
  readonly octets: Uint8Array;
  readonly header: HeaderName;
}

const slotsCount = 1024;
const hashFactor = 31;

/** One step of the hash of a name: bit 32 makes both cases of a letter equal. */
export const hashStep = (hash: number, octet: number): number => (hash * hashFactor + (octet | 32)) & (slotsCount - 1);

const known = new Map<string, HeaderName>();
const slots: (Spelling | undefined)[] = new Array(slotsCount).fill(undefined);

function addSpelling(spelling: string, header: HeaderName): void {
  known.set(spelling, header);
  const octets = octetsOf(spelling);
  const slot = octets.reduce(hashStep, 0);
  // Of two names with one hash the later is found by its text, more slowly.
  slots[slot] ??= { octets, header };
}

for (const name of new Set([...kindNames.slice(1), ...listNames, ...Object.values(compactForms), ...otherNames])) {
  const kind = Math.max(OTHER, kindNames.indexOf(name as (typeof kindNames)[number]));
  addSpelling(name, { name, kind, isList: listNames.has(name) });
}
for (const [compact, name] of Object.entries(compactForms)) addSpelling(compact, known.get(name)!);

/** The header with this name, in any spelling. */
export function headerNamed(name: string): HeaderName {
  const header = known.get(name);
  if (header !== undefined) return header;
  const lower = name.toLowerCase();
  return known.get(lower) ?? { name: lower, kind: OTHER, isList: false };
}

/** The header whose name is at [start, end) of `bytes`; `hash` is `hashStep` over its octets, from 0. */
export function headerAt(bytes: Uint8Array, start: number, end: number, hash: number): HeaderName {
  const spelling = slots[hash];
  return spelling !== undefined &&
    spelling.octets.length === end - start &&
    equalsIgnoringCase(bytes, start, spelling.octets)
    ? spelling.header
    : headerNamed(latin1Text(bytes, start, end));
}

const unusualNames: Readonly<Record<string, string>> = { 'call-id': 'Call-ID', cseq: 'CSeq' };

/** `content-length` as `Content-Length`, for people. */
export function fieldName(name: string): string {
  const unusual = unusualNames[name];
  return unusual ?? name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
}
