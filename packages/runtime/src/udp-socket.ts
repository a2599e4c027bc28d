// What the udp port needs of a socket, whichever way it reaches the kernel: node:dgram everywhere, batched system calls where
// node:ffi and Linux allow it. `send` only stages; `flush` at the end of a turn gives everything to the kernel.

import { isIP } from 'node:net';

export interface UdpSocketEvents {
  /** Bound; `address` and `port` as the system chose them. */
  bound(address: string, port: number): void;
  failed(code: string, sentence: string): void;
  /** One datagram, valid until the turn ends; `backlog` more of the same batch follow. */
  received(bytes: Uint8Array, start: number, end: number, address: string, port: number, backlog: number): void;
  /** A batch was passed on: the turn can run. True when it has run, so that the batch's bytes may be overwritten. */
  batchEnded(): boolean;
}

export interface UdpSocketCounts {
  received: number;
  sent: number;
  /** System calls that read or wrote datagrams. */
  calls: number;
  /** Not sent: the kernel's buffer was full or the address unusable. */
  dropped: number;
}

export interface UdpSocket {
  readonly counts: UdpSocketCounts;
  send(bytes: Uint8Array, start: number, end: number, address: string, port: number): void;
  flush(): void;
  close(): void;
}

export interface UdpSocketOptions {
  readonly address: string;
  readonly port: number;
  readonly shared: boolean;
}

/** What is wrong with an address that a port is to bind or connect to; names are for the dns port. */
export function addressFault(address: string, port: number, portMin: number): string | undefined {
  if (isIP(address) === 0) return `'${address.slice(0, 60)}' is not an IP address`;
  const isPort = Number.isInteger(port) && port >= portMin && port <= 65_535;
  return isPort ? undefined : `${port} is not a port number`;
}

/** False for what no socket takes: ports that are none, and more bytes than a datagram over IPv4 has room for. */
export const isSendable = (start: number, end: number, port: number): boolean =>
  end - start <= 65_507 && Number.isInteger(port) && port >= 1 && port <= 65_535;

/** Kernel receive buffer asked for, in bytes; the system may give less (net.core.rmem_max). */
export const receiveBufferBytes = 4 * 1_024 * 1_024;
