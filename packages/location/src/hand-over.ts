// The giving side of a hand-over (`hand-range`): the records of a range go to the peer that will own it, in numbered chunks, a few ahead
// of the acknowledgement, and what changes meanwhile follows in the same order. When all is acknowledged the range is released; changes
// that were on their way here then still follow for a moment. A taker that is silent for 10 s ends it: released anyway, and counted.
import type { Address, Outbox } from '@chordial/actor';
import type { HandRange } from '@chordial/chord/protocol';
import { betweenRightClosed, ringKeyFromText } from '@chordial/ring-key';
import type { Binding, ChangeBindings, HandedRecord, HandedRemoval, RecordsTaken, TakeRecords } from './protocol.ts';
import { liveBindings, noBindings } from './record.ts';
import type { LocationState, UserRecord } from './state.ts';
import { handedBindingOf } from './taking.ts';

export interface HandOver {
  readonly request: HandRange;
  readonly transfer: number;
  /** Users still to be looked at; undefined when all were. A map's iterator bears changes of the map. */
  users: Iterator<UserRecord> | undefined;
  /** Users that changed since they were sent, with what they removed. */
  readonly changed: Map<string, HandedRemoval[]>;
  /** Sent and not acknowledged, in order. */
  readonly unanswered: TakeRecords[];
  chunkNext: number;
  sentAt: number;
  /** When the taker acknowledged last. */
  heardAt: number;
  /** 0 until the range was released. */
  releasedAt: number;
}

/** Hand-overs at a time; with another one the oldest is given up. */
export const handOversMax = 8;
export const chunksAheadMax = 4;
/** At most three octets each, so a chunk stays below 64 KB. */
const chunkCharactersMax = 16_000;
/** Numbers and framing of a record or a binding. */
const entryCharacters = 48;
const resendMs = 500;
const silenceMsMax = 10_000;
/** How long changes follow a range that was released: longer than a request is on its way within a lane. */
const mirrorMs = 5_000;
const tickMs = 250;

export function onHandRange(state: LocationState, request: HandRange, now: number, out: Outbox): void {
  const { correlation, replyTo } = request;
  const { handOvers, users } = state;
  const known = handOvers.find((one) => one.request.correlation === correlation && one.request.replyTo === replyTo);
  if (known !== undefined) {
    if (known.releasedAt > 0) out.send(replyTo, { type: 'range-released', correlation });
    return;
  }
  const handOver: HandOver = {
    request,
    transfer: state.transferNext++,
    users: users?.values(),
    changed: new Map(),
    unanswered: [],
    chunkNext: 0,
    sentAt: now,
    heardAt: now,
    releasedAt: 0,
  };
  if (handOvers.push(handOver) > handOversMax) giveUp(state, handOvers[0]!, now, out);
  goOn(state, handOver, now, out);
}

export function onRecordsTaken(state: LocationState, message: RecordsTaken, now: number, out: Outbox): void {
  const handOver = state.handOvers.find((one) => one.transfer === message.transfer);
  const first = handOver?.unanswered[0];
  // An acknowledgement that is late or means another life acknowledges nothing.
  if (handOver === undefined || first === undefined) return;
  const count = message.chunkNext - first.chunk;
  if (count <= 0 || count > handOver.unanswered.length) return;
  handOver.unanswered.splice(0, count);
  handOver.heardAt = now;
  goOn(state, handOver, now, out);
}

/** One timer for all hand-overs of the actor. */
export function onHandOverDue(state: LocationState, now: number, out: Outbox): void {
  state.handOverTimer = 0;
  for (const handOver of state.handOvers.slice()) {
    const { unanswered, releasedAt } = handOver;
    if (unanswered.length > 0 && now - handOver.heardAt >= silenceMsMax) giveUp(state, handOver, now, out);
    else if (unanswered.length === 0 && releasedAt > 0 && now - releasedAt >= mirrorMs) remove(state, handOver);
    else {
      if (unanswered.length > 0 && now - handOver.sentAt >= resendMs) resend(handOver, now, out);
      goOn(state, handOver, now, out);
    }
  }
}

/** A user changed by its own request: the taker of its range is told what the record is now, and what was removed from it. */
export function mirrorChange(
  state: LocationState,
  change: ChangeBindings,
  before: readonly Binding[],
  after: readonly Binding[],
  now: number,
  out: Outbox,
): void {
  const { aor, callId, cseq } = change;
  const key = ringKeyFromText(aor);
  for (const handOver of state.handOvers) {
    const { from, to } = handOver.request;
    if (!betweenRightClosed(from, key, to)) continue;
    const bound = new Set(after.map(({ contactKey }) => contactKey));
    const removals = (handOver.changed.get(aor) ?? []).filter(([contactKey]) => !bound.has(contactKey));
    for (const { contactKey } of before) if (!bound.has(contactKey)) removals.push([contactKey, callId, cseq]);
    if (handOver.changed.size >= state.config.usersMax && !handOver.changed.has(aor)) {
      state.counts.handedRefused++;
      continue;
    }
    // Enough for whatever a user can have had; a record of the range itself is always told whole.
    handOver.changed.set(aor, removals.slice(-2 * state.config.bindingsPerUserMax));
    goOn(state, handOver, now, out);
  }
}

/** Sends what may be sent; releases the range when everything is there. */
function goOn(state: LocationState, handOver: HandOver, now: number, out: Outbox): void {
  const { request, unanswered } = handOver;
  let usersLeft = state.config.usersPerSweepMax;
  while (unanswered.length < chunksAheadMax && usersLeft > 0) {
    const records: HandedRecord[] = [];
    usersLeft = fill(state, handOver, records, usersLeft, now);
    if (records.length === 0) break;
    state.counts.recordsHanded += records.length;
    const { transfer } = handOver;
    const chunk: TakeRecords = {
      type: 'take-records',
      transfer,
      chunk: handOver.chunkNext++,
      records,
      replyTo: state.self,
    };
    // Silence counts from the moment at which an answer was due.
    if (unanswered.length === 0) handOver.heardAt = now;
    unanswered.push(chunk);
    handOver.sentAt = now;
    out.send(request.target as Address<TakeRecords>, chunk);
  }
  const isDone = handOver.users === undefined && handOver.changed.size === 0 && unanswered.length === 0;
  if (isDone && handOver.releasedAt === 0) release(handOver, now, out);
  wakeAt(state, usersLeft > 0 || unanswered.length === chunksAheadMax ? now + tickMs : now, now, out);
}

/** Fills a chunk with what changed and with users not yet looked at; returns how many of those may still be looked at in this step. */
function fill(
  state: LocationState,
  handOver: HandOver,
  records: HandedRecord[],
  usersLeft: number,
  now: number,
): number {
  let characters = 0;
  for (const [aor, removals] of handOver.changed) {
    handOver.changed.delete(aor);
    characters += put(records, aor, state.users?.get(aor)?.bindings ?? noBindings, removals, now);
    if (characters >= chunkCharactersMax) return usersLeft;
  }
  const { from, to } = handOver.request;
  let left = usersLeft;
  while (handOver.users !== undefined && left > 0 && characters < chunkCharactersMax) {
    left--;
    const { value: user, done } = handOver.users.next();
    if (done === true) handOver.users = undefined;
    else if (betweenRightClosed(from, ringKeyFromText(user.aor), to))
      characters += put(records, user.aor, user.bindings, [], now);
  }
  return left;
}

/** Appends a record, if it says anything, and returns its size. */
function put(
  records: HandedRecord[],
  aor: string,
  bindings: readonly Binding[],
  removals: readonly HandedRemoval[],
  now: number,
): number {
  const live = liveBindings(bindings, now);
  if (live.length === 0 && removals.length === 0) return 0;
  records.push([aor, live.map((binding) => handedBindingOf(binding, now)), removals]);
  let characters = aor.length + entryCharacters;
  for (const { contact, contactKey, instance, callId, userAgent } of live)
    characters +=
      contact.length + contactKey.length + instance.length + callId.length + userAgent.length + entryCharacters;
  for (const [contactKey, callId] of removals) characters += contactKey.length + callId.length + entryCharacters;
  return characters;
}

function resend(handOver: HandOver, now: number, out: Outbox): void {
  handOver.sentAt = now;
  for (const chunk of handOver.unanswered) out.send(handOver.request.target as Address<TakeRecords>, chunk);
}

function release(handOver: HandOver, now: number, out: Outbox): void {
  const { replyTo, correlation } = handOver.request;
  handOver.releasedAt = now;
  out.send(replyTo, { type: 'range-released', correlation });
}

function giveUp(state: LocationState, handOver: HandOver, now: number, out: Outbox): void {
  state.counts.handOversGivenUp++;
  if (handOver.releasedAt === 0) release(handOver, now, out);
  remove(state, handOver);
}

function remove(state: LocationState, handOver: HandOver): void {
  state.handOvers.splice(state.handOvers.indexOf(handOver), 1);
}

function wakeAt(state: LocationState, at: number, now: number, out: Outbox): void {
  if (state.handOvers.length === 0) return;
  if (state.handOverTimer !== 0) {
    if (state.handOverAt <= at) return;
    out.clearTimer(state.handOverTimer);
  }
  state.handOverAt = at;
  state.handOverTimer = out.setTimer(at - now, { type: 'hand-over-due' });
}
