// The names of this service. The first is canonical: a user has one address-of-record, and so one place on the ring,
// under whichever name or listening address a client writes. Ports are not compared: they say how to reach a domain.
import { assert } from '@chordial/actor';
import type { Peek } from '@chordial/sip-parser';
import { IPV6_REFERENCE_MAX, ipv6Groups } from './ipv6-reference.ts';

type AddressField = 'request-uri' | 'to';

const LEFT_BRACKET = 91;
const DOT = 46;

export class Domains {
  readonly canonical: string;
  readonly #names: readonly string[];
  /** Our IPv6 references, in one spelling. */
  readonly #addresses: ReadonlySet<string>;

  constructor(names: readonly string[]) {
    const first = names[0];
    assert(first !== undefined && first !== '', 'a dispatcher serves at least one domain');
    this.#names = names.map((name) => name.toLowerCase());
    this.canonical = first.toLowerCase();
    this.#addresses = new Set(names.map(ipv6Groups).filter((groups) => groups !== undefined));
  }

  /** Whether the host of a SIP URI is one of ours; compared in place, letter case and the dot of the DNS root aside. */
  include(peek: Peek, field: AddressField): boolean {
    const { hostStart, hostEnd } = peek.uriOf(field);
    const { bytes } = peek;
    const length = hostEnd - hostStart - (bytes[hostEnd - 1] === DOT ? 1 : 0);
    for (const name of this.#names) {
      if (name.length === length && hostIs(bytes, hostStart, name)) return true;
    }
    return bytes[hostStart] === LEFT_BRACKET && this.#includeAddress(bytes, hostStart, hostEnd);
  }

  /** The slow way, for an IPv6 reference that is not spelt as ours is. */
  #includeAddress(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#addresses.size === 0 || end - start > IPV6_REFERENCE_MAX) return false;
    const groups = ipv6Groups(String.fromCharCode(...bytes.subarray(start, end)));
    return groups !== undefined && this.#addresses.has(groups);
  }

  /** `user@canonical-domain`, for a URI that has a user and whose host is one of ours. */
  aorOf(peek: Peek, field: AddressField): string {
    const uri = peek.uriOf(field);
    const { canonical } = this;
    // Usually the AoR stands in the message as it should be, and one slice does.
    if (uri.plain && uri.hostEnd - uri.hostStart === canonical.length && hostIs(peek.bytes, uri.hostStart, canonical))
      return peek.aorOf(field);
    return `${peek.userOf(field)}@${canonical}`;
  }
}

function hostIs(bytes: Uint8Array, start: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const octet = bytes[start + i]!;
    const wanted = name.charCodeAt(i);
    if (octet !== wanted && (octet < 65 || octet > 90 || octet + 32 !== wanted)) return false;
  }
  return true;
}
