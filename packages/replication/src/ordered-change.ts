// The proposer: a read or a change of one register. It has a majority of the register's group promise its ballot, takes what was accepted under the
// highest ballot among them, and has a majority accept that, changed or as it was, under its own (Rystsov, *CASPaxos*, 2018, section 2.2).
//
//   look --all the same--> answered        a read; else, and for a change:
//   prepare --majority--> accept --majority--> answered        refused or silent: wait, then a higher ballot
import type { Outbox } from '@chordial/actor';
import { nextFloat } from '@chordial/actor/random';
import { counterOfBallot } from './ballot.ts';
import { onCopied, onRosterAnswered, onRosterSeen } from './ordered-moving.ts';
import type { BallotAccepted, BallotPromised, BallotRefused, RosterLearned } from './ordered-protocol.ts';
import { groupsOfKey, isQuorum, voterName } from './ordered-roster.ts';
import { type Change, nextBallot, type OrderedState, type Outcome } from './ordered-state.ts';
import type { RecordRefused } from './protocol.ts';

export const changesMax = 4_000;
/** Then what was not answered is asked again. */
const phaseMsMax = 150;
const backoffMsMin = 5;
const backoffMsMax = 300;

type Asked = Pick<Change, 'table' | 'key' | 'name' | 'write' | 'for'>;

export function startChange(state: OrderedState, asked: Asked, now: number, out: Outbox): void {
  const change: Change = {
    ...asked,
    correlation: 0,
    startedAt: now,
    dueAt: now,
    phase: 'wait',
    ballot: '',
    roster: undefined,
    groups: [],
    voters: [],
    request: undefined,
    promises: new Map(),
    accepted: new Set(),
    refused: new Set(),
    attempts: [],
    outcome: undefined,
    tries: 0,
  };
  if (state.changes.size >= changesMax) return finish(state, change, { kind: 'unknown' }, now, out, 'busy');
  setCorrelation(state, change);
  if (state.roster !== undefined) begin(state, change, now, out);
}

function setCorrelation(state: OrderedState, change: Change): void {
  state.changes.delete(change.correlation);
  change.correlation = state.correlation++;
  state.changes.set(change.correlation, change);
}

/** A new try, under the roster of now. */
function begin(state: OrderedState, change: Change, now: number, out: Outbox): void {
  const { table, key, name } = change;
  const { roster } = state;
  if (roster === undefined || state.isForeign) return wait(state, change, now);
  const { groups, voters } = groupsOfKey(roster, key);
  setCorrelation(state, change);
  // A copy is to raise the promises of the new group above all that was promised in the old one.
  const isLook = change.write === undefined && change.tries === 0 && change.for.kind !== 'copy';
  change.tries++;
  change.phase = isLook ? 'look' : 'prepare';
  change.ballot = isLook ? '' : nextBallot(state, now);
  change.roster = roster;
  change.groups = groups;
  change.voters = voters;
  change.outcome = undefined;
  change.promises.clear();
  change.accepted.clear();
  change.refused.clear();
  change.request = {
    type: 'prepare-ballot',
    table,
    key,
    name,
    ballot: change.ballot,
    roster: roster.id,
    epoch: roster.epoch,
    replyTo: state.config.self,
    correlation: change.correlation,
  };
  ask(state, change, now, out);
}

/** Whoever of the voters has not answered this phase. */
function ask(state: OrderedState, change: Change, now: number, out: Outbox): void {
  change.dueAt = now + phaseMsMax;
  for (const [host, store] of change.voters) {
    const name = voterName(host, store);
    const isAnswered = change.phase === 'accept' ? change.accepted.has(name) : change.promises.has(name);
    if (!isAnswered && change.request !== undefined) out.send(state.config.wayTo(host), change.request);
  }
}

export function onBallotPromised(state: OrderedState, message: BallotPromised, now: number, out: Outbox): void {
  const { host, store, promised, accepted } = message;
  state.counter = Math.max(state.counter, counterOfBallot(promised), counterOfBallot(accepted));
  const change = voted(state, message);
  if (change === undefined || (change.phase !== 'look' && change.phase !== 'prepare')) return;
  change.promises.set(voterName(host, store), message);
  if (!isQuorum(change.groups, (name) => change.promises.has(name))) return;
  const highest = highestOf(change);
  const isChosen = isQuorum(change.groups, (name) => change.promises.get(name)?.accepted === highest.accepted);
  if (change.phase === 'look') {
    if (isChosen && highest.ttlMs >= 0) return finish(state, change, gotOf(highest), now, out);
    return begin(state, change, now, out);
  }
  decide(state, change, highest, isChosen, now, out);
}

/** The change that a voter's answer belongs to. */
function voted(
  { changes }: OrderedState,
  { correlation, host, store }: RosterLearned | BallotRefused | BallotPromised | BallotAccepted,
) {
  const change = changes.get(correlation);
  return change?.voters.some((voter) => voter[0] === host && voter[1] === store) === true ? change : undefined;
}

function highestOf({ promises }: Change): BallotPromised {
  let highest: BallotPromised | undefined;
  for (const promise of promises.values())
    if (highest === undefined || promise.accepted > highest.accepted) highest = promise;
  return highest!;
}

const gotOf = ({ context, value, ttlMs }: BallotPromised): Outcome => ({ kind: 'got', context, value, ttlMs });

/** The majority has promised: what is in the register, and what shall be? */
function decide(
  state: OrderedState,
  change: Change,
  seen: BallotPromised,
  isChosen: boolean,
  now: number,
  out: Outbox,
): void {
  const { ballot, attempts, write } = change;
  const hasExpired = seen.ttlMs < 0;
  // That it has expired is a change as well, so that all see it from now on.
  const kept = hasExpired
    ? { context: ballot, previous: seen.context, value: undefined, ttlMs: 0 }
    : { context: seen.context, previous: seen.previous, value: seen.value, ttlMs: seen.ttlMs };
  let next = kept;
  let outcome: Outcome = { kind: 'got', context: kept.context, value: kept.value, ttlMs: kept.ttlMs };
  if (write !== undefined) {
    const own = attempts.find((attempt) => attempt.ballot === seen.context || attempt.ballot === seen.previous);
    const isMatch = write.expected === kept.context || (write.expected === '' && kept.value === undefined);
    if (own !== undefined) outcome = { kind: 'changed', context: own.ballot, value: write.value, ttlMs: 0 };
    else if (attempts.some(({ base }) => base !== seen.context && base !== seen.previous)) {
      // It may have happened and have been followed by two other changes, so that nobody knows.
      return finish(state, change, { kind: 'unknown' }, now, out);
    } else if (isMatch) {
      attempts.push({ ballot, base: seen.context });
      next = { context: ballot, previous: seen.context, value: write.value, ttlMs: write.ttlMs };
      outcome = { kind: 'changed', context: ballot, value: write.value, ttlMs: 0 };
    } else outcome = { kind: 'mismatch' };
  }
  if (isChosen && next.context === seen.context) return finish(state, change, outcome, now, out);
  const { table, key, name, roster } = change;
  setCorrelation(state, change);
  change.phase = 'accept';
  change.outcome = outcome;
  change.refused.clear();
  const { correlation } = change;
  const { self: replyTo } = state.config;
  const { id, epoch } = roster!;
  change.request = {
    type: 'accept-ballot',
    table,
    key,
    name,
    ballot,
    roster: id,
    epoch,
    ...next,
    replyTo,
    correlation,
  };
  ask(state, change, now, out);
}

export function onBallotAccepted(state: OrderedState, message: BallotAccepted, now: number, out: Outbox): void {
  const change = voted(state, message);
  if (change?.phase !== 'accept') return;
  change.accepted.add(voterName(message.host, message.store));
  if (isQuorum(change.groups, (name) => change.accepted.has(name))) finish(state, change, change.outcome!, now, out);
}

export function onBallotRefused(state: OrderedState, message: BallotRefused, now: number, out: Outbox): void {
  const { code, host, store, promised, roster, correlation } = message;
  state.counter = Math.max(state.counter, counterOfBallot(promised));
  if (roster !== undefined) onRosterSeen(state, roster);
  const change = state.changes.get(correlation);
  if (change === undefined || change.phase === 'wait') return;
  if (code === 'roster-new') {
    // It asks to be told; `roster-learned` with this correlation has it asked again.
    out.send(state.config.wayTo(host), {
      type: 'learn-roster',
      roster: change.roster,
      mayFound: false,
      replyTo: state.config.self,
      correlation,
    });
    return;
  }
  if (code === 'roster-old') {
    if (state.roster !== change.roster) return begin(state, change, now, out);
    return;
  }
  change.refused.add(voterName(host, store));
  // Those that have not refused are no majority any more: somebody else has a higher ballot.
  if (!isQuorum(change.groups, (name) => !change.refused.has(name))) wait(state, change, now);
}

/** A voter that was behind knows the roster now. */
export function onVoterCaughtUp(state: OrderedState, message: RosterLearned, out: Outbox): void {
  const change = voted(state, message);
  const { roster } = message;
  if (change === undefined || change.phase === 'wait' || change.request === undefined) return;
  if (roster?.id === change.roster?.id && roster?.epoch === change.roster?.epoch)
    out.send(state.config.wayTo(message.host), change.request);
}

function wait(state: OrderedState, change: Change, now: number): void {
  setCorrelation(state, change);
  change.phase = 'wait';
  const longest = Math.min(backoffMsMax, backoffMsMin * 2 ** change.tries);
  change.dueAt = now + nextFloat(state.random) * longest;
}

/** Phases that are due, and changes whose time is over. */
export function sweepChanges(state: OrderedState, now: number, out: Outbox): void {
  for (const change of [...state.changes.values()]) {
    if (state.changes.get(change.correlation) !== change) continue;
    if (now - change.startedAt >= state.config.changeMsMax) finish(state, change, { kind: 'unknown' }, now, out);
    else if (change.dueAt > now) continue;
    else if (change.phase === 'wait' || change.refused.size > 0) begin(state, change, now, out);
    else ask(state, change, now, out);
  }
}

function finish(
  state: OrderedState,
  change: Change,
  outcome: Outcome,
  now: number,
  out: Outbox,
  reason: RecordRefused['reason'] = 'too-few-copies',
): void {
  state.changes.delete(change.correlation);
  const { for: asker } = change;
  if (asker.kind === 'roster') return onRosterAnswered(state, asker, outcome, now, out);
  if (asker.kind === 'copy') return onCopied(state, asker, outcome.kind === 'got', now, out);
  const { replyTo, correlation } = asker;
  switch (outcome.kind) {
    case 'got': {
      const { context, value, ttlMs } = outcome;
      const siblings = value === undefined ? [] : [[value, ttlMs] as const];
      return out.send(replyTo, { type: 'record-got', correlation, siblings, context });
    }
    case 'changed':
      return out.send(replyTo, { type: 'record-put', correlation, context: outcome.context });
    case 'mismatch': {
      const sentence = 'the record has another context than expected: get it, then decide again';
      return out.send(replyTo, { type: 'record-refused', correlation, reason: 'mismatch', sentence });
    }
    default:
      return out.send(replyTo, {
        type: 'record-refused',
        correlation,
        reason,
        sentence: unknownSentence(state, change, reason),
      });
  }
}

function unknownSentence(state: OrderedState, { write, attempts }: Change, reason: RecordRefused['reason']): string {
  if (reason === 'busy') return `${changesMax} changes of ordered tables are under way: ask again later`;
  if (state.isForeign)
    return 'this host has the roster of another ring: see docs/decisions/0013-ordered-tables.md about two founders';
  if (state.roster === undefined)
    return 'no host has told who keeps ordered tables: start the founder of the ring, or ask again';
  const isNothing = write === undefined || attempts.length === 0;
  return isNothing
    ? 'no majority of the group has answered in time: nothing was changed, ask again'
    : 'no majority of the group has answered in time: the change may have happened, so get the record first';
}
