// The core of the registrar: one per peer. It checks a request as RFC 3261 8.2 and 10.3 say, asks the location service,
// and answers when that has answered. The steps of a REGISTER are in `register.ts`.
import { type Address, assert, type Birth, type Outbox, type Received, type TimerId } from '@chordial/actor';
import type { MessageRefused } from '@chordial/actor/protocol';
import type { BindingsListed, ChangeRefused, LocationMessage } from '@chordial/location/protocol';
import { ParseError, parseMessage } from '@chordial/sip-parser';
import type { RequestReceived } from '@chordial/sip-transaction/protocol';
import { allowLine, answer, capabilityLines, contactLines } from './answers.ts';
import { PendingRequests } from './pending-requests.ts';
import type { RegistrarMessage } from './protocol.ts';
import { onRegister } from './register.ts';
import { TextPool } from './text-pool.ts';

export interface RegistrarLimits {
  /** Seconds a binding lives when neither the contact nor the request says how long (RFC 3261 10.3 step 7). */
  readonly expiresSecondsDefault: number;
  /** A shorter wish (but 0) is answered 423; at most an hour, as RFC 3261 10.3 forbids 423 from there on. */
  readonly expiresSecondsMin: number;
  /** A longer wish is granted as this. */
  readonly expiresSecondsMax: number;
  /** Contacts in one REGISTER. */
  readonly contactsMax: number;
  /** Characters of a contact URI, and of its `+sip.instance`. */
  readonly contactCharactersMax: number;
  readonly callIdBytesMax: number;
  /** Characters of an address-of-record that is bound: a user name may be as long as a header. */
  readonly aorCharactersMax: number;
  /** A longer User-Agent is not kept. */
  readonly userAgentBytesMax: number;
  /** Requests that wait for the location service at a time. */
  readonly pendingMax: number;
  /** How long one may wait; then it is answered 504. */
  readonly deadlineMs: number;
  /** In Retry-After of a 503. */
  readonly retryAfterSeconds: number;
}

export const defaultRegistrarLimits: RegistrarLimits = {
  expiresSecondsDefault: 3_600,
  expiresSecondsMin: 60,
  expiresSecondsMax: 7_200,
  contactsMax: 10,
  contactCharactersMax: 512,
  callIdBytesMax: 256,
  aorCharactersMax: 512,
  userAgentBytesMax: 128,
  pendingMax: 10_000,
  deadlineMs: 5_000,
  retryAfterSeconds: 5,
};

export interface RegistrarConfig extends RegistrarLimits {
  /** Option tags of extensions we support, in lower case; none so far. */
  readonly supportedOptions: readonly string[];
  readonly location: Address<LocationMessage>;
}

export interface RegistrarState {
  readonly config: RegistrarConfig;
  readonly self: Address<RegistrarMessage>;
  /** Undefined until the first request, so that an idle peer costs next to nothing. */
  pending: PendingRequests | undefined;
  userAgents: TextPool | undefined;
  /** 0 when no timer is set. */
  timer: TimerId;
}

export function initRegistrar(config: RegistrarConfig, birth: Birth<RegistrarMessage>, _out: Outbox): RegistrarState {
  assert(
    config.expiresSecondsMin <= 3_600,
    'a minimum above one hour would ask for 423 where RFC 3261 10.3 forbids it',
  );
  assert(config.expiresSecondsMin <= config.expiresSecondsMax, 'the minimum expiration is not above the maximum');
  return { config, self: birth.self, pending: undefined, userAgents: undefined, timer: 0 };
}

export function stepRegistrar(state: RegistrarState, received: Received<RegistrarMessage>, out: Outbox): void {
  const { message, now } = received;
  switch (message.type) {
    case 'request-received':
      onRequestReceived(state, message, now, out);
      break;
    case 'bindings-listed':
      onBindingsListed(state, message, out);
      break;
    case 'change-refused':
      onChangeRefused(state, message, out);
      break;
    case 'message-refused':
      onMessageRefused(state, message, out);
      break;
    case 'deadline-due':
      onDeadlineDue(state, now, out);
      break;
    default:
      message satisfies never;
  }
}

function onRequestReceived(state: RegistrarState, message: RequestReceived, now: number, out: Outbox): void {
  const { config } = state;
  const { method } = message.peek;
  // RFC 3261 8.2.1: "If the UAS recognizes but does not support the method of a request, it MUST generate a 405"
  if (method !== 'REGISTER' && method !== 'OPTIONS') {
    answer(out, message, 405, 'Method Not Allowed', allowLine);
    return;
  }
  // RFC 3261 10.3 step 1, whether the Request-URI's domain is ours, the dispatcher has answered: only our users get here.
  // Step 2: "the registrar MUST process the Require header field values as described for UASs in Section 8.2.2."
  if (message.peek.hasRequire && !requirementsAreMet(config, message, out)) return;
  state.pending ??= new PendingRequests();
  if (state.pending.count >= config.pendingMax) answerUnavailable(state, message, out);
  else if (method === 'REGISTER') {
    state.userAgents ??= new TextPool(64);
    const change = onRegister(config, state.userAgents, message, out);
    if (change !== undefined) {
      const correlation = wait(state, message, 'REGISTER', now, out);
      const { aor, callId, cseq, userAgent, changes } = change;
      const replyTo = state.self;
      // Field by field: a spread of the same fields takes a slow path in the engine.
      out.send(config.location, {
        type: 'change-bindings',
        aor,
        callId,
        cseq,
        userAgent,
        changes,
        replyTo,
        correlation,
      });
    }
  } else onOptions(state, message, now, out);
}

/**
 * RFC 3261 8.2.2.3: "If a UAS does not understand an option-tag listed in a Require header field, it MUST respond ... 420
 * (Bad Extension). The UAS MUST add an Unsupported header field, and list in it those options it does not understand".
 */
function requirementsAreMet(config: RegistrarConfig, message: RequestReceived, out: Outbox): boolean {
  const parsed = parseMessage(message.bytes, message.start, message.end);
  const required = parsed.ok ? parsed.message.require : parsed.error;
  if (required instanceof ParseError) {
    answer(out, message, 400, `Bad ${required.field}`);
    return false;
  }
  const unsupported = required.filter((option) => !config.supportedOptions.includes(option.toLowerCase()));
  if (unsupported.length === 0) return true;
  answer(out, message, 420, 'Bad Extension', `Unsupported: ${unsupported.join(', ')}\r\n`);
  return false;
}

/** RFC 3261 11.2: the response is what it would be for an INVITE: 200 when the user can be reached, 480 when not. */
function onOptions(state: RegistrarState, message: RequestReceived, now: number, out: Outbox): void {
  const correlation = wait(state, message, 'OPTIONS', now, out);
  out.send(state.config.location, { type: 'list-bindings', aor: message.aor, replyTo: state.self, correlation });
}

/** One timer serves all waiting requests; it runs on when the one it was set for has long been answered. */
function wait(
  state: RegistrarState,
  asker: RequestReceived,
  method: 'REGISTER' | 'OPTIONS',
  now: number,
  out: Outbox,
): number {
  const { deadlineMs } = state.config;
  if (state.timer === 0) state.timer = out.setTimer(deadlineMs, { type: 'deadline-due' });
  const { replyTo, transaction } = asker;
  return state.pending!.add({ replyTo, transaction, method, deadlineAt: now + deadlineMs });
}

function onBindingsListed(state: RegistrarState, message: BindingsListed, out: Outbox): void {
  const request = state.pending?.take(message.correlation);
  if (request === undefined) return;
  if (request.method === 'REGISTER') {
    // RFC 3261 10.3 step 8: "The registrar returns a 200 (OK) response."
    answer(out, request, 200, 'OK', contactLines(message.bindings, message.now));
  } else if (message.bindings.length > 0) {
    answer(out, request, 200, 'OK', capabilityLines(state.config.supportedOptions));
  } else answer(out, request, 480, 'Temporarily Unavailable');
}

function onChangeRefused(state: RegistrarState, message: ChangeRefused, out: Outbox): void {
  const request = state.pending?.take(message.correlation);
  if (request === undefined) return;
  switch (message.reason) {
    case 'cseq-out-of-order':
      // RFC 3261 10.3 steps 6 and 7: "the update MUST be aborted and the request fails"; the response is "500".
      answer(out, request, 500, 'CSeq Out Of Order');
      break;
    case 'bindings-exceeded':
      answer(out, request, 403, 'Too Many Bindings');
      break;
    case 'record-characters-exceeded':
      answer(out, request, 403, 'Too Many Characters In Bindings');
      break;
    case 'users-exceeded':
    case 'store-failed':
    case 'not-owner':
    case 'busy':
      answerUnavailable(state, request, out);
      break;
    default:
      message.reason satisfies never;
  }
}

/** The location service had no room for our question. */
function onMessageRefused(state: RegistrarState, refused: MessageRefused, out: Outbox): void {
  const { message } = refused;
  if (!('correlation' in message) || typeof message.correlation !== 'number') return;
  const request = state.pending?.take(message.correlation);
  if (request !== undefined) answerUnavailable(state, request, out);
}

/** RFC 3261 21.5.5: 504 when no timely answer came "from an external server it accessed in attempting to process the request". */
function onDeadlineDue(state: RegistrarState, now: number, out: Outbox): void {
  state.timer = 0;
  const { pending } = state;
  if (pending === undefined) return;
  for (let request = pending.takeOverdue(now); request !== undefined; request = pending.takeOverdue(now)) {
    answer(out, request, 504, 'Server Time-out');
  }
  const { deadlineAt } = pending;
  if (deadlineAt !== undefined) state.timer = out.setTimer(deadlineAt - now, { type: 'deadline-due' });
}

/**
 * RFC 3261 21.5.4: 503 for a server that is "temporarily unable to process the request due to a temporary overloading or maintenance of the
 * server", which "MAY indicate when the client should retry the request in a Retry-After header field". Also when too few hosts keep the
 * record, where 10.3 step 7 has "a 500 (Server Error) response" if "the back-end database commit failed": only a 503 (RFC 3263 4.3: "failure
 * occurs if the transaction layer reports a 503 error response") sends the client to another host, which may be on the better side of a
 * broken network, and a retransmission of what was written after all is answered 200.
 */
function answerUnavailable(state: RegistrarState, to: Parameters<typeof answer>[1], out: Outbox): void {
  answer(out, to, 503, 'Service Unavailable', `Retry-After: ${state.config.retryAfterSeconds}\r\n`);
}
