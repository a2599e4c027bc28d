// Failure detection (Das, Gupta, Motivala, SWIM, DSN 2002): the next host of a shuffled round is probed every 150 ms; who is silent is
// probed again, directly and through three others; who is silent then is slow, which is a suspicion that it can refute. An answer that came
// only through another host makes that host its relay, until the direct way works again.
import type { Address, Outbox } from '@chordial/actor';
import type { HostUnlinked, MessageRefused } from '@chordial/actor/protocol';
import { nextBelow } from '@chordial/actor/random';
import { hostOf } from '@chordial/actor/shell';
import { compareWith, drawHosts } from './gossip.ts';
import { hearOpinion, judge, noteOpinion } from './hearing.ts';
import { lagOf, patienceOf } from './lateness.ts';
import { noteFarewell } from './leaving.ts';
import {
  accusedAgainMs,
  directTrialMsMax,
  indirectProbes,
  opinionsPerProbeMax,
  probesMax,
  silenceMsMax,
  timeoutMsMax,
  timeoutMsMin,
} from './limits.ts';
import { ownRecord } from './own-roster.ts';
import type { AnswerDue, HostAnswered, HostOpinion, MembershipMessage, ProbeHost } from './protocol.ts';
import { isOnTrial, openDirectWay, setVia, takeRelay, wayTo } from './relays.ts';
import { noteRoundTrip, timeoutMs } from './round-trip.ts';
import { membershipOf, routeTo, tellRoute } from './routes.ts';
import type { MembershipState, Probe } from './state.ts';

export function onProbeDue(state: MembershipState, now: number, out: Outbox): void {
  out.setTimer(state.config.probeEveryMs ?? 150, { type: 'probe-due' });
  if (state.isLeaving) return;
  const host = nextOfRound(state);
  if (host === undefined) return;
  const entry = state.roster.entries.get(host)!;
  const way = wayTo(state, host);
  if (entry.via !== 0 && now >= way.trialAt) {
    way.trialMs = Math.min(directTrialMsMax, way.trialMs * 2);
    way.trialAt = now + way.trialMs;
    openDirectWay(state, host, out);
  }
  // A trial that fails says nothing of the relay, by which nothing goes meanwhile.
  if (entry.via === 0 || !isOnTrial(state, host)) probe(state, host, 'direct', now, out);
}

/** Every host once per round that is alive or slow, in an order drawn anew. */
function nextOfRound(state: MembershipState): number | undefined {
  const { roster } = state;
  for (let tries = 0; tries < 2; tries++) {
    while (state.round.length > 0) {
      const host = state.round.pop()!;
      const phase = roster.entries.get(host)?.phase;
      if (phase === 'alive' || phase === 'slow') return host;
    }
    for (const host of roster.entries.keys()) {
      if (host !== roster.own) state.round.splice(nextBelow(state.random, state.round.length + 1), 0, host);
    }
  }
  return undefined;
}

/** Sends a probe and sets its time-out; returns its correlation, 0 when too many are under way. */
export function probe(
  state: MembershipState,
  host: number,
  kind: Probe['kind'],
  now: number,
  out: Outbox,
  asker?: ProbeHost,
): number {
  if (state.probes.size >= probesMax) return 0;
  const correlation = ++state.correlation;
  const estimated = timeoutMs(wayTo(state, host).estimator, state.allWays) * patienceOf(state);
  const isIndirect = kind === 'indirect';
  const wholeMs = isIndirect ? Math.max(timeoutMsMin, Math.min(timeoutMsMax, estimated * 1.5)) : estimated;
  // A trial waits for the next turn: the hosts port learns in this one that the route is direct, and until then all goes by the relay.
  const waitMs = isIndirect ? wholeMs / 3 : kind === 'trial' ? 0 : wholeMs;
  state.probes.set(correlation, {
    host,
    sentAt: now,
    via: kind === 'trial' ? 0 : (state.roster.entries.get(host)?.via ?? 0),
    kind,
    dueAt: now + waitMs,
    repeatMs: wholeMs - waitMs,
    asker: asker?.replyTo,
    askerCorrelation: asker?.correlation ?? 0,
  });
  state.counts.probes++;
  setAnswerTimer(waitMs, correlation, out);
  if (kind !== 'detour' && kind !== 'trial') sendProbe(state, host, host, correlation, out);
  return correlation;
}

function setAnswerTimer(waitMs: number, correlation: number, out: Outbox): void {
  const due: AnswerDue = { type: 'answer-due', correlation };
  out.setTimer(waitMs, due);
}

function sendProbe(state: MembershipState, to: number, about: number, correlation: number, out: Outbox): void {
  const opinions = opinionsFor(state, to);
  out.send(membershipOf(state, to), { type: 'probe-host', replyTo: state.self, correlation, about, opinions });
}

/** What is thought of the receiver, of this host, and the most recent news, each a bounded number of times. */
function opinionsFor(state: MembershipState, to: number): HostOpinion[] {
  const { roster, recent } = state;
  const { host, life, version } = ownRecord(state);
  const opinions: HostOpinion[] = [{ host, life, version, phase: state.isLeaving ? 'left' : 'alive' }];
  const about = roster.opinions.get(to)?.opinion ?? state.accusations.get(to)?.opinion;
  if (about !== undefined) opinions.push(about);
  for (const item of recent) {
    if (opinions.length >= opinionsPerProbeMax) break;
    const opinion = roster.opinions.get(item.host)?.opinion;
    item.left = opinion === undefined ? 0 : item.left - 1;
    if (opinion !== undefined && item.host !== to) opinions.push(opinion);
  }
  if (recent.some(({ left }) => left <= 0)) state.recent = recent.filter(({ left }) => left > 0);
  return opinions;
}

export function onProbeHost(state: MembershipState, message: ProbeHost, from: number, now: number, out: Outbox): void {
  if (!state.isLeader) return;
  const { about, replyTo, correlation } = message;
  for (const opinion of message.opinions) hearOpinion(state, opinion, now);
  if (about !== state.roster.own) {
    if (state.roster.entries.has(about) && !state.isLeaving) probe(state, about, 'relayed', now, out, message);
    return;
  }
  const opinions = opinionsFor(state, from);
  out.send(replyTo, { type: 'host-answered', correlation, host: about, lagMs: lagOf(state, now), opinions, via: 0 });
}

export function onHostAnswered(
  state: MembershipState,
  message: HostAnswered,
  from: number,
  now: number,
  out: Outbox,
): void {
  const { correlation, host, lagMs } = message;
  if (!state.isLeader) return;
  for (const opinion of message.opinions) hearOpinion(state, opinion, now);
  const asked = state.probes.get(correlation);
  if (asked === undefined || asked.host !== host) return;
  state.probes.delete(correlation);
  if (asked.asker !== undefined) {
    const relayed = { lagMs, opinions: message.opinions.slice(0, opinionsPerProbeMax), via: asked.via };
    out.send(asked.asker, { type: 'host-answered', correlation: asked.askerCorrelation, host, ...relayed });
  }
  if (asked.kind === 'farewell') noteFarewell(state, host, now, out);
  if (asked.kind === 'dead') compareWith(state, host, out);
  noteAnswer(state, asked, from === host ? 0 : message.via > 0 ? message.via : from, now, out);
  if (lagMs > silenceMsMax) judge(state, host, 'slow', now);
}

/** `passer`: the host that heard the answer directly and passed it on, 0 for this one. */
function noteAnswer(
  state: MembershipState,
  { host, kind, sentAt }: Probe,
  passer: number,
  now: number,
  out: Outbox,
): void {
  const way = wayTo(state, host);
  const entry = state.roster.entries.get(host);
  const accusation = state.accusations.get(host);
  if (accusation !== undefined) accusation.isOpen = false;
  if (kind === 'detour') {
    takeRelay(state, host, passer, now, out);
    return;
  }
  if (kind === 'indirect') {
    if (way.indirect !== 0) state.probes.delete(way.indirect);
    way.indirect = 0;
    takeRelay(state, host, passer, now, out);
    return;
  }
  noteRoundTrip(way.estimator, now - sentAt);
  noteRoundTrip(state.allWays, now - sentAt);
  // Behind a relay an answer says that the host lives; only a trial says that the direct way works.
  if (kind === 'trial' && entry !== undefined) setVia(state, host, 0, now, out);
  if (way.indirect !== 0 && (entry?.via ?? 0) === 0) {
    state.probes.delete(way.indirect);
    way.indirect = 0;
  }
}

export function onAnswerDue(state: MembershipState, { correlation }: AnswerDue, now: number, out: Outbox): void {
  const asked = state.probes.get(correlation);
  if (asked === undefined) return;
  // Late oneself: the answer may wait in the mailbox behind this very timer.
  if (now - asked.dueAt > 50) {
    asked.dueAt = now + timeoutMsMin;
    setAnswerTimer(timeoutMsMin, correlation, out);
    return;
  }
  const { kind } = asked;
  if (asked.repeatMs > 0) {
    // Links that broke together with the one that was watched are open again by now: once more, to the host and through others.
    setAnswerTimer(asked.repeatMs, correlation, out);
    asked.dueAt = now + asked.repeatMs;
    asked.repeatMs = 0;
    if (kind === 'trial') asked.sentAt = now;
    sendProbe(state, asked.host, asked.host, correlation, out);
    if (kind === 'indirect') askOthers(state, asked.host, correlation, out);
    return;
  }
  if (kind === 'direct') {
    // An answer that comes yet says that the host lives and how far it is.
    asked.kind = 'late';
    asked.dueAt = now + timeoutMsMax;
    setAnswerTimer(timeoutMsMax, correlation, out);
  } else {
    state.probes.delete(correlation);
  }
  failProbe(state, asked.host, kind, now, out);
}

/** Whoever is called silent by others is asked at once. */
export function probeAccused(state: MembershipState, now: number, out: Outbox): void {
  for (const [host, accusation] of state.accusations) {
    if (!accusation.isOpen) {
      if (now - accusation.askedAt >= accusedAgainMs) state.accusations.delete(host);
      continue;
    }
    if (accusation.askedAt !== 0) continue;
    accusation.askedAt = now;
    if (probe(state, host, 'direct', now, out) === 0) believeAccusation(state, host, now);
  }
}

/** True when others called the host silent, which does not answer here either: no more need be asked. */
function believeAccusation(state: MembershipState, host: number, now: number): boolean {
  const accusation = state.accusations.get(host);
  state.accusations.delete(host);
  if (accusation?.isOpen === true) {
    noteOpinion(state, accusation.opinion, now);
    if (accusation.isPassedOn) state.news.opinions.delete(host);
  }
  return state.roster.entries.get(host)?.phase !== 'alive';
}

/** There was no answer in time. */
function failProbe(state: MembershipState, host: number, kind: Probe['kind'], now: number, out: Outbox): void {
  if (kind === 'direct') {
    if (!believeAccusation(state, host, now)) probeIndirectly(state, host, now, out);
  } else if (kind === 'trial') {
    // The relay goes on.
    state.routes.delete(host);
    tellRoute(state, host, out);
  } else if (kind === 'indirect') {
    wayTo(state, host).indirect = 0;
    if (state.roster.entries.get(host)?.phase !== 'alive') return;
    judge(state, host, 'slow', now);
    forsakeRelay(state, host, now, out);
  }
}

/** Three others are asked whether they hear it; and it once more itself, which is all that can be done where there are only two. */
function probeIndirectly(state: MembershipState, host: number, now: number, out: Outbox): void {
  const way = wayTo(state, host);
  const entry = state.roster.entries.get(host);
  if (way.indirect !== 0 || entry?.phase !== 'alive' || state.isLeaving) return;
  if (entry.via !== 0) {
    setVia(state, host, 0, now, out);
    findDetour(state, host, now, out);
  }
  way.indirect = probe(state, host, 'indirect', now, out);
  if (way.indirect === 0) return;
  askOthers(state, host, way.indirect, out);
}

function askOthers(state: MembershipState, host: number, correlation: number, out: Outbox): void {
  for (const relay of drawHosts(state, indirectProbes, host)) sendProbe(state, relay, host, correlation, out);
}

/** Who is reached through a host that does not answer is asked for at once. */
function forsakeRelay(state: MembershipState, relay: number, now: number, out: Outbox): void {
  for (const { host, via } of state.roster.entries.values()) if (via === relay) probeIndirectly(state, host, now, out);
}

/** A reset or a refusal says more than silence: no time is lost with waiting for the next probe. */
export function onHostUnlinked(state: MembershipState, { host, code }: HostUnlinked, now: number, out: Outbox): void {
  // Of a host that is back there is nothing to ask.
  if (!state.isLeader || code === 'former-life') return;
  if (code === 'wrong-key') state.contacts.delete(host);
  const entry = state.roster.entries.get(host);
  if (entry?.via !== 0) return;
  if (code === 'silent') findDetour(state, host, now, out);
  else probeIndirectly(state, host, now, out);
}

/**
 * A link that is open but does not answer may still bring some of what is said, where only the way back is cut (TCP sends again and again), so a
 * direct answer says nothing: whoever reaches the host becomes the relay until the link answers.
 */
function findDetour(state: MembershipState, host: number, now: number, out: Outbox): void {
  if (state.roster.entries.get(host)?.phase !== 'alive' || state.isLeaving) return;
  const correlation = probe(state, host, 'detour', now, out);
  if (correlation !== 0) askOthers(state, host, correlation, out);
}

/** The direct link opened while a relay serves: for one probe it is the route. */
export function onHostLinked(state: MembershipState, host: number, now: number, out: Outbox): void {
  const entry = state.roster.entries.get(host);
  if (!state.isLeader || entry === undefined || entry.via === 0) return;
  // The port answers a route to an open link with these same words: without a pause the two would talk for ever.
  const way = wayTo(state, host);
  if (now - way.linkedAt < silenceMsMax) return;
  way.linkedAt = now;
  state.routes.delete(host);
  out.send(state.config.hostsPort, { ...routeTo(entry.record, entry), via: 0 });
  probe(state, host, 'trial', now, out);
}

/**
 * The first words to a new host are said in the step that tells the hosts port its route, and are refused because the port takes its step
 * later in that turn. By now it knows the way; once a turn, since a refusal may have other reasons.
 */
function sayAgain(state: MembershipState, { to, message }: MessageRefused, now: number, out: Outbox): void {
  const way = wayTo(state, hostOf(to));
  if (!state.roster.entries.has(hostOf(to)) && !state.contacts.has(hostOf(to))) return;
  if (way.saidAgainAt === now) return;
  way.saidAgainAt = now;
  out.send(to as unknown as Address<MembershipMessage>, message as MembershipMessage);
}

/** A probe that did not leave the lane need not be waited for. */
export function onMessageRefused(state: MembershipState, refused: MessageRefused, now: number, out: Outbox): void {
  const message = refused.message as MembershipMessage;
  if (message.type === 'compare-rosters' || message.type === 'spread-news') return sayAgain(state, refused, now, out);
  if (message.type !== 'probe-host') return;
  const asked = state.probes.get(message.correlation);
  if (asked === undefined || asked.host !== message.about || (asked.kind !== 'direct' && asked.kind !== 'trial'))
    return;
  state.probes.delete(message.correlation);
  failProbe(state, asked.host, asked.kind, now, out);
}
