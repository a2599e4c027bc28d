// Everything that is heard of hosts goes through here: it is checked, merged, noted as news, and what concerns this host itself is
// answered by a higher life or version instead of believed (SWIM's refutation). Records of others that claim this host's number are a conflict.
import type { Outbox } from '@chordial/actor';
import { lagOf } from './lateness.ts';
import { accusationsPassedOnMax, accusedAgainMs, silenceMsMax } from './limits.ts';
import { ownRecord, raiseLife, writeRecord } from './own-roster.ts';
import type { HostOpinion, HostPhase, HostRecord, RosterPage } from './protocol.ts';
import {
  isNewer,
  isSameVersion,
  laneLife,
  mergeOpinion,
  mergePage,
  mergeRecord,
  pageKey,
  phaseOf,
  versionOf,
} from './roster.ts';
import { isOpinion, isPage, isRecord } from './soundness.ts';
import type { MembershipState } from './state.ts';

/** False when the sender believes in a loser of the number's conflict and should be told who has it. */
export function hearRecord(state: MembershipState, record: HostRecord, now: number, out: Outbox): boolean {
  const { roster, news } = state;
  if (!isRecord(record)) return refuse(state);
  if (record.host === roster.own) return hearOwnRecord(state, record, now, out);
  const before = roster.entries.get(record.host)?.record;
  if (mergeRecord(roster, record, now)) {
    news.records.add(record.host);
    state.isUrgent = true;
    if (before !== undefined && before.life < record.life) forgetProbes(state, record.host);
    if (before !== undefined && before.fingerprint !== record.fingerprint) state.ways.delete(record.host);
    state.contacts.delete(record.host);
    refreshPhase(state, record.host, now);
    return true;
  }
  return before === undefined || before.fingerprint === record.fingerprint;
}

/** What an earlier life was asked stays unanswered, which says nothing of this one. */
function forgetProbes({ probes, ways }: MembershipState, host: number): void {
  for (const [correlation, { host: asked, asker }] of probes)
    if (asked === host && asker === undefined) probes.delete(correlation);
  const way = ways.get(host);
  if (way !== undefined) way.indirect = 0;
}

export function hearPage(state: MembershipState, page: RosterPage, now: number): void {
  const { roster, news, config } = state;
  if (!isPage(page)) {
    refuse(state);
  } else if (page.host !== roster.own) {
    if (mergePage(roster, page)) news.pages.add(pageKey(page.host, page.lane, page.page));
  } else if (state.isLeader) {
    // Only this host writes its pages: one from the future is of an earlier life whose clock was ahead.
    const life = laneLife(ownRecord(state), page.lane);
    if (page.lane < config.lanesCount && life !== undefined && page.life > life) {
      raiseLife(state, ownRecord(state).life + page.life + 1 - life, now);
    }
  } else if (mergePage(roster, page)) {
    news.pages.add(pageKey(page.host, page.lane, page.page));
  }
}

export function hearOpinion(state: MembershipState, opinion: HostOpinion, now: number): void {
  if (!isOpinion(opinion)) {
    refuse(state);
  } else if (opinion.host === state.roster.own) {
    if (state.isLeader && opinion.phase !== 'alive') hearAccusation(state, opinion, now);
  } else if (state.isLeader && isHearsay(state, opinion)) {
    hearHearsay(state, opinion, now);
  } else {
    noteOpinion(state, opinion, now);
  }
}

/**
 * Somebody says that a host is silent which this host thinks alive. It is asked at once and believed to be slow only if it does not
 * answer here either: a host that hears nobody, or that was cut off until now, accuses all others, and a ring whose every host dropped all others
 * would not come together again.
 */
function isHearsay({ roster }: MembershipState, { host, phase }: HostOpinion): boolean {
  return (phase === 'slow' || phase === 'dead') && roster.entries.get(host)?.phase === 'alive';
}

/** The same said again, by others or once more, is not asked about again within a second. */
function hearHearsay(state: MembershipState, opinion: HostOpinion, now: number): void {
  const { roster, accusations, news } = state;
  const last = versionOf(roster, opinion.host);
  if (last !== undefined && isNewer(last, opinion)) return;
  const before = accusations.get(opinion.host);
  const isSame = before !== undefined && !isNewer(opinion, before.opinion);
  if (isSame && (before.isOpen || now - before.askedAt < accusedAgainMs)) return;
  // All ask at the same time, not one after another. A host that accuses many is more likely cut off itself: that goes no further.
  const isPassedOn = accusations.size < accusationsPassedOnMax;
  accusations.set(opinion.host, { opinion, askedAt: 0, isOpen: true, isPassedOn });
  if (!isPassedOn) return;
  news.opinions.add(opinion.host);
  state.isUrgent = true;
}

/** An opinion, own or heard; if it is news it is passed on with probes and told. */
export function noteOpinion(state: MembershipState, opinion: HostOpinion, now: number): void {
  if (!mergeOpinion(state.roster, opinion)) return;
  const { host } = opinion;
  state.news.opinions.add(host);
  const sends = 3 * Math.ceil(Math.log2(state.roster.entries.size + 2));
  state.recent = [{ host, left: sends }, ...state.recent.filter((other) => other.host !== host)];
  refreshPhase(state, host, now);
}

/** This host says of another what it saw itself, about the newest version that it knows. */
export function judge(state: MembershipState, host: number, phase: HostPhase, now: number): void {
  const last = versionOf(state.roster, host);
  if (last === undefined) return;
  if (phase === 'slow' && state.roster.entries.get(host)?.phase === 'alive') state.counts.suspicions++;
  noteOpinion(state, { host, life: last.life, version: last.version, phase }, now);
}

/** Slow or dead, says somebody; not while this host lags, for then it is right (Lifeguard). */
function hearAccusation(state: MembershipState, { life, version }: HostOpinion, now: number): void {
  if (isNewer({ life, version }, state.accused)) state.accused = { life, version };
  if (lagOf(state, now) <= silenceMsMax) refute(state, now);
}

/** Also asked for after a time of lagging, when the accusation is remembered. */
export function refute(state: MembershipState, now: number): void {
  const own = ownRecord(state);
  const { life, version } = state.accused;
  if (state.isLeaving || isNewer(own, { life, version })) return;
  state.counts.refutations++;
  if (life > own.life) raiseLife(state, life + 1, now);
  else writeRecord(state, version + 1, now);
}

function hearOwnRecord(state: MembershipState, record: HostRecord, now: number, out: Outbox): boolean {
  const { roster, config } = state;
  if (!state.isLeader) {
    if (mergeRecord(roster, record, now)) {
      state.news.records.add(record.host);
      state.isUrgent = true;
      refreshPhase(state, record.host, now);
    }
    return true;
  }
  const own = ownRecord(state);
  if (record.fingerprint === config.fingerprint) {
    if (record.life > own.life) raiseLife(state, record.life + 1, now);
    else if (isSameVersion(record, own) ? !isEqual(record, own) : isNewer(record, own))
      writeRecord(state, record.version + 1, now);
    return true;
  }
  if (record.fingerprint > config.fingerprint) return false;
  const sentence = `host number ${config.host} belongs to another host (${record.address}:${record.port}): this one must start again with a new one`;
  out.send(config.owner, { type: 'host-number-taken', host: config.host, sentence });
  return true;
}

const isEqual = (a: HostRecord, b: HostRecord): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Computes the phase of a host anew; a change is told at once. */
export function refreshPhase(state: MembershipState, host: number, now: number): void {
  const entry = state.roster.entries.get(host);
  if (entry === undefined) return;
  const phase = phaseOf(state.roster, entry);
  if (phase === entry.phase) return;
  entry.phase = phase;
  entry.phaseAt = now;
  state.roster.dirty.add(host);
  state.isUrgent = true;
}

function refuse(state: MembershipState): true {
  state.counts.refused++;
  return true;
}
