// Questions to other replicas: each is sent again until it is answered, with longer pauses between, and given up when its host is silent for too
// long or leaves the ring.
import type { Address, Outbox } from '@chordial/actor';
import { hostOf } from '@chordial/actor/shell';
import type { ReplicaMessage } from './protocol.ts';
import { replicaOf } from './replica-ring.ts';
import type { Asked, ReplicaState } from './replica-state.ts';

const resendMs = 500;
const resendMsMax = 2_000;
/** A host that has said nothing for so long, though it was asked, is silent. */
export const silenceMsMax = 10_000;

type Question = { readonly [M in ReplicaMessage as M['type']]: Omit<M, 'correlation' | 'replyTo'> }[
  | 'fetch-copy'
  | 'fetch-copies'
  | 'store-copies'
  | 'compare-pieces'];

export function askReplica(
  state: ReplicaState,
  host: number,
  reason: Asked['for'],
  question: Question,
  now: number,
  out: Outbox,
): void {
  const correlation = state.correlation++;
  const message = { ...question, replyTo: state.self, correlation } as ReplicaMessage;
  state.asked.set(correlation, { host, for: reason, message, askedAt: now, sentAt: now, tries: 1 });
  out.send(replicaOf(state, host), message);
}

/** What an answer is for; undefined when it came before or too late. From now on its sender is the way to that host's replica. */
export function takeAsked(state: ReplicaState, correlation: number, from: Address<never>): Asked | undefined {
  const asked = state.asked.get(correlation);
  if (asked === undefined) return undefined;
  state.asked.delete(correlation);
  if (hostOf(from) === asked.host) state.ring.ways.set(asked.host, from as number as Address<ReplicaMessage>);
  return asked;
}

/** Sends again what has waited long enough, by the well-known way, and returns what is given up. */
export function resendAsked(state: ReplicaState, now: number, out: Outbox): Asked[] {
  const givenUp: Asked[] = [];
  for (const [correlation, asked] of state.asked) {
    const { host, message, tries } = asked;
    const heardAt = asked.for.kind === 'session' ? (state.sessions.get(asked.for.session)?.heardAt ?? -Infinity) : 0;
    if (now - Math.max(asked.askedAt, heardAt) > silenceMsMax) {
      state.asked.delete(correlation);
      givenUp.push(asked);
    } else if (now - asked.sentAt > Math.min(resendMs * 2 ** (tries - 1), resendMsMax)) {
      state.ring.ways.delete(host);
      asked.sentAt = now;
      asked.tries++;
      out.send(replicaOf(state, host), message);
    }
  }
  return givenUp;
}

/** What was asked of hosts that are gone. */
export function dropAsked(state: ReplicaState, hosts: readonly number[]): Asked[] {
  const dropped: Asked[] = [];
  for (const [correlation, asked] of state.asked) {
    if (!hosts.includes(asked.host)) continue;
    state.asked.delete(correlation);
    dropped.push(asked);
  }
  return dropped;
}
