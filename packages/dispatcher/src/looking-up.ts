// Questions of operators, and answers of the ring to questions of this dispatcher: each pending look-up ends exactly once,
// by `successor-found`, by a refusal, or by its time.
import type { Outbox, Typed } from '@chordial/actor';
import type { FindSuccessor, SuccessorFound } from '@chordial/chord/protocol';
import { ringKeyFromText } from '@chordial/ring-key';
import { peek as peekAt } from '@chordial/sip-parser';
import { serviceUnavailable } from './admission.ts';
import type { PendingLookup } from './pending-lookups.ts';
import type { LookUp } from './protocol.ts';
import { rest } from './resting.ts';
import { answer, aorOf, askedPeer, forward, isHere, nextOf, serve, watchLookups } from './routing.ts';
import type { State } from './state.ts';

export function onLookUp(state: State, { aor, replyTo, correlation }: LookUp, now: number, out: Outbox): void {
  const { table, lookups } = state;
  const key = ringKeyFromText(aor);
  const local = state.ranges.ownerOf(key)?.range.self;
  const next = table === undefined ? 'ask' : nextOf(state, table.ownerIndex(key));
  const owner = local ?? (typeof next === 'object' ? next : undefined);
  if (owner !== undefined && state.config.routing === 'one-hop') {
    const hops = local === undefined ? 1 : 0;
    out.send(replyTo, { type: 'looked-up', correlation, key, owner, routing: 'one-hop', hops, trace: [owner.key] });
    return;
  }
  const asked = askedPeer(state);
  if (asked === undefined || !lookups.hasRoom(0)) {
    const sentence = asked === undefined ? 'the ring is not known yet' : 'too many look-ups are waiting';
    out.send(replyTo, { type: 'look-up-failed', correlation, sentence });
    return;
  }
  const number = lookups.add({ kind: 'look-up', replyTo, correlation, askedAt: now });
  out.send(asked, { type: 'find-successor', key, replyTo: state.self, correlation: number, hops: 0, trace: [] });
  watchLookups(state, out);
}

export function onSuccessorFound(state: State, found: SuccessorFound, now: number, out: Outbox): void {
  const lookup = state.lookups.take(found.correlation);
  if (lookup === undefined) {
    state.counts.answersLate++;
    return;
  }
  const { key, owner, hops } = found;
  if (lookup.kind === 'look-up') {
    const trace = traceOf(found);
    const { replyTo, correlation } = lookup;
    out.send(replyTo, { type: 'looked-up', correlation, key, owner, routing: 'fingers', hops, trace });
    return;
  }
  const peek = state.peeks.take(now);
  const { bytes, flow } = lookup;
  peekAt(bytes, 0, bytes.length, peek);
  const local = state.ranges.ownerOf(key);
  if (local !== undefined) serve(state, peek, flow, aorOf(state, peek), local.service, now, out);
  // Named, but by its own word it is not the owner: its range is on its way.
  else if (isHere(state, owner)) rest(state, peek, flow, lookup.hops, now, out);
  else forward(state, peek, flow, owner, lookup.hops, false, now, out);
}

/** The owner is last, whether or not the ring wrote it down. */
function traceOf({ trace = [], owner }: SuccessorFound): SuccessorFound['trace'] & {} {
  return trace.at(-1) === owner.key ? trace : [...trace, owner.key];
}

export function onSuccessorRefused(state: State, message: Typed, now: number, out: Outbox): void {
  const lookup = state.lookups.take((message as FindSuccessor).correlation);
  if (lookup !== undefined) giveUp(state, lookup, 'the ring is overloaded', now, out);
}

export function onLookupsDue(state: State, now: number, out: Outbox): void {
  state.timerIsSet = false;
  const { lookups, lookupMsMax } = state;
  let oldest = lookups.oldest();
  while (oldest !== undefined && oldest[1].askedAt + lookupMsMax <= now) {
    lookups.take(oldest[0]);
    giveUp(state, oldest[1], 'the ring did not answer', now, out);
    oldest = lookups.oldest();
  }
  if (oldest !== undefined) watchLookups(state, out);
}

function giveUp(state: State, lookup: PendingLookup, sentence: string, now: number, out: Outbox): void {
  if (lookup.kind === 'look-up') {
    out.send(lookup.replyTo, { type: 'look-up-failed', correlation: lookup.correlation, sentence });
    return;
  }
  const peek = state.peeks.take(now);
  peekAt(lookup.bytes, 0, lookup.bytes.length, peek);
  answer(state, peek, lookup.flow, serviceUnavailable, now, out);
}
