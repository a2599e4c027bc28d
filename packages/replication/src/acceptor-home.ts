// What an acceptor knows for all registers: the name that its store drew when it was empty, and the latest roster it has learned. Both are in the
// store before they are acted on. A store that was lost draws another name, and so is not taken for the one that made promises.
import type { Outbox } from '@chordial/actor';
import { nextUint32 } from '@chordial/actor/random';
import { ringKeyFromText } from '@chordial/ring-key';
import type { RecordName, RecordsRead, StoredRecord } from '@chordial/storage/protocol';
import { type AcceptorState, askStore, homeTable } from './acceptor-state.ts';
import type { LearnRoster, Roster } from './ordered-protocol.ts';
import { checkedRoster, isLater, parseRoster, rosterText } from './ordered-roster.ts';

const storeKey = ringKeyFromText('store');
/** The record that says which store this is: a store that has lost anything may not have it any more. */
export const storeNameRecord: RecordName = [homeTable, storeKey];
const rosterKey = ringKeyFromText('roster');
const learnersMax = 1_000;

export function foundOrRead(state: AcceptorState, out: Outbox): void {
  const names = [storeNameRecord, [homeTable, rosterKey]] as const;
  askStore(state, { type: 'read-records', names }, { kind: 'home-read', roster: undefined }, out);
}

export function onHomeRead(state: AcceptorState, { records, damaged }: RecordsRead, out: Outbox): void {
  if (state.store !== '') return;
  const [store, kept] = records;
  const roster = kept === undefined ? undefined : parseRoster(kept.value);
  // A damaged roster could be an old one for this acceptor: it stays silent until an operator gives it an empty store.
  if (damaged.length > 0 || (kept !== undefined && roster === undefined)) return;
  if (store !== undefined) {
    state.store = store.value;
    state.roster = roster === undefined ? undefined : renumbered(roster, state.config.host, store.value);
    return goOn(state, out);
  }
  const record = homeRecord(storeKey, 'store', drawName(state));
  askStore(state, { type: 'write-record', ...record }, { kind: 'home-write', roster: undefined }, out);
}

/** A host that was alone may have another number now; nobody else has acted on its roster. */
function renumbered(roster: Roster, host: number, store: string): Roster {
  const { voters, next } = roster;
  const isAlone = next.length === 0 && voters.length === 1 && voters[0]![1] === store;
  return isAlone ? { ...roster, voters: [[host, store]] } : roster;
}

function firstRoster({ config, store }: AcceptorState): Roster | undefined {
  const { host, n, isFounder } = config;
  return isFounder ? { id: store, epoch: 1, n, voters: [[host, store]], next: [] } : undefined;
}

const drawName = ({ random }: AcceptorState): string =>
  nextUint32(random).toString(36).padStart(7, '0') + nextUint32(random).toString(36).padStart(7, '0');

const homeRecord = (key: StoredRecord['key'], name: string, value: string): StoredRecord => ({
  table: homeTable,
  key,
  name,
  version: '1',
  value,
  ttlMs: 0,
});

/** The first write is of the store's name, all others are of rosters; undefined for one that failed. */
export function onHomeWritten(state: AcceptorState, roster: Roster | undefined, out: Outbox): void {
  if (state.store === '') {
    foundOrRead(state, out);
    return;
  }
  state.isWritingRoster = false;
  if (roster !== undefined) state.roster = roster;
  else state.rosterNext = undefined;
  goOn(state, out);
}

export function onLearnRoster(state: AcceptorState, message: LearnRoster, out: Outbox): void {
  if (state.learners.length >= learnersMax) return;
  state.learners.push(message);
  if (state.store !== '') goOn(state, out);
}

function goOn(state: AcceptorState, out: Outbox): void {
  for (const { roster, mayFound } of state.learners) {
    const known = checkedRoster(roster) ?? (mayFound === true ? firstRoster(state) : undefined);
    if (
      known !== undefined &&
      isLater(known, state.roster) &&
      (state.rosterNext === undefined || isLater(known, state.rosterNext))
    )
      state.rosterNext = known;
  }
  if (state.isWritingRoster) return;
  const { rosterNext } = state;
  if (rosterNext === undefined || !isLater(rosterNext, state.roster)) return answerLearners(state, out);
  state.isWritingRoster = true;
  const record = homeRecord(rosterKey, 'roster', rosterText(rosterNext));
  askStore(state, { type: 'write-record', ...record }, { kind: 'home-write', roster: rosterNext }, out);
}

function answerLearners(state: AcceptorState, out: Outbox): void {
  state.rosterNext = undefined;
  const { store, roster, config } = state;
  for (const { replyTo, correlation } of state.learners.splice(0))
    out.send(replyTo, { type: 'roster-learned', correlation, host: config.host, store, roster });
}
