// Methods of the SIP registry as interned strings: a known method costs no allocation and compares by identity.
// Method names are case-sensitive (RFC 3261 7.1).

import { latin1Text, octetsOf } from './octets.ts';

const names = [
  'REGISTER',
  'INVITE',
  'ACK',
  'BYE',
  'CANCEL',
  'OPTIONS',
  'SUBSCRIBE',
  'NOTIFY',
  'PUBLISH',
  'MESSAGE',
  'REFER',
  'INFO',
  'PRACK',
  'UPDATE',
] as const;

interface Entry {
  readonly name: string;
  readonly octets: Uint8Array;
}

const byFirstOctet: (readonly Entry[])[] = Array.from({ length: 128 }, (_, first) =>
  names.filter((name) => name.charCodeAt(0) === first).map((name) => ({ name, octets: octetsOf(name) })),
);

function equalsExactly(bytes: Uint8Array, start: number, octets: Uint8Array): boolean {
  for (let i = 0; i < octets.length; i++) if (bytes[start + i] !== octets[i]) return false;
  return true;
}

/** The method at [start, end), interned when it is in the registry. */
export function methodText(bytes: Uint8Array, start: number, end: number): string {
  const entries = byFirstOctet[bytes[start]! & 127]!;
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i]!;
    if (entry.octets.length === end - start && equalsExactly(bytes, start, entry.octets)) return entry.name;
  }
  return latin1Text(bytes, start, end);
}
