// Actors that the simulator's tests run: an echo server and a client that counts what comes back.
import type { Address, Behaviour, LaneProgram, Outbox, Received } from '@chordial/actor';
import type { ByteView, UdpEvent, UdpRequest } from '@chordial/actor/protocol';

export const echoPort = 7;

interface EchoConfig {
  readonly udp: Address<UdpRequest>;
  /** Keeps the first view beyond its turn and echoes that: the mistake that poisoning is there to show. */
  readonly keepsViews: boolean;
}
interface EchoState extends EchoConfig {
  kept: ByteView | undefined;
}

const echo: Behaviour<EchoState, UdpEvent, EchoConfig> = {
  name: 'echo',
  mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
  init(config, { self }, out) {
    out.send(config.udp, { type: 'bind-udp', replyTo: self, address: '0.0.0.0', port: echoPort, shared: true });
    return { ...config, kept: undefined };
  },
  step(state, { message }, out) {
    if (message.type !== 'datagram-received') return;
    state.kept ??= message;
    const { bytes, start, end } = state.keepsViews ? state.kept : message;
    const { socket, address, port } = message;
    out.send(state.udp, { type: 'send-datagram', socket, address, port, bytes, start, end });
  },
};

export interface EchoServerConfig {
  readonly keepsViews: boolean;
}
export const echoServer: LaneProgram<EchoServerConfig> = ({ spawn, ports, config }) => {
  spawn(echo, { udp: ports.udp, keepsViews: config.keepsViews });
};

/** What a client saw; shared with the test that made it. */
export interface ClientLog {
  sent: number;
  /** The counters that came back, in order, and when. */
  readonly heard: number[];
  readonly heardAt: number[];
  /** Answers that nobody sent. */
  garbled: number;
  /** Highest backlog beside a datagram. */
  backlogMax: number;
}
export const emptyLog = (): ClientLog => ({ sent: 0, heard: [], heardAt: [], garbled: 0, backlogMax: 0 });

interface ClientConfig {
  readonly log: ClientLog;
  readonly server: string;
  readonly everyMs: number;
}
interface ClientState extends ClientConfig {
  readonly udp: Address<UdpRequest>;
  socket: number;
}
type ClientMessage = UdpEvent | { readonly type: 'send-due' };

const magic = 0x5a;

function sendNext(state: ClientState, out: Outbox): void {
  const bytes = new Uint8Array(5);
  bytes[0] = magic;
  new DataView(bytes.buffer).setUint32(1, state.log.sent++);
  const { socket, server: address } = state;
  out.send(state.udp, { type: 'send-datagram', socket, address, port: echoPort, bytes, start: 0, end: 5 });
  out.setTimer(state.everyMs, { type: 'send-due' });
}

const client: Behaviour<ClientState, ClientMessage, ClientConfig & { readonly udp: Address<UdpRequest> }> = {
  name: 'client',
  mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
  init(config, { self }, out) {
    out.send(config.udp, { type: 'bind-udp', replyTo: self, address: '0.0.0.0', port: 0, shared: false });
    return { ...config, socket: 0 };
  },
  step(state, { message, now }: Received<ClientMessage>, out) {
    switch (message.type) {
      case 'udp-bound':
        state.socket = message.socket;
        sendNext(state, out);
        return;
      case 'send-due':
        sendNext(state, out);
        return;
      case 'datagram-received': {
        const { log } = state;
        log.backlogMax = Math.max(log.backlogMax, message.backlog);
        if (message.bytes[message.start] !== magic) {
          log.garbled++;
          return;
        }
        log.heard.push(new DataView(message.bytes.buffer).getUint32(message.start + 1));
        log.heardAt.push(now);
        return;
      }
      case 'udp-failed':
        return;
      default:
        message satisfies never;
    }
  },
};

export const echoClient: LaneProgram<ClientConfig> = ({ spawn, ports, config }) => {
  spawn(client, { ...config, udp: ports.udp });
};
