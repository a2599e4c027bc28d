// Actors for the tests of the tcp port across hosts: a server that counts bytes, and a client that writes on a beat.
import type { Address, Behaviour, LaneProgram } from '@chordial/actor';
import type { TcpEvent, TcpRequest } from '@chordial/actor/protocol';

const port = 80;

/** What happened, with the virtual time of the test's choice. */
export interface TcpLog {
  readonly events: string[];
  /** Values of all octets received, in order. */
  readonly received: number[];
}
export const emptyTcpLog = (): TcpLog => ({ events: [], received: [] });

interface Config {
  readonly log: TcpLog;
}
interface ServerState extends Config {
  readonly tcp: Address<TcpRequest>;
}

const server: Behaviour<ServerState, TcpEvent, ServerState> = {
  name: 'tcp-server',
  mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
  init(config, { self }, out) {
    out.send(config.tcp, { type: 'listen-tcp', replyTo: self, address: '0.0.0.0', port, shared: false });
    return config;
  },
  step({ log }, { message }) {
    if (message.type === 'bytes-received') log.received.push(...message.bytes.subarray(message.start, message.end));
    else log.events.push(message.type === 'tcp-closed' ? `closed ${message.code}` : message.type);
  },
};

export const tcpServer: LaneProgram<Config> = ({ spawn, ports: { tcp }, config }) => {
  spawn(server, { ...config, tcp });
};

export interface TcpClientConfig extends Config {
  readonly server: string;
  /** Octets to write, one every `everyMs`, valued 0, 1, 2 ... and then the end. */
  readonly count: number;
  readonly everyMs: number;
}
interface ClientState extends TcpClientConfig {
  readonly tcp: Address<TcpRequest>;
  connection: number;
  written: number;
}
type ClientMessage = TcpEvent | { readonly type: 'write-due' };

const client: Behaviour<ClientState, ClientMessage, TcpClientConfig & { readonly tcp: Address<TcpRequest> }> = {
  name: 'tcp-client',
  mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
  init(config, { self }, out) {
    out.send(config.tcp, { type: 'connect-tcp', replyTo: self, correlation: 1, address: config.server, port });
    return { ...config, connection: 0, written: 0 };
  },
  step(state, { message }, out) {
    const { log, tcp } = state;
    if (message.type === 'tcp-closed') {
      log.events.push(`closed ${message.code}`);
      state.connection = 0;
    } else if (message.type === 'tcp-opened') {
      log.events.push('tcp-opened');
      state.connection = message.connection;
      out.setTimer(0, { type: 'write-due' });
    } else if (message.type === 'write-due' && state.connection !== 0) {
      const { connection, written, count, everyMs } = state;
      if (written === count) {
        out.send(tcp, { type: 'close-tcp', connection });
        return;
      }
      state.written++;
      out.send(tcp, { type: 'write-tcp', connection, bytes: new Uint8Array([written % 256]), start: 0, end: 1 });
      out.setTimer(everyMs, { type: 'write-due' });
    }
  },
};

export const tcpClient: LaneProgram<TcpClientConfig> = ({ spawn, ports: { tcp }, config }) => {
  spawn(client, { ...config, tcp });
};
