// The hosts port of a simulated lane: where other hosts are, and this lane's links to them. A message for a host leaves by its
// link, or by that of the relay its route names; what arrives goes to its lane, or once further for another host. Words in
// `@chordial/actor/protocol`.
import type { Address, Behaviour, Received, Typed } from '@chordial/actor';
import { type HostsEvent, type HostsRequest, hostsWords } from '@chordial/actor/protocol';
import { hostOf, indexOf, laneOf } from '@chordial/actor/shell';
import type { SimulatedHost } from './host.ts';
import { HostLink, type HostLinkEvents, type HostMail, type HostRoute, isOtherKey } from './host-link.ts';
import type { SimulatedLane } from './lane.ts';
import { recordBytesMax } from './links.ts';
import type { World } from './world.ts';

/** More than a ring has hosts. */
const routesMax = 65_536;
/** Actors of other hosts do not reach the shell's ports, the gateway aside, where answers go. */
const indexMin = 16;
const gatewayIndex = 1;

export class HostsPort {
  readonly behaviour: Behaviour<undefined, HostsRequest | HostsEvent, undefined> = {
    name: 'hosts-port',
    mailbox: { messagesMax: 65_536, overflow: 'drop-newest' },
    words: hostsWords,
    init: () => undefined,
    step: (_, received) => this.#step(received),
  };
  readonly counts = { sent: 0, received: 0, relayed: 0, refused: 0, unknown: 0 };
  /** Links of other hosts that end on this lane. */
  readonly incoming = new Set<HostLink>();
  readonly #world: World;
  readonly #lane: SimulatedLane;
  readonly #routes = new Map<number, HostRoute>();
  readonly #links = new Map<number, HostLink>();
  readonly #events: HostLinkEvents;
  /** Links that were posted to in this turn. */
  #posted: HostLink[] = [];
  #watcher: Address<HostsEvent> | undefined;

  constructor(world: World, lane: SimulatedLane) {
    this.#world = world;
    this.#lane = lane;
    this.#events = {
      linked: (host) => this.#tell({ type: 'host-linked', host }),
      unlinked: (host, code, sentence) => this.#tell({ type: 'host-unlinked', host, code, sentence }),
    };
  }

  /** Sends a message to another host; false without a route, or when its link is full or known to be down. */
  post(to: Address<Typed>, from: Address<never>, message: Typed): boolean {
    const crossing = this.#lane.words.cross(message);
    const isPosted = crossing.bytes <= recordBytesMax && this.#post({ to, from, crossing, isRelayed: false });
    if (isPosted) this.counts.sent++;
    else this.counts.refused++;
    return isPosted;
  }

  /** A message came in by a link of another host that ends on this lane. */
  receive(mail: HostMail): void {
    const { host, lane } = this.#lane;
    this.counts.received++;
    const index = indexOf(mail.to);
    if (hostOf(mail.to) !== host.number) this.#relay(mail);
    else if (index < indexMin && index !== gatewayIndex) this.counts.refused++;
    else if (laneOf(mail.to) !== lane) host.links.pass(lane, laneOf(mail.to), mail);
    else if (!this.#lane.receive(mail)) this.counts.unknown++;
  }

  /** Another host proved who it is; it is told of when nothing was known of it. */
  introduce({ number: host, address, ringPort: port, fingerprint }: SimulatedHost): void {
    if (this.#routes.has(host) || host === this.#lane.host.number) return;
    this.#route({ host, address, port, fingerprint, via: 0, life: 0 });
    this.#tell({ type: 'host-introduced', host, address, port, fingerprint });
  }

  /** Why another host may not open a link to this lane. */
  judge({ number, fingerprint }: SimulatedHost): 'wrong-key' | 'wrong-host' | undefined {
    if (number === this.#lane.host.number) return 'wrong-host';
    return isOtherKey(this.#routes.get(number)?.fingerprint ?? '', fingerprint) ? 'wrong-key' : undefined;
  }

  /** A host that is known opened a link to this lane. */
  met({ number, address, ringPort: port, life }: SimulatedHost): void {
    const known = this.#routes.get(number);
    if (known !== undefined && known.address !== address) this.#route({ ...known, address, port });
    this.#links.get(number)?.outlived(life);
  }

  /** The lane stood still for so long that other hosts gave their links to it up. */
  stoodStill(): void {
    for (const link of this.incoming) link.peerSilent();
  }

  /** The turn is over. */
  flush(): void {
    if (this.#posted.length === 0) return;
    const posted = this.#posted;
    this.#posted = [];
    for (const link of posted) link.flush();
  }

  /** The lane dies. `tells`: its machine lives and resets the connections that end here. */
  closeAll(tells: boolean): void {
    for (const link of this.#links.values()) link.close();
    for (const link of this.incoming) link.peerDied(tells);
    this.incoming.clear();
  }

  #step({ message }: Received<HostsRequest | HostsEvent>): void {
    switch (message.type) {
      case 'route-host': {
        const { host, address, port, fingerprint, via, life = 0 } = message;
        this.#route({ host, address, port, fingerprint, via, life });
        return;
      }
      case 'forget-host':
        this.#routes.delete(message.host);
        this.#forget(message.host);
        return;
      case 'watch-hosts':
        this.#watcher = message.replyTo;
        return;
      case 'host-introduced':
      case 'host-linked':
      case 'host-unlinked':
        return;
      default:
        message satisfies never;
    }
  }

  #route(told: HostRoute): void {
    const { host } = told;
    if (this.#lane.host.number === 0) {
      this.#tell({ type: 'host-unlinked', host, code: 'no-ring', sentence: 'this host was started without a ring' });
      return;
    }
    if (host === this.#lane.host.number || (this.#routes.size >= routesMax && !this.#routes.has(host))) return;
    const known = this.#routes.get(host);
    const lifeBefore = known?.fingerprint === told.fingerprint ? known.life : 0;
    const route = { ...told, life: Math.max(told.life, lifeBefore) };
    this.#routes.set(host, route);
    this.#links.get(host)?.reroute(route);
    if (lifeBefore > 0 && route.life > lifeBefore) this.#links.get(host)?.leaveLife(lifeBefore);
    if (route.via === 0) return;
    // Beside the relay the direct way is tried.
    const link = this.#linkTo(host)!;
    if (link.phase === 'linked') this.#tell({ type: 'host-linked', host });
    else link.tryOpening();
  }

  #forget(host: number): void {
    this.#routes.delete(host);
    this.#links.get(host)?.close();
    this.#links.delete(host);
    for (const link of this.incoming) if (link.from.number === host) link.peerDied(true);
  }

  #post(mail: HostMail): boolean {
    const route = this.#routes.get(hostOf(mail.to));
    if (route === undefined || (mail.isRelayed && route.via !== 0)) return false;
    const link = this.#linkTo(route.via === 0 ? route.host : route.via);
    if (link?.post(mail) !== true) return false;
    if (this.#posted.at(-1) !== link) this.#posted.push(link);
    return true;
  }

  #relay(mail: HostMail): void {
    if (!mail.isRelayed && this.#post({ ...mail, isRelayed: true })) this.counts.relayed++;
    else this.counts.refused++;
  }

  #linkTo(host: number): HostLink | undefined {
    let link = this.#links.get(host);
    if (link !== undefined) return link;
    const route = this.#routes.get(host);
    if (route === undefined) return undefined;
    link = new HostLink(this.#world, this.#lane, route, this.#events);
    this.#links.set(host, link);
    return link;
  }

  #tell(event: HostsEvent): void {
    if (this.#watcher !== undefined) this.#lane.deliver(this.#watcher as Address<never> as Address<Typed>, event);
  }
}
