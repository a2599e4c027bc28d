// The answers of a registrar: status, reason phrase and header lines, each with the sentence that asks for it.
import type { Address, Outbox } from '@chordial/actor';
import type { Binding } from '@chordial/location/protocol';
import type { Respond } from '@chordial/sip-transaction/protocol';

/** Whom to answer. */
export interface Asker {
  readonly replyTo: Address<Respond>;
  readonly transaction: number;
}

export function answer(out: Outbox, to: Asker, statusCode: number, reason: string, headerLines = ''): void {
  out.send(to.replyTo, { type: 'respond', transaction: to.transaction, statusCode, reason, headerLines });
}

/** RFC 3261 8.2.1: "The UAS MUST also add an Allow header field to the 405 (Method Not Allowed) response." */
export const allowLine = 'Allow: REGISTER, OPTIONS\r\n';

/** RFC 3261 11.2: Allow, Accept, Accept-Encoding, Accept-Language and Supported "SHOULD be present" in a 200 to OPTIONS. */
export function capabilityLines(supportedOptions: readonly string[]): string {
  return `${allowLine}Accept: */*\r\nAccept-Encoding: identity\r\nAccept-Language: en\r\nSupported: ${supportedOptions.join(', ')}\r\n`;
}

/**
 * RFC 3261 10.3 step 8: "The response MUST contain Contact header field values enumerating all current bindings. Each
 * Contact value MUST feature an "expires" parameter indicating its expiration interval chosen by the registrar."
 */
export function contactLines(bindings: readonly Binding[], now: number): string {
  let lines = '';
  for (let i = 0; i < bindings.length; i++) {
    const { contact, expiresAt, q, instance, regId } = bindings[i]!;
    const expires = Math.max(1, Math.floor((expiresAt - now) / 1000));
    lines += `Contact: <${contact}>;expires=${expires}`;
    if (q !== 1000) lines += `;q=${q / 1000}`;
    if (instance !== '') lines += `;+sip.instance="${instance}"`;
    if (regId !== 0) lines += `;reg-id=${regId}`;
    lines += '\r\n';
  }
  return lines;
}
