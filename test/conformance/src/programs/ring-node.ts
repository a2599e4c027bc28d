// A node on every lane of every host of a small ring. It knows where the other hosts are but routes to none until it is told to;
// then it sends numbered notes and reports what it hears, what was refused, and what its hosts port says.
import type { Address, Behaviour, LaneProgram, Typed } from '@chordial/actor';
import type { HostsEvent, HostsRequest, MessageRefused } from '@chordial/actor/protocol';

/** A host of the ring as the shell started it. */
export interface RingPlace {
  readonly host: number;
  readonly address: string;
  readonly port: number;
  readonly fingerprint: string;
}
export interface RingConfig {
  readonly ring: readonly RingPlace[];
}

interface Note {
  readonly type: 'note';
  readonly number: number;
  readonly isEchoed: boolean;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}
interface Asked {
  readonly replyTo: Address<Typed>;
  readonly correlation: number;
}
interface RouteTo extends Asked {
  readonly type: 'route-to';
  readonly host: number;
  readonly via: number;
  /** Of the host's process, 0 for not known. */
  readonly life: number;
  /** Of the key to expect, when it is not that of the host. */
  readonly fingerprint: string | undefined;
  /** Where nobody listens, so that only a relay can help. */
  readonly isUnreachable: boolean;
  /** Sends note 0 in the same step, and note 1 by a timer of 0 ms. */
  readonly saysAtOnce: boolean;
}
/** A timer of a node. */
interface SayDue {
  readonly type: 'say-due';
  readonly host: number;
}
interface ForgetIt extends Asked {
  readonly type: 'forget-it';
  readonly host: number;
}
interface SendNotes extends Asked {
  readonly type: 'send-notes';
  readonly host: number;
  readonly lane: number;
  readonly first: number;
  readonly count: number;
  readonly size: number;
  readonly isEchoed: boolean;
}
type NodeMessage = Note | RouteTo | SayDue | ForgetIt | SendNotes | HostsEvent | MessageRefused;

interface NodeConfig {
  readonly ring: readonly RingPlace[];
  readonly host: number;
  readonly hosts: Address<HostsRequest>;
  readonly gateway: Address<Typed>;
  readonly wellKnown: (lane: number, host: number) => Address<Note>;
}

export const nodeAt = 16;
const portOfNobody = 1;

const node: Behaviour<NodeConfig, NodeMessage, NodeConfig> = {
  name: 'node',
  mailbox: { messagesMax: 100_000, overflow: 'drop-newest' },
  hearsSystem: true,
  words: {
    note: [1, 'number', 'isEchoed', 'bytes', 'start', 'end'],
    'route-to': [2, 'host', 'via', 'life', 'fingerprint', 'isUnreachable', 'saysAtOnce', 'replyTo', 'correlation'],
    'forget-it': [3, 'host', 'replyTo', 'correlation'],
    'send-notes': [4, 'host', 'lane', 'first', 'count', 'size', 'isEchoed', 'replyTo', 'correlation'],
    'message-refused': [5, 'to', 'message'],
    'host-introduced': [6, 'host', 'address', 'port', 'fingerprint'],
    'host-linked': [7, 'host'],
    'host-unlinked': [8, 'host', 'code', 'sentence'],
    'say-due': [9, 'host'],
  },
  init(config, { self }, out) {
    out.send(config.hosts, { type: 'watch-hosts', replyTo: self });
    out.send(config.gateway, { type: 'node-born' });
    return config;
  },
  step(state, { message, from }, out) {
    const report = (told: Typed & Readonly<Record<string, unknown>>): void => out.send(state.gateway, told);
    const done = ({ replyTo, correlation }: Asked): void => out.send(replyTo, { type: 'done', correlation } as Typed);
    const say = (host: number, number: number): void => {
      const bytes = new Uint8Array(10).fill(number);
      out.send(state.wellKnown(0, host), { type: 'note', number, isEchoed: false, bytes, start: 0, end: 10 });
    };
    switch (message.type) {
      case 'note': {
        const { number, isEchoed, bytes, start, end } = message;
        let isWhole = true;
        for (let i = start; i < end; i++) isWhole &&= bytes[i] === number % 256;
        report({ type: 'heard', number, isWhole, size: end - start });
        if (isEchoed) out.send(from as unknown as Address<Note>, { ...message, isEchoed: false });
        return;
      }
      case 'route-to': {
        const place = state.ring.find(({ host }) => host === message.host)!;
        const port = message.isUnreachable ? portOfNobody : place.port;
        const fingerprint = message.fingerprint ?? place.fingerprint;
        const { via, life } = message;
        out.send(state.hosts, { type: 'route-host', ...place, port, fingerprint, via, life });
        if (message.saysAtOnce) {
          say(place.host, 0);
          const due: SayDue = { type: 'say-due', host: place.host };
          out.setTimer(0, due);
        }
        done(message);
        return;
      }
      case 'say-due':
        say(message.host, 1);
        return;
      case 'forget-it':
        out.send(state.hosts, { type: 'forget-host', host: message.host });
        done(message);
        return;
      case 'send-notes': {
        const { host, lane, first, count, size, isEchoed } = message;
        const to = state.wellKnown(lane, host);
        for (let number = first; number < first + count; number++) {
          const bytes = new Uint8Array(size).fill(number);
          out.send(to, { type: 'note', number, isEchoed, bytes, start: 0, end: size });
        }
        done(message);
        return;
      }
      case 'message-refused':
        report({ type: 'refused', number: (message.message as Note).number });
        return;
      case 'host-introduced':
      case 'host-linked':
      case 'host-unlinked':
        report({ ...message });
        return;
      default:
        message satisfies never;
    }
  },
};

const program: LaneProgram<RingConfig> = ({ config: { ring }, host, spawn, wellKnown: at, ports }) => {
  const { hosts, gateway } = ports;
  const wellKnown = (lane: number, other: number): Address<Note> => at(lane, nodeAt, other);
  spawn(node, { ring, host, hosts, gateway, wellKnown }, nodeAt);
};
export default program;
