// Udp: lane 0 binds a shared port of the system's choice, the other lanes bind it too, then sockets on lane 0 each send to it and
// hear their own bytes back. A bind without sharing is refused.
import type { Address, Behaviour, LaneProgram, Typed, Words } from '@chordial/actor';
import type { UdpEvent, UdpRequest } from '@chordial/actor/protocol';

interface Config {
  readonly socketsCount: number;
  readonly perSocket: number;
}
interface Ports {
  readonly udp: Address<UdpRequest>;
  readonly gateway: Address<Typed>;
}
interface BindTo {
  readonly type: 'bind-to';
  readonly port: number;
}
interface EchoReady {
  readonly type: 'echo-ready';
  readonly lane: number;
  readonly port: number;
}

const echoAt = 16;
const directorAt = 17;
const address = '127.0.0.1';

interface EchoState extends Ports {
  readonly self: Address<EchoMessage>;
  readonly lane: number;
  readonly director: Address<EchoReady>;
  count: number;
}
interface CountEchoes {
  readonly type: 'count-echoes';
  readonly replyTo: Address<{ readonly type: 'echoes-counted'; readonly correlation: number; readonly count: number }>;
  readonly correlation: number;
}
type EchoMessage = UdpEvent | BindTo | CountEchoes;

const echo: Behaviour<EchoState, EchoMessage, Omit<EchoState, 'self' | 'count'>> = {
  name: 'echo',
  mailbox: { messagesMax: 10_000, overflow: 'drop-newest' },
  words: { 'bind-to': [1, 'port'] } as unknown as Words<EchoMessage>,
  init(config, { self }, out) {
    if (config.lane === 0) out.send(config.udp, { type: 'bind-udp', replyTo: self, address, port: 0, shared: true });
    return { ...config, self, count: 0 };
  },
  step(state, { message }, out) {
    if (message.type === 'bind-to') {
      const { port } = message;
      out.send(state.udp, { type: 'bind-udp', replyTo: state.self, address, port, shared: true });
    } else if (message.type === 'udp-bound') {
      out.send(state.director, { type: 'echo-ready', lane: state.lane, port: message.port });
    } else if (message.type === 'datagram-received') {
      state.count++;
      const { socket, bytes, start, end } = message;
      const to = { address: message.address, port: message.port };
      out.send(state.udp, { type: 'send-datagram', socket, bytes, start, end, ...to });
    } else if (message.type === 'count-echoes') {
      out.send(message.replyTo, { type: 'echoes-counted', correlation: message.correlation, count: state.count });
    }
  },
};

interface SocketConfig extends Ports {
  readonly index: number;
  readonly port: number;
  readonly perSocket: number;
}
interface SocketState extends SocketConfig {
  heard: number;
  garbled: number;
}

const content = (index: number, number: number): Uint8Array => new Uint8Array([index, number, 1, 2, 3, 250]);

/** Sends one datagram after the other, each when it heard the one before. */
const client: Behaviour<SocketState, UdpEvent, SocketConfig> = {
  name: 'client',
  mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
  init(config, { self }, out) {
    out.send(config.udp, { type: 'bind-udp', replyTo: self, address, port: 0, shared: false });
    return { ...config, heard: 0, garbled: 0 };
  },
  step(state, { message }, out) {
    if (message.type === 'udp-failed') return;
    if (message.type === 'datagram-received') {
      const expected = content(state.index, state.heard++);
      if (expected.join() !== message.bytes.slice(message.start, message.end).join()) state.garbled++;
    }
    const { index, heard, garbled, perSocket, port } = state;
    if (heard === perSocket) {
      out.send(state.gateway, { type: 'client-done', index, garbled } as Typed);
      return;
    }
    const bytes = content(index, heard);
    const { socket } = message;
    out.send(state.udp, { type: 'send-datagram', socket, address, port, bytes, start: 0, end: bytes.length });
  },
};

interface DirectorState extends Ports, Config {
  readonly self: Address<DirectorMessage>;
  readonly echoes: readonly Address<BindTo>[];
  ready: number;
}
type DirectorMessage = EchoReady | UdpEvent;

const director: Behaviour<DirectorState, DirectorMessage, Omit<DirectorState, 'self' | 'ready'>> = {
  name: 'director',
  mailbox: { messagesMax: 100, overflow: 'drop-newest' },
  words: { 'echo-ready': [1, 'lane', 'port'] } as unknown as Words<DirectorMessage>,
  init: (config, { self }) => ({ ...config, self, ready: 0 }),
  step(state, { message }, out) {
    if (message.type === 'udp-failed') out.send(state.gateway, { ...message, type: 'bind-refused' } as Typed);
    if (message.type !== 'echo-ready') return;
    const { port } = message;
    if (message.lane === 0) for (const other of state.echoes.slice(1)) out.send(other, { type: 'bind-to', port });
    if (++state.ready < state.echoes.length) return;
    out.send(state.udp, { type: 'bind-udp', replyTo: state.self, address, port, shared: false });
    const { udp, gateway, perSocket } = state;
    for (let index = 0; index < state.socketsCount; index++)
      out.spawn(client, { udp, gateway, index, port, perSocket });
  },
};

const program: LaneProgram<Config> = ({ config, lane, lanesCount, ports, spawn, wellKnown }) => {
  const { udp, gateway } = ports;
  spawn(echo, { udp, gateway, lane, director: wellKnown<EchoReady>(0, directorAt) }, echoAt);
  const echoes = Array.from({ length: lanesCount }, (_, other) => wellKnown<BindTo>(other, echoAt));
  // A director on every lane, because a lane knows the words of the behaviours that it runs; the one on lane 0 is used.
  spawn(director, { ...config, udp, gateway, echoes }, directorAt);
};
export default program;
