// Port words: what cores say to the world and hear from it. A port is an actor that the shell provides on every
// lane; a core sends it requests with its own address as `replyTo` and hears events. Correlations are chosen by the asker and
// come back unchanged. Bytes in a request are taken over within the turn, bytes in an event are valid until its end.
import type { Address } from './address.ts';
import type { Typed, Words } from './words.ts';

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

// --- hosts ----------------------------------------------------------------------------------------------------------
// Links to other hosts. Addresses are the same everywhere: a message to an actor of another host goes by the lane's own link to that host,
// in order, at most once, and is lost when the link breaks. Each lane has its own links and must be told every route.

/** Where a host is reached; a later route replaces an earlier one. The link opens with the first message for it. */
export interface RouteHost {
  readonly type: 'route-host';
  readonly host: number;
  readonly address: string;
  readonly port: number;
  /** SHA-256 of the host's public key (SPKI), base64url; whoever answers with another key is refused. */
  readonly fingerprint: string;
  /**
   * Another host that passes messages on while the direct way is cut; 0 for the direct way. Told with a relay, the port opens the direct link
   * beside it, and `host-linked` says that it is up.
   */
  readonly via: number;
  /**
   * Wall-clock milliseconds at or after the start of the host's process, by the host's own clock; absent where it is not known. With a higher one
   * than before, a link to a process that had begun by then is closed, once, as it may be half-open (`former-life`).
   */
  readonly life?: number;
}
/** Closes the link to a host and refuses messages for it. */
export interface ForgetHost {
  readonly type: 'forget-host';
  readonly host: number;
}
/** Tells `replyTo` what happens to this lane's links from now on; the last watcher counts. */
export interface WatchHosts {
  readonly type: 'watch-hosts';
  readonly replyTo: Address<HostsEvent>;
}
export type HostsRequest = RouteHost | ForgetHost | WatchHosts;

/** A host that had no route here proved that it has the token; messages to it now go back where it says it listens. */
export interface HostIntroduced {
  readonly type: 'host-introduced';
  readonly host: number;
  readonly address: string;
  readonly port: number;
  readonly fingerprint: string;
}
/** The link to a host is open and proved; messages waiting for it leave. */
export interface HostLinked {
  readonly type: 'host-linked';
  readonly host: number;
}
/**
 * The link to a host broke or could not be opened; what waited for it is lost. It is tried again with a jittered back-off. With the code `silent` it
 * is still open and nothing is lost yet, but the host has not answered for half a second; `host-linked` when it does. With `former-life` the host was
 * started again: only what was on its way to its former life is lost, what waits leaves by a new link, without a pause.
 */
export interface HostUnlinked {
  readonly type: 'host-unlinked';
  readonly host: number;
  /** The system's name of the error (`ECONNREFUSED`, `ECONNRESET`), or ours: `wrong-key`, `wrong-ring`, `wrong-version`, `wrong-token`. */
  readonly code: string;
  readonly sentence: string;
}
export type HostsEvent = HostIntroduced | HostLinked | HostUnlinked;

/** What other lanes may say to a lane's hosts port, and what it tells. */
export const hostsWords: Words<HostsRequest | HostsEvent> = {
  'route-host': [1, 'host', 'address', 'port', 'fingerprint', 'via', 'life'],
  'forget-host': [2, 'host'],
  'watch-hosts': [3, 'replyTo'],
  'host-introduced': [4, 'host', 'address', 'port', 'fingerprint'],
  'host-linked': [5, 'host'],
  'host-unlinked': [6, 'host', 'code', 'sentence'],
};
