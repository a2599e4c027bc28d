// The core of the location service: one per peer, the bindings of the users whose keys the peer owns, in memory. A user
// exists while it has a binding. One timer, set only while there are users, wakes the actor at the next tick at which
// somebody may have expired; lists leave expired bindings out whether or not they were swept. RFC 3261 10.3.
import { assert, type Birth, type Outbox, type Received, type TimerId } from '@chordial/actor';
import { ExpiryWheel, type WheelEntry } from './expiry-wheel.ts';
import type {
  Binding,
  BindingsListed,
  ChangeBindings,
  ChangeRefused,
  ListBindings,
  LocationMessage,
  LocationReply,
} from './protocol.ts';
import { changedBindings, charactersOf, earliestExpiry, liveBindings, noBindings, orderOf } from './record.ts';

export interface LocationConfig {
  /** Bindings one user may have at a time. */
  readonly bindingsPerUserMax: number;
  /** Characters of the contacts, instances and user agents of one user, so that an answer that lists them is small. */
  readonly recordCharactersMax: number;
  /** Users of one peer; those whose last binding expired less than a tick ago still count. */
  readonly usersMax: number;
  /** Length of a tick: how long an expired binding may stay in memory. */
  readonly tickMs: number;
  /** How far ahead a user is placed; one that lives longer is looked at once in this many ticks. */
  readonly ticksAheadMax: number;
  /** Users looked at in one step of a sweep; the rest follow in the next step, after other messages. */
  readonly usersPerSweepMax: number;
}

export const defaultLocationConfig: LocationConfig = {
  bindingsPerUserMax: 10,
  recordCharactersMax: 1_200,
  usersMax: 1_000_000,
  tickMs: 10_000,
  ticksAheadMax: 1_024,
  usersPerSweepMax: 1_000,
};

export interface UserRecord extends WheelEntry<UserRecord> {
  readonly aor: string;
  bindings: readonly Binding[];
}

export interface LocationState {
  readonly config: LocationConfig;
  /** Undefined while the peer has no users, so that an idle peer costs next to nothing. */
  users: Map<string, UserRecord> | undefined;
  wheel: ExpiryWheel<UserRecord> | undefined;
  /** 0 when no timer is set. */
  timer: TimerId;
  timerTick: number;
  bindingsCount: number;
}

export function initLocation(config: LocationConfig, _birth: Birth<LocationMessage>, _out: Outbox): LocationState {
  assert(config.tickMs > 0 && config.ticksAheadMax > 0 && config.usersPerSweepMax > 0, 'time goes on in ticks');
  return { config, users: undefined, wheel: undefined, timer: 0, timerTick: 0, bindingsCount: 0 };
}

export function stepLocation(state: LocationState, received: Received<LocationMessage>, out: Outbox): void {
  const { message, now } = received;
  switch (message.type) {
    case 'change-bindings':
      out.send(message.replyTo, onChangeBindings(state, message, now, out));
      break;
    case 'list-bindings':
      out.send(message.replyTo, onListBindings(state, message, now));
      break;
    case 'expiry-due':
      onExpiryDue(state, now, out);
      break;
    default:
      message satisfies never;
  }
}

function onChangeBindings(state: LocationState, message: ChangeBindings, now: number, out: Outbox): LocationReply {
  const { config, users } = state;
  const { aor, correlation } = message;
  const user = users?.get(aor);
  const current = user === undefined ? noBindings : liveBindings(user.bindings, now);
  if (message.changes.length === 0) return listed(correlation, current, now);

  const order = orderOf(current, message, now);
  if (order === 'older') return refused(correlation, 'cseq-out-of-order');
  if (order === 'repeated') return listed(correlation, current, now);

  const next = changedBindings(current, message, now);
  if (next.length > config.bindingsPerUserMax) return refused(correlation, 'bindings-exceeded');
  if (charactersOf(next) > config.recordCharactersMax) return refused(correlation, 'record-characters-exceeded');
  if (user !== undefined) replaceBindings(state, user, next, now, out);
  else if (next.length > 0) {
    if (users !== undefined && users.size >= config.usersMax) return refused(correlation, 'users-exceeded');
    addUser(state, aor, next, now, out);
  }
  return listed(correlation, next, now);
}

function onListBindings(state: LocationState, message: ListBindings, now: number): LocationReply {
  const user = state.users?.get(message.aor);
  return listed(message.correlation, user === undefined ? noBindings : liveBindings(user.bindings, now), now);
}

/** Looks at the users of all ticks that are over, removes what expired, and places who lives on. */
function onExpiryDue(state: LocationState, now: number, out: Outbox): void {
  state.timer = 0;
  const { wheel, config } = state;
  if (wheel === undefined) return;
  const tickNow = Math.floor(now / config.tickMs);
  let usersLeft = config.usersPerSweepMax;
  let tick = wheel.earliestTick();
  while (tick !== 0 && tick <= tickNow && usersLeft > 0) {
    for (let user = wheel.headOf(tick); user !== undefined && usersLeft > 0; user = wheel.headOf(tick)) {
      usersLeft--;
      const live = liveBindings(user.bindings, now);
      state.bindingsCount += live.length - user.bindings.length;
      user.bindings = live;
      wheel.remove(user);
      if (live.length > 0) wheel.place(user, tickOf(state, live, now));
      else state.users!.delete(user.aor);
    }
    tick = wheel.earliestTick();
  }
  if (tick !== 0) wakeAt(state, tick, now, out);
  else dropIfEmpty(state, out);
}

function addUser(state: LocationState, aor: string, bindings: readonly Binding[], now: number, out: Outbox): void {
  const user: UserRecord = { aor, bindings, tick: 0, previous: undefined, next: undefined };
  state.users ??= new Map();
  state.wheel ??= new ExpiryWheel();
  state.users.set(aor, user);
  state.bindingsCount += bindings.length;
  const tick = tickOf(state, bindings, now);
  state.wheel.place(user, tick);
  wakeAt(state, tick, now, out);
}

function replaceBindings(
  state: LocationState,
  user: UserRecord,
  bindings: readonly Binding[],
  now: number,
  out: Outbox,
): void {
  state.bindingsCount += bindings.length - user.bindings.length;
  user.bindings = bindings;
  if (bindings.length === 0) {
    state.wheel!.remove(user);
    state.users!.delete(user.aor);
    dropIfEmpty(state, out);
    return;
  }
  const tick = tickOf(state, bindings, now);
  if (tick >= user.tick) return;
  state.wheel!.remove(user);
  state.wheel!.place(user, tick);
  wakeAt(state, tick, now, out);
}

/** The first tick at which one of the bindings has expired, or the furthest one a user is placed at. */
function tickOf(state: LocationState, bindings: readonly Binding[], now: number): number {
  const { tickMs, ticksAheadMax } = state.config;
  return Math.min(Math.ceil(earliestExpiry(bindings) / tickMs), Math.floor(now / tickMs) + ticksAheadMax);
}

/** Makes sure that the actor wakes at `tick` or before. */
function wakeAt(state: LocationState, tick: number, now: number, out: Outbox): void {
  if (state.timer !== 0) {
    if (state.timerTick <= tick) return;
    out.clearTimer(state.timer);
  }
  state.timerTick = tick;
  state.timer = out.setTimer(Math.max(0, tick * state.config.tickMs - now), { type: 'expiry-due' });
}

function dropIfEmpty(state: LocationState, out: Outbox): void {
  if (state.users === undefined || state.users.size > 0) return;
  state.users = undefined;
  state.wheel = undefined;
  if (state.timer !== 0) out.clearTimer(state.timer);
  state.timer = 0;
}

function listed(correlation: number, bindings: readonly Binding[], now: number): BindingsListed {
  return { type: 'bindings-listed', correlation, bindings, now };
}

function refused(correlation: number, reason: ChangeRefused['reason']): ChangeRefused {
  return { type: 'change-refused', correlation, reason };
}
