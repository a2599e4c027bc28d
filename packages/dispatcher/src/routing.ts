// From a request to the peer that owns its user. One-hop: the membership of the ring is known here and a binary search gives
// the owner. Fingers: a peer of this lane asks the ring, and the request waits with a copy of its octets. Either way the
// request ends with the service of a peer of this lane, with the dispatcher of another lane, or with an answer.
import type { Outbox } from '@chordial/actor';
import type { Member } from '@chordial/chord/protocol';
import { KeyHasher, type RingKey, ringKeyFromText } from '@chordial/ring-key';
import type { Peek } from '@chordial/sip-parser';
import type { Flow } from '@chordial/sip-transport/protocol';
import { loopDetected, type Refusal, serviceUnavailable } from './admission.ts';
import type { LookupsDue } from './protocol.ts';
import type { State } from './state.ts';

/** Used and done with within one step. */
const hasher = new KeyHasher();

const lookupsDue: LookupsDue = { type: 'lookups-due' };

/** The user that an admitted request is for (DESIGN section 8). */
export function aorOf(state: State, peek: Peek): string {
  return state.domains.aorOf(peek, peek.subjectField);
}

/** Answers without a transaction. */
export function answer(state: State, peek: Peek, flow: Flow, refusal: Refusal, now: number, out: Outbox): void {
  const { statusCode, reason, headerLines } = refusal;
  const response = state.responder.answer(now, peek, flow, statusCode, reason, headerLines);
  if (response === undefined) {
    state.counts.malformed++;
    return;
  }
  state.answered[statusCode]!++;
  out.send(state.config.transport, response);
}

export function route(state: State, peek: Peek, flow: Flow, hops: number, now: number, out: Outbox): void {
  const aor = aorOf(state, peek);
  if (state.config.routing === 'fingers') {
    askRing(state, peek, flow, ringKeyFromText(aor), hops, now, out);
    return;
  }
  const { table } = state;
  if (table === undefined) {
    answer(state, peek, flow, serviceUnavailable, now, out);
    return;
  }
  const index = ownerIndexOf(table, aor);
  const owner = state.members[index]!;
  if (owner.host === state.host && owner.lane === state.config.lane) {
    serve(state, peek, flow, aor, state.services[index], now, out);
  } else forward(state, peek, flow, owner, hops, now, out);
}

/** The same owner as by `ringKeyFromText`, for a third of its time; a user too long for the hasher takes the long way. */
function ownerIndexOf(table: NonNullable<State['table']>, aor: string): number {
  hasher.clear();
  if (!hasher.addText(aor)) return table.ownerIndex(ringKeyFromText(aor));
  hasher.finish();
  return table.ownerIndexOf(hasher);
}

/** A peer of this lane owns the user. Not attached: its lane is starting, and the client may try again in a second. */
export function serve(
  state: State,
  peek: Peek,
  flow: Flow,
  aor: string,
  service: State['services'][number],
  now: number,
  out: Outbox,
): void {
  if (service === undefined) {
    answer(state, peek, flow, serviceUnavailable, now, out);
    return;
  }
  state.counts.served++;
  const { bytes, start, end } = peek;
  out.send(state.config.transaction, { type: 'serve-request', bytes, start, end, peek, flow, aor, service });
}

export function forward(
  state: State,
  peek: Peek,
  flow: Flow,
  owner: Member,
  hops: number,
  now: number,
  out: Outbox,
): void {
  if (hops >= state.config.hopsMax) {
    answer(state, peek, flow, loopDetected, now, out);
    return;
  }
  // Links between hosts come with a later issue; until then another host cannot be reached.
  const dispatcher = owner.host === state.host ? state.config.dispatchers[owner.lane] : undefined;
  if (dispatcher === undefined) {
    answer(state, peek, flow, serviceUnavailable, now, out);
    return;
  }
  state.counts.forwarded++;
  const { bytes, start, end } = peek;
  const { address, port } = flow;
  out.send(dispatcher, {
    type: 'forward-request',
    bytes,
    start,
    end,
    address,
    port,
    hops: hops + 1,
    owner: owner.key,
  });
}

function askRing(state: State, peek: Peek, flow: Flow, key: RingKey, hops: number, now: number, out: Outbox): void {
  const { chord } = state.config;
  if (chord === undefined || !state.lookups.hasRoom(peek.end - peek.start)) {
    answer(state, peek, flow, serviceUnavailable, now, out);
    return;
  }
  state.counts.lookups++;
  const bytes = peek.bytes.slice(peek.start, peek.end);
  const correlation = state.lookups.add({ kind: 'request', bytes, flow, hops, askedAt: now });
  out.send(chord, { type: 'find-successor', key, replyTo: state.self, correlation, hops: 0 });
  watchLookups(state, out);
}

/** One timer serves all pending look-ups, as they wait equally long. */
export function watchLookups(state: State, out: Outbox): void {
  if (state.timerIsSet) return;
  state.timerIsSet = true;
  out.setTimer(state.lookupMsMax, lookupsDue);
}
