// Telling what changed: watchers hear the members, peers the lost members and their nearest successor, the hosts port the routes, the owner
// the news, other lanes and hosts the records themselves. Changes are gathered for 50 ms, except failures and other changes of hosts.
import type { Outbox } from '@chordial/actor';
import type { Member, RingChanged, WatchRing } from '@chordial/chord/protocol';
import { spreadNews } from './gossip.ts';
import { sendPagesToLeader, sendPictures } from './lanes.ts';
import { rehintForMs, rehintMs, rehintQuietMs, tellMs, watchersMax } from './limits.ts';
import { isTold, keepOwnPages } from './own-roster.ts';
import { answerWaiters } from './placing.ts';
import type { HostNews } from './protocol.ts';
import { changePicture, following, isMember } from './ring-picture.ts';
import { type HostEntry, membersOf } from './roster.ts';
import { tellRoute } from './routes.ts';
import type { LocalPeer, MembershipState } from './state.ts';

/** After every step: tells now what is urgent, or soon what is not. */
export function tellChanges(state: MembershipState, now: number, out: Outbox): void {
  if (state.isUrgent) return tell(state, now, out);
  const { news, roster, pagesDirty } = state;
  const isDue = roster.dirty.size + pagesDirty.size + news.records.size + news.pages.size + news.opinions.size > 0;
  if (isDue && state.tellTimer === 0) state.tellTimer = out.setTimer(tellMs, { type: 'tell-due' });
}

export function onTellDue(state: MembershipState, now: number, out: Outbox): void {
  state.tellTimer = 0;
  tell(state, now, out);
}

function tell(state: MembershipState, now: number, out: Outbox): void {
  if (state.tellTimer !== 0) out.clearTimer(state.tellTimer);
  state.tellTimer = 0;
  state.isUrgent = false;
  if (state.isLeader) keepOwnPages(state);
  else sendPagesToLeader(state, false, out);
  const hosts = [...state.roster.dirty].filter((host) => isTold(state, host));
  state.roster.dirty.clear();
  for (const host of hosts) {
    tellRoute(state, host, out);
    if (state.isLeader) tellOwner(state, host, out);
  }
  if (countMembers(state, hosts, now, out)) tellRing(state, now, out);
  if (state.isLeader) {
    spreadNews(state, out);
    sendPictures(state, out);
    state.isWriteDue ||= hosts.length > 0;
  }
  const { records, pages, opinions } = state.news;
  records.clear();
  pages.clear();
  opinions.clear();
}

/** Brings the picture up to date with these hosts; peers hear who was lost. True when the ring changed. */
function countMembers(state: MembershipState, hosts: readonly number[], now: number, out: Outbox): boolean {
  const { counted, roster, hostsUp } = state;
  const lost = new Set<Member>();
  const gained: Member[] = [];
  const hostsLost: number[] = [];
  const single: Member[] = [];
  for (const host of hosts) {
    const entry = roster.entries.get(host);
    const isUp = entry?.phase === 'alive';
    const isLost = hostsUp.has(host) && !isUp;
    if (isLost) hostsLost.push(host);
    if (isUp) hostsUp.add(host);
    else hostsUp.delete(host);
    const before = counted.get(host) ?? [];
    const after = entry === undefined ? [] : membersOf(entry);
    if (before === after) continue;
    const stay = new Set(after);
    for (const member of before) {
      if (stay.delete(member)) continue;
      lost.add(member);
      // In a ring that grew too large they are only no longer kept.
      if (!isLost && (!roster.isTooLarge || host === roster.own)) single.push(member);
    }
    for (const member of stay) gained.push(member);
    if (after.length > 0) counted.set(host, after);
    else counted.delete(host);
  }
  const isChanged = lost.size + gained.length > 0;
  if (isChanged) changePicture(state.picture, lost, gained);
  // One that moved to another page is not lost.
  const members = single.filter((member) => !isMember(state.picture, member));
  if (hostsLost.length + members.length > 0) tellPeers(state, hostsLost, members, out);
  if (!isChanged) return false;
  state.taken = undefined;
  if (gained.length > 0) answerWaiters(state, now, out);
  return true;
}

function tellPeers(state: MembershipState, hosts: readonly number[], members: readonly Member[], out: Outbox): void {
  for (const { self } of state.peers.values()) out.send(self.chord, { type: 'members-lost', hosts, members });
}

function tellRing(state: MembershipState, now: number, out: Outbox): void {
  state.epoch++;
  const changed = ringChanged(state);
  for (const watcher of state.watchers) out.send(watcher, changed);
  for (const peer of state.peers.values()) hint(state, peer, now, out);
}

/** Asking again is answered again: that is how a watcher that restarted learns the members. */
export function onWatchRing(state: MembershipState, { replyTo }: WatchRing, out: Outbox): void {
  if (!state.watchers.has(replyTo) && state.watchers.size >= watchersMax) {
    state.counts.refused++;
    return;
  }
  state.watchers.add(replyTo);
  out.send(replyTo, ringChanged(state));
}

function ringChanged({ epoch, roster, picture, counted }: MembershipState): RingChanged {
  if (roster.isTooLarge) return { type: 'ring-changed', epoch, members: [], hosts: [...counted.keys()].sort(byNumber) };
  return { type: 'ring-changed', epoch, members: picture.members };
}
const byNumber = (a: number, b: number): number => a - b;

/** Tells a peer that is a member who follows it, when that is another than last time. */
export function hint(state: MembershipState, peer: LocalPeer, now: number, out: Outbox): void {
  if (peer.phase !== 'member' || state.roster.isTooLarge) return;
  const candidate = following(state.picture, peer.self.key);
  if (candidate === peer.hinted) return;
  peer.hinted = candidate;
  peer.rehintUntil = now + rehintForMs;
  sendHint(peer, now, out);
}

/**
 * For a while after a change the hint is repeated: it may have come while the peer was busy, or the candidate may not have been a member yet.
 * Seldom it is repeated always (rule 8): peers that dropped each other without a change here, as a link was full for seconds, find
 * together again.
 */
export function hintAgain(state: MembershipState, now: number, out: Outbox): void {
  for (const peer of state.peers.values()) {
    const everyMs = now > peer.rehintUntil ? rehintQuietMs : rehintMs;
    if (peer.phase !== 'member' || now - peer.hintedAt < everyMs) continue;
    sendHint(peer, now, out);
  }
}

function sendHint(peer: LocalPeer, now: number, out: Outbox): void {
  if (peer.hinted === undefined) return;
  peer.hintedAt = now;
  out.send(peer.self.chord, { type: 'successor-hinted', candidate: peer.hinted });
}

/** The owner hears how a host fares when that changed. */
function tellOwner(state: MembershipState, host: number, out: Outbox): void {
  const entry = state.roster.entries.get(host);
  if (entry === undefined || host === state.roster.own) return;
  const told = state.toldPhases.get(host);
  if (told === entry.phase) return;
  state.toldPhases.set(host, entry.phase);
  const news = told === undefined && entry.phase === 'alive' ? 'joined' : entry.phase;
  out.send(state.config.owner, newsOf(entry, news, told));
}

function newsOf({ host, record }: HostEntry, phase: HostNews['phase'], before: string | undefined): HostNews {
  const name = `host ${host} (${record.address}:${record.port})`;
  const sentences = {
    joined: `${name} is in the ring`,
    alive: `${name} is back, it was ${before}`,
    slow: `${name} does not answer or lags: it is out of routing`,
    dead: `${name} is dead: it did not answer for long`,
    left: `${name} has left the ring`,
  };
  return { type: 'host-news', host, phase, sentence: sentences[phase] };
}
