// The links of one lane to other hosts, and what arrives over links that other hosts opened to it.
import type { Address, Typed } from '@chordial/actor';
import type { ForgetHost, HostIntroduced, HostsEvent, RouteHost } from '@chordial/actor/protocol';
import type { LaneOrder } from './control.ts';
import type { HostRoutes } from './hosts-port.ts';
import type { Wire } from './wire.ts';

export interface HostLinkCounts {
  /** Links that this lane opened and that are up. */
  linksUp: number;
  /** Links from other hosts that end at this lane. */
  linksIn: number;
  sent: number;
  received: number;
  /** Not sent (no route, link down, queue full, message too long) or not taken (no such lane, not for actors). */
  refused: number;
  /** Passed on to a third host. */
  relayed: number;
  /** Records of a type that nobody here registered. */
  unknown: number;
  bytesSent: number;
  bytesReceived: number;
  /** Socket writes: all messages of a turn to one host leave in one. */
  writes: number;
}

/** What the links need of their lane. */
export interface LaneInside {
  clock(): number;
  deliver(to: Address<Typed>, from: Address<never>, message: Typed): void;
  /** Passes a record on to another lane of this host; false when it has no room or is out of routing. */
  forward(to: Address<Typed>, bytes: Uint8Array, start: number, end: number): boolean;
  waitingCount(): number;
  turn(): boolean;
  turnSoon(): void;
  linkRefused(sentence: string): void;
}

export class HostLinks implements HostRoutes {
  readonly #counts: HostLinkCounts = {
    linksUp: 0,
    linksIn: 0,
    sent: 0,
    received: 0,
    refused: 0,
    relayed: 0,
    unknown: 0,
    bytesSent: 0,
    bytesReceived: 0,
    writes: 0,
  };

  constructor(_order: LaneOrder, _wire: Wire, _inside: LaneInside) {}

  post(_to: Address<Typed>, _from: Address<never>, _message: Typed): boolean {
    this.#counts.refused++;
    return false;
  }
  route(_request: RouteHost): void {}
  forget(_request: ForgetHost): void {}
  watch(_watcher: Address<HostsEvent>): void {}
  introduced(_event: HostIntroduced): void {}
  flush(): void {}
  endTurns(): void {}
  get isQuiet(): boolean {
    return true;
  }
  report(): HostLinkCounts {
    return { ...this.#counts };
  }
  close(): void {}
}
