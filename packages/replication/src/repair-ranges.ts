// Repairs: who asked for which range, and their sessions, of which a few run at a time, urgent ones first and not all with one host.
import type { Outbox } from '@chordial/actor';
import { parseRingKey } from '@chordial/ring-key';
import type { RangeRepaired, RepairRange } from './protocol.ts';
import { piecesOf } from './repair-pieces.ts';
import { isDone, pump } from './repair-session.ts';
import type { Repair, Session } from './repair-state.ts';
import type { ReplicaState } from './replica-state.ts';
import { isLoaded } from './replica-tree.ts';

export const sessionsMax = 16;
const sessionsPerHostMax = 6;
export const sessionsWaitingMax = 4_000;

export function onRepairRange(state: ReplicaState, message: RepairRange, now: number, out: Outbox): void {
  const { from, to, hosts, isUrgent, replyTo, correlation } = message;
  // Told once more, as it takes its time.
  for (const { asker, from: begin, to: end } of state.repairs)
    if (asker?.replyTo === replyTo && asker.correlation === correlation && begin === from && end === to) return;
  const others = [...new Set(hosts)].filter((host) => host !== state.config.host && host > 0);
  const areKeys = parseRingKey(from) !== undefined && parseRingKey(to) !== undefined;
  const isTooMuch = state.sessionsWaiting.length + others.length > sessionsWaitingMax;
  const repair = repairOf({ from, to, isUrgent, asker: { replyTo, correlation } });
  if (!areKeys || isTooMuch || others.length === 0) {
    repair.silent.push(...others);
    answer(repair, out);
  } else startRepair(state, repair, others, false, now);
}

export const repairOf = (asked: Pick<Repair, 'from' | 'to' | 'isUrgent' | 'asker'>): Repair => ({
  ...asked,
  same: [],
  silent: [],
  left: 0,
  sentCount: 0,
  takenCount: 0,
});

export function startRepair(
  state: ReplicaState,
  repair: Repair,
  hosts: readonly number[],
  isOneWay: boolean,
  now: number,
): void {
  state.repairs.add(repair);
  repair.left = hosts.length;
  const sessions = hosts.map((host) => sessionOf(state.correlation++, host, repair, isOneWay, now));
  if (!repair.isUrgent) {
    state.sessionsWaiting.push(...sessions);
    return;
  }
  const at = state.sessionsWaiting.findIndex((other) => !other.repair.isUrgent);
  state.sessionsWaiting.splice(at < 0 ? state.sessionsWaiting.length : at, 0, ...sessions);
}

const sessionOf = (id: number, host: number, repair: Repair, isOneWay: boolean, now: number): Session => ({
  id,
  host,
  repair,
  isOneWay,
  pieces: piecesOf(repair.from, repair.to),
  listings: [],
  fetches: [],
  pushes: [],
  merging: new Set(),
  asked: 0,
  working: 0,
  pausedUntil: 0,
  refusalsCount: 0,
  heardAt: now,
  trouble: '',
  sentCount: 0,
  takenCount: 0,
});

/** Begins what may begin, goes on with what runs, and ends what is done. */
export function runSessions(state: ReplicaState, now: number, out: Outbox): void {
  beginSessions(state, now);
  for (const isUrgent of [true, false]) {
    for (const session of state.sessions.values()) {
      if (session.repair.isUrgent !== isUrgent) continue;
      pump(state, session, now, out);
      if (!isDone(session)) continue;
      endSession(state, session, out);
      beginSessions(state, now);
    }
  }
}

function beginSessions(state: ReplicaState, now: number): void {
  const { sessions, sessionsWaiting } = state;
  if (sessionsWaiting.length === 0 || !isLoaded(state.tree)) return;
  const perHost = new Map<number, number>();
  for (const { host } of sessions.values()) perHost.set(host, (perHost.get(host) ?? 0) + 1);
  for (let i = 0; i < sessionsWaiting.length && sessions.size < sessionsMax; ) {
    const session = sessionsWaiting[i]!;
    const count = perHost.get(session.host) ?? 0;
    if (count >= sessionsPerHostMax) {
      i++;
      continue;
    }
    perHost.set(session.host, count + 1);
    sessionsWaiting.splice(i, 1);
    session.heardAt = now;
    sessions.set(session.id, session);
  }
}

function endSession(state: ReplicaState, session: Session, out: Outbox): void {
  const { repair } = session;
  state.sessions.delete(session.id);
  (session.trouble === '' ? repair.same : repair.silent).push(session.host);
  repair.sentCount += session.sentCount;
  repair.takenCount += session.takenCount;
  if (--repair.left > 0) return;
  state.repairs.delete(repair);
  answer(repair, out);
}

function answer({ asker, same, silent, sentCount, takenCount }: Repair, out: Outbox): void {
  if (asker === undefined) return;
  const { correlation, replyTo } = asker;
  const repaired: RangeRepaired = { type: 'range-repaired', correlation, same, silent, sentCount, takenCount };
  out.send(replyTo, repaired);
}

/** These hosts left the ring: nobody waits for them. */
export function dropSessions(state: ReplicaState, hosts: readonly number[]): void {
  if (hosts.length === 0) return;
  for (const session of [...state.sessions.values(), ...state.sessionsWaiting])
    if (hosts.includes(session.host)) session.trouble ||= `host ${session.host} has left the ring`;
  // Those that wait end as those that run.
  for (const session of state.sessionsWaiting.filter(({ trouble }) => trouble !== '')) {
    state.sessionsWaiting.splice(state.sessionsWaiting.indexOf(session), 1);
    state.sessions.set(session.id, session);
  }
}
