// Requests to records that are kept by the store. The users in memory are a cache of it: a list and a refresh find their user there; who is
// not there is read first. A change is written before it is told, and only then does the cache have it, so nobody sees what is not kept by
// several hosts. One record is read or written once at a time; its other requests wait in order. Where the store says no, or nothing,
// everybody who waits for that record is refused and the cache forgets it: nobody knows what the store has.
import type { Outbox } from '@chordial/actor';
import type { MessageRefused } from '@chordial/actor/protocol';
import type { RecordGot, RecordPut, RecordRefused } from '@chordial/replication/protocol';
import { type RingKey, ringKeyFromText } from '@chordial/ring-key';
import type {
  Binding,
  BindingsListed,
  ChangeBindings,
  ChangeRefused,
  ListBindings,
  LocationReply,
} from './protocol.ts';
import { isOwned } from './range.ts';
import { changedBindings, charactersOf, liveBindings, noBindings, orderOf } from './record.ts';
import { bindingsOf, boundedBindings, recordValueOf } from './record-value.ts';
import { correlationsCount, type LocationState } from './state.ts';
import { keepBindings } from './users.ts';

type UserRequest = ChangeBindings | ListBindings;

/** A user for whom the store was asked something. */
export interface BusyUser {
  readonly aor: string;
  readonly key: RingKey;
  /** The request that is served now. */
  request: UserRequest;
  /** Those behind it. */
  waiting: UserRequest[] | undefined;
  /** The record as the store last said; the context is undefined until it has. */
  bindings: readonly Binding[];
  context: string | undefined;
  /** What is being written; undefined while the record is being read. */
  next: readonly Binding[] | undefined;
  correlation: number;
  askedAt: number;
  /** When the store first said that another owns the key, for the request that is served now; 0 when it has not. */
  movedAt: number;
  /** When the record was last read (a cached one: now), and `rangeChangesCount` of the state then. */
  readAt: number;
  rangeChangesCount: number;
}

/** Of the bindings, among the tables of the store. */
export const bindingsTable = 1;
const answerTickMs = 1_000;
/** A range that moves has no owner for the time of a message: the request waits and asks again. */
const moveTickMs = 100;
const moveMsMax = 1_000;

export function onUserRequest(state: LocationState, request: UserRequest, now: number, out: Outbox): void {
  const { config } = state;
  const { aor, correlation } = request;
  const user = state.users?.get(aor);
  if (user !== undefined && isQuestion(request)) {
    out.send(request.replyTo, listed(correlation, liveBindings(user.bindings, now), now));
    return;
  }
  const busy = state.busyUsers?.get(aor);
  if (state.waitingCount >= config.waitingMax || (busy?.waiting?.length ?? 0) >= config.waitingPerUserMax) {
    state.counts.storeRefused++;
    out.send(request.replyTo, refused(correlation, 'busy'));
    return;
  }
  state.waitingCount++;
  if (busy !== undefined) {
    busy.waiting ??= [];
    busy.waiting.push(request);
    return;
  }
  const begun: BusyUser = {
    aor,
    key: ringKeyFromText(aor),
    request,
    waiting: undefined,
    bindings: user === undefined ? noBindings : user.bindings,
    context: user?.context,
    next: undefined,
    correlation: 0,
    askedAt: now,
    movedAt: 0,
    readAt: now,
    rangeChangesCount: state.rangeChangesCount,
  };
  serve(state, begun, now, out);
}

export function onRecordGot(state: LocationState, message: RecordGot, now: number, out: Outbox): void {
  const busy = takeQuestion(state, message.correlation);
  if (busy === undefined) return;
  const { bindingsPerUserMax, recordCharactersMax } = state.config;
  const bindings = bindingsOf(message.siblings, now);
  if (bindings === undefined) {
    // Perhaps a later version of this software wrote it: what is not understood must not be replaced.
    state.counts.valuesUnread++;
    return refuseAll(state, busy, 'store-failed', now, out);
  }
  busy.bindings = boundedBindings(bindings, bindingsPerUserMax, recordCharactersMax);
  busy.context = message.context;
  cache(state, busy, now, out);
  serve(state, busy, now, out);
}

/** RFC 3261 10.3 step 7: "The binding updates MUST be committed (that is, made visible to the proxy or redirect server)". */
export function onRecordPut(state: LocationState, message: RecordPut, now: number, out: Outbox): void {
  const busy = takeQuestion(state, message.correlation);
  if (busy === undefined) return;
  busy.bindings = busy.next ?? noBindings;
  busy.next = undefined;
  // What others have written beside it was never read here: the record is read again before the next change, and before it is listed.
  const isKnown = message.hasOthers !== true;
  busy.context = isKnown ? message.context : undefined;
  if (isKnown) cache(state, busy, now, out);
  else forget(state, busy, now, out);
  finish(state, busy, listed(busy.request.correlation, liveBindings(busy.bindings, now), now), now, out);
}

export function onRecordRefused(state: LocationState, message: RecordRefused, now: number, out: Outbox): void {
  const { correlation, reason } = message;
  const busy = takeQuestion(state, correlation);
  if (busy === undefined) return;
  if (reason === 'not-owner' && busy.movedAt === 0) busy.movedAt = now;
  if (reason === 'not-owner' && now - busy.movedAt < moveMsMax) {
    state.moved ??= [];
    state.moved.push(busy);
    watchAnswers(state, out);
  } else refuseAll(state, busy, reason === 'not-owner' || reason === 'busy' ? reason : 'store-failed', now, out);
}

/** The mailbox of the store is full. */
export function onMessageRefused(state: LocationState, { message }: MessageRefused, now: number, out: Outbox): void {
  if (message.type !== 'get-record' && message.type !== 'put-record' && message.type !== 'delete-record') return;
  const busy = takeQuestion(state, (message as RecordGot).correlation);
  if (busy !== undefined) refuseAll(state, busy, 'busy', now, out);
}

/** Questions are in the order in which they were asked. With the last one the maps go. */
export function onAnswerDue(state: LocationState, now: number, out: Outbox): void {
  state.answerTimer = 0;
  const moved = state.moved ?? [];
  state.moved = undefined;
  for (const busy of moved) {
    // Whatever became of it: it is read again.
    busy.context = undefined;
    busy.next = undefined;
    serve(state, busy, now, out);
  }
  for (const busy of state.questions?.values() ?? []) {
    if (now - busy.askedAt < state.config.answerMsMax) break;
    takeQuestion(state, busy.correlation);
    refuseAll(state, busy, 'store-failed', now, out);
  }
  if ((state.questions?.size ?? 0) > 0) watchAnswers(state, out);
  else {
    state.questions = undefined;
    state.busyUsers = undefined;
  }
}

function listed(correlation: number, bindings: readonly Binding[], now: number): BindingsListed {
  return { type: 'bindings-listed', correlation, bindings, now };
}

function refused(correlation: number, reason: ChangeRefused['reason']): ChangeRefused {
  return { type: 'change-refused', correlation, reason };
}

/** Goes on with the request of a user until the store has to be asked, or nobody waits any more. */
function serve(state: LocationState, busy: BusyUser, now: number, out: Outbox): void {
  const answer = answerOrAsk(state, busy, now, out);
  if (answer !== undefined) finish(state, busy, answer, now, out);
}

function finish(state: LocationState, busy: BusyUser, answer: LocationReply, now: number, out: Outbox): void {
  let said: LocationReply | undefined = answer;
  while (said !== undefined) {
    out.send(busy.request.replyTo, said);
    state.waitingCount--;
    const next = busy.waiting?.shift();
    if (next === undefined) {
      state.busyUsers?.delete(busy.aor);
      return;
    }
    busy.request = next;
    busy.movedAt = 0;
    said = answerOrAsk(state, busy, now, out);
  }
}

/** The answer to the request of a user, or undefined: then the store was asked. */
function answerOrAsk(state: LocationState, busy: BusyUser, now: number, out: Outbox): LocationReply | undefined {
  const { config } = state;
  const { request, aor, key, context } = busy;
  const { correlation } = request;
  if (context === undefined || busy.rangeChangesCount !== state.rangeChangesCount) {
    busy.rangeChangesCount = state.rangeChangesCount;
    busy.readAt = now;
    busy.context = undefined;
    const asked = ask(state, busy, now, out);
    out.send(state.config.store, {
      type: 'get-record',
      table: bindingsTable,
      key,
      name: aor,
      replyTo: state.self,
      correlation: asked,
    });
    return undefined;
  }
  const current = liveBindings(busy.bindings, now);
  if (request.type === 'list-bindings' || isQuestion(request)) return listed(correlation, current, now);
  const order = orderOf(current, request, now);
  if (order === 'older') return refused(correlation, 'cseq-out-of-order');
  if (order === 'repeated') return listed(correlation, current, now);
  const next = changedBindings(current, request, now);
  if (next.length > config.bindingsPerUserMax) return refused(correlation, 'bindings-exceeded');
  if (charactersOf(next) > config.recordCharactersMax) return refused(correlation, 'record-characters-exceeded');
  if (current.length === 0) {
    if (next.length === 0) {
      forget(state, busy, now, out);
      return listed(correlation, noBindings, now);
    }
    if (!hasRoom(state, aor)) return refused(correlation, 'users-exceeded');
  }
  busy.next = next;
  write(state, busy, next, context, now, out);
  return undefined;
}

function write(
  state: LocationState,
  busy: BusyUser,
  next: readonly Binding[],
  context: string,
  now: number,
  out: Outbox,
): void {
  const { key, aor: name } = busy;
  const replyTo = state.self;
  const correlation = ask(state, busy, now, out);
  const table = bindingsTable;
  if (next.length === 0) {
    out.send(state.config.store, { type: 'delete-record', table, key, name, context, replyTo, correlation });
    return;
  }
  const [value, ttlMs] = recordValueOf(next, now);
  out.send(state.config.store, { type: 'put-record', table, key, name, context, value, ttlMs, replyTo, correlation });
}

/** The cache gets what the store has, unless somebody else may know better. */
function cache(state: LocationState, busy: BusyUser, now: number, out: Outbox): void {
  const { aor, key, bindings, context, readAt } = busy;
  if (readAt >= state.cacheFrom && hasRoom(state, aor) && isOwned(state, key))
    keepBindings(state, aor, bindings, context ?? '', now, out);
}

function forget(state: LocationState, { aor }: BusyUser, now: number, out: Outbox): void {
  keepBindings(state, aor, noBindings, '', now, out);
}

/** A user of the store who finds no room in the cache is read each time. */
function hasRoom({ users, usersShare }: LocationState, aor: string): boolean {
  return users === undefined || users.size < usersShare || users.has(aor);
}

function refuseAll(
  state: LocationState,
  busy: BusyUser,
  reason: ChangeRefused['reason'],
  now: number,
  out: Outbox,
): void {
  forget(state, busy, now, out);
  state.busyUsers!.delete(busy.aor);
  for (const { replyTo, correlation } of [busy.request, ...(busy.waiting ?? [])]) {
    state.waitingCount--;
    state.counts.storeRefused++;
    out.send(replyTo, refused(correlation, reason));
  }
}

/** Notes that the store is asked for a user now, and returns the correlation. */
function ask(state: LocationState, busy: BusyUser, now: number, out: Outbox): number {
  const correlation = state.correlationNext;
  state.correlationNext = (correlation + 1) % correlationsCount;
  busy.correlation = correlation;
  busy.askedAt = now;
  state.busyUsers ??= new Map();
  state.busyUsers.set(busy.aor, busy);
  state.questions ??= new Map();
  state.questions.set(correlation, busy);
  watchAnswers(state, out);
  return correlation;
}

/** Undefined for an answer that nobody waits for any more. */
function takeQuestion({ questions }: LocationState, correlation: number): BusyUser | undefined {
  const busy = questions?.get(correlation);
  if (busy !== undefined) questions!.delete(correlation);
  return busy;
}

/** One timer for all questions, while there are some; sooner when some are to be asked again. */
function watchAnswers(state: LocationState, out: Outbox): void {
  if (state.answerTimer !== 0 && (state.moved === undefined || state.moved.length > 1)) return;
  if (state.answerTimer !== 0) out.clearTimer(state.answerTimer);
  state.answerTimer = out.setTimer(state.moved === undefined ? answerTickMs : moveTickMs, { type: 'answer-due' });
}

const isQuestion = (request: UserRequest): boolean => request.type === 'list-bindings' || request.changes.length === 0;
