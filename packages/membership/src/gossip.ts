// Gossip (Demers et al., *Epidemic algorithms*, PODC 1987): news is passed on at once to three random hosts (more in a large ring) by everyone to whom it is
// news (rumour mongering), and once a second a host compares all it has with one random host (anti-entropy), which mends what was lost.
import type { Address, Outbox } from '@chordial/actor';
import { nextBelow } from '@chordial/actor/random';
import { type Chunk, chunksOf, type Item } from './chunks.ts';
import { hearOpinion, hearPage, hearRecord } from './hearing.ts';
import { deadProbeMs, digestsPerMessageMax, messagesPerAnswerMax, newsTargets } from './limits.ts';
import { isTold } from './own-roster.ts';
import { probe } from './probing.ts';
import type { CompareRosters, HostOpinion, HostPhase, MembershipMessage, SpreadNews } from './protocol.ts';
import { isNewer, laneLife, outweighs, pageAt, pageKey } from './roster.ts';
import { membershipOf } from './routes.ts';
import type { MembershipState } from './state.ts';

const lastHost = 65_535;
/** An answer with at most this many pages is passed on as news; more are left to everybody's own comparing. */
const pagesPassedOnMax = 4;

/** Sends what is news to a few random hosts that live, and suspicions to the suspects themselves. */
export function spreadNews(state: MembershipState, out: Outbox): void {
  const { roster, news, accusations } = state;
  const items: Item[] = [];
  for (const host of news.records) {
    const record = roster.entries.get(host)?.record;
    if (record !== undefined && isTold(state, host)) items.push({ record });
  }
  for (const key of news.pages) {
    const entry = pageAt(roster, key);
    if (entry !== undefined && isServed(state, entry.page.host)) items.push({ page: entry.page });
  }
  const targets = new Set(drawListeners(state, newsTargetsOf(roster.entries.size)));
  for (const host of news.opinions) {
    const accusation = accusations.get(host);
    const opinion = accusation?.isOpen === true ? accusation.opinion : roster.opinions.get(host)?.opinion;
    if (opinion === undefined) continue;
    items.push({ opinion });
    if (opinion.phase === 'slow' || opinion.phase === 'dead') targets.add(host);
  }
  if (items.length === 0) return;
  for (const chunk of chunksOf(items))
    for (const host of targets) sendNews(membershipOf(state, host), chunk, false, out);
}

/** With k targets each, e^-k of the hosts hear nothing: one more per doubling above 16 hosts, so that nearly always all hear. */
const newsTargetsOf = (hostsCount: number): number => newsTargets + Math.max(0, Math.ceil(Math.log2(hostsCount / 16)));

/** Hosts that live, other than this one and `but`, at most `count`, at random. */
export const drawHosts = (state: MembershipState, count: number, but: number): number[] =>
  drawn(state, count, (phase, host) => phase === 'alive' && host !== but);

/** The same, made up by silent ones where too few live: who was cut off has only those to tell that it is back. */
function drawListeners(state: MembershipState, count: number): number[] {
  const alive = drawHosts(state, count, -1);
  if (alive.length === count) return alive;
  return [...alive, ...drawn(state, count - alive.length, (phase) => phase === 'slow' || phase === 'dead')];
}

function drawn(state: MembershipState, count: number, isWanted: (phase: HostPhase, host: number) => boolean): number[] {
  const hosts: number[] = [];
  for (const { host, phase } of state.roster.entries.values()) {
    if (host !== state.roster.own && isWanted(phase, host)) hosts.push(host);
  }
  for (let i = 0; i < Math.min(count, hosts.length); i++) {
    const j = i + nextBelow(state.random, hosts.length - i);
    [hosts[i], hosts[j]] = [hosts[j]!, hosts[i]!];
  }
  return hosts.slice(0, count);
}

export function sendNews(
  to: Address<MembershipMessage>,
  { records, pages, opinions }: Pick<Chunk, 'records' | 'pages' | 'opinions'>,
  isAnswer: boolean,
  out: Outbox,
): void {
  out.send(to, { type: 'spread-news', isAnswer, records, pages, opinions });
}

export function onSpreadNews(
  state: MembershipState,
  message: SpreadNews,
  from: number,
  now: number,
  out: Outbox,
): void {
  if (!state.isLeader) return;
  const isQuiet = message.isAnswer && message.pages.length > pagesPassedOnMax;
  for (const record of message.records) {
    if (hearRecord(state, record, now, out)) continue;
    // The sender believes in the loser of a number: tell it who has that number.
    const winner = state.roster.entries.get(record.host)?.record;
    if (winner !== undefined)
      sendNews(membershipOf(state, from), { records: [winner], pages: [], opinions: [] }, false, out);
  }
  for (const page of message.pages) {
    hearPage(state, page, now);
    if (isQuiet) state.news.pages.delete(pageKey(page.host, page.lane, page.page));
  }
  for (const opinion of message.opinions) hearOpinion(state, opinion, now);
}

export function onGossipDue(state: MembershipState, now: number, out: Outbox): void {
  const { config, random } = state;
  const every = config.gossipEveryMs ?? 1_000;
  out.setTimer(every * 0.9 + nextBelow(random, every / 5 + 1), { type: 'gossip-due' });
  if (state.isLeaving) return;
  const [host] = drawListeners(state, 1);
  if (host !== undefined) compareWith(state, host, out);
  const contacts = [...state.contacts.keys()];
  if (contacts.length > 0) compareWith(state, contacts[nextBelow(random, contacts.length)]!, out);
  if (now < state.deadProbeAt) return;
  state.deadProbeAt = now + deadProbeMs;
  const dead = [...state.roster.entries.values()].filter(({ phase }) => phase === 'dead');
  if (dead.length > 0) probe(state, dead[nextBelow(random, dead.length)]!.host, 'dead', now, out);
}

/** Asks a host for what is missing here, and tells it what may be missing there. */
export const compareWith = (state: MembershipState, host: number, out: Outbox): void =>
  sendDigests(state, membershipOf(state, host), 0, lastHost, false, out);

/** The digests of the hosts from `first` to `last`, in as many messages as they need. */
function sendDigests(
  state: MembershipState,
  to: Address<MembershipMessage>,
  first: number,
  last: number,
  isAnswer: boolean,
  out: Outbox,
): void {
  const entries = [...state.roster.entries.values()]
    .filter(({ host }) => host >= first && host <= last)
    .sort((a, b) => a.host - b.host);
  let start = first;
  let records: [number, number, number][] = [];
  let pages: [number, number, number, number, number][] = [];
  let opinions: HostOpinion[] = [];
  const send = (end: number): void => {
    out.send(to, {
      type: 'compare-rosters',
      replyTo: state.self,
      isAnswer,
      first: start,
      last: end,
      records,
      pages,
      opinions,
    });
    [start, records, pages, opinions] = [end + 1, [], [], []];
  };
  for (const entry of entries) {
    if (
      records.length + pages.length + opinions.length + entry.pages.size > digestsPerMessageMax &&
      entry.host > start
    ) {
      send(entry.host - 1);
    }
    const { host, record } = entry;
    records.push([host, record.life, record.version]);
    for (const { page } of entry.pages.values()) pages.push([host, page.lane, page.page, page.life, page.version]);
    const opinion = state.roster.opinions.get(host)?.opinion;
    if (opinion !== undefined) opinions.push(opinion);
  }
  send(last);
}

export function onCompareRosters(state: MembershipState, message: CompareRosters, now: number, out: Outbox): void {
  if (!state.isLeader) return;
  const { first, last, replyTo } = message;
  for (const opinion of message.opinions) hearOpinion(state, opinion, now);
  const { items, lacks } = difference(state, message);
  for (const chunk of chunksOf(items).slice(0, messagesPerAnswerMax)) sendNews(replyTo, chunk, true, out);
  if (lacks && !message.isAnswer) sendDigests(state, replyTo, first, last, true, out);
}

/** What the other side lacks, and whether this side lacks something. */
function difference(state: MembershipState, message: CompareRosters): { items: Item[]; lacks: boolean } {
  const { roster } = state;
  const records = new Map(message.records.map(([host, life, version]) => [host, { life, version }]));
  const pages = new Map(
    message.pages.map(([host, lane, page, life, version]) => [pageKey(host, lane, page), { life, version }]),
  );
  const said = new Map(message.opinions.map((opinion) => [opinion.host, opinion]));
  const items: Item[] = [];
  let lacks = false;
  for (const { host, record, pages: own } of roster.entries.values()) {
    if (host < message.first || host > message.last) continue;
    const theirs = records.get(host);
    records.delete(host);
    if (theirs === undefined || isNewer(record, theirs)) {
      if (isTold(state, host)) items.push({ record });
    } else if (isNewer(theirs, record)) lacks = true;
    for (const { page } of own.values()) {
      const key = pageKey(host, page.lane, page.page);
      const other = pages.get(key);
      pages.delete(key);
      if (other !== undefined && isNewer(other, page)) lacks = true;
      else if ((other === undefined || isNewer(page, other)) && isServed(state, host)) items.push({ page });
    }
    const opinion = roster.opinions.get(host)?.opinion;
    if (opinion !== undefined && !isNewer(record, opinion) && outweighs(opinion, said.get(host)))
      items.push({ opinion });
  }
  for (const [host, version] of records) lacks ||= isWanted(state, host, version);
  for (const [key, { life }] of pages) lacks ||= isPageWanted(state, key, life);
  return { items, lacks };
}

function isWanted({ roster }: MembershipState, host: number, version: { life: number; version: number }): boolean {
  const gone = roster.forgotten.get(host);
  return gone === undefined || isNewer(version, gone);
}

/** Not pages of a former life of a lane, which would be refused. */
function isPageWanted({ roster }: MembershipState, key: number, life: number): boolean {
  const record = roster.entries.get(Math.floor(key / 2 ** 20))?.record;
  if (record === undefined) return false;
  const up = laneLife(record, Math.floor((key % 2 ** 20) / 4_096));
  return record.host !== roster.own && (up === undefined || life >= up);
}

/** A too large ring keeps no pages of others, so it has none to give. */
const isServed = ({ roster }: MembershipState, host: number): boolean => !roster.isTooLarge || host === roster.own;
