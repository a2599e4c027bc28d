// Relays: a host that is heard only through a third one is reached by it from then on, on all lanes of this host, until a trial says that the
// direct way works again. A relay passes on to hosts that it reaches directly and to no others. (Who asks for one is in probing.ts.)
import type { Outbox } from '@chordial/actor';
import { directTrialMsMin } from './limits.ts';
import { createEstimator } from './round-trip.ts';
import { tellRoute } from './routes.ts';
import type { MembershipState, Way } from './state.ts';

/** The way to a host as probing sees it. */
export function wayTo(state: MembershipState, host: number): Way {
  let way = state.ways.get(host);
  if (way === undefined) {
    way = {
      estimator: createEstimator(),
      indirect: 0,
      trialAt: 0,
      trialMs: directTrialMsMin,
      saidAgainAt: -1,
      linkedAt: Number.NEGATIVE_INFINITY,
    };
    state.ways.set(host, way);
  }
  return way;
}

/**
 * Who reaches a host only through another passes nothing on to it, so the one it goes through is taken; and nobody goes through itself, where
 * two hosts that took each other for relays would lose all that they say to a third, and each would be helped by the other to stay like that.
 */
export function takeRelay(state: MembershipState, host: number, relay: number, now: number, out: Outbox): void {
  const { entries, own } = state.roster;
  if (relay === 0 || relay === own || entries.get(host)?.via !== 0) return;
  const way = entries.get(relay);
  if (way?.phase === 'alive' && way.via === 0) setVia(state, host, relay, now, out);
}

/** Other lanes hear of it with the picture. */
export function setVia(state: MembershipState, host: number, via: number, now: number, out: Outbox): void {
  const entry = state.roster.entries.get(host)!;
  const way = wayTo(state, host);
  if (via === 0) way.trialMs = directTrialMsMin;
  way.trialAt = now + way.trialMs;
  if (entry.via === via) return;
  entry.via = via;
  entry.viaChangedAt = ++state.roster.changes;
  if (via !== 0) state.counts.relays++;
  state.isUrgent = true;
  tellRoute(state, host, out);
}

/** While a relay serves, its route is told again from time to time: the hosts port then tries the direct way beside it. */
export function openDirectWay(state: MembershipState, host: number, out: Outbox): void {
  state.routes.delete(host);
  tellRoute(state, host, out);
}

/** Whether the direct way to a host behind a relay is being tried. */
export function isOnTrial({ probes }: MembershipState, host: number): boolean {
  for (const { host: asked, kind } of probes.values()) if (kind === 'trial' && asked === host) return true;
  return false;
}
