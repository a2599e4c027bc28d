// What happens to a request before anyone looks for its user, in the order of RFC 3261 8.2 and 16.3: method, scheme of the
// Request-URI, Max-Forwards, Proxy-Require, domain, Require. Require of a REGISTER is the registrar's business.
import { type Peek, parseMessage } from '@chordial/sip-parser';
import type { Domains } from './domains.ts';

export interface Refusal {
  readonly statusCode: number;
  readonly reason: string;
  readonly headerLines: string;
}
/** `server`: for us ourselves. `user`: for whoever the ring says. Otherwise the answer. */
export type Admission = 'server' | 'user' | Refusal;

const ALLOW = 'Allow: OPTIONS, REGISTER\r\n';

const refusal = (statusCode: number, reason: string, headerLines = ''): Refusal => ({
  statusCode,
  reason,
  headerLines,
});
const noTransaction = refusal(481, 'Call/Transaction Does Not Exist');
const notAllowed = refusal(405, 'Method Not Allowed', ALLOW);
const notImplemented = refusal(501, 'Not Implemented', ALLOW);
/** The methods of the IANA registry. Those not supported here are told 405 (RFC 3261 8.2.1), unheard-of ones 501 (21.5.2). */
const recognized: ReadonlySet<string> = new Set(
  'ACK BYE CANCEL INFO INVITE MESSAGE NOTIFY OPTIONS PRACK PUBLISH REFER REGISTER SUBSCRIBE UPDATE'.split(' '),
);
const METHOD_OTHER = 'other';
/** Every name that requests are counted under. */
export const countedMethods: readonly string[] = [...recognized, METHOD_OTHER];
const schemeUnknown = refusal(416, 'Unsupported URI Scheme');
const tooManyHops = refusal(483, 'Too Many Hops');
const relayingDenied = refusal(403, 'Relaying Denied');
const domainUnknown = refusal(404, 'Not Found');
const userMissing = refusal(404, 'Not Found');
const toNotSip = refusal(400, 'To is not a SIP URI');

export const serviceUnavailable: Refusal = refusal(503, 'Service Unavailable', 'Retry-After: 1\r\n');
/** RFC 3261 11.2: what OPTIONS learns of this server. It takes no body and understands no extension. */
export const capabilities: Refusal = refusal(
  200,
  'OK',
  `${ALLOW}Accept:\r\nAccept-Encoding: identity\r\nAccept-Language: en\r\nSupported:\r\n`,
);

export function admit(peek: Peek, domains: Domains): Admission {
  const isRegister = peek.method === 'REGISTER';
  if (!isRegister && peek.method !== 'OPTIONS') return refusedMethod(peek.method);
  const uri = peek.requestUri;
  // sips would promise TLS on every hop (RFC 3261 26.2.2), which UDP cannot keep.
  if (uri.scheme !== 1) return schemeUnknown;
  const isOurs = domains.include(peek, 'request-uri');
  const hasUser = uri.userEnd > uri.userStart;
  // A final recipient does not look at Max-Forwards: it forwards nothing.
  if (peek.maxForwards === 0 && !(isOurs && (isRegister || !hasUser))) return tooManyHops;
  if (peek.hasProxyRequire) return badExtension(peek, 'proxy-require');
  if (isRegister) return admitRegister(peek, domains, isOurs);
  if (!isOurs) return relayingDenied;
  if (hasUser) return 'user';
  return peek.hasRequire ? badExtension(peek, 'require') : 'server';
}

/** The name under which a request is counted: what a client makes up is `other`, so that it cannot fill memory with names. */
export const countedMethod = (method: string): string => (recognized.has(method) ? method : METHOD_OTHER);

function refusedMethod(method: string): Refusal {
  if (method === 'CANCEL') return noTransaction;
  return recognized.has(method) ? notAllowed : notImplemented;
}

/** RFC 3261 10.3: "If the address-of-record is not valid for the domain in the Request-URI, the registrar MUST send a 404". */
function admitRegister(peek: Peek, domains: Domains, isOurs: boolean): Admission {
  if (!isOurs) return domainUnknown;
  const { uri } = peek.to;
  if (uri.scheme === 0) return toNotSip;
  if (uri.userEnd === uri.userStart) return userMissing;
  return domains.include(peek, 'to') ? 'user' : domainUnknown;
}

/** RFC 3261 8.2.2.3: Unsupported lists the options not understood, which are all of them. */
function badExtension(peek: Peek, header: 'require' | 'proxy-require'): Refusal {
  const parsed = parseMessage(peek.bytes, peek.start, peek.end);
  const options = parsed.ok ? parsed.message.headers(header).filter(isToken) : [];
  return refusal(420, 'Bad Extension', options.length === 0 ? '' : `Unsupported: ${options.join(', ')}\r\n`);
}

/** Nothing but a token is echoed, so that an answer holds no line that we did not write. */
function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 32 || code >= 127 || '()<>@,;:\\"/[]?={}'.includes(text.charAt(i))) return false;
  }
  return text !== '';
}
