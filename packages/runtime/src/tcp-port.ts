// The tcp port of a lane over node:net. Nothing is buffered without a limit: a connection whose peer does not read is closed and
// reported, and a reader that is behind asks the port to stop reading.
import { connect, createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { Address, Behaviour, Received, Typed } from '@chordial/actor';
import type { TcpEvent, TcpRequest } from '@chordial/actor/protocol';
import { plainBytes } from './plain-bytes.ts';
import type { Inlet } from './udp-port.ts';
import { addressFault } from './udp-socket.ts';

/** Bytes that may wait to be written on one connection. */
const writeBytesMax = 1_024 * 1_024;
const connectionsMax = 15_000;
/** A connection that we closed is cut after this time, whether or not its peer took what was queued. */
const closeMsMax = 5_000;

interface Connection {
  readonly socket: Socket;
  readonly owner: Address<Typed>;
  readonly correlation: number;
  opened: boolean;
  closedBecause: string;
}

export interface TcpPort {
  readonly behaviour: Behaviour<undefined, TcpRequest, undefined>;
  close(): void;
}

export function createTcpPort(inlet: Inlet): TcpPort {
  const connections = new Map<number, Connection>();
  const servers = new Map<number, Server>();
  let idNext = 1;

  function tell(owner: Address<Typed>, event: TcpEvent): void {
    inlet.deliver(owner, event);
    inlet.turnSoon();
  }

  function follow(socket: Socket, owner: Address<Typed>, correlation: number, opened: boolean): number {
    const id = idNext++;
    const connection: Connection = { socket, owner, correlation, opened, closedBecause: '' };
    connections.set(id, connection);
    socket.setNoDelay(true);
    let sentence = '';
    socket.on('error', (error: NodeJS.ErrnoException) => {
      connection.closedBecause ||= error.code ?? 'EUNKNOWN';
      sentence = error.message;
    });
    socket.on('data', (bytes: Buffer) => {
      tell(owner, { type: 'bytes-received', connection: id, bytes: plainBytes(bytes), start: 0, end: bytes.length });
    });
    socket.on('close', () => {
      connections.delete(id);
      const code = connection.closedBecause;
      tell(owner, { type: 'tcp-closed', connection: connection.opened ? id : 0, correlation, code, sentence });
    });
    return id;
  }

  function opened(id: number, connection: Connection): void {
    connection.opened = true;
    const { remoteAddress = '', remotePort = 0 } = connection.socket;
    tell(connection.owner, {
      type: 'tcp-opened',
      connection: id,
      correlation: connection.correlation,
      address: remoteAddress,
      port: remotePort,
    });
  }

  function refuse(owner: Address<Typed>, correlation: number, code: string, sentence: string): void {
    tell(owner, { type: 'tcp-closed', connection: 0, correlation, code, sentence });
  }

  function onListen(request: Extract<TcpRequest, { type: 'listen-tcp' }>): void {
    const owner = request.replyTo as Address<TcpEvent> as Address<Typed>;
    const fault = addressFault(request.address, request.port, 0);
    if (fault !== undefined) {
      refuse(owner, 0, 'EINVAL', fault);
      return;
    }
    const id = idNext++;
    const server = createServer((socket) => {
      if (connections.size >= connectionsMax) {
        socket.destroy();
        return;
      }
      const accepted = follow(socket, owner, 0, true);
      opened(accepted, connections.get(accepted)!);
    });
    server.on('error', (error: NodeJS.ErrnoException) => {
      servers.delete(id);
      refuse(owner, 0, error.code ?? 'EUNKNOWN', error.message);
    });
    const { address: host, port, shared } = request;
    server.listen({ host, port, exclusive: true, reusePort: shared, ipv6Only: isIPv6(host) }, () => {
      const bound = server.address();
      if (bound === null || typeof bound === 'string') return;
      servers.set(id, server);
      tell(owner, { type: 'tcp-listening', connection: id, address: bound.address, port: bound.port });
    });
  }

  function onConnect(request: Extract<TcpRequest, { type: 'connect-tcp' }>): void {
    const owner = request.replyTo as Address<TcpEvent> as Address<Typed>;
    const fault = addressFault(request.address, request.port, 1);
    if (fault !== undefined || connections.size >= connectionsMax) {
      const [code, sentence] =
        fault === undefined ? ['EMFILE', `${connectionsMax} connections are open`] : ['EINVAL', fault];
      refuse(owner, request.correlation, code, sentence);
      return;
    }
    const socket = connect({ host: request.address, port: request.port });
    const id = follow(socket, owner, request.correlation, false);
    socket.on('connect', () => opened(id, connections.get(id)!));
  }

  function onWrite(request: Extract<TcpRequest, { type: 'write-tcp' }>): void {
    const connection = connections.get(request.connection);
    if (connection === undefined) return;
    const { bytes, start, end } = request;
    if (connection.socket.writableLength + end - start > writeBytesMax) {
      connection.closedBecause = 'ENOBUFS';
      connection.socket.destroy();
      return;
    }
    connection.socket.write(Buffer.from(bytes.subarray(start, end)));
  }

  function onClose(id: number): void {
    const socket = connections.get(id)?.socket;
    socket?.destroySoon();
    socket?.setTimeout(closeMsMax, () => socket.destroy());
    servers.get(id)?.close();
    servers.delete(id);
  }

  function step(_: undefined, { message }: Received<TcpRequest>): void {
    switch (message.type) {
      case 'write-tcp':
        onWrite(message);
        return;
      case 'read-tcp':
        if (message.reading) connections.get(message.connection)?.socket.resume();
        else connections.get(message.connection)?.socket.pause();
        return;
      case 'listen-tcp':
        onListen(message);
        return;
      case 'connect-tcp':
        onConnect(message);
        return;
      case 'close-tcp':
        onClose(message.connection);
        return;
      default:
        message satisfies never;
    }
  }

  return {
    behaviour: {
      name: 'tcp-port',
      mailbox: { messagesMax: 65_536, overflow: 'drop-newest' },
      init: () => undefined,
      step,
    },
    close: () => {
      for (const server of servers.values()) server.close();
      for (const { socket } of connections.values()) socket.destroy();
    },
  };
}
