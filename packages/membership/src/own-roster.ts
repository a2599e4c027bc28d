// What this host says of itself: its record, written by the leader, and the pages of its peers, written by the lane they live on and
// stamped by the leader. A page's life is the lane's life; both lives are moved ahead where an earlier life of this host had higher ones.
import type { Address } from '@chordial/actor';
import type { ChordMessage, PeerChanged } from '@chordial/chord/protocol';
import { localPeersMax, pagesPerLaneMax, peersPerPageMax, rehintForMs } from './limits.ts';
import type { HostRecord, RosterPage } from './protocol.ts';
import { mergePage, mergeRecord, pageIndex, pageKey } from './roster.ts';
import type { LocalPeer, MembershipState } from './state.ts';

/** The own record; the leader has one from birth. */
export const ownRecord = (state: MembershipState): HostRecord => state.roster.entries.get(state.roster.own)!.record;

/** Writes the record anew with at least `version`: something in it changed, or a suspicion is refuted. */
export function writeRecord(state: MembershipState, version: number, now: number): void {
  const { roster, config } = state;
  const { address, port, fingerprint, sip, lanesCount, host } = config;
  const life = state.life + state.lifeAhead;
  const lanesUp: (readonly [number, number])[] = [[config.lane, life]];
  for (const [lane, view] of state.lanes) if (view.isUp) lanesUp.push([lane, view.life + state.lifeAhead]);
  lanesUp.sort(([a], [b]) => a - b);
  const { isLeaving } = state;
  mergeRecord(roster, { host, address, port, fingerprint, life, version, lanesUp, lanesCount, isLeaving, sip }, now);
  const entry = roster.entries.get(host)!;
  entry.phase = isLeaving ? 'left' : 'alive';
  state.news.records.add(host);
  state.isUrgent = true;
}

/** Not the own record while it is held back. */
export const isTold = ({ heldUntil, roster }: MembershipState, host: number): boolean =>
  heldUntil === 0 || host !== roster.own;

/** Something in the record changed. */
export const renewRecord = (state: MembershipState, now: number): void =>
  writeRecord(state, ownRecord(state).version + 1, now);

/** An earlier life of this host had a higher life: all lives move ahead, and everything is written again. `life` is the leader's to be. */
export function raiseLife(state: MembershipState, life: number, now: number): void {
  const before = state.lifeAhead;
  state.lifeAhead = Math.max(before, life - state.life);
  const added = state.lifeAhead - before;
  if (added === 0) return;
  const pages = [...state.roster.entries.get(state.roster.own)!.pages.values()].map(({ page }) => page);
  writeRecord(state, 1, now);
  for (const page of pages) takePage(state, { ...page, life: page.life + added });
}

/** A page of this host as the leader keeps it, stamped already. */
export function takePage(state: MembershipState, page: RosterPage): void {
  if (mergePage(state.roster, page)) state.news.pages.add(pageKey(page.host, page.lane, page.page));
}

/** A peer of this lane joins, is a member, or is gone. */
export function onPeerChanged(state: MembershipState, { self, phase }: PeerChanged, now: number): void {
  const known = state.peers.get(self.chord);
  if (phase === 'left') {
    if (known !== undefined) leavePage(state, known);
    state.peers.delete(self.chord);
    state.waiters.delete(self.chord);
    return;
  }
  if (known === undefined && state.peers.size >= localPeersMax) {
    state.counts.refused++;
    return;
  }
  const peer = known ?? { self, phase, page: -1, hinted: undefined, hintedAt: 0, rehintUntil: 0 };
  state.peers.set(self.chord, peer);
  const isSame = peer.self.key === self.key && peer.self.life === self.life;
  peer.self = self;
  peer.phase = phase;
  if (phase === 'joining') return leavePage(state, peer);
  peer.rehintUntil = now + rehintForMs;
  if (!isSame) peer.hinted = undefined;
  if (peer.page < 0) enterPage(state, peer);
  else if (!isSame) state.pagesDirty.add(peer.page);
}

function enterPage(state: MembershipState, peer: LocalPeer): void {
  let page = state.pageCounts.findIndex((count) => count < peersPerPageMax);
  if (page < 0) page = state.pageCounts.push(0) - 1;
  if (page >= pagesPerLaneMax) return;
  state.pageCounts[page]!++;
  peer.page = page;
  state.pagesDirty.add(page);
}

function leavePage(state: MembershipState, peer: LocalPeer): void {
  if (peer.page < 0) return;
  state.pageCounts[peer.page]!--;
  state.pagesDirty.add(peer.page);
  peer.page = -1;
}

/** Pages of this lane, unstamped: those that changed get a new version. All of them for a leader that lost them. */
export function writePages(state: MembershipState, all: boolean): RosterPage[] {
  const { config, pagesDirty } = state;
  const wanted = all ? new Set(state.pageCounts.keys()) : new Set(pagesDirty);
  if (wanted.size === 0) return [];
  const base = (state.self as number) - indexWithin(state.self);
  const peersOf = new Map<number, [number, LocalPeer['self']['key'], number][]>();
  for (const page of wanted) peersOf.set(page, []);
  for (const { self, page } of state.peers.values()) peersOf.get(page)?.push([self.chord - base, self.key, self.life]);
  return [...peersOf].map(([page, peers]) => {
    if (pagesDirty.delete(page)) state.pageVersions[page] = ++state.pagesVersion;
    return {
      host: config.host,
      lane: config.lane,
      page,
      life: state.life,
      version: state.pageVersions[page] ?? 1,
      peers,
    };
  });
}

/** Generation and index of an address: its low 28 bits. */
const indexWithin = (address: Address<never> | Address<ChordMessage> | number): number => (address as number) % 2 ** 28;

/** The leader's own pages go to its roster at once. */
export function keepOwnPages(state: MembershipState): void {
  for (const page of writePages(state, false)) takePage(state, { ...page, life: page.life + state.lifeAhead });
}

/** The highest version among the kept pages of a lane's life. */
export function versionKept(state: MembershipState, lane: number, life: number): number {
  let version = 0;
  for (const [index, { page }] of state.roster.entries.get(state.roster.own)?.pages ?? []) {
    if (index >= pageIndex(lane, 0) && index < pageIndex(lane + 1, 0) && page.life === life && page.version > version)
      version = page.version;
  }
  return version;
}
