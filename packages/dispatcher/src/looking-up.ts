// Questions of operators, and answers of the ring to questions of this dispatcher: each pending look-up ends exactly once,
// by `successor-found`, by a refusal, or by its time.
import type { Outbox, Typed } from '@chordial/actor';
import type { FindSuccessor, SuccessorFound } from '@chordial/chord/protocol';
import { ringKeyFromText } from '@chordial/ring-key';
import { peek as peekAt } from '@chordial/sip-parser';
import { serviceUnavailable } from './admission.ts';
import type { PendingLookup } from './pending-lookups.ts';
import type { LookUp } from './protocol.ts';
import { answer, aorOf, forward, serve, watchLookups } from './routing.ts';
import type { State } from './state.ts';

export function onLookUp(state: State, { aor, replyTo, correlation }: LookUp, now: number, out: Outbox): void {
  const { config, table, lookups } = state;
  const key = ringKeyFromText(aor);
  const { chord } = config;
  if (config.routing === 'fingers' && chord !== undefined && lookups.hasRoom(0)) {
    const number = lookups.add({ kind: 'look-up', replyTo, correlation, askedAt: now });
    out.send(chord, { type: 'find-successor', key, replyTo: state.self, correlation: number, hops: 0, trace: [] });
    watchLookups(state, out);
    return;
  }
  const owner = table === undefined ? undefined : state.members[table.ownerIndex(key)];
  if (config.routing === 'fingers' || owner === undefined) {
    const sentence = config.routing === 'fingers' ? 'too many look-ups are waiting' : 'the ring is not known yet';
    out.send(replyTo, { type: 'look-up-failed', correlation, sentence });
    return;
  }
  const hops = owner.host === state.host && owner.lane === config.lane ? 0 : 1;
  out.send(replyTo, { type: 'looked-up', correlation, key, owner, routing: 'one-hop', hops, trace: [owner.key] });
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
  if (owner.host === state.host && owner.lane === state.config.lane) {
    serve(state, peek, flow, aorOf(state, peek), state.peers.get(owner.key), now, out);
  } else forward(state, peek, flow, owner, lookup.hops, now, out);
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
