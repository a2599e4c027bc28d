// While the ring does not agree on the owner of a key (a range is handed over, or its owner died a moment ago), or the owner's host
// cannot be reached, a request rests here for a moment and is routed again. A rest counts as a hop, and from the fourth hop on
// each further one is taken after a rest: so a request waits a bounded time for the ring, instead of wearing its hops out at once.
import type { Outbox } from '@chordial/actor';
import { type Peek, peek as peekAt } from '@chordial/sip-parser';
import type { Flow } from '@chordial/sip-transport/protocol';
import { serviceUnavailable } from './admission.ts';
import type { RestDue } from './protocol.ts';
import { answer, route } from './routing.ts';
import type { State } from './state.ts';

const restDue: RestDue = { type: 'rest-due' };

/** To the owner, back because its range is on its way, and there again: more hops mean that time is needed. */
const HOPS_BEFORE_REST = 4;

export const mustRest = (hops: number): boolean => hops >= HOPS_BEFORE_REST;

/** Keeps a copy of the request; 503 when it has had its hops, or there is no room. */
export function rest(state: State, peek: Peek, flow: Flow, hops: number, now: number, out: Outbox): void {
  const { resting, counts } = state;
  const isWorn = hops >= state.config.hopsMax;
  if (isWorn) counts.hopsExceeded++;
  if (isWorn || !resting.hasRoom(peek.end - peek.start)) {
    answer(state, peek, flow, serviceUnavailable, now, out);
    return;
  }
  counts.rested++;
  const bytes = peek.bytes.slice(peek.start, peek.end);
  resting.add({ kind: 'request', bytes, flow, hops: hops + 1, askedAt: now });
  watchResting(state, out);
}

export function onRestDue(state: State, now: number, out: Outbox): void {
  state.restTimerIsSet = false;
  const { resting, restMs } = state;
  let oldest = resting.oldest();
  while (oldest !== undefined && oldest[1].askedAt + restMs <= now) {
    const [number, request] = oldest;
    resting.take(number);
    if (request.kind === 'request') {
      const { bytes, flow, hops } = request;
      const peek = state.peeks.take(now);
      peekAt(bytes, 0, bytes.length, peek);
      route(state, peek, flow, hops, true, now, out);
    }
    oldest = resting.oldest();
  }
  if (oldest !== undefined) watchResting(state, out);
}

/** One timer serves all, as they rest equally long. */
function watchResting(state: State, out: Outbox): void {
  if (state.restTimerIsSet) return;
  state.restTimerIsSet = true;
  out.setTimer(state.restMs, restDue);
}
