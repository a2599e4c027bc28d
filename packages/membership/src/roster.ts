// What is known of all hosts, as data that merges: the newest record and pages of each host and the newest opinion about it. A merge
// takes the larger in a total order, so it does not matter in which order or how often news arrive (a join-semilattice; Shapiro et al.,
// *Conflict-free replicated data types*, 2011). What follows from them, phase and members, is computed and never stored by others.
//
//   record  : smaller fingerprint, then higher (life, version)      page : per (lane, page) higher (life, version)
//   opinion : higher (life, version), then the worse phase          a page counts while the record names its lane with its life
import { makeAddress } from '@chordial/actor';
import type { Member } from '@chordial/chord/protocol';
import { forgottenMs, hostsMax, pagesMax } from './limits.ts';
import type { HostOpinion, HostPhase, HostRecord, RosterPage } from './protocol.ts';

export interface PageEntry {
  page: RosterPage;
  changedAt: number;
  /** One object per member as long as it is the same member. */
  members: readonly Member[];
  /** Peers of the page, also where the ring is too large and only one is kept. */
  peersCount: number;
}
export interface HostEntry {
  readonly host: number;
  record: HostRecord;
  recordChangedAt: number;
  readonly pages: Map<number, PageEntry>;
  phase: HostPhase;
  phaseAt: number;
  /** Another host that passes messages on; 0 for the direct way. */
  via: number;
  viaChangedAt: number;
  /** Of the host's process: that of the first of its records here. It stays when only the leading lane starts again. */
  life: number;
}
export interface Roster {
  readonly own: number;
  readonly membersMax: number;
  readonly entries: Map<number, HostEntry>;
  readonly opinions: Map<number, { opinion: HostOpinion; changedAt: number }>;
  /** Hosts that were forgotten: nothing up to this (life, version) brings them back. */
  readonly forgotten: Map<number, { readonly life: number; readonly version: number; readonly until: number }>;
  /** Grows with every change, each of which has its own number. */
  changes: number;
  pagesCount: number;
  peersCount: number;
  isTooLarge: boolean;
  /** The leader's roster; the other lanes are told. */
  readonly judgesSize: boolean;
  /** Hosts whose members, phase or way may have changed since the last telling. */
  readonly dirty: Set<number>;
}

const badness = { alive: 0, slow: 1, dead: 2, left: 3 } as const;

export function createRoster(own: number, membersMax: number, judgesSize: boolean): Roster {
  return {
    own,
    membersMax,
    entries: new Map(),
    opinions: new Map(),
    forgotten: new Map(),
    changes: 0,
    pagesCount: 0,
    peersCount: 0,
    isTooLarge: false,
    judgesSize,
    dirty: new Set(),
  };
}

interface Versioned {
  readonly life: number;
  readonly version: number;
}
export const isNewer = (a: Versioned, b: Versioned): boolean =>
  a.life > b.life || (a.life === b.life && a.version > b.version);
export const isSameVersion = (a: Versioned, b: Versioned): boolean => a.life === b.life && a.version === b.version;

/** One number for a host's page: `lane` below 256, `page` below 4,096. */
export const pageIndex = (lane: number, page: number): number => lane * 4_096 + page;
export const pageKey = (host: number, lane: number, page: number): number => host * 2 ** 20 + pageIndex(lane, page);
export function pageAt(roster: Roster, key: number): PageEntry | undefined {
  return roster.entries.get(Math.floor(key / 2 ** 20))?.pages.get(key % 2 ** 20);
}

/** Takes a record over if it is news. A number belongs to the smaller fingerprint; the loser's pages and opinions go with it. */
export function mergeRecord(roster: Roster, record: HostRecord, now: number): boolean {
  const { host } = record;
  const gone = roster.forgotten.get(host);
  if (gone !== undefined && !isNewer(record, gone)) return false;
  const entry = roster.entries.get(host);
  if (entry === undefined) {
    if (roster.entries.size >= hostsMax && !evictOne(roster, now)) return false;
    roster.entries.set(host, {
      host,
      record,
      recordChangedAt: ++roster.changes,
      pages: new Map(),
      phase: 'alive',
      phaseAt: now,
      via: 0,
      viaChangedAt: 0,
      life: record.life,
    });
  } else if (entry.record.fingerprint !== record.fingerprint) {
    if (record.fingerprint > entry.record.fingerprint) return false;
    for (const index of [...entry.pages.keys()]) dropPage(roster, entry, index);
    roster.opinions.delete(host);
    entry.record = record;
    entry.recordChangedAt = ++roster.changes;
    entry.life = record.life;
  } else if (isNewer(record, entry.record)) {
    if (isOtherProcess(record, entry.record)) entry.life = record.life;
    entry.record = record;
    entry.recordChangedAt = ++roster.changes;
    for (const [lane, life] of record.lanesUp) {
      for (const [index, { page }] of entry.pages)
        if (page.lane === lane && page.life < life) dropPage(roster, entry, index);
    }
  } else {
    return false;
  }
  // Refuted: it would be said to that host, and to all who compare, for ever.
  const said = roster.opinions.get(host)?.opinion;
  if (said !== undefined && isNewer(record, said)) roster.opinions.delete(host);
  roster.forgotten.delete(host);
  roster.dirty.add(host);
  return true;
}

/** Everything in the later record began after everything in the earlier one. */
function isOtherProcess(later: HostRecord, earlier: HostRecord): boolean {
  const began = (record: HostRecord): number[] => [record.life, ...record.lanesUp.map(([, life]) => life)];
  return Math.min(...began(later)) > Math.max(...began(earlier));
}

/** Takes a page over if it is news and its host is known. */
export function mergePage(roster: Roster, page: RosterPage): boolean {
  const entry = roster.entries.get(page.host);
  if (entry === undefined) return false;
  const lifeUp = laneLife(entry.record, page.lane);
  if (lifeUp !== undefined && page.life < lifeUp) return false;
  const index = pageIndex(page.lane, page.page);
  const known = entry.pages.get(index);
  if (known !== undefined && !isNewer(page, known.page)) return false;
  if (known === undefined && roster.pagesCount >= pagesMax) return false;
  const peersCount = page.peers.length;
  const kept = roster.isTooLarge && page.host !== roster.own ? sampleOf(page) : page;
  const members = membersOfPage(kept, known?.members ?? []);
  entry.pages.set(index, { page: kept, changedAt: ++roster.changes, members, peersCount });
  if (known === undefined) roster.pagesCount++;
  roster.peersCount += peersCount - (known?.peersCount ?? 0);
  roster.dirty.add(page.host);
  judgeSize(roster);
  return true;
}

/** Takes an opinion over if it is news; also about a host whose record has not come yet. */
export function mergeOpinion(roster: Roster, opinion: HostOpinion): boolean {
  const known = roster.opinions.get(opinion.host)?.opinion;
  if (!outweighs(opinion, known)) return false;
  const record = roster.entries.get(opinion.host)?.record;
  if (record !== undefined) {
    if (isNewer(record, opinion)) return false;
    if (opinion.phase === 'alive' && isSameVersion(record, opinion)) return false;
  }
  const gone = roster.forgotten.get(opinion.host);
  if (gone !== undefined && !isNewer(opinion, gone)) return false;
  if (known === undefined && roster.opinions.size >= hostsMax * 2) return false;
  roster.opinions.set(opinion.host, { opinion, changedAt: ++roster.changes });
  roster.dirty.add(opinion.host);
  return true;
}

/** Whether an opinion counts more than another, or than none. */
export const outweighs = (a: HostOpinion, b: HostOpinion | undefined): boolean =>
  b === undefined || isNewer(a, b) || (isSameVersion(a, b) && badness[a.phase] > badness[b.phase]);

/** What record and opinion say together: the newer counts, and of two about the same version the worse. */
export function phaseOf(roster: Roster, { host, record }: HostEntry): HostPhase {
  const said: HostPhase = record.isLeaving ? 'left' : 'alive';
  if (host === roster.own) return said;
  const opinion = roster.opinions.get(host)?.opinion;
  if (opinion === undefined || isNewer(record, opinion)) return said;
  return isNewer(opinion, record) || badness[opinion.phase] > badness[said] ? opinion.phase : said;
}

/** The highest (life, version) of a host that was heard of: what an opinion about it has to be about. */
export function versionOf(roster: Roster, host: number): Versioned | undefined {
  const record = roster.entries.get(host)?.record;
  const opinion = roster.opinions.get(host)?.opinion;
  if (record === undefined || opinion === undefined) return record ?? opinion;
  return isNewer(opinion, record) ? opinion : record;
}

/** The life of a lane that is up, or undefined. */
export function laneLife(record: HostRecord, lane: number): number | undefined {
  for (const [up, life] of record.lanesUp) if (up === lane) return life;
  return undefined;
}

/** The members of a host that count: it is alive, and their lane is up in the life of their page. */
export function membersOf(entry: HostEntry): readonly Member[] {
  if (entry.phase !== 'alive') return [];
  const pages: (readonly Member[])[] = [];
  for (const { page, members } of entry.pages.values()) {
    if (members.length > 0 && laneLife(entry.record, page.lane) === page.life) pages.push(members);
  }
  return pages.length === 1 ? pages[0]! : pages.flat();
}

export function forgetHost(roster: Roster, host: number, now: number): void {
  const entry = roster.entries.get(host);
  const last = versionOf(roster, host);
  if (entry !== undefined) for (const index of [...entry.pages.keys()]) dropPage(roster, entry, index);
  roster.entries.delete(host);
  roster.opinions.delete(host);
  if (last !== undefined)
    roster.forgotten.set(host, { life: last.life, version: last.version, until: now + forgottenMs });
  for (const [old, { until }] of roster.forgotten) {
    if (until > now && roster.forgotten.size <= hostsMax) break;
    roster.forgotten.delete(old);
  }
  roster.dirty.add(host);
}

function dropPage(roster: Roster, entry: HostEntry, index: number): void {
  roster.peersCount -= entry.pages.get(index)!.peersCount;
  roster.pagesCount--;
  entry.pages.delete(index);
}

/** Makes room: the host that is gone for longest. */
function evictOne(roster: Roster, now: number): boolean {
  let oldest: HostEntry | undefined;
  for (const entry of roster.entries.values()) {
    if (entry.host === roster.own || entry.phase === 'alive' || entry.phase === 'slow') continue;
    if (oldest === undefined || entry.phaseAt < oldest.phaseAt) oldest = entry;
  }
  if (oldest !== undefined) forgetHost(roster, oldest.host, now);
  return oldest !== undefined;
}

function membersOfPage(page: RosterPage, before: readonly Member[]): Member[] {
  const { host, lane } = page;
  const base: number = makeAddress(host, lane, 0);
  const known = new Map(before.map((member) => [member.key, member]));
  return page.peers.map(([place, key, life]) => {
    const same = known.get(key);
    const chord = (base + place) as Member['chord'];
    return same !== undefined && same.chord === chord && same.life === life ? same : { key, host, lane, chord, life };
  });
}

/** Above the limit pages of others are counted and one peer of each is kept, as a contact; well below it they are asked for again. */
function judgeSize(roster: Roster): void {
  if (!roster.judgesSize) return;
  if (roster.peersCount > roster.membersMax) setTooLarge(roster, true);
  else if (roster.peersCount < roster.membersMax * 0.9) setTooLarge(roster, false);
}

export function setTooLarge(roster: Roster, isTooLarge: boolean): void {
  if (roster.isTooLarge === isTooLarge) return;
  roster.isTooLarge = isTooLarge;
  for (const entry of roster.entries.values()) {
    roster.dirty.add(entry.host);
    if (entry.host === roster.own) continue;
    for (const [index, kept] of [...entry.pages]) {
      if (isTooLarge) {
        kept.page = sampleOf(kept.page);
        kept.members = kept.members.slice(0, 1);
      } else {
        dropPage(roster, entry, index);
      }
    }
  }
}

const sampleOf = (page: RosterPage): RosterPage => ({ ...page, peers: page.peers.slice(0, 1) });
