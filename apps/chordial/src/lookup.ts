// What `chordial lookup` and `/api/lookup` answer: who owns a user, how a request gets there, and where the user is registered.
import type { Binding } from '@chordial/location/protocol';
import { aorOf, parseUri, SipUri } from '@chordial/sip-parser';
import { domainText } from './endpoint.ts';
import type { Options } from './options.ts';

/** The question itself was wrong. */
export class LookupFault extends Error {
  override readonly name = 'LookupFault';
}

export interface Lookup {
  readonly uri: string;
  /** Canonical address-of-record, `user@domain`. */
  readonly aor: string;
  readonly key: string;
  readonly owner: { readonly key: string; readonly host: number; readonly lane: number };
  readonly routing: Options['routing'];
  readonly hops: number;
  /** Keys of the peers on the way, the owner last. */
  readonly route: readonly string[];
  readonly bindings: readonly (Pick<Binding, 'contact' | 'userAgent' | 'callId' | 'cseq'> & {
    readonly q: number;
    readonly expiresInSeconds: number;
  })[];
}

/** The canonical `user@domain` of a URI as an operator writes it, with or without `sip:`; aliases become the first domain. */
export function canonicalAor(uri: string, domains: readonly string[], aliases: readonly string[]): string {
  const written =
    uri.includes(':') && uri.slice(0, uri.indexOf(':')).toLowerCase().startsWith('sip') ? uri : `sip:${uri}`;
  const parsed = parseUri(written);
  const aor = parsed instanceof SipUri ? aorOf(parsed) : undefined;
  const at = aor?.lastIndexOf('@') ?? -1;
  if (aor === undefined || at <= 0) {
    throw new LookupFault(`read '${uri}', expected the SIP URI of a user, as in sip:alice@${domains[0]}`);
  }
  const domain = domainText(aor.slice(at + 1));
  const isOurs = [...domains, ...aliases].some((name) => domainText(name) === domain);
  if (isOurs) return `${aor.slice(0, at)}@${domains[0]}`;
  throw new LookupFault(`'${domain}' is not served here; this host serves ${domains.join(', ')}`);
}

export function listedBinding(
  { contact, userAgent, callId, cseq, q, expiresAt }: Binding,
  now: number,
): Lookup['bindings'][number] {
  return { contact, userAgent, callId, cseq, q: q / 1_000, expiresInSeconds: Math.ceil((expiresAt - now) / 1_000) };
}
