// Port words: what cores say to the world and hear from it. A port is an actor that the shell provides on every
// lane; a core sends it requests with its own address as `replyTo` and hears events. Correlations are chosen by the asker and
// come back unchanged. Bytes in a request are taken over within the turn, bytes in an event are valid until its end.
import type { Address } from './address.ts';
import type { Typed } from './words.ts';

/** A run of bytes inside a larger array: `bytes[start, end)`. */
export interface ByteView {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

// --- system words: from the shell to actors that set `hearsSystem` ------------------------------------------------

/**
 * The mailbox of `to`, or the link to its lane, was full; `message` was not delivered. Only a sender on the lane where that was
 * noticed is told; an answer from elsewhere needs a timer in any case.
 */
export interface MessageRefused {
  readonly type: 'message-refused';
  readonly to: Address<never>;
  readonly message: Typed;
}
/** A child stopped, by its own `stop` or its parent's. (With a child that is given up the parent itself fails.) */
export interface ChildStopped {
  readonly type: 'child-stopped';
  readonly child: Address<never>;
}
export type SystemEvent = MessageRefused | ChildStopped;

// --- udp ------------------------------------------------------------------------------------------------------------

/** Asks for a socket. With `shared` every lane binds the same address and port and the kernel spreads senders. */
export interface BindUdp {
  readonly type: 'bind-udp';
  readonly replyTo: Address<UdpEvent>;
  readonly address: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly shared: boolean;
}
export interface SendDatagram extends ByteView {
  readonly type: 'send-datagram';
  readonly socket: number;
  readonly address: string;
  readonly port: number;
}
export interface CloseUdp {
  readonly type: 'close-udp';
  readonly socket: number;
}
export type UdpRequest = BindUdp | SendDatagram | CloseUdp;

export interface UdpBound {
  readonly type: 'udp-bound';
  readonly socket: number;
  readonly address: string;
  readonly port: number;
}
export interface UdpFailed {
  readonly type: 'udp-failed';
  /** 0 when binding failed. */
  readonly socket: number;
  /** The system's name of the error (`EADDRINUSE`). */
  readonly code: string;
  readonly sentence: string;
}
export interface DatagramReceived extends ByteView {
  readonly type: 'datagram-received';
  readonly socket: number;
  readonly address: string;
  readonly port: number;
  /** How many more datagrams were read in the same batch and wait behind this one: a measure of load. */
  readonly backlog: number;
}
export type UdpEvent = UdpBound | UdpFailed | DatagramReceived;

// --- tcp ------------------------------------------------------------------------------------------------------------

export interface ListenTcp {
  readonly type: 'listen-tcp';
  readonly replyTo: Address<TcpEvent>;
  readonly address: string;
  readonly port: number;
  readonly shared: boolean;
}
export interface ConnectTcp {
  readonly type: 'connect-tcp';
  readonly replyTo: Address<TcpEvent>;
  readonly correlation: number;
  readonly address: string;
  readonly port: number;
}
/** Queues bytes; a connection with more than the port's limit waiting is closed and reported, never buffered on. */
export interface WriteTcp extends ByteView {
  readonly type: 'write-tcp';
  readonly connection: number;
}
/** `reading: false` stops reading (back-pressure), `true` goes on. */
export interface ReadTcp {
  readonly type: 'read-tcp';
  readonly connection: number;
  readonly reading: boolean;
}
/** Closes a connection or a listener; bytes already queued are written first. */
export interface CloseTcp {
  readonly type: 'close-tcp';
  readonly connection: number;
}
export type TcpRequest = ListenTcp | ConnectTcp | WriteTcp | ReadTcp | CloseTcp;

export interface TcpListening {
  readonly type: 'tcp-listening';
  readonly connection: number;
  readonly address: string;
  readonly port: number;
}
/** A connection is open; `correlation` is that of `connect-tcp`, or 0 for an accepted one. */
export interface TcpOpened {
  readonly type: 'tcp-opened';
  readonly connection: number;
  readonly correlation: number;
  readonly address: string;
  readonly port: number;
}
export interface BytesReceived extends ByteView {
  readonly type: 'bytes-received';
  readonly connection: number;
}
/** The connection is gone, or was never there (then `connection` is 0). `code` is empty after an orderly end. */
export interface TcpClosed {
  readonly type: 'tcp-closed';
  readonly connection: number;
  readonly correlation: number;
  readonly code: string;
  readonly sentence: string;
}
export type TcpEvent = TcpListening | TcpOpened | BytesReceived | TcpClosed;

// --- disk -----------------------------------------------------------------------------------------------------------

/** Appends to a file; `disk-done` follows when the bytes are durable (fsync). Names have no path separators. */
export interface AppendFile extends ByteView {
  readonly type: 'append-file';
  readonly replyTo: Address<DiskEvent>;
  readonly correlation: number;
  readonly file: string;
}
/** Replaces a file as a whole, durably and atomically. */
export interface ReplaceFile extends ByteView {
  readonly type: 'replace-file';
  readonly replyTo: Address<DiskEvent>;
  readonly correlation: number;
  readonly file: string;
}
/** Reads at most `bytesMax` bytes from `offset`; a file that does not exist reads as empty. */
export interface ReadFile {
  readonly type: 'read-file';
  readonly replyTo: Address<DiskEvent>;
  readonly correlation: number;
  readonly file: string;
  readonly offset: number;
  readonly bytesMax: number;
}
export type DiskRequest = AppendFile | ReplaceFile | ReadFile;

export interface DiskDone {
  readonly type: 'disk-done';
  readonly correlation: number;
}
export interface FileRead extends ByteView {
  readonly type: 'file-read';
  readonly correlation: number;
}
export interface DiskFailed {
  readonly type: 'disk-failed';
  readonly correlation: number;
  /** The system's name of the error (`ENOSPC`, `EROFS`). */
  readonly code: string;
  readonly sentence: string;
}
export type DiskEvent = DiskDone | FileRead | DiskFailed;
