// REGISTER, RFC 3261 10.3: its eight steps in their order, each with the sentence it obeys. Steps 1 and 2 (domain, Require) hold for all
// requests and are in `registrar.ts`; 3 and 4 (authentication, authorization) come with a later issue; what 6 and 7 demand of stored
// bindings is kept by the location service; the answer of step 8 is written when that has replied.
import type { Outbox } from '@chordial/actor';
import type { BindingChange, ChangeBindings } from '@chordial/location/protocol';
import { ParseError } from '@chordial/sip-parser';
import type { RequestReceived } from '@chordial/sip-transaction/protocol';
import { answer } from './answers.ts';
import { type ContactWish, contactWishes } from './contact-wishes.ts';
import { HeaderLines } from './header-lines.ts';
import type { RegistrarConfig } from './registrar.ts';
import type { TextPool } from './text-pool.ts';

export type RegisterChange = Pick<ChangeBindings, 'aor' | 'callId' | 'cseq' | 'userAgent' | 'changes'>;

/** RFC 3261 20.10: "Malformed values SHOULD be treated as equivalent to 3600." */
const expiresMalformed = 3_600;
/** RFC 3261 20.19: "between 0 and (2**32)-1". */
const expiresSecondsMax = 4_294_967_295;

/** Filled and read within one step. */
const lines = new HeaderLines();

/** What the location service shall do, or undefined when the request was answered at once. */
export function onRegister(
  config: RegistrarConfig,
  userAgents: TextPool,
  message: RequestReceived,
  out: Outbox,
): RegisterChange | undefined {
  const { peek } = message;
  // Step 5: "The registrar extracts the address-of-record from the To header field of the request", in "a canonical form": the
  // dispatcher has done both, as it needs the user's place on the ring, and has answered 404 where the To is none of ours.
  if (message.aor.length > config.aorCharactersMax) {
    answer(out, message, 403, 'Address-Of-Record Too Long');
    return undefined;
  }
  if (peek.callIdEnd - peek.callIdStart > config.callIdBytesMax) {
    answer(out, message, 403, 'Call-ID Too Long');
    return undefined;
  }
  lines.read(peek.bytes, peek.start, peek.bodyStart);
  const changes = changesOf(config, message, out);
  if (changes === undefined) return undefined;
  const { userAgentStart, userAgentEnd } = lines;
  const userAgent =
    userAgentEnd - userAgentStart > config.userAgentBytesMax
      ? ''
      : userAgents.textAt(peek.bytes, userAgentStart, userAgentEnd);
  return { aor: message.aor, callId: peek.callId, cseq: peek.cseqNumber, userAgent, changes };
}

function changesOf(
  config: RegistrarConfig,
  message: RequestReceived,
  out: Outbox,
): ChangeBindings['changes'] | undefined {
  // Step 6: "The registrar checks whether the request contains the Contact header field. If not, it skips to the last
  // step." No wishes are no changes: a query.
  const wishes = contactWishes(message.peek, lines);
  if (wishes instanceof ParseError) {
    answer(out, message, 400, `Bad ${wishes.field}`);
    return undefined;
  }
  const expiresHeader = expiresOf(message.peek.bytes);
  if (typeof wishes === 'string') {
    // "If the request has additional Contact fields or an expiration time other than zero, the request is invalid, and the
    // server MUST return a 400 (Invalid Request)".
    if (wishes === '*' && expiresHeader === 0) return 'remove-all';
    answer(out, message, 400, 'Contact * Needs Expires 0 And No Other Contact');
    return undefined;
  }
  if (wishes.length > config.contactsMax) {
    answer(out, message, 403, 'Too Many Contacts');
    return undefined;
  }
  const changes: BindingChange[] = [];
  for (let i = 0; i < wishes.length; i++) {
    const change = changeOf(config, wishes[i]!, expiresHeader, message, out);
    if (change === undefined) return undefined;
    changes.push(change);
  }
  return changes;
}

function changeOf(
  config: RegistrarConfig,
  wish: ContactWish,
  expiresHeader: number,
  message: RequestReceived,
  out: Outbox,
): BindingChange | undefined {
  const { contact, contactKey, instance, regId, q } = wish;
  if (contact.length > config.contactCharactersMax || instance.length > config.contactCharactersMax) {
    answer(out, message, 403, 'Contact Too Long');
    return undefined;
  }
  // Step 7: "If the field value has an "expires" parameter, that value MUST be taken as the requested expiration. If there is
  // no such parameter, but the request has an Expires header field, that value MUST be taken ... If there is neither, a
  // locally-configured default value MUST be taken".
  const requested =
    wish.expires >= 0 ? wish.expires : expiresHeader >= 0 ? expiresHeader : config.expiresSecondsDefault;
  // "If and only if the requested expiration interval is greater than zero AND smaller than one hour AND less than a
  // registrar-configured minimum, the registrar MAY reject the registration with a response of 423 (Interval Too Brief).
  // This response MUST contain a Min-Expires header field".
  if (requested > 0 && requested < config.expiresSecondsMin) {
    answer(out, message, 423, 'Interval Too Brief', `Min-Expires: ${config.expiresSecondsMin}\r\n`);
    return undefined;
  }
  // "The registrar MAY choose an expiration less than the requested expiration interval."
  const expiresMs = Math.min(requested, config.expiresSecondsMax) * 1000;
  return { contact, contactKey, instance, regId, q, expiresMs };
}

/** Seconds of the Expires header; -1 when there is none, 3600 when it is malformed or stands twice. */
function expiresOf(bytes: Uint8Array): number {
  const { expiresLinesCount, expiresStart, expiresEnd } = lines;
  if (expiresLinesCount === 0) return -1;
  if (expiresLinesCount > 1 || expiresStart === expiresEnd) return expiresMalformed;
  let seconds = 0;
  for (let p = expiresStart; p < expiresEnd; p++) {
    const octet = bytes[p]!;
    if (octet < 48 || octet > 57) return expiresMalformed;
    seconds = seconds * 10 + octet - 48;
    if (seconds > expiresSecondsMax) return expiresMalformed;
  }
  return seconds;
}
