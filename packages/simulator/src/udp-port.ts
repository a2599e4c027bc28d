// The udp port of a simulated lane. Sockets that share a port get senders spread over them by a hash of the source, as Linux
// does for SO_REUSEPORT; everything else is refused with the system's name of the error. Words in `@chordial/actor/protocol`.
import type { Address, Behaviour, Received, Typed } from '@chordial/actor';
import type { BindUdp, SendDatagram, UdpEvent, UdpRequest } from '@chordial/actor/protocol';
import type { SimulatedHost } from './host.ts';
import type { SimulatedLane } from './lane.ts';
import { isLoopback } from './network.ts';
import { lendCopy } from './words-book.ts';
import type { World } from './world.ts';

export interface UdpSocket {
  readonly id: number;
  readonly lane: SimulatedLane;
  readonly owner: Address<Typed>;
  readonly address: string;
  readonly port: number;
  readonly shared: boolean;
}

const datagramBytesMax = 65_507;
const systemCallMs = 0.02;
export const anyAddress = '0.0.0.0';

export class UdpPort {
  readonly behaviour: Behaviour<undefined, UdpRequest, undefined> = {
    name: 'udp-port',
    mailbox: { messagesMax: 262_144, overflow: 'drop-newest' },
    init: () => undefined,
    step: (_, received) => this.#step(received),
  };
  readonly #world: World;
  readonly #lane: SimulatedLane;
  readonly #sockets = new Map<number, UdpSocket>();
  #socketNext = 1;

  constructor(world: World, lane: SimulatedLane) {
    this.#world = world;
    this.#lane = lane;
  }

  closeAll(): void {
    for (const id of [...this.#sockets.keys()]) this.#close(id);
  }

  #step({ message }: Received<UdpRequest>): void {
    switch (message.type) {
      case 'send-datagram':
        this.#send(message);
        return;
      case 'bind-udp':
        this.#bind(message);
        return;
      case 'close-udp':
        this.#close(message.socket);
        return;
      default:
        message satisfies never;
    }
  }

  #bind({ replyTo, address, port: wanted, shared }: BindUdp): void {
    const { host } = this.#lane;
    const owner = replyTo as Address<UdpEvent> as Address<Typed>;
    const port = wanted === 0 ? host.choosePort() : wanted;
    const refusal = refusalOf(host, address, port, shared);
    if (refusal !== undefined) {
      this.#tell(owner, {
        type: 'udp-failed',
        socket: 0,
        code: refusal,
        sentence: `bind ${refusal} ${address}:${port}`,
      });
      return;
    }
    const socket: UdpSocket = { id: this.#socketNext++, lane: this.#lane, owner, address, port, shared };
    const place = `${address}:${port}`;
    const group = host.udpSockets.get(place);
    if (group === undefined) host.udpSockets.set(place, [socket]);
    else group.push(socket);
    this.#sockets.set(socket.id, socket);
    this.#tell(owner, { type: 'udp-bound', socket: socket.id, address, port });
  }

  #send({ socket: id, bytes, start, end, address, port }: SendDatagram): void {
    const socket = this.#sockets.get(id);
    if (socket === undefined) return;
    if (end - start > datagramBytesMax) {
      const sentence = `a datagram holds at most ${datagramBytesMax} bytes`;
      this.#tell(socket.owner, { type: 'udp-failed', socket: id, code: 'EMSGSIZE', sentence });
      return;
    }
    const { network } = this.#world;
    const from = this.#lane.host;
    const to = network.hostAt(address, from);
    if (to === undefined) {
      network.counts.unreachable++;
      return;
    }
    const source = isLoopback(address) ? address : from.address;
    const sourceAddress = socket.address === anyAddress ? source : socket.address;
    const copy = bytes.slice(start, end);
    network.sendDatagram(this.#world.now, from, to, (at) => {
      this.#world.at(at, () => {
        if (!receive(to, address, port, sourceAddress, socket.port, copy)) network.counts.unreachable++;
      });
    });
  }

  #close(id: number): void {
    const socket = this.#sockets.get(id);
    if (socket === undefined) return;
    this.#sockets.delete(id);
    const { udpSockets } = this.#lane.host;
    const place = `${socket.address}:${socket.port}`;
    const rest = udpSockets.get(place)?.filter((other) => other !== socket) ?? [];
    if (rest.length === 0) udpSockets.delete(place);
    else udpSockets.set(place, rest);
  }

  #tell(owner: Address<Typed>, event: UdpEvent): void {
    const lane = this.#lane;
    this.#world.after(systemCallMs, () => lane.arrive(() => lane.deliver(owner, event)));
  }
}

function refusalOf(host: SimulatedHost, address: string, port: number, shared: boolean): string | undefined {
  if (address !== anyAddress && address !== host.address && !isLoopback(address)) return 'EADDRNOTAVAIL';
  if (port > 65_535 || port < 0 || !Number.isInteger(port)) return 'EINVAL';
  for (const group of host.udpSockets.values()) {
    for (const other of group) {
      if (other.port !== port) continue;
      const overlaps = other.address === address || other.address === anyAddress || address === anyAddress;
      if (overlaps && !(shared && other.shared)) return 'EADDRINUSE';
    }
  }
  return undefined;
}

/** Hands a datagram to the socket it is for; false when there is none. */
function receive(
  host: SimulatedHost,
  address: string,
  port: number,
  sourceAddress: string,
  sourcePort: number,
  copy: Uint8Array,
): boolean {
  const group = host.udpSockets.get(`${address}:${port}`) ?? host.udpSockets.get(`${anyAddress}:${port}`);
  if (group === undefined) return false;
  const socket = group[group.length === 1 ? 0 : spread(sourceAddress, sourcePort) % group.length]!;
  const { lane } = socket;
  lane.arriveDatagram((backlog) => {
    const view = lendCopy(copy, 0, copy.length);
    lane.lend(view.bytes);
    const event: UdpEvent = {
      type: 'datagram-received',
      socket: socket.id,
      ...view,
      address: sourceAddress,
      port: sourcePort,
      backlog,
    };
    lane.deliver(socket.owner, event);
  });
  return true;
}

export function spread(address: string, port: number): number {
  let hash = Math.imul(port, 0x9e3779b1);
  for (let i = 0; i < address.length; i++) hash = Math.imul(hash ^ address.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
