// The portable udp socket: node:dgram, one system call per datagram. Serves IPv6, and every platform without batched calls.
import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import { isIP, isIPv6 } from 'node:net';
import { plainBytes } from './plain-bytes.ts';
import {
  isSendable,
  receiveBufferBytes,
  type UdpSocket,
  type UdpSocketCounts,
  type UdpSocketEvents,
  type UdpSocketOptions,
} from './udp-socket.ts';

/** Datagrams that node:dgram may hold because the kernel's buffer is full; beyond, new ones are dropped and counted. */
const sendingMax = 4_096;

export class DgramSocket implements UdpSocket {
  readonly counts: UdpSocketCounts = { received: 0, sent: 0, calls: 0, dropped: 0 };
  readonly #socket: Socket;
  readonly #family: number;
  #sending = 0;

  constructor(options: UdpSocketOptions, events: UdpSocketEvents) {
    const type = isIPv6(options.address) ? 'udp6' : 'udp4';
    this.#family = type === 'udp6' ? 6 : 4;
    // Addresses only: without this every datagram would take a detour through the resolver.
    const lookup = (address: string, _: unknown, found: (error: null, address: string, family: number) => void): void =>
      found(null, address, this.#family);
    this.#socket = createSocket({
      type,
      reusePort: options.shared,
      ipv6Only: type === 'udp6',
      lookup: lookup as NonNullable<SocketOptions['lookup']>,
    });
    let bound = false;
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      if (!bound) this.#socket.close();
      events.failed(error.code ?? 'EUNKNOWN', error.message);
    });
    this.#socket.on('message', (bytes, remote) => {
      this.counts.received++;
      this.counts.calls++;
      events.received(plainBytes(bytes), 0, bytes.length, remote.address, remote.port, 0);
      events.batchEnded();
    });
    this.#socket.bind({ address: options.address, port: options.port, exclusive: true }, () => {
      bound = true;
      this.#socket.setRecvBufferSize(receiveBufferBytes);
      const { address, port } = this.#socket.address();
      events.bound(address, port);
    });
  }

  send(bytes: Uint8Array, start: number, end: number, address: string, port: number): void {
    if (this.#sending >= sendingMax || !isSendable(start, end, port) || isIP(address) !== this.#family) {
      this.counts.dropped++;
      return;
    }
    this.#sending++;
    this.counts.calls++;
    // The bytes are only lent for this turn, and the kernel may take them later.
    this.#socket.send(Buffer.from(bytes.subarray(start, end)), port, address, (error) => {
      this.#sending--;
      if (error === null) this.counts.sent++;
      else this.counts.dropped++;
    });
  }

  flush(): void {}

  close(): void {
    try {
      this.#socket.close();
    } catch {
      // Already closed after a failure to bind.
    }
  }
}
