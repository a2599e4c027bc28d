// The core of the front door, one per lane: what arrives is peeked at once, judged (`admission`), and brought to the peer
// that owns its user (`routing`). Errors, overload and OPTIONS to the server itself are answered here without a
// transaction; everything for a user is answered by the transaction layer of the owner's lane.
import { assert, type Birth, type Outbox, type Received } from '@chordial/actor';
import type { MessageRefused } from '@chordial/actor/protocol';
import { hostOf } from '@chordial/actor/shell';
import { type ParseError, type Peek, peek as peekAt } from '@chordial/sip-parser';
import type { ServeRequest } from '@chordial/sip-transaction/protocol';
import type { Flow, MessageReceived } from '@chordial/sip-transport/protocol';
import { admit, capabilities, countedMethod, type Refusal, serviceUnavailable } from './admission.ts';
import { onLookUp, onLookupsDue, onSuccessorFound, onSuccessorRefused } from './looking-up.ts';
import type { DispatcherMessage, ForwardRequest } from './protocol.ts';
import { onRestDue, rest } from './resting.ts';
import { onAttachPeers, onDetachPeer, onRangeChanged, onRingChanged, watchRing } from './ring-view.ts';
import { answer, route } from './routing.ts';
import { type DispatcherConfig, initState, type State } from './state.ts';

export function initDispatcher(config: DispatcherConfig, birth: Birth<DispatcherMessage>, out: Outbox): State {
  assert(config.routing === 'one-hop' || config.chord !== undefined, 'finger routing has a peer to ask');
  const state = initState(config, birth.self);
  watchRing(state, out);
  return state;
}

export function stepDispatcher(
  state: State,
  { now, message }: Received<DispatcherMessage | MessageRefused>,
  out: Outbox,
): void {
  switch (message.type) {
    case 'message-received':
      onMessageReceived(state, message, now, out);
      break;
    case 'forward-request':
      onForwardRequest(state, message, now, out);
      break;
    case 'attach-peers':
      onAttachPeers(state, message, out);
      break;
    case 'detach-peer':
      onDetachPeer(state, message);
      break;
    case 'range-changed':
      onRangeChanged(state, message, out);
      break;
    case 'ring-changed':
      onRingChanged(state, message, out);
      break;
    case 'watch-ring-due':
      watchRing(state, out);
      break;
    case 'successor-found':
      onSuccessorFound(state, message, now, out);
      break;
    case 'look-up':
      onLookUp(state, message, now, out);
      break;
    case 'lookups-due':
      onLookupsDue(state, now, out);
      break;
    case 'rest-due':
      onRestDue(state, now, out);
      break;
    case 'message-refused':
      onMessageRefused(state, message, now, out);
      break;
    default:
      message satisfies never;
  }
}

function onMessageReceived(state: State, { bytes, start, end, flow }: MessageReceived, now: number, out: Outbox): void {
  const { counts } = state;
  counts.received++;
  const peek = state.peeks.take(now);
  const isWhole = peekAt(bytes, start, end, peek);
  // No client transactions yet: a response belongs to nobody.
  if (peek.kind === 'response') {
    counts.responses++;
    return;
  }
  // RFC 3261 8.2.7: a stateless UAS "MUST ignore ACK requests".
  if (peek.method === 'ACK') {
    counts.acks++;
    return;
  }
  if (!isWhole) {
    onBroken(state, peek, flow, now, out);
    return;
  }
  const method = countedMethod(peek.method);
  state.methods.set(method, (state.methods.get(method) ?? 0) + 1);
  const admission = admit(peek, state.domains);
  if (admission === 'user') route(state, peek, flow, 0, false, now, out);
  else answer(state, peek, flow, admission === 'server' ? capabilities : admission, now, out);
}

/** RFC 3261 21.4.1: the reason phrase of a 400 "SHOULD identify the syntax problem in more detail". */
function onBroken(state: State, peek: Peek, flow: Flow, now: number, out: Outbox): void {
  if (!peek.answerable) state.counts.malformed++;
  else answer(state, peek, flow, refusalOf(peek.error), now, out);
}

function refusalOf(error: ParseError | undefined): Refusal {
  if (error === undefined) return { statusCode: 400, reason: 'Bad Request', headerLines: '' };
  const { statusSuggested, field, sentence } = error;
  if (statusSuggested === 505) return { statusCode: 505, reason: 'Version Not Supported', headerLines: '' };
  return { statusCode: statusSuggested, reason: `${field}: ${sentence}`, headerLines: '' };
}

/** Another lane says that a peer here owns the user. It has judged the request; who owns it is looked at again. */
function onForwardRequest(state: State, request: ForwardRequest, now: number, out: Outbox): void {
  state.counts.taken++;
  if (!isWhole(request)) {
    state.counts.malformed++;
    return;
  }
  const peek = state.peeks.take(now);
  const flow = flowOf(state, request);
  if (peekAt(request.bytes, request.start, request.end, peek)) route(state, peek, flow, request.hops, false, now, out);
  else onBroken(state, peek, flow, now, out);
}

/** Another host may be of another version, or lie: what cannot be answered, or would travel for ever, is dropped. */
function isWhole({ bytes, address, port, hops }: ForwardRequest): boolean {
  return bytes !== undefined && typeof address === 'string' && port > 0 && port < 65_536 && hops > 0;
}

/** A request that came back to the host that read it can be answered by any of its lanes. */
function flowOf(state: State, { address, port, edge }: ForwardRequest): Flow {
  if (edge === undefined || hostOf(edge) === state.host) return { transport: 'udp', address, port };
  return { transport: 'udp', address, port, edge };
}

/**
 * A mailbox or a link within the host is full: the client hears 503 now rather than nothing (RFC 3261 21.5.4). Another host cannot be
 * reached: its ranges will be taken over in a moment, or the way to it will change, so the request rests, within its hops.
 */
function onMessageRefused(state: State, { to, message }: MessageRefused, now: number, out: Outbox): void {
  state.counts.refused++;
  if (message.type === 'serve-request') {
    const { peek, flow } = message as ServeRequest;
    answer(state, peek, flow, serviceUnavailable, now, out);
  } else if (message.type === 'forward-request') {
    const request = message as ForwardRequest;
    const peek = state.peeks.take(now);
    peekAt(request.bytes, request.start, request.end, peek);
    const flow = flowOf(state, request);
    if (hostOf(to) === state.host) answer(state, peek, flow, serviceUnavailable, now, out);
    else rest(state, peek, flow, request.hops, now, out);
  } else if (message.type === 'find-successor') onSuccessorRefused(state, message, now, out);
}
