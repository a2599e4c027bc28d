// What the typed getters of a message give. All are plain, frozen-by-type values.

import type { SipUri } from './uri.ts';

export interface ViaValue {
  /** `UDP`, `TCP`, ... in capitals. */
  readonly transport: string;
  /** As sent, brackets of IPv6 included. */
  readonly host: string;
  /** 0 when absent. */
  readonly port: number;
  /** '' when absent (RFC 2543). */
  readonly branch: string;
  /** Without brackets (RFC 5118 4.5); '' when absent. */
  readonly received: string;
  /** '' when asked for but not yet filled in, undefined when absent. */
  readonly rport: string | undefined;
  readonly parameters: ReadonlyMap<string, string>;
}

export interface AddressValue {
  /** Without quotes and escapes; '' when absent. */
  readonly displayName: string;
  readonly uri: SipUri;
  /** '' when absent. */
  readonly tag: string;
  /** Names in lower case; values as sent, quotes included. */
  readonly parameters: ReadonlyMap<string, string>;
}

export interface ContactAddress extends AddressValue {
  readonly star: false;
  /** 0 to 1; undefined when absent. */
  readonly q: number | undefined;
  /** Seconds; undefined when absent; 3600 when malformed (RFC 3261 10.2.1.1). */
  readonly expires: number | undefined;
  /** `+sip.instance` without quotes; undefined when absent. */
  readonly instance: string | undefined;
  /** `reg-id` (RFC 5626); undefined when absent or malformed. */
  readonly regId: number | undefined;
}

export type ContactValue = { readonly star: true } | ContactAddress;

export interface CseqValue {
  readonly number: number;
  readonly method: string;
}

/** `Content-Type` and `Event`: a word and parameters. `type` of a Content-Type is in lower case. */
export interface TypedValue {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}
