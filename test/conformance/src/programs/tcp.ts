// Tcp: a server that echoes, one that does not read for a while, and clients that connect, write, close, write too much, and
// connect to where nobody listens. Everything heard is reported by role.
import type { Address, Behaviour, LaneProgram, Outbox, Typed } from '@chordial/actor';
import type { TcpEvent, TcpRequest } from '@chordial/actor/protocol';

interface Config {
  readonly tcp: Address<TcpRequest>;
  readonly gateway: Address<Typed>;
}
type Role = 'echo' | 'late reader' | 'never reader';
type ServerMessage = TcpEvent | { readonly type: 'read-due' };

interface ServerConfig extends Config {
  readonly role: Role;
  /** Told the port, and again when a connection is accepted and reading has stopped. */
  readonly client: Address<ServerNews>;
}
interface ServerNews {
  readonly type: 'server-listens' | 'server-paused';
  readonly port: number;
}
interface ServerState extends ServerConfig {
  isPaused: boolean;
  received: number;
  whilePaused: number;
  connection: number;
}

const address = '127.0.0.1';
const lateMs = 150;
const total = 600_000;
const tooMuch = 64 * 1_024 * 1_024;

const server: Behaviour<ServerState, ServerMessage, ServerConfig> = {
  name: 'server',
  mailbox: { messagesMax: 10_000, overflow: 'drop-newest' },
  init(config, { self }, out) {
    out.send(config.tcp, { type: 'listen-tcp', replyTo: self, address, port: 0, shared: false });
    return { ...config, isPaused: false, received: 0, whilePaused: 0, connection: 0 };
  },
  step(state, { message }, out) {
    const { tcp, role } = state;
    switch (message.type) {
      case 'tcp-listening':
        out.send(state.client, { type: 'server-listens', port: message.port });
        return;
      case 'tcp-opened':
        state.connection = message.connection;
        if (role === 'echo') return;
        state.isPaused = true;
        out.send(tcp, { type: 'read-tcp', connection: message.connection, reading: false });
        out.send(state.client, { type: 'server-paused', port: 0 });
        if (role === 'late reader') out.setTimer(lateMs, { type: 'read-due' });
        return;
      case 'read-due':
        state.isPaused = false;
        out.send(tcp, { type: 'read-tcp', connection: state.connection, reading: true });
        return;
      case 'bytes-received': {
        const { connection, bytes, start, end } = message;
        state.received += end - start;
        if (state.isPaused) state.whilePaused += end - start;
        if (role === 'echo') out.send(tcp, { type: 'write-tcp', connection, bytes, start, end });
        return;
      }
      case 'tcp-closed': {
        const { received, whilePaused } = state;
        out.send(state.gateway, { type: 'server-closed', role, code: message.code, received, whilePaused } as Typed);
        return;
      }
      default:
        message satisfies never;
    }
  },
};

interface ClientConfig extends Config {
  readonly role: Role;
}
interface ClientState extends ClientConfig {
  readonly self: Address<ClientMessage>;
  connection: number;
  isServerPaused: boolean;
  text: string;
}
type ClientMessage = TcpEvent | ServerNews;

const greeting = Uint8Array.from('..hello, world..', (letter) => letter.charCodeAt(0));

function begin(state: ClientState, out: Outbox): void {
  const { connection, role } = state;
  if (connection === 0 || (role !== 'echo' && !state.isServerPaused)) return;
  const write = (bytes: Uint8Array, start: number, end: number): void =>
    out.send(state.tcp, { type: 'write-tcp', connection, bytes, start, end });
  if (role === 'echo') write(greeting, 2, greeting.length - 2);
  else if (role === 'never reader') write(new Uint8Array(tooMuch), 0, tooMuch);
  else {
    const half = new Uint8Array(total / 2);
    write(half, 0, half.length);
    write(half, 0, half.length);
    out.send(state.tcp, { type: 'close-tcp', connection });
  }
}

const client: Behaviour<ClientState, ClientMessage, ClientConfig> = {
  name: 'client',
  mailbox: { messagesMax: 10_000, overflow: 'drop-newest' },
  init: (config, { self }) => ({ ...config, self, connection: 0, isServerPaused: false, text: '' }),
  step(state, { message }, out) {
    const { tcp, role, gateway, self: replyTo } = state;
    switch (message.type) {
      case 'server-listens':
        out.send(tcp, { type: 'connect-tcp', replyTo, correlation: 77, address, port: message.port });
        return;
      case 'server-paused':
        state.isServerPaused = true;
        begin(state, out);
        return;
      case 'tcp-opened':
        state.connection = message.connection;
        out.send(gateway, { type: 'client-opened', role, correlated: message.correlation } as Typed);
        begin(state, out);
        return;
      case 'bytes-received':
        state.text += String.fromCharCode(...message.bytes.subarray(message.start, message.end));
        if (state.text.length < greeting.length - 4) return;
        out.send(gateway, { type: 'client-heard', text: state.text } as Typed);
        out.send(tcp, { type: 'close-tcp', connection: message.connection });
        return;
      case 'tcp-closed': {
        const { connection, code, correlation: correlated } = message;
        const isOwn = connection === state.connection;
        out.send(gateway, { type: 'client-closed', role, isOwn, correlated, code } as Typed);
        return;
      }
      case 'tcp-listening':
        return;
      default:
        message satisfies never;
    }
  },
};

/** Listens, closes, and connects to the port that was just closed. */
const hermit: Behaviour<{ readonly config: Config; readonly self: Address<TcpEvent> }, TcpEvent, Config> = {
  name: 'hermit',
  mailbox: { messagesMax: 100, overflow: 'drop-newest' },
  init(config, { self }, out) {
    out.send(config.tcp, { type: 'listen-tcp', replyTo: self, address, port: 0, shared: false });
    return { config, self };
  },
  step({ config: { tcp, gateway }, self: replyTo }, { message }, out) {
    if (message.type === 'tcp-listening') {
      out.send(tcp, { type: 'close-tcp', connection: message.connection });
      out.send(tcp, { type: 'connect-tcp', replyTo, correlation: 5, address, port: message.port });
    } else if (message.type === 'tcp-closed') {
      const { connection, code, correlation: correlated } = message;
      out.send(gateway, { type: 'hermit-closed', connection, code, correlated } as Typed);
    }
  },
};

const program: LaneProgram<undefined> = ({ spawn, ports: { tcp, gateway } }) => {
  for (const role of ['echo', 'late reader', 'never reader'] as const) {
    spawn(server, { tcp, gateway, role, client: spawn(client, { tcp, gateway, role }) });
  }
  spawn(hermit, { tcp, gateway });
};
export default program;
