// The hosts port of a lane: where cores say how other hosts are reached, and hear what becomes of the links. Words in
// `@chordial/actor/protocol`; the links themselves are `host-links.ts`.
import type { Address, Behaviour, Received } from '@chordial/actor';
import {
  type ForgetHost,
  type HostIntroduced,
  type HostsEvent,
  type HostsRequest,
  hostsWords,
  type RouteHost,
} from '@chordial/actor/protocol';

/** What the port asks of the lane's links. */
export interface HostRoutes {
  route(request: RouteHost): void;
  forget(request: ForgetHost): void;
  watch(watcher: Address<HostsEvent>): void;
  /** Another lane of this host met a new one. */
  introduced(event: HostIntroduced): void;
}

export function hostsPort(routes: HostRoutes): Behaviour<undefined, HostsRequest | HostsEvent, undefined> {
  function step(_: undefined, { message }: Received<HostsRequest | HostsEvent>): void {
    switch (message.type) {
      case 'route-host':
        routes.route(message);
        return;
      case 'forget-host':
        routes.forget(message);
        return;
      case 'watch-hosts':
        routes.watch(message.replyTo);
        return;
      case 'host-introduced':
        routes.introduced(message);
        return;
      case 'host-linked':
      case 'host-unlinked':
        // Each lane has its own links.
        return;
      default:
        message satisfies never;
    }
  }
  return {
    name: 'hosts-port',
    mailbox: { messagesMax: 65_536, overflow: 'drop-newest' },
    words: hostsWords,
    init: () => undefined,
    step,
  };
}
