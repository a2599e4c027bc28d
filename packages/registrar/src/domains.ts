// Whether a URI's host is one of our domains, compared in the octets of the request, so that no text is made of it.
import type { Peek } from '@chordial/sip-parser';

/** `domains` are in lower case; hosts are compared without letter case (RFC 3261 19.1.4). */
export function isOurs(peeked: Peek, field: 'request-uri' | 'to', domains: readonly string[]): boolean {
  const { scheme, hostStart, hostEnd } = peeked.uriOf(field);
  // 0 is a scheme other than sip and sips.
  if (scheme === 0) return false;
  for (let i = 0; i < domains.length; i++) {
    if (isHostAt(peeked.bytes, hostStart, hostEnd, domains[i]!)) return true;
  }
  return false;
}

function isHostAt(bytes: Uint8Array, start: number, end: number, domain: string): boolean {
  if (end - start !== domain.length) return false;
  for (let i = 0; i < domain.length; i++) {
    const octet = bytes[start + i]!;
    if ((octet >= 65 && octet <= 90 ? octet + 32 : octet) !== domain.charCodeAt(i)) return false;
  }
  return true;
}
