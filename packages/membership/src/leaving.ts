// A planned leave, and what operators ask. The leaver tells everybody itself, probes everybody behind the news, and counts an answer as
// the acknowledgement: messages between two actors keep their order.
import type { Outbox } from '@chordial/actor';
import { sendNews } from './gossip.ts';
import { leaveMsMax } from './limits.ts';
import { ownRecord, renewRecord } from './own-roster.ts';
import { probe } from './probing.ts';
import type { AnnounceLeave, HostsListed, ListHosts } from './protocol.ts';
import { membershipOf } from './routes.ts';
import type { MembershipState } from './state.ts';

export function onAnnounceLeave(state: MembershipState, message: AnnounceLeave, now: number, out: Outbox): void {
  if (!state.isLeader) return out.send(state.config.leader, message);
  const { replyTo, correlation } = message;
  state.isLeaving = true;
  renewRecord(state, now);
  const waiting = new Set<number>();
  state.leaving = { replyTo, correlation, waiting, until: now + leaveMsMax };
  for (const { host, phase } of state.roster.entries.values()) {
    if (host === state.roster.own || (phase !== 'alive' && phase !== 'slow')) continue;
    sendNews(membershipOf(state, host), { records: [ownRecord(state)], pages: [], opinions: [] }, false, out);
    if (probe(state, host, 'farewell', now, out) !== 0) waiting.add(host);
  }
  endLeave(state, now, out);
}

export function noteFarewell(state: MembershipState, host: number, now: number, out: Outbox): void {
  state.leaving?.waiting.delete(host);
  endLeave(state, now, out);
}

/** Everybody knows, or it took long enough. */
export function endLeave(state: MembershipState, now: number, out: Outbox): void {
  const { leaving } = state;
  if (leaving === undefined || (leaving.waiting.size > 0 && now < leaving.until)) return;
  state.leaving = undefined;
  out.send(leaving.replyTo, { type: 'leave-announced', correlation: leaving.correlation });
}

/** Round trips are known to the leader only; on another lane they are 0. */
export function onListHosts(state: MembershipState, { replyTo, correlation }: ListHosts, out: Outbox): void {
  const hosts: HostsListed['hosts'][number][] = [];
  for (const { host, record, phase, pages, via } of state.roster.entries.values()) {
    let peersCount = 0;
    for (const page of pages.values()) peersCount += page.peersCount;
    const rttMs = state.ways.get(host)?.estimator.smoothedMs ?? 0;
    hosts.push({ ...record, phase, peersCount, rttMs, via });
  }
  hosts.sort((a, b) => a.host - b.host);
  out.send(replyTo, { type: 'hosts-listed', correlation, hosts });
}
