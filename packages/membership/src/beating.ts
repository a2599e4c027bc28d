// The beat, every 250 ms on every lane: how late are this lane's own timers, which lanes are silent, which slow hosts are dead by now, what
// is to be forgotten, repeated or written down.
import type { Outbox } from '@chordial/actor';
import { judge, refute } from './hearing.ts';
import { beatLeader, noteSilentLanes, releaseRecord } from './lanes.ts';
import { lagOf, measureBeat } from './lateness.ts';
import { endLeave } from './leaving.ts';
import { beatMs, forgetMs, leaveMsMax, silenceMsMax } from './limits.ts';
import { renewRecord } from './own-roster.ts';
import { persist } from './persistence.ts';
import { forgetGiven } from './placing.ts';
import { forgetHost } from './roster.ts';
import { forgetRoute } from './routes.ts';
import type { MembershipState } from './state.ts';
import { hintAgain } from './telling.ts';

export function onBeatDue(state: MembershipState, now: number, out: Outbox): void {
  out.setTimer(beatMs, { type: 'beat-due' });
  if (measureBeat(state, now) > silenceMsMax) wakeUp(state, now, out);
  hintAgain(state, now, out);
  forgetOld(state, now, out);
  if (!state.isLeader) return beatLeader(state, out);
  if (lagOf(state, now) <= silenceMsMax) refute(state, now);
  releaseRecord(state, now);
  noteSilentLanes(state, now);
  bury(state, now);
  forgetGiven(state, now);
  persist(state, now, out);
  endLeave(state, now, out);
}

/** This host stood still. Others may have taken over and nobody's silence meant anything: peers read their successors before they own again. */
function wakeUp(state: MembershipState, now: number, out: Outbox): void {
  for (const { self } of state.peers.values()) out.send(self.chord, { type: 'ownership-doubted' });
  if (!state.isLeader) return;
  state.probes.clear();
  state.accusations.clear();
  for (const way of state.ways.values()) way.indirect = 0;
  // Lanes stood still as well and are heard again in a moment; slow hosts had no chance to answer.
  for (const lane of state.lanes.values()) if (lane.isUp) lane.heardAt = now;
  for (const entry of state.roster.entries.values()) if (entry.phase === 'slow') entry.phaseAt = now;
  // Not while it goes on like that: then others are right to call this host slow.
  if (!state.isLeaving && lagOf(state, now) <= silenceMsMax) renewRecord(state, now);
}

/** Slow for long is dead. */
function bury(state: MembershipState, now: number): void {
  for (const { host, phase, phaseAt } of state.roster.entries.values()) {
    if (phase === 'slow' && now - phaseAt >= state.slowToDeadMs) judge(state, host, 'dead', now);
  }
}

/** Dead, left or silent for very long is forgotten; the way to a host that left is closed when it has its last answers. */
function forgetOld(state: MembershipState, now: number, out: Outbox): void {
  const { roster, contacts } = state;
  for (const { host, phase, phaseAt } of [...roster.entries.values()]) {
    if (host === roster.own || phase === 'alive' || phase === 'slow') continue;
    if (now - phaseAt >= forgetMs) forget(state, host, now);
    else if (phase === 'left' && now - phaseAt >= leaveMsMax * 2) forgetRoute(state, host, out);
  }
  for (const { host, since } of contacts.values()) {
    if (now - since < forgetMs) continue;
    contacts.delete(host);
    forgetRoute(state, host, out);
  }
}

function forget(state: MembershipState, host: number, now: number): void {
  forgetHost(state.roster, host, now);
  state.ways.delete(host);
  state.accusations.delete(host);
  state.toldPhases.delete(host);
}
