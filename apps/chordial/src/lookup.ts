// What `chordial lookup` and `/api/lookup` answer: who owns a user, how a request gets there, and where the user is registered.
import { makeAddress } from '@chordial/actor';
import { bindingsOf, bindingsTable } from '@chordial/location';
import type { Binding } from '@chordial/location/protocol';
import type { ReplicationAnswer } from '@chordial/replication/protocol';
import { aorOf, parseUri, SipUri } from '@chordial/sip-parser';
import type { Asking } from './asking.ts';
import { domainText } from './endpoint.ts';
import { at } from './layout.ts';
import type { Options } from './options.ts';

/** The question itself was wrong. */
export class LookupFault extends Error {
  override readonly name = 'LookupFault';
}

/** An operation of a coordinator ends before. */
const answerMsMax = 4_000;

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

export async function lookUp(
  asking: Asking,
  uri: string,
  domains: readonly string[],
  aliases: readonly string[],
): Promise<Lookup> {
  const aor = canonicalAor(uri, domains, aliases);
  const { owner, key, routing, hops, trace } = await asking.ownerOf(aor);
  const asked = { type: 'get-record', table: bindingsTable, key, name: aor };
  const to = makeAddress<never>(owner.host, owner.lane, at.coordinator);
  const answer = await asking.ask<ReplicationAnswer>(to, asked, answerMsMax);
  if (answer.type !== 'record-got') {
    const why = answer.type === 'record-refused' ? `: ${answer.sentence}` : '';
    throw new Error(`peer ${owner.key.slice(0, 12)} of host ${owner.host} does not say${why}; ask again in a second`);
  }
  const now = performance.now();
  const bindings = bindingsOf(answer.siblings, now);
  if (bindings === undefined) throw new Error(`the record of ${aor} cannot be read by this version of Chordial`);
  return {
    uri,
    aor,
    key,
    owner: { key: owner.key, host: owner.host, lane: owner.lane },
    routing,
    hops,
    route: trace,
    bindings: bindings.map((binding) => listedBinding(binding, now)),
  };
}
