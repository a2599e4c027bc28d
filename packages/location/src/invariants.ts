// What holds in a location service after every step, said as the sentence that is returned when it does not.
import { contactsMatch } from './contact-match.ts';
import { charactersOf, earliestExpiry } from './record.ts';
import type { LocationState, UserRecord } from './state.ts';

/** The first broken invariant, or undefined. */
export function locationInvariants(state: LocationState): string | undefined {
  const { users, wheel, config } = state;
  const broken = busyInvariants(state);
  if (broken !== undefined) return broken;
  if (users === undefined || wheel === undefined) {
    if (users !== undefined || wheel !== undefined) return 'users and their wheel come and go together';
    if (state.timer !== 0) return 'a peer without users has no timer';
    return state.bindingsCount === 0 ? undefined : 'a peer without users has no bindings';
  }
  if (users.size === 0) return 'an empty map of users is dropped';
  if (users.size > config.usersMax) return 'usersMax holds';
  if (state.timer === 0) return 'a peer with users has a timer';
  if (state.timerTick > wheel.earliestTick()) return 'the timer is not later than the earliest tick';
  let bindingsCount = 0;
  for (const [aor, user] of users) {
    if (user.aor !== aor) return `user ${aor} is found under its own name`;
    bindingsCount += user.bindings.length;
    const broken = userInvariants(state, user);
    if (broken !== undefined) return `${aor}: ${broken}`;
  }
  return bindingsCount === state.bindingsCount ? undefined : 'bindingsCount counts the bindings of all users';
}

function busyInvariants(state: LocationState): string | undefined {
  const { busyUsers, questions, moved, config } = state;
  let count = 0;
  for (const [aor, busy] of busyUsers ?? []) {
    if (busy.aor !== aor) return `busy user ${aor} is found under its own name`;
    const isMoved = moved?.includes(busy) === true;
    if ((questions?.get(busy.correlation) === busy) === isMoved) return `the store was asked for ${aor}, or is again`;
    if ((busy.waiting?.length ?? 0) > config.waitingPerUserMax) return 'waitingPerUserMax holds';
    if (busy.next !== undefined && busy.context === undefined) return 'who is written was read';
    count += 1 + (busy.waiting?.length ?? 0);
  }
  const openCount = (questions?.size ?? 0) + (moved?.length ?? 0);
  if (openCount !== (busyUsers?.size ?? 0)) return 'a busy user has one question';
  if (openCount > 0 && state.answerTimer === 0) return 'while the store is asked, a timer runs';
  if (count !== state.waitingCount) return 'waitingCount counts all who wait';
  if (state.usersShare > config.usersMax) return 'a peer keeps no more users than its host';
  return count > config.waitingMax ? 'waitingMax holds' : undefined;
}

function userInvariants(state: LocationState, user: UserRecord): string | undefined {
  const { bindings } = user;
  if (bindings.length === 0) return 'a user has a binding';
  if (bindings.length > state.config.bindingsPerUserMax) return 'bindingsPerUserMax holds';
  if (charactersOf(bindings) > state.config.recordCharactersMax) return 'recordCharactersMax holds';
  if (user.tick > Math.ceil(earliestExpiry(bindings) / state.config.tickMs)) return 'nobody is looked at too late';
  let first: UserRecord | undefined = user;
  while (first?.previous !== undefined) first = first.previous;
  if (state.wheel!.headOf(user.tick) !== first) return 'a user is in the list of its tick';
  for (let i = 0; i < bindings.length; i++) {
    if (i > 0 && bindings[i - 1]!.q < bindings[i]!.q) return 'the best q is first';
    for (let j = 0; j < i; j++) {
      const [one, other] = [bindings[i]!.contactKey, bindings[j]!.contactKey];
      if (one === other) return 'a contact is bound once';
      if (!one.includes(' ') && !other.includes(' ') && contactsMatch(one, other))
        return 'equal contacts are one binding';
    }
  }
  return undefined;
}
