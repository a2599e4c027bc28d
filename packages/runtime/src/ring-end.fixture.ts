// One lane's links to other hosts without a lane: real sockets, and an inside that keeps what it is given. Identities are made once.

import { connect } from 'node:net';
import { type Address, makeAddress, type Typed } from '@chordial/actor';
import type { HostsEvent } from '@chordial/actor/protocol';
import { expect } from 'vitest';
import type { LaneOrder } from './control.ts';
import { versionsSpoken } from './host-greeting.ts';
import { createIdentity } from './host-identity.ts';
import { HostLinks } from './host-links.ts';
import { claimRingEndpoint } from './ring-port.ts';
import { Wire } from './wire.ts';

export const identities = await Promise.all([1, 2, 3, 4].map(() => createIdentity()));
export const token = 'a token of some length';
export const ringName = 'test';

export interface Parcel extends Typed {
  readonly n: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}
export const parcelWords = { parcel: [1, 'n', 'bytes', 'start', 'end'] } as const;
export const parcel = (n: number, length = 40): Parcel => ({
  type: 'parcel',
  n,
  bytes: new Uint8Array(length).fill(n),
  start: 0,
  end: length,
});

export interface EndOptions {
  readonly host: number;
  readonly token?: string;
  readonly ringName?: string;
  readonly identity?: number;
  readonly port?: number;
  readonly lane?: number;
  readonly lanesCount?: number;
  readonly versions?: { readonly min: number; readonly max: number };
  readonly life?: number;
}

const closers: (() => void)[] = [];
export function closeEnds(): void {
  for (const close of closers.splice(0)) close();
}

export async function startEnd(options: EndOptions) {
  const { host, port = 0, lane = 0, lanesCount = 1, versions = versionsSpoken } = options;
  const identity = identities[options.identity ?? host - 1]!;
  const ring = await claimRingEndpoint({
    ringName: options.ringName ?? ringName,
    token: options.token ?? token,
    identity,
    listen: { address: '127.0.0.1', port },
  });
  const got: { readonly to: number; readonly from: number; readonly message: Typed }[] = [];
  const forwarded: number[] = [];
  const events: HostsEvent[] = [];
  const refused: string[] = [];
  const state = { waitingCount: 0 };
  const watcher = makeAddress<HostsEvent>(host, lane, 31);
  const wire = new Wire();
  wire.register(parcelWords);
  const order = { host, lane, lanesCount, startedAt: options.life ?? Date.now(), ring } as LaneOrder;
  const links = new HostLinks(
    order,
    wire,
    {
      clock: () => performance.now(),
      deliver: (to, from, message) => {
        if ((to as number) === watcher) events.push(message as HostsEvent);
        else got.push({ to, from, message });
      },
      forward: (to) => {
        forwarded.push(to);
        return true;
      },
      waitingCount: () => state.waitingCount,
      turn: () => true,
      turnSoon: () => {},
      linkRefused: (sentence) => refused.push(sentence),
    },
    versions,
  );
  links.watch(watcher);
  const close = () => links.close();
  closers.push(close);
  const self = { host, address: '127.0.0.1', port: ring.listen.port, fingerprint: identity.fingerprint };
  const end = {
    links,
    got,
    forwarded,
    events,
    refused,
    state,
    self,
    close,
    from: makeAddress<never>(host, lane, 16),
    route: (to: { readonly self: typeof self }, via = 0, life = 0) =>
      links.route({ type: 'route-host', ...to.self, via, life }),
    send: (to: number, ...messages: readonly Typed[]) => {
      const sent = messages.map((message) => links.post(to as Address<Typed>, makeAddress(host, lane, 16), message));
      links.flush();
      return sent;
    },
    numbers: () => got.map(({ message }) => (message as Parcel).n),
    /** Waits for an event of the links. */
    heard: (type: HostsEvent['type'], count = 1) =>
      expect.poll(() => events.filter((event) => event.type === type).length).toBeGreaterThanOrEqual(count),
    listening: () =>
      expect
        .poll(
          () =>
            new Promise((resolve) => {
              const socket = connect(ring.listen.port, '127.0.0.1');
              socket.on('connect', () => resolve(socket.destroy() !== undefined));
              socket.on('error', () => resolve(false));
            }),
        )
        .toBe(true),
  };
  return end;
}

export const actorOf = (host: number, lane = 0): Address<Typed> => makeAddress<Typed>(host, lane, 16);
