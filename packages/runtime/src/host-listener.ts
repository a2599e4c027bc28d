// The ring port of a lane. Whoever calls has seconds to speak TLS 1.3, to prove the token and to have the key that is known for its number; until
// then it costs one of a few places and the memory of a small frame, and when it fails it leaves a line in the log and nothing else.
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import {
  FrameReader,
  frameLengthMax,
  frameOf,
  greetingLengthMax,
  kindHello,
  kindRefused,
  kindWelcome,
  type TakeFrame,
} from './host-frames.ts';
import {
  exporterOf,
  type Hello,
  judgeHello,
  type RefusalCode,
  readHello,
  refusalSentences,
  ringId,
  type VersionRange,
  type Welcome,
  writeRefused,
  writeWelcome,
} from './host-greeting.ts';
import { fingerprintOf } from './host-identity.ts';
import type { RingHost, RingLinkOptions } from './ring-options.ts';

const deadlineMs = 3_000;
/** Callers that have proved nothing yet. */
const unprovedMax = 64;
const incomingMax = 16_384;
const listenAgainMs = 1_000;
const canShare = ['linux', 'freebsd', 'dragonfly', 'sunos', 'aix'].includes(process.platform);

/** A proved connection from a lane of another host. */
export interface Incoming {
  readonly socket: TLSSocket;
  readonly hello: Hello;
  readonly fingerprint: string;
}

export interface ListenerOptions {
  readonly ring: RingLinkOptions;
  readonly versions: VersionRange;
  readonly host: number;
  readonly lane: number;
  readonly lanesCount: number;
  readonly life: number;
}

export interface ListenerEvents {
  /** What is wrong with a caller that has the token: its number, or its key. */
  judge(hello: Hello, fingerprint: string): RefusalCode | undefined;
  accepted(incoming: Incoming): void;
  take(incoming: Incoming, ...frame: Parameters<TakeFrame>): boolean;
  /** All frames of a chunk were taken. */
  chunkTaken(incoming: Incoming, bytes: number): void;
  closed(incoming: Incoming): void;
  knownHosts(): RingHost[];
  refused(sentence: string): void;
}

export function listenForHosts(options: ListenerOptions, events: ListenerEvents): { close(): void } {
  const { ring, versions, host, lane, lanesCount, life } = options;
  const { address, port } = ring.listen;
  const ringBytes = ringId(ring.ringName);
  /** Callers before the end of the TLS handshake, by address and port, and from there to their proof; the longest waiting first. */
  const handshakes = new Map<string, Socket>();
  const greeting = new Set<TLSSocket>();
  let incomingCount = 0;
  let isClosed = false;
  let again: NodeJS.Timeout | undefined;

  const tls = createTlsServer({
    cert: ring.identity.certificate,
    key: ring.identity.privateKey,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    requestCert: true,
    // Keys are compared by us: there is no authority.
    rejectUnauthorized: false,
    handshakeTimeout: deadlineMs,
  });
  // Every raw connection ends in exactly one of these two.
  tls.on('secureConnection', (socket) => {
    handshakes.delete(nameOf(socket));
    if (isClosed) socket.destroy();
    else greet(socket);
  });
  tls.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    const why =
      error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT'
        ? `it said nothing for ${deadlineMs} ms`
        : `it does not speak TLS 1.3 (${error.code ?? error.message})`;
    if (!isClosed) events.refused(`${nameOf(socket)} was refused: ${why}`);
    socket.destroy();
  });

  /** Hosts prove themselves within two round trips; who is slower makes room, or a few silent callers would keep all others out. */
  function giveUpOldest(): void {
    const [oldest] = [...handshakes.values(), ...greeting];
    if (oldest === undefined) return;
    events.refused(`${nameOf(oldest)} was refused: it was the slowest of ${unprovedMax} callers`);
    handshakes.delete(nameOf(oldest));
    greeting.delete(oldest as TLSSocket);
    oldest.destroy();
  }

  let server: Server;
  function listen(): void {
    server = createServer({ noDelay: true }, (raw) => {
      raw.on('error', () => {});
      if (incomingCount >= incomingMax) {
        events.refused(`${nameOf(raw)} was refused: ${incomingMax} connections are open`);
        raw.destroy();
        return;
      }
      if (handshakes.size + greeting.size >= unprovedMax) giveUpOldest();
      const name = nameOf(raw);
      handshakes.set(name, raw);
      raw.on('close', () => {
        if (handshakes.get(name) === raw) handshakes.delete(name);
      });
      tls.emit('connection', raw);
    });
    server.on('error', (error) => {
      // Where lanes cannot share a port the first one has it.
      if (lane !== 0 && !canShare) return;
      events.refused(`lane ${lane} cannot listen on ${address}:${port}: ${error.message}; it tries again`);
      again = setTimeout(listen, listenAgainMs);
    });
    if (lane !== 0 && !canShare) return;
    // A lane that is alone does not share: the system then tells of another process on the port.
    server.listen({
      host: address,
      port,
      exclusive: true,
      reusePort: canShare && lanesCount > 1,
      ipv6Only: isIPv6(address),
    });
  }
  listen();

  function greet(socket: TLSSocket): void {
    greeting.add(socket);
    const reader = new FrameReader(greetingLengthMax);
    let incoming: Incoming | undefined;
    const deadline = setTimeout(() => refuse(`it said no hello for ${deadlineMs} ms`), deadlineMs);
    const refuse = (why: string, code?: RefusalCode): void => {
      if (socket.destroyed) return;
      if (incoming === undefined || why !== '') events.refused(`${nameOf(socket)} was refused: ${why}`);
      if (code === undefined) socket.destroy();
      else socket.end(frameOf(kindRefused, writeRefused(code)), () => socket.destroy());
      leave();
    };
    const leave = (): void => {
      clearTimeout(deadline);
      greeting.delete(socket);
    };
    socket.on('error', () => {});
    socket.on('close', () => {
      leave();
      if (incoming === undefined) return;
      incomingCount--;
      events.closed(incoming);
    });
    socket.on('data', (chunk: Buffer) => {
      const fault = reader.read(chunk, (...frame) => {
        if (incoming !== undefined) return events.take(incoming, ...frame);
        return greeting.has(socket) && takeHello(...frame);
      });
      if (fault !== undefined) refuse(`it sent ${fault}`);
      else if (incoming !== undefined) events.chunkTaken(incoming, chunk.length);
    });

    function takeHello(...[kind, , memory, start, stop]: Parameters<TakeFrame>): boolean {
      const body = memory.bytes.subarray(start, stop);
      const hello = kind === kindHello ? readHello(body) : undefined;
      if (hello === undefined) {
        refuse('its first frame is no hello');
        return false;
      }
      const exporter = exporterOf(socket);
      const certificate = socket.getPeerX509Certificate();
      const fingerprint = certificate === undefined ? '' : fingerprintOf(certificate.publicKey);
      const judged = judgeHello(body, hello, ringBytes, versions, ring.token, exporter);
      const code =
        typeof judged === 'string' ? judged : fingerprint === '' ? 'wrong-key' : events.judge(hello, fingerprint);
      if (typeof judged === 'string' || code !== undefined) {
        const said = judged === code ? '' : ` as host ${hello.host}`;
        refuse(`${refusalSentences[code!]} (${code}${said})`, code!);
        return false;
      }
      const isVisitor = hello.host === 0;
      const welcome: Welcome = { version: judged, host, lane, life, hosts: isVisitor ? events.knownHosts() : [] };
      const answer = frameOf(kindWelcome, writeWelcome(welcome, body, ring.token, exporter));
      leave();
      if (isVisitor) {
        // It has what it came for, and the same seconds to go.
        socket.setTimeout(deadlineMs, () => socket.destroy());
        socket.end(answer);
        return false;
      }
      socket.write(answer);
      reader.admit(frameLengthMax);
      incoming = { socket, hello, fingerprint };
      incomingCount++;
      events.accepted(incoming);
      return !socket.destroyed;
    }
  }

  return {
    close: () => {
      isClosed = true;
      clearTimeout(again);
      server.close();
      tls.close();
      for (const socket of greeting) socket.destroy();
    },
  };
}

const nameOf = ({ remoteAddress, remotePort }: Socket): string =>
  remoteAddress === undefined ? 'a caller' : `${remoteAddress}:${remotePort}`;
