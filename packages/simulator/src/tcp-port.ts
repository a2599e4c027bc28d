// The tcp port of a simulated lane: listens, connects, and hands bytes to `TcpEnd`. Listeners that share a port get connections
// spread over them by source. Words in `@chordial/actor/protocol`.
import type { Address, Behaviour, Received, Typed } from '@chordial/actor';
import type { ConnectTcp, ListenTcp, TcpEvent, TcpRequest } from '@chordial/actor/protocol';
import type { SimulatedHost } from './host.ts';
import type { SimulatedLane } from './lane.ts';
import { isLoopback } from './network.ts';
import { TcpEnd, type TcpEndEvents, type TcpListener } from './tcp-connection.ts';
import { anyAddress, spread } from './udp-port.ts';
import { lendCopy } from './words-book.ts';
import type { World } from './world.ts';

const systemCallMs = 0.02;
const connectRetryMs = 1_000;
const connectRetriesMax = 6;

export class TcpPort {
  readonly behaviour: Behaviour<undefined, TcpRequest, undefined> = {
    name: 'tcp-port',
    mailbox: { messagesMax: 65_536, overflow: 'drop-newest' },
    init: () => undefined,
    step: (_, received) => this.#step(received),
  };
  readonly #world: World;
  readonly #lane: SimulatedLane;
  readonly #ends = new Map<number, TcpEnd>();
  readonly #listeners = new Map<number, TcpListener>();
  readonly #events: TcpEndEvents;
  #idNext = 1;

  constructor(world: World, lane: SimulatedLane) {
    this.#world = world;
    this.#lane = lane;
    this.#events = {
      opened: ({ id, owner, correlation, address, port }) =>
        this.#tell(owner, { type: 'tcp-opened', connection: id, correlation, address, port }),
      received: ({ id, owner }, bytes) => {
        const view = lendCopy(bytes, 0, bytes.length);
        lane.lend(view.bytes);
        this.#tell(owner, { type: 'bytes-received', connection: id, ...view });
      },
      closed: ({ id, owner, correlation, peer }, code, sentence) => {
        this.#ends.delete(id);
        const connection = peer === undefined ? 0 : id;
        this.#tell(owner, { type: 'tcp-closed', connection, correlation, code, sentence });
      },
    };
  }

  closeAll(tells: boolean): void {
    for (const end of this.#ends.values()) end.abandon(tells);
    this.#ends.clear();
    for (const id of [...this.#listeners.keys()]) this.#unlisten(id);
  }

  #step({ message }: Received<TcpRequest>): void {
    switch (message.type) {
      case 'write-tcp':
        this.#ends.get(message.connection)?.write(message.bytes.slice(message.start, message.end));
        return;
      case 'read-tcp':
        this.#ends.get(message.connection)?.setReading(message.reading);
        return;
      case 'listen-tcp':
        this.#listen(message);
        return;
      case 'connect-tcp':
        this.#connect(message);
        return;
      case 'close-tcp':
        this.#ends.get(message.connection)?.end();
        this.#unlisten(message.connection);
        return;
      default:
        message satisfies never;
    }
  }

  #listen({ replyTo, address, port: wanted, shared }: ListenTcp): void {
    const { host } = this.#lane;
    const owner = replyTo as Address<TcpEvent> as Address<Typed>;
    const port = wanted === 0 ? host.choosePort() : wanted;
    const refusal = refusalOf(host, address, port, shared);
    if (refusal !== undefined) {
      const sentence = `listen ${refusal} ${address}:${port}`;
      this.#later(owner, { type: 'tcp-closed', connection: 0, correlation: 0, code: refusal, sentence });
      return;
    }
    const listener: TcpListener = { id: this.#idNext++, lane: this.#lane, owner, address, port, shared };
    const place = `${address}:${port}`;
    host.tcpListeners.set(place, [...(host.tcpListeners.get(place) ?? []), listener]);
    this.#listeners.set(listener.id, listener);
    this.#later(owner, { type: 'tcp-listening', connection: listener.id, address, port });
  }

  #unlisten(id: number): void {
    const listener = this.#listeners.get(id);
    if (listener === undefined) return;
    this.#listeners.delete(id);
    const { tcpListeners } = this.#lane.host;
    const place = `${listener.address}:${listener.port}`;
    const rest = tcpListeners.get(place)?.filter((other) => other !== listener) ?? [];
    if (rest.length === 0) tcpListeners.delete(place);
    else tcpListeners.set(place, rest);
  }

  #connect({ replyTo, correlation, address, port }: ConnectTcp): void {
    const owner = replyTo as Address<TcpEvent> as Address<Typed>;
    const end = this.#createEnd(owner, correlation, address, port);
    this.#sendSyn(end, this.#lane.host.choosePort(), 0);
  }

  #createEnd(owner: Address<Typed>, correlation: number, address: string, port: number): TcpEnd {
    const end = new TcpEnd(this.#world, this.#lane, this.#events, {
      id: this.#idNext++,
      owner,
      correlation,
      address,
      port,
    });
    this.#ends.set(end.id, end);
    return end;
  }

  #sendSyn(end: TcpEnd, sourcePort: number, retries: number): void {
    if (end.phase !== 'connecting' || this.#lane.phase === 'dead') return;
    const { network } = this.#world;
    const from = this.#lane.host;
    const to = network.hostAt(end.address, from);
    const there = to?.answers ? network.sendSegment(from, to) : undefined;
    const back = to?.answers ? network.sendSegment(to, from) : undefined;
    if (to === undefined || there === undefined || back === undefined) {
      if (retries >= connectRetriesMax) this.#refuse(end, 'ETIMEDOUT');
      else this.#world.after(connectRetryMs * 2 ** retries, () => this.#sendSyn(end, sourcePort, retries + 1));
      return;
    }
    this.#world.after(there, () => {
      const source = isLoopback(end.address) ? end.address : from.address;
      const listener = to.isUp ? listenerAt(to, end.address, end.port, source, sourcePort) : undefined;
      if (listener === undefined) {
        this.#world.after(back, () => this.#refuse(end, 'ECONNREFUSED'));
        return;
      }
      listener.lane.arrive(() => {
        const accepted = listener.lane.tcp.#createEnd(listener.owner, 0, source, sourcePort);
        this.#world.after(back, () => {
          if (end.phase === 'connecting') this.#lane.arrive(() => end.open(accepted));
          else listener.lane.arrive(() => accepted.reset('ECONNRESET', 'read ECONNRESET'));
        });
        accepted.open(end);
      });
    });
  }

  #refuse(end: TcpEnd, code: string): void {
    const sentence = `connect ${code} ${end.address}:${end.port}`;
    this.#lane.arrive(() => end.reset(code, sentence));
  }

  #tell(owner: Address<Typed>, event: TcpEvent): void {
    this.#lane.deliver(owner, event);
  }

  #later(owner: Address<Typed>, event: TcpEvent): void {
    const lane = this.#lane;
    this.#world.after(systemCallMs, () => lane.arrive(() => this.#tell(owner, event)));
  }
}

function refusalOf(host: SimulatedHost, address: string, port: number, shared: boolean): string | undefined {
  if (address !== anyAddress && address !== host.address && !isLoopback(address)) return 'EADDRNOTAVAIL';
  if (port > 65_535 || port < 0 || !Number.isInteger(port)) return 'EINVAL';
  for (const group of host.tcpListeners.values()) {
    for (const other of group) {
      if (other.port !== port) continue;
      const overlaps = other.address === address || other.address === anyAddress || address === anyAddress;
      if (overlaps && !(shared && other.shared)) return 'EADDRINUSE';
    }
  }
  return undefined;
}

function listenerAt(
  host: SimulatedHost,
  address: string,
  port: number,
  source: string,
  sourcePort: number,
): TcpListener | undefined {
  const group = host.tcpListeners.get(`${address}:${port}`) ?? host.tcpListeners.get(`${anyAddress}:${port}`);
  return group?.[spread(source, sourcePort) % group.length];
}
