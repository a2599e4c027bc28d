// Hosts for tests of host links: a node on every lane sends numbered notes to nodes of other hosts when a test says so, and
// writes down what it hears.
import type { Address, Behaviour, LaneProgram, Outbox, Typed } from '@chordial/actor';
import type { HostsEvent, HostsRequest, MessageRefused } from '@chordial/actor/protocol';
import { laneOf } from '@chordial/actor/shell';
import type { FaultPlan } from './fault.ts';
import type { HostSpec, SimulatedHost } from './host.ts';
import { Simulation } from './simulation.ts';

export const nodeAt = 16;

export interface Note {
  readonly type: 'note';
  readonly number: number;
  /** Says the same to the sender. */
  readonly isEchoed: boolean;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}
interface Order {
  readonly type: 'order';
  readonly run: (out: Outbox) => void;
}
type NodeMessage = Note | Order | HostsEvent | MessageRefused;

/** What the nodes of one host saw. */
export interface NodeLog {
  /** Numbers of notes, by the life of the host that heard them. */
  readonly notes: number[];
  /** Lanes on which they were heard. */
  readonly lanes: number[];
  /** `host-linked 2`, `host-unlinked 2 ETIMEDOUT`, `host-introduced 2 10.0.0.2`. */
  readonly events: string[];
  readonly eventsAt: number[];
  readonly refused: number[];
  readonly startedAt: number[];
}

interface NodeConfig {
  readonly log: NodeLog;
  readonly lane: number;
  readonly hosts: Address<HostsRequest>;
  readonly at: () => number;
}

const node: Behaviour<NodeConfig, NodeMessage, NodeConfig> = {
  name: 'node',
  mailbox: { messagesMax: 100_000, overflow: 'drop-newest' },
  hearsSystem: true,
  words: {
    note: [1, 'number', 'isEchoed', 'bytes', 'start', 'end'],
    order: [2],
    'message-refused': [3],
    'host-introduced': [4, 'host', 'address', 'port', 'fingerprint'],
    'host-linked': [5, 'host'],
    'host-unlinked': [6, 'host', 'code', 'sentence'],
  },
  init(config, { self }, out) {
    out.send(config.hosts, { type: 'watch-hosts', replyTo: self });
    return config;
  },
  step({ log, lane, at }, { message, from }, out) {
    switch (message.type) {
      case 'note':
        log.notes.push(message.number);
        log.lanes.push(lane);
        if (message.isEchoed) out.send(from as unknown as Address<Note>, { ...message, isEchoed: false });
        return;
      case 'order':
        message.run(out);
        return;
      case 'message-refused':
        log.refused.push((message.message as Note).number);
        return;
      case 'host-introduced':
        log.events.push(`${message.type} ${message.host} ${message.address}`);
        break;
      case 'host-linked':
        log.events.push(`${message.type} ${message.host}`);
        break;
      case 'host-unlinked':
        log.events.push(`${message.type} ${message.host} ${message.code}`);
        break;
      default:
        message satisfies never;
    }
    log.eventsAt.push(at());
  },
};

/** A host of a test ring and what a test does with it. */
export class TestHost {
  readonly log: NodeLog = { notes: [], lanes: [], events: [], eventsAt: [], refused: [], startedAt: [] };
  readonly host: SimulatedHost;
  readonly number: number;
  readonly #simulation: Simulation;

  constructor(simulation: Simulation, number: number, spec: Partial<HostSpec<undefined>> = {}) {
    const { log } = this;
    const program: LaneProgram<undefined> = ({ lane, spawn, ports: { hosts }, startedAt, host }) => {
      log.startedAt.push(startedAt);
      if (host !== number) throw new Error(`the lane of host ${number} thinks that it is host ${host}`);
      spawn(node, { log, lane, hosts, at: () => simulation.now }, nodeAt);
    };
    this.#simulation = simulation;
    this.number = number;
    this.host = simulation.addHost({ program, config: undefined, lanesCount: 1, number, ...spec });
  }

  /** Tells the hosts port of every lane where another host is, by way of `via`. */
  route(other: TestHost, fingerprint = '', via = 0, life = 0): void {
    const { address, ringPort: port } = other.host;
    this.request({ type: 'route-host', host: other.number, address, port, fingerprint, via, life });
  }

  request(request: HostsRequest): void {
    for (const lane of this.host.lanes) {
      const hosts = lane?.kernel.cellAt(this.#address(lane.lane, 5) as Address<never>);
      if (lane !== undefined && hosts !== undefined) lane.arrive(() => lane.deliver(hosts.self, request));
    }
  }

  /** Sends notes `from`.. to the node of another host, in one turn. */
  send(other: TestHost, from: number, count: number, { toLane = 0, bytes = 10, isEchoed = false } = {}): void {
    const to = other.#address(toLane, nodeAt) as Address<Note>;
    const run = (out: Outbox): void => {
      for (let number = from; number < from + count; number++) {
        out.send(to, { type: 'note', number, isEchoed, bytes: new Uint8Array(bytes), start: 0, end: bytes });
      }
    };
    const self = this.#address(0, nodeAt);
    const lane = this.host.lanes[laneOf(self)];
    lane?.arrive(() => lane.deliver(self, { type: 'order', run } as Typed));
  }

  /** Sends one note every `everyMs` until `untilMs`, from number 0 on. */
  sendEvery(other: TestHost, everyMs: number, untilMs: number, number = 0): void {
    if (this.#simulation.now >= untilMs) return;
    this.send(other, number, 1);
    this.#simulation.after(everyMs, () => this.sendEvery(other, everyMs, untilMs, number + 1));
  }

  #address(lane: number, index: number): Address<Typed> {
    return (this.number * 2 ** 36 + lane * 2 ** 28 + index) as Address<Typed>;
  }
}

/** Numbers from `from` on. */
export const numbers = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

/** Hosts 1 and 2; host 1 knows the way to host 2. Time is 10 ms. */
export function openPair(seed = 1, lanesCount = 1) {
  const simulation = new Simulation({ seed });
  const one = new TestHost(simulation, 1, { lanesCount });
  const other = new TestHost(simulation, 2, { lanesCount });
  simulation.run(10);
  one.route(other);
  const inject = (plan: FaultPlan): void => simulation.inject(plan);
  return { simulation, one, other, inject };
}
