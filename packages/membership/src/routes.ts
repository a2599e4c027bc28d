// The way to other hosts: each lane's membership tells its lane's hosts port where every known host is reached, directly or through a
// relay, and hears from it who introduced itself. (What broken links mean for probing is in probing.ts.)
import type { Address, Outbox } from '@chordial/actor';
import { makeAddress } from '@chordial/actor';
import type { HostIntroduced, RouteHost } from '@chordial/actor/protocol';
import { compareWith } from './gossip.ts';
import { contactsMax } from './limits.ts';
import type { MembershipMessage } from './protocol.ts';
import type { HostEntry } from './roster.ts';
import type { Contact, MembershipState } from './state.ts';

/** The leading membership of another host. */
export const membershipOf = (state: MembershipState, host: number): Address<MembershipMessage> =>
  makeAddress(host, 0, state.config.at);

/** Tells the hosts port the way to a host if it is news; hosts that are forgotten have none. */
export function tellRoute(state: MembershipState, host: number, out: Outbox): void {
  const { roster, config, routes, contacts } = state;
  if (host === roster.own) return;
  const entry = roster.entries.get(host);
  const contact: Contact | undefined = entry?.record ?? contacts.get(host);
  if (contact === undefined) return forgetRoute(state, host, out);
  const route = routeTo(contact, entry);
  const { address, port, fingerprint, via, life } = route;
  const text = `${address} ${port} ${fingerprint} ${via} ${life ?? 0}`;
  if (routes.get(host) === text) return;
  routes.set(host, text);
  out.send(config.hostsPort, route);
}

/** With the life of the host's process, so that a link to an earlier one does not stay. */
export function routeTo({ host, address, port, fingerprint }: Contact, entry: HostEntry | undefined): RouteHost {
  const route: RouteHost = { type: 'route-host', host, address, port, fingerprint, via: entry?.via ?? 0 };
  return entry === undefined ? route : { ...route, life: entry.life };
}

/** Nothing is to be said to that host any more. */
export function forgetRoute(state: MembershipState, host: number, out: Outbox): void {
  if (state.routes.delete(host)) out.send(state.config.hostsPort, { type: 'forget-host', host });
}

/** A seed, a host of the persisted file, or one that introduced itself: asked what it knows. */
export function addContact(state: MembershipState, contact: Contact, now: number, out: Outbox): void {
  const { roster, contacts, routes } = state;
  const { host, address, port, fingerprint } = contact;
  if (host === roster.own || roster.entries.has(host)) return;
  if (!contacts.has(host) && contacts.size >= contactsMax) return;
  contacts.set(host, { host, address, port, fingerprint, since: now });
  if (!routes.has(host)) tellRoute(state, host, out);
  compareWith(state, host, out);
}

/** Somebody without a route here: its record will come by gossip. A known host that comes with another key is left to the records. */
export function onHostIntroduced(state: MembershipState, contact: HostIntroduced, now: number, out: Outbox): void {
  if (state.isLeader) addContact(state, contact, now, out);
}
