// Whether two URIs are equal (RFC 3261 19.1.4): what is left out is not the default, escapes are undone for comparison, a
// parameter that both have must match, and four parameters must be in both or in neither.

import { canonicalUserText } from './canonical.ts';
import type { SipUri } from './uri.ts';

const obligatory = ['user', 'ttl', 'method', 'maddr', 'transport'] as const;

/** Escapes of unreserved characters undone, the rest in one spelling, letter case aside. */
const folded = (text: string): string => canonicalUserText(text).toLowerCase();

function parametersAreEqual(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  for (const [name, value] of a) {
    const other = b.get(name);
    if (other !== undefined && folded(other) !== folded(value)) return false;
  }
  // "A user, ttl, or method uri-parameter appearing in only one URI never matches"; maddr and transport likewise.
  return obligatory.every((name) => a.has(name) === b.has(name));
}

function headersAreEqual(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  if (a.size !== b.size) return false;
  for (const [name, value] of a) if (canonicalUserText(b.get(name) ?? '\0') !== canonicalUserText(value)) return false;
  return true;
}

export function uriEquals(a: SipUri, b: SipUri): boolean {
  // "A SIP and SIPS URI are never equivalent."
  if (a.scheme !== b.scheme) return false;
  if (!a.isSip) return a.text === b.text;
  return (
    canonicalUserText(a.user) === canonicalUserText(b.user) &&
    canonicalUserText(a.password) === canonicalUserText(b.password) &&
    a.host.toLowerCase() === b.host.toLowerCase() &&
    a.port === b.port &&
    parametersAreEqual(a.parameters, b.parameters) &&
    headersAreEqual(a.headers, b.headers)
  );
}
