// The users of a location service: records by name, and the wheel that says who may have expired. A user exists while it has a
// binding; with the last user the map, the wheel and the timer go.
import type { Outbox } from '@chordial/actor';
import { ExpiryWheel } from './expiry-wheel.ts';
import type { Binding } from './protocol.ts';
import { earliestExpiry, liveBindings } from './record.ts';
import type { LocationState, UserRecord } from './state.ts';

/** Makes `bindings` the record of a user, whether or not it had one; none at all removes the user. */
export function keepBindings(
  state: LocationState,
  aor: string,
  bindings: readonly Binding[],
  context: string,
  now: number,
  out: Outbox,
): void {
  const user = state.users?.get(aor);
  if (user === undefined) {
    if (bindings.length > 0) addUser(state, aor, bindings, context, now, out);
    return;
  }
  user.context = context;
  replaceBindings(state, user, bindings, now, out);
}

/** All of them, whatever their number, in no time. */
export function forgetUsers(state: LocationState, out: Outbox): void {
  state.users = undefined;
  state.wheel = undefined;
  state.bindingsCount = 0;
  if (state.timer !== 0) out.clearTimer(state.timer);
  state.timer = 0;
}

/** Looks at the users of all ticks that are over, removes what expired, and places who lives on. */
export function onExpiryDue(state: LocationState, now: number, out: Outbox): void {
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

function addUser(
  state: LocationState,
  aor: string,
  bindings: readonly Binding[],
  context: string,
  now: number,
  out: Outbox,
): void {
  const user: UserRecord = { aor, bindings, context, tick: 0, previous: undefined, next: undefined };
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
  if (state.users?.size === 0) forgetUsers(state, out);
}
