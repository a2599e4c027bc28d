// Hosts for tests: the real transport, transaction and dispatcher on one kernel per lane, a recorded socket in place of the
// network, a registrar that answers at once or when told, and time that moves when told. Lanes are numbered over all hosts.
import { type Address, type Behaviour, makeAddress, type Typed } from '@chordial/actor';
import type { UdpEvent, UdpRequest } from '@chordial/actor/protocol';
import { type DueTimer, hostOf, LaneKernel, laneOf } from '@chordial/actor/shell';
import type {
  ChordMessage,
  FindSuccessor,
  Member,
  RangeChanged,
  RingChanged,
  WatchRing,
} from '@chordial/chord/protocol';
import { type RingKey, ringKeyFromText } from '@chordial/ring-key';
import { sipTransaction } from '@chordial/sip-transaction/behaviour';
import type { RequestReceived, Respond } from '@chordial/sip-transaction/protocol';
import { sipTransport } from '@chordial/sip-transport/behaviour';
import type { SipTransportState } from '@chordial/sip-transport/protocol';
import { dispatcher } from './behaviour.ts';
import { dispatcherInvariants } from './invariants.ts';
import type { AttachPeers, DispatcherMessage, DispatcherReady } from './protocol.ts';
import type { DispatcherConfig, State } from './state.ts';

export interface SentDatagram {
  readonly lane: number;
  readonly to: string;
  readonly text: string;
}

interface Lane {
  readonly host: number;
  readonly lane: number;
  readonly kernel: LaneKernel;
  readonly transport: Address<UdpEvent>;
  readonly dispatcher: Address<DispatcherMessage>;
  readonly timers: { at: number; due: DueTimer; id: number }[];
}

const latin1 = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');

const TRANSPORT_AT = 16;
const DISPATCHER_AT = 18;

/** Stand-ins for chord peers are the first roots of a lane; a test says what they own and what they answer. */
const CHORD_FROM = 32;

export interface TestHostOptions {
  /** One host is number 0; several are 1, 2, ... */
  readonly hostsCount?: number;
  /** Of each host. */
  readonly lanesCount?: number;
  readonly peersPerLane?: number;
  readonly serviceAnswers?: boolean;
  readonly handOverBacklogMin?: number;
  readonly dispatcher?: Partial<DispatcherConfig>;
  /** Peers that the ring has but no lane has attached. */
  readonly attach?: boolean;
  /** Whether each peer says that it owns what lies between its predecessor and itself; true when absent. */
  readonly own?: boolean;
}

export class TestHost {
  readonly datagrams: SentDatagram[] = [];
  /** One line for each message delivered, `lane: actor <- message`. */
  readonly trace: string[] = [];
  readonly members: Member[] = [];
  readonly lanes: Lane[] = [];
  /** Requests that reached a service, by the lane it lives on. */
  readonly served: { lane: number; request: RequestReceived }[] = [];
  /** What the owners of transports and dispatchers were told, `lane: message`. */
  readonly reports: string[] = [];
  /** Questions to chord peers, and who they say owns a key: nobody answers when undefined. */
  readonly asked: FindSuccessor[] = [];
  ringSays: (key: RingKey) => Member | undefined = () => undefined;
  /** When set, links between lanes are full. */
  linksFull = false;
  /** Hosts that cannot be reached, as their links know. */
  readonly hostsDown = new Set<number>();
  now = 1_000;
  #timerNext = 1;

  constructor(options: TestHostOptions = {}) {
    const { hostsCount = 1, lanesCount = 1, peersPerLane = 2 } = options;
    const threads = hostsCount * lanesCount;
    for (let i = 0; i < threads * peersPerLane; i++) {
      const [host, lane] = placeOf(i % threads, hostsCount, lanesCount);
      const chord = makeAddress<ChordMessage>(host, lane, CHORD_FROM + Math.floor(i / threads));
      this.members.push({ key: ringKeyFromText(`peer ${i}`), host, lane, chord, life: 1 });
    }
    this.members.sort((a, b) => (a.key < b.key ? -1 : 1));
    for (let thread = 0; thread < threads; thread++) {
      const [host, lane] = placeOf(thread, hostsCount, lanesCount);
      this.lanes.push(this.#startLane(host, lane, thread, lanesCount, options));
    }
    if (options.own !== false) {
      this.members.forEach((self, i) => {
        this.tellRange({ type: 'range-changed', self, owns: true, from: this.members.at(i - 1)!.key, epoch: 1 });
      });
    }
    this.settle();
  }

  /** What a chord peer says to the dispatcher of its lane. */
  tellRange(range: RangeChanged): void {
    const lane = this.threadOf(range.self);
    this.send(lane, this.lanes[lane]!.dispatcher as Address<never>, range);
  }

  threadOf({ host, lane }: Pick<Member, 'host' | 'lane'>): number {
    return this.lanes.findIndex((one) => one.host === host && one.lane === lane);
  }

  /** A datagram from the network. */
  receive(text: string, from = '192.0.2.4:5060', lane = 0, backlog = 0): void {
    const bytes = new Uint8Array(Buffer.from(text, 'latin1'));
    const colon = from.lastIndexOf(':');
    const { kernel, transport } = this.lanes[lane]!;
    kernel.now = this.now;
    kernel.deliver(
      transport as Address<Typed>,
      0 as Address<never>,
      {
        type: 'datagram-received',
        socket: 1,
        address: from.slice(0, colon),
        port: Number(from.slice(colon + 1)),
        bytes,
        start: 0,
        end: bytes.length,
        backlog,
      } as Typed,
    );
  }

  /** Receives, runs to rest, and gives what was sent since. */
  exchange(text: string, from?: string, lane?: number): SentDatagram[] {
    const before = this.datagrams.length;
    this.receive(text, from, lane);
    this.settle();
    return this.datagrams.slice(before);
  }

  send(lane: number, to: Address<never>, message: Typed): void {
    this.lanes[lane]!.kernel.now = this.now;
    this.lanes[lane]!.kernel.deliver(to as Address<Typed>, 0 as Address<never>, message);
  }

  settle(): void {
    for (let taken = 1; taken > 0; ) {
      taken = 0;
      for (const { kernel } of this.lanes) {
        kernel.now = this.now;
        taken += kernel.run(1_000_000);
      }
    }
  }

  advance(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      let next: { lane: Lane; timer: Lane['timers'][number] } | undefined;
      for (const lane of this.lanes)
        for (const timer of lane.timers)
          if (timer.at <= until && (next === undefined || timer.at < next.timer.at)) next = { lane, timer };
      if (next === undefined) break;
      const { lane, timer } = next;
      this.now = timer.at;
      lane.timers.splice(lane.timers.indexOf(timer), 1);
      lane.kernel.now = this.now;
      lane.kernel.fire(timer.due);
      this.settle();
    }
    this.now = until;
  }

  dispatcherState(lane = 0): State {
    return this.lanes[lane]!.kernel.cellAt(this.lanes[lane]!.dispatcher as Address<never>)!.state as State;
  }

  /** A user whose owner lives on `lane`. */
  userOn(lane: number, domain = 'example.com'): string {
    for (let i = 0; ; i++) if (this.laneOf(`user${i}@${domain}`) === lane) return `user${i}`;
  }

  /** The lane of an address-of-record's owner, found without what is under test. */
  laneOf(aor: string): number {
    const key: RingKey = ringKeyFromText(aor);
    return this.threadOf(this.members.find((member) => member.key >= key) ?? this.members[0]!);
  }

  #startLane(host: number, lane: number, thread: number, lanesCount: number, options: TestHostOptions): Lane {
    const timers: Lane['timers'] = [];
    const kernel: LaneKernel = new LaneKernel(host, lane, 1_000 * (thread + 1), {
      post: (to, _from, message) => this.#post(to, message),
      setTimer: (delayMs, due) => {
        const id = this.#timerNext++;
        timers.push({ at: this.now + delayMs, due, id });
        return id;
      },
      clearTimer: () => {},
      actorFailed: (_actor, _name, failure) => {
        throw failure;
      },
      laneFailed: (failure) => {
        throw failure;
      },
      stepped: (cell, message) => {
        this.trace.push(`${thread}: ${cell.behaviour.name} <- ${message.type}`);
        const broken = cell.behaviour.invariants?.(cell.state);
        if (broken !== undefined) throw new Error(`${cell.behaviour.name}: ${broken}`);
      },
    });
    kernel.now = this.now;
    const here = this.members.filter((member) => member.lane === lane && member.host === host);
    for (const _ of here) kernel.spawnRoot(this.#chord(), undefined);
    const at = <M>(index: number, on = lane): Address<M> => makeAddress<M>(host, on, index);
    const udp = kernel.spawnRoot(this.#udp(thread), undefined);
    const owner = kernel.spawnRoot(this.#owner(thread), undefined);
    const others = Array.from({ length: lanesCount }, (_, other) => other).filter((other) => other !== lane);
    const transport = kernel.spawnRoot(
      sipTransport,
      {
        listen: { address: '127.0.0.1', port: 5060, shared: true },
        udp,
        owner,
        dispatcher: at(DISPATCHER_AT),
        siblings: others.map((other) => at(TRANSPORT_AT, other)),
        handOverBacklogMin: options.handOverBacklogMin ?? 1_000,
      },
      TRANSPORT_AT,
    );
    const transaction = kernel.spawnRoot(sipTransaction, { transport, secret: 7 });
    const membership = kernel.spawnRoot(membershipOf(this.members), undefined);
    const front = kernel.spawnRoot(
      dispatcher,
      {
        domains: ['example.com', '127.0.0.1', '[::1]'],
        routing: 'one-hop',
        membership,
        owner: owner as Address<DispatcherReady>,
        transport,
        transaction,
        hopsMax: 4,
        secret: 7,
        ...options.dispatcher,
      },
      DISPATCHER_AT,
    );
    const service = kernel.spawnRoot(this.#service(thread, options.serviceAnswers ?? true), undefined);
    const attach: AttachPeers = { type: 'attach-peers', peers: here.map(({ chord }) => [chord, service]) };
    if (options.attach !== false) kernel.deliver(front as Address<Typed>, 0 as Address<never>, attach);
    return { host, lane, kernel, transport: transport as Address<UdpEvent>, dispatcher: front, timers };
  }

  #post(to: Address<Typed>, message: Typed): boolean {
    if (this.linksFull || this.hostsDown.has(hostOf(to))) return false;
    const lane = this.lanes[this.threadOf({ host: hostOf(to), lane: laneOf(to) })];
    if (lane === undefined) return false;
    const view = message as Typed & { bytes?: Uint8Array; start: number; end: number };
    const copy = view.bytes === undefined ? { ...message } : { ...view, bytes: view.bytes.slice(0) };
    lane.kernel.deliver(to, 0 as Address<never>, copy);
    return true;
  }

  #udp(lane: number): Behaviour<undefined, UdpRequest, undefined> {
    return {
      name: 'udp',
      init: () => undefined,
      step: (_state, { message }, out) => {
        if (message.type === 'bind-udp') {
          const { address, port } = message;
          out.send(message.replyTo, { type: 'udp-bound', socket: 1, address, port });
        } else if (message.type === 'send-datagram') {
          const text = latin1(message.bytes, message.start, message.end);
          this.datagrams.push({ lane, to: `${message.address}:${message.port}`, text });
        }
      },
      mailbox: { messagesMax: 1_000_000, overflow: 'drop-newest' },
    };
  }

  #chord(): Behaviour<undefined, FindSuccessor, undefined> {
    return {
      name: 'chord',
      init: () => undefined,
      step: (_state, { message }, out) => {
        this.asked.push(message);
        const { key, correlation, hops } = message;
        const owner = this.ringSays(key);
        if (owner !== undefined) {
          out.send(message.replyTo, { type: 'successor-found', correlation, key, owner, hops: hops + 1 });
        }
      },
      mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
    };
  }

  #owner(lane: number): Behaviour<undefined, SipTransportState | DispatcherReady, undefined> {
    return {
      name: 'owner',
      init: () => undefined,
      step: (_state, { message }) => {
        this.reports.push(`${lane}: ${message.type}`);
      },
      mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
    };
  }

  #service(lane: number, answers: boolean): Behaviour<undefined, RequestReceived, undefined> {
    return {
      name: 'service',
      init: () => undefined,
      step: (_state, { message }, out) => {
        this.served.push({ lane, request: message });
        const response: Respond = {
          type: 'respond',
          transaction: message.transaction,
          statusCode: 200,
          reason: 'OK',
          headerLines: 'Contact: <sip:alice@192.0.2.4>;expires=3600\r\n',
        };
        if (answers) out.send(message.replyTo, response);
      },
      mailbox: { messagesMax: 1_000_000, overflow: 'drop-newest' },
    };
  }
}

const placeOf = (thread: number, hostsCount: number, lanesCount: number): readonly [host: number, lane: number] => [
  Math.floor(thread / lanesCount) + (hostsCount === 1 ? 0 : 1),
  thread % lanesCount,
];

function membershipOf(members: readonly Member[]): Behaviour<undefined, WatchRing, undefined> {
  return {
    name: 'membership',
    init: () => undefined,
    step: (_state, { message }, out) => {
      const changed: RingChanged = { type: 'ring-changed', epoch: 1, members };
      out.send(message.replyTo, changed);
    },
    mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
  };
}

/** `dispatcherInvariants` of every lane, or undefined. */
export const brokenInvariant = (host: TestHost): string | undefined =>
  host.lanes.map((_, lane) => dispatcherInvariants(host.dispatcherState(lane))).find((broken) => broken !== undefined);

export interface RequestParts {
  readonly method?: string;
  readonly uri?: string;
  readonly user?: string;
  readonly host?: string;
  readonly branch?: string;
  readonly via?: string;
  readonly lines?: readonly string[];
  readonly maxForwards?: number;
}

/** A REGISTER of a phone, or another request in its likeness. */
export function requestText(parts: RequestParts = {}): string {
  const { method = 'REGISTER', user = 'alice', host = 'example.com', branch = 'z9hG4bK1', lines = [] } = parts;
  return [
    `${method} ${parts.uri ?? `sip:${host}`} SIP/2.0`,
    `Via: ${parts.via ?? `SIP/2.0/UDP 192.0.2.4:5060;branch=${branch};rport`}`,
    `Max-Forwards: ${parts.maxForwards ?? 70}`,
    `From: <sip:${user}@${host}>;tag=f1`,
    `To: <sip:${user}@${host}>`,
    'Call-ID: c1@192.0.2.4',
    `CSeq: 1 ${method}`,
    'Contact: <sip:alice@192.0.2.4>',
    ...lines,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}
