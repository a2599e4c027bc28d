// Changing the roster. The roster is itself in a register, so that each epoch has one. First `next` is set, from when on registers need majorities of
// both groups; then each old voter learns that and lists its registers, and each that moves is read under both groups, by which its value comes
// to a majority of the new one; then `next` alone is the roster. Any coordinator may go on with it at any time; one does.
import type { Outbox } from '@chordial/actor';
import { onVoterCaughtUp, startChange } from './ordered-change.ts';
import type { BallotRefused, BallotsListed, Roster, RosterLearned, Voter } from './ordered-protocol.ts';
import {
  checkedRoster,
  groupOfKey,
  isLater,
  isMoved,
  missingMax,
  parseRoster,
  rosterKey,
  rosterName,
  rosterTable,
  rosterText,
  voterName,
  votersMax,
} from './ordered-roster.ts';
import type { Change, Copying, OrderedState, Outcome } from './ordered-state.ts';

/** Between two looks at the roster. */
const tickMs = 500;
/** The ring has been like this for so long. */
const settledMs = 2_000;
/** Nobody in the ring has had a roster for so long. */
const foundingMs = 400;
/** Voters whose registers are copied at a time, each with a page of at most 100 under way. */
const copyingsMax = 8;
const listMsMax = 3_000;
/** Hosts asked in one tick. */
const askedMax = 4;

/** A later roster of this ring, or one of another. Acceptors and registers tell only such as were chosen. */
export function onRosterSeen(state: OrderedState, told: Roster): void {
  const roster = checkedRoster(told);
  if (roster === undefined) return;
  const known = state.roster;
  if (known === undefined || isLater(roster, known)) state.roster = roster;
  else if (roster.id !== known.id) {
    // Two founders. The ring that has changed its roster more often is taken for the real one.
    const { epoch, id } = known;
    if (roster.epoch > epoch || (roster.epoch === epoch && roster.id < id)) state.isForeign = true;
  }
}

export function onRosterLearned(state: OrderedState, message: RosterLearned, out: Outbox): void {
  const { host, store, roster } = message;
  if (store !== '') state.moving.stores.set(host, store);
  state.moving.epochs.set(host, roster?.epoch ?? 0);
  if (roster !== undefined) onRosterSeen(state, roster);
  onVoterCaughtUp(state, message, out);
}

export function tickRoster(state: OrderedState, now: number, out: Outbox): void {
  const { moving } = state;
  if (now < moving.tickAt) return;
  moving.tickAt = now + tickMs;
  askHosts(state, now, out);
  const { roster } = state;
  if (roster === undefined || state.isForeign || !isDriver(state, roster)) return;
  noteLost(state, roster, now);
  if (roster.next.length > 0) return copy(state, roster, now, out);
  const wanted = wantedVoters(state, roster, now);
  const text = JSON.stringify(wanted);
  if (text !== moving.wanted) {
    moving.wanted = text;
    moving.wantedSince = now;
  }
  const isOther = text !== JSON.stringify(sorted(roster.voters));
  if (!isOther || wanted.length === 0 || now - moving.wantedSince < settledMs || moving.isAsking) return;
  propose(state, { ...roster, epoch: roster.epoch + 1, next: wanted }, now, out);
}

/** One's own acceptor is asked by each lane; the others are by the first lane, a part of them at a time. */
function askHosts(state: OrderedState, now: number, out: Outbox): void {
  const { config, moving, roster } = state;
  const mayFound = isFirst(state, now);
  // The roster goes only to those who do not have it: it may be long.
  const ask = (host: number): void => {
    const told = moving.epochs.get(host) === roster?.epoch ? undefined : roster;
    out.send(config.wayTo(host), {
      type: 'learn-roster',
      roster: told,
      mayFound: mayFound && host === config.host,
      replyTo: config.self,
      correlation: 0,
    });
  };
  ask(config.host);
  if (config.lane !== 0 && roster !== undefined) return;
  const others = moving.hosts.filter((host) => host !== config.host);
  const count = Math.min(others.length, askedMax);
  for (let i = 0; i < count; i++) ask(others[(moving.asked + i) % others.length]!);
  moving.asked = others.length === 0 ? 0 : (moving.asked + count) % others.length;
}

/** No host of the ring has a roster, for some time: one that does not answer may have one. */
function isFirst({ roster, moving, config }: OrderedState, now: number): boolean {
  const { hosts, epochs } = moving;
  const isNobody = roster === undefined && hosts.length > 0 && config.lane === 0;
  if (!isNobody || hosts.some((host) => epochs.get(host) !== 0)) moving.nobodySince = undefined;
  else moving.nobodySince ??= now;
  return moving.nobodySince !== undefined && now - moving.nobodySince >= foundingMs;
}

/** The first lane of the first voter that is in the ring: others would only be in its way. */
function isDriver({ config, moving }: OrderedState, { voters, next }: Roster): boolean {
  if (config.lane !== 0) return false;
  const living = [...voters, ...next].map(([host]) => host).filter((host) => moving.hosts.includes(host));
  return living.length > 0 && Math.min(...living) === config.host;
}

function noteLost({ moving }: OrderedState, { voters }: Roster, now: number): void {
  const { hosts, lostSince } = moving;
  for (const host of hosts) lostSince.delete(host);
  for (const [host] of voters) if (!hosts.includes(host) && !lostSince.has(host)) lostSince.set(host, now);
  if (lostSince.size > votersMax) lostSince.clear();
  if (moving.stores.size > 2 * votersMax) moving.stores.clear();
  if (moving.epochs.size > 2 * votersMax) moving.epochs.clear();
}

/** The voters and hosts of the ring, without those that have been lost for long; a host counts as what its store is now. */
function wantedVoters({ moving, config }: OrderedState, { voters, n }: Roster, now: number): Voter[] {
  const { hosts, stores, lostSince } = moving;
  const wanted = new Map<number, string>();
  for (const [host, store] of voters) {
    const lostAt = lostSince.get(host);
    if (lostAt === undefined || now - lostAt < config.removalMs) wanted.set(host, store);
  }
  for (const host of hosts) {
    const store = stores.get(host);
    if (store !== undefined && (wanted.has(host) || wanted.size < votersMax)) wanted.set(host, store);
  }
  // A group of two needs both. Rather than that, whoever was lost last stays, until somebody takes its place.
  const lost = voters.filter(([host]) => !wanted.has(host));
  lost.sort((a, b) => lostSince.get(b[0])! - lostSince.get(a[0])! || a[0] - b[0]);
  for (const [host, store] of lost) if (wanted.size < n) wanted.set(host, store);
  return sorted([...wanted]);
}

const sorted = (voters: readonly Voter[]): Voter[] => voters.toSorted((a, b) => a[0] - b[0]);

/** Reads the register of the roster, then sets it to this one, if it is still at the roster before. */
function propose(state: OrderedState, roster: Roster, now: number, out: Outbox): void {
  state.moving.isAsking = true;
  startChange(
    state,
    {
      table: rosterTable,
      key: rosterKey,
      name: rosterName,
      write: undefined,
      for: { kind: 'roster', roster, isWrite: false },
    },
    now,
    out,
  );
}

export function onRosterAnswered(
  state: OrderedState,
  { roster, isWrite }: Extract<Change['for'], { kind: 'roster' }>,
  outcome: Outcome,
  now: number,
  out: Outbox,
): void {
  state.moving.isAsking = false;
  if (isWrite) {
    if (outcome.kind === 'changed') adopt(state, roster, out);
    return;
  }
  if (outcome.kind !== 'got') return;
  const { context, value } = outcome;
  const current = value === undefined ? undefined : parseRoster(value);
  if (current !== undefined && isLater(current, state.roster)) return adopt(state, current, out);
  const epoch = current?.epoch ?? 1;
  if (state.roster?.epoch !== epoch || roster.epoch !== epoch + 1) return;
  state.moving.isAsking = true;
  const write = { expected: context, value: rosterText(roster), ttlMs: 0 };
  const name = { table: rosterTable, key: rosterKey, name: rosterName };
  startChange(state, { ...name, write, for: { kind: 'roster', roster, isWrite: true } }, now, out);
}

function adopt(state: OrderedState, roster: Roster, out: Outbox): void {
  onRosterSeen(state, roster);
  tellVoters(state, roster, out);
}

function tellVoters({ config }: OrderedState, roster: Roster, out: Outbox): void {
  const hosts = new Set([...roster.voters, ...roster.next].map(([host]) => host));
  for (const host of hosts)
    out.send(config.wayTo(host), {
      type: 'learn-roster',
      roster,
      mayFound: false,
      replyTo: config.self,
      correlation: 0,
    });
}

/** Goes on with copying the registers of each old voter to their new groups. */
function copy(state: OrderedState, roster: Roster, now: number, out: Outbox): void {
  const { moving } = state;
  const { copyings } = moving;
  if (moving.copyingEpoch !== roster.epoch) {
    moving.copyingEpoch = roster.epoch;
    copyings.clear();
    for (const voter of roster.voters) {
      const start = { after: undefined, correlation: 0, askedAt: now, left: 0, hasFailed: false, next: undefined };
      copyings.set(voterName(...voter), { voter, ...start, isDone: false });
    }
  }
  let busy = 0;
  for (const copying of copyings.values()) {
    if (copying.correlation !== 0 && copying.left === 0 && now - copying.askedAt > listMsMax) copying.correlation = 0;
    if (copying.correlation !== 0 || copying.left > 0) busy++;
  }
  for (const copying of copyings.values()) {
    if (busy >= copyingsMax) break;
    if (copying.isDone || copying.correlation !== 0 || copying.left > 0) continue;
    busy++;
    list(state, roster, copying, now, out);
  }
  const missing = [...copyings.values()].filter(({ isDone }) => !isDone).length;
  if (missing > missingMax(roster) || moving.isAsking) return;
  propose(state, { ...roster, epoch: roster.epoch + 1, voters: roster.next, next: [] }, now, out);
}

function list(state: OrderedState, { id, epoch }: Roster, copying: Copying, now: number, out: Outbox): void {
  copying.correlation = state.correlation++;
  copying.askedAt = now;
  copying.hasFailed = false;
  const { correlation, after } = copying;
  const { self: replyTo, wayTo } = state.config;
  out.send(wayTo(copying.voter[0]), { type: 'list-ballots', roster: id, epoch, after, replyTo, correlation });
}

export function onBallotsListed(state: OrderedState, message: BallotsListed, now: number, out: Outbox): void {
  const { host, store, correlation, names, next } = message;
  const { roster, moving } = state;
  const voter = voterName(host, store);
  const copying = moving.copyings.get(voter);
  if (copying?.correlation !== correlation || copying.left > 0) return;
  if (roster === undefined || roster.epoch !== moving.copyingEpoch) return;
  copying.next = next;
  // One more than there are, so that it is not done before all have been begun.
  copying.left = 1;
  for (const [table, key, name] of names) {
    const isHere = groupOfKey(roster.voters, key, roster.n).some((one) => voterName(...one) === voter);
    if (!isHere || !isMoved(roster, key)) continue;
    copying.left++;
    startChange(
      state,
      { table, key, name, write: undefined, for: { kind: 'copy', voter, page: correlation } },
      now,
      out,
    );
  }
  onCopied(state, { voter, page: correlation }, true, now, out);
}

/** A voter that does not know the roster yet is asked again in the next tick. */
export function onListRefused(state: OrderedState, { correlation, roster }: BallotRefused): boolean {
  for (const copying of state.moving.copyings.values()) {
    if (copying.correlation !== correlation || copying.left > 0) continue;
    copying.correlation = 0;
    if (roster !== undefined) onRosterSeen(state, roster);
    return true;
  }
  return false;
}

/** A register has been read under both groups, or not in time: then its page is listed again. */
export function onCopied(
  state: OrderedState,
  { voter, page }: { readonly voter: string; readonly page: number },
  isWell: boolean,
  now: number,
  out: Outbox,
): void {
  const { roster, moving } = state;
  const copying = moving.copyings.get(voter);
  if (copying?.correlation !== page || copying.left === 0) return;
  if (!isWell) copying.hasFailed = true;
  copying.left--;
  if (copying.left > 0) return;
  copying.correlation = 0;
  if (copying.hasFailed || roster?.epoch !== moving.copyingEpoch) return;
  copying.isDone = copying.next === undefined;
  copying.after = copying.next;
  if (!copying.isDone) list(state, roster, copying, now, out);
}
