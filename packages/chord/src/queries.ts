// Open questions of a peer. Each is one `read-pointers`, so that what comes back is of one moment; whoever stays silent for
// `queryMsMax` counts as dead for this peer. The question of each quiet period has no timer of its own: the next tick looks at it.
import type { Outbox } from '@chordial/actor';
import { type ChordPeerState, nextCorrelation, noQueries, type Query, queryMsOf, stabiliseMsOf } from './peer-state.ts';
import type { Member, QueryDue, Rectify } from './protocol.ts';

/** One for each purpose, and a few more while pointers change. */
const queriesMax = 16;

export function askPointers(
  state: ChordPeerState,
  purpose: Query['purpose'],
  member: Member,
  now: number,
  out: Outbox,
  rectify?: Rectify,
): void {
  if (state.queries.length >= queriesMax) return;
  const correlation = nextCorrelation(state);
  const query = { purpose, member, correlation, askedAt: now };
  state.queries = [...state.queries, rectify === undefined ? query : { ...query, rectify }];
  const versionKnown = purpose === 'successor' ? state.versionKnown : 0;
  out.send(member.chord, { type: 'read-pointers', replyTo: state.self.chord, correlation, versionKnown });
  if (purpose !== 'successor') setQueryTimer(correlation, queryMsOf(state), out);
}

export function setQueryTimer(correlation: number, delayMs: number, out: Outbox): void {
  const due: QueryDue = { type: 'query-due', correlation };
  out.setTimer(delayMs, due);
}

export const openQuery = (state: ChordPeerState, ...purposes: readonly Query['purpose'][]): Query | undefined =>
  state.queries.find(({ purpose }) => purposes.includes(purpose));

export const queryOf = (state: ChordPeerState, correlation: number): Query | undefined =>
  state.queries.find((query) => query.correlation === correlation);

export function closeQuery(state: ChordPeerState, query: Query): void {
  state.queries = state.queries.length === 1 ? noQueries : state.queries.filter((other) => other !== query);
}

/**
 * Whether the silence of `query` says that its member is dead. Not yet: it is looked at again when its time is over. Much too late:
 * this host itself stood still, its answer may be waiting behind this timer, and it is asked again.
 */
export function isSilent(state: ChordPeerState, query: Query, now: number, out: Outbox): boolean {
  const waitedMs = now - query.askedAt;
  const queryMs = queryMsOf(state);
  if (waitedMs < queryMs) {
    setQueryTimer(query.correlation, queryMs - waitedMs, out);
    return false;
  }
  closeQuery(state, query);
  if (waitedMs <= queryMs + stabiliseMsOf(state)) return true;
  askPointers(state, query.purpose, query.member, now, out, query.rectify);
  return false;
}
