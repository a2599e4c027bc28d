// Calls another host: TCP, TLS 1.3, hello, welcome. Before the hello the other side's key is compared with the one that is known for its number,
// so that a stranger does not even get a proof to guess at.
import { connect as connectTcp } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import {
  FrameReader,
  frameLengthMax,
  frameOf,
  kindHello,
  kindRefused,
  kindWelcome,
  type TakeFrame,
  welcomeLengthMax,
} from './host-frames.ts';
import {
  exporterOf,
  type Hello,
  type RefusalCode,
  readRefused,
  readWelcome,
  refusalSentences,
  type Welcome,
  writeHello,
} from './host-greeting.ts';
import { fingerprintOf, type HostIdentity } from './host-identity.ts';
import type { HostEndpoint } from './ring-options.ts';

/** A call that was answered and proved. What it still reads goes to `take`. */
export interface Call {
  readonly socket: TLSSocket;
  readonly welcome: Welcome;
  readonly fingerprint: string;
  /** Ends it at once; what was not sent is forgotten by the system too. */
  cut(): void;
}

export interface CallEvents {
  opened(call: Call): void;
  /** Once, whether or not it was ever open. `code` is the system's name, `not-tls`, `closed`, or one of ours. */
  ended(code: string, sentence: string): void;
  take: TakeFrame;
}

export interface CallOptions {
  readonly to: HostEndpoint;
  readonly identity: HostIdentity;
  readonly token: string;
  readonly hello: Hello;
  /** Who is expected; an empty fingerprint for a host whose key is not known. */
  readonly expected?: { readonly host: number; readonly fingerprint: string };
  readonly deadlineMs: number;
}

/** Returns how to give the call up; nothing is told after that. */
export function callHost(options: CallOptions, events: CallEvents): () => void {
  const { to, identity, token, hello, expected } = options;
  const reader = new FrameReader(welcomeLengthMax);
  const raw = connectTcp({ host: to.address, port: to.port, noDelay: true });
  let socket: TLSSocket | undefined;
  let isOpen = false;
  let isOver = false;
  let said: Buffer = Buffer.alloc(0);
  let exporter: Buffer = said;

  const cut = (): void => {
    isOver = true;
    clearTimeout(deadline);
    // A reset, because after `destroy` the system would go on sending what a dead link left behind. Not at once: we may be inside a callback
    // of the TLS stream, and Node 26 loses the process when its socket goes away there.
    setImmediate(() => {
      // A reset waits for the connection, and one that nobody answers would be kept for two minutes.
      if (raw.connecting) raw.destroy();
      else raw.resetAndDestroy();
      socket?.destroy();
    });
  };
  const end = (code: string, sentence: string): void => {
    if (isOver) return;
    cut();
    events.ended(code, sentence);
  };
  const refuse = (code: RefusalCode, who = ''): void => end(code, `${who}${refusalSentences[code]}`);
  const deadline = setTimeout(() => end('ETIMEDOUT', `no answer within ${options.deadlineMs} ms`), options.deadlineMs);

  raw.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? 'EUNKNOWN', error.message));
  raw.on('connect', () => {
    if (isOver) return;
    const { certificate: cert, privateKey: key } = identity;
    // Keys are compared below, names and authorities mean nothing here.
    socket = connectTls({
      socket: raw,
      cert,
      key,
      minVersion: 'TLSv1.3',
      maxVersion: 'TLSv1.3',
      rejectUnauthorized: false,
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? 'EUNKNOWN';
      if (isOpen || !code.startsWith('ERR_SSL')) end(code, error.message);
      else end('not-tls', `it does not speak TLS 1.3 as ring ports do (${code})`);
    });
    socket.on('close', () => end(isOpen ? 'closed' : 'ECONNRESET', 'the connection was closed'));
    socket.on('secureConnect', greet);
    socket.on('data', (chunk: Buffer) => {
      if (isOver) return;
      const fault = reader.read(chunk, isOpen ? events.take : takeAnswer);
      if (fault !== undefined) end('garbage', fault);
    });
  });
  raw.on('close', () => end(isOpen ? 'closed' : 'ECONNRESET', 'the connection was closed'));

  function greet(): void {
    const certificate = socket!.getPeerX509Certificate();
    const fingerprint = certificate === undefined ? '' : fingerprintOf(certificate.publicKey);
    const known = expected?.fingerprint ?? '';
    if (fingerprint === '' || (known !== '' && known !== fingerprint)) return refuse('wrong-key');
    exporter = exporterOf(socket!);
    said = writeHello(hello, token, exporter);
    socket!.write(frameOf(kindHello, said));
  }

  function takeAnswer(...[kind, flags, memory, start, stop]: Parameters<TakeFrame>): boolean {
    if (isOver) return false;
    if (isOpen) return events.take(kind, flags, memory, start, stop);
    const body = memory.bytes.subarray(start, stop);
    if (kind === kindRefused) {
      refuse(readRefused(body) ?? 'busy', 'it refused: ');
      return false;
    }
    const welcome = kind === kindWelcome ? readWelcome(body, said, hello.versions, token, exporter) : undefined;
    if (welcome === undefined) end('garbage', 'its answer is no welcome');
    else if (typeof welcome === 'string') refuse(welcome);
    else if (expected !== undefined && welcome.host !== expected.host) refuse('wrong-host');
    else {
      isOpen = true;
      clearTimeout(deadline);
      reader.admit(frameLengthMax);
      events.opened({
        socket: socket!,
        welcome,
        fingerprint: fingerprintOf(socket!.getPeerX509Certificate()!.publicKey),
        cut,
      });
    }
    return !isOver;
  }

  return () => {
    if (!isOver) cut();
  };
}
