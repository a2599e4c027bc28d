// The lanes of a host share one picture. Lane 0 leads: it alone speaks with other hosts. The others follow: they beat, hand in the pages
// of their own peers, and are sent what changed. A picture message says after which change it goes on, so that one lost is noticed and sent
// again; a leader that was restarted is given everything back by its followers, which keep their picture meanwhile.
import type { Outbox } from '@chordial/actor';
import { chunksOf, type Item } from './chunks.ts';
import { sendNews } from './gossip.ts';
import { hearOpinion, hearPage, hearRecord } from './hearing.ts';
import { placesEarlierMax, silenceMsMax } from './limits.ts';
import { isTold, renewRecord, takePage, versionKept, writePages } from './own-roster.ts';
import type { LaneBeat, LanePagesChanged, PictureSent } from './protocol.ts';
import { setTooLarge } from './roster.ts';
import { isPage } from './soundness.ts';
import type { LaneView, MembershipState } from './state.ts';

// --- the leader's side -------------------------------------------------------------------------------------------------

export function onLaneBeat(state: MembershipState, message: LaneBeat, now: number, out: Outbox): void {
  const { lane, life, replyTo } = message;
  if (!state.isLeader || lane >= state.config.lanesCount || lane === state.config.lane) return;
  let view = state.lanes.get(lane);
  if (view === undefined || view.life !== life) {
    if (view !== undefined && life < view.life) return;
    keepPlaces(state, lane, life);
    view = { life, heardAt: now, isUp: false, replyTo, seen: 0 };
    state.lanes.set(lane, view);
  }
  view.heardAt = now;
  view.replyTo = replyTo;
  if (!view.isUp) {
    view.isUp = true;
    renewRecord(state, now);
    releaseRecord(state, now);
  }
  view.seen = message.leaderLife === state.life ? message.seen : 0;
  const wantsPages = versionKept(state, lane, life + state.lifeAhead) < message.version;
  if (wantsPages || view.seen < state.roster.changes) sendPicture(state, view, wantsPages, out);
}

/** All lanes beat, or it took too long: from now on the leader speaks for its lanes. */
export function releaseRecord(state: MembershipState, now: number): void {
  if (state.heldUntil === 0 || (state.lanes.size + 1 < state.config.lanesCount && now < state.heldUntil)) return;
  state.heldUntil = 0;
  renewRecord(state, now);
}

/** A lane came back in a new life: where its peers were is where they may be again. */
function keepPlaces(state: MembershipState, lane: number, life: number): void {
  for (const { page } of state.roster.entries.get(state.roster.own)!.pages.values()) {
    if (page.lane !== lane || page.life >= life + state.lifeAhead) continue;
    for (const [, key] of page.peers) if (state.placesEarlier.length < placesEarlierMax) state.placesEarlier.push(key);
  }
}

export function onLanePagesChanged(state: MembershipState, { pages }: LanePagesChanged): void {
  if (!state.isLeader) return;
  for (const page of pages) {
    if (!isPage(page) || page.host !== state.roster.own || page.lane === state.config.lane) continue;
    takePage(state, { ...page, life: page.life + state.lifeAhead });
  }
}

/** A lane that is silent for a second is out of routing, with all its peers. */
export function noteSilentLanes(state: MembershipState, now: number): void {
  for (const view of state.lanes.values()) {
    if (!view.isUp || now - view.heardAt <= silenceMsMax) continue;
    view.isUp = false;
    renewRecord(state, now);
  }
}

/** What changed, to every lane that lives; a lane behind is sent the rest when it beats. */
export function sendPictures(state: MembershipState, out: Outbox): void {
  for (const view of state.lanes.values()) {
    if (view.isUp && view.seen < state.roster.changes) sendPicture(state, view, false, out);
  }
}

function sendPicture(state: MembershipState, view: LaneView, wantsPages: boolean, out: Outbox): void {
  const { roster } = state;
  const items: Item[] = [];
  const add = (item: Item & { readonly changedAt: number }): void => {
    if (item.changedAt > view.seen) items.push(item);
  };
  for (const { host, record, recordChangedAt, pages, via, viaChangedAt } of roster.entries.values()) {
    if (!isTold(state, host)) continue;
    add({ record, changedAt: recordChangedAt });
    // Never before the record, without which they are not taken.
    for (const { page, changedAt } of pages.values()) add({ page, changedAt: Math.max(changedAt, recordChangedAt) });
    add({ via: [host, via], changedAt: viaChangedAt });
  }
  for (const { opinion, changedAt } of roster.opinions.values()) add({ opinion, changedAt });
  items.sort((a, b) => a.changedAt! - b.changedAt!);
  const chunks = chunksOf(items);
  if (chunks.length === 0) chunks.push({ records: [], pages: [], opinions: [], vias: [], first: 0, changes: 0 });
  for (let i = 0; i < chunks.length; i++) {
    const { records, pages, opinions, vias, changes } = chunks[i]!;
    // What was changed at one time may be in two messages: the first does not count as having all of it.
    const upTo = i + 1 < chunks.length ? Math.min(changes, chunks[i + 1]!.first - 1) : roster.changes;
    out.send(view.replyTo, {
      type: 'picture-sent',
      leaderLife: state.life,
      after: view.seen,
      changes: upTo,
      records,
      pages,
      opinions,
      vias,
      isTooLarge: roster.isTooLarge,
      wantsPages,
    });
    view.seen = upTo;
  }
}

// --- the other lanes' side ---------------------------------------------------------------------------------------------

export function beatLeader(state: MembershipState, out: Outbox): void {
  const { config, life, self, leaderLife, leaderSeen, pagesVersion } = state;
  out.send(config.leader, {
    type: 'lane-beat',
    lane: config.lane,
    life,
    replyTo: self,
    leaderLife,
    seen: leaderSeen,
    version: pagesVersion,
  });
}

/** Pages that changed, or all of them. */
export function sendPagesToLeader(state: MembershipState, all: boolean, out: Outbox): void {
  const pages = writePages(state, all);
  for (const chunk of chunksOf(pages.map((page) => ({ page })))) {
    out.send(state.config.leader, { type: 'lane-pages-changed', pages: chunk.pages });
  }
}

export function onPictureSent(state: MembershipState, message: PictureSent, now: number, out: Outbox): void {
  if (state.isLeader) return;
  if (message.leaderLife !== state.leaderLife) {
    // Part of a picture, meant for an earlier question; the next beat asks anew.
    if (message.after !== 0 || message.leaderLife < state.leaderLife) return;
    if (state.leaderLife !== 0) giveBack(state, out);
    state.leaderLife = message.leaderLife;
    state.leaderSeen = 0;
  }
  if (message.wantsPages) sendPagesToLeader(state, true, out);
  if (message.after > state.leaderSeen) return;
  setTooLarge(state.roster, message.isTooLarge);
  for (const record of message.records) hearRecord(state, record, now, out);
  for (const page of message.pages) hearPage(state, page, now);
  for (const opinion of message.opinions) hearOpinion(state, opinion, now);
  for (const [host, via] of message.vias) {
    const entry = state.roster.entries.get(host);
    if (entry === undefined || entry.via === via) continue;
    entry.via = via;
    state.roster.dirty.add(host);
    state.isUrgent = true;
  }
  state.leaderSeen = Math.max(state.leaderSeen, message.changes);
}

/** A leader in a new life has lost its picture: here is what this lane has. */
function giveBack(state: MembershipState, out: Outbox): void {
  const { entries, opinions, isTooLarge, own } = state.roster;
  const items: Item[] = [];
  for (const { record, pages } of entries.values()) {
    items.push({ record });
    for (const { page } of pages.values()) if (!isTooLarge || page.host === own) items.push({ page });
  }
  for (const { opinion } of opinions.values()) items.push({ opinion });
  for (const chunk of chunksOf(items)) sendNews(state.config.leader, chunk, true, out);
}
