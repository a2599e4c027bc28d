// Finding out before any lane starts whether an address can be bound, and which port the system gives; with sentences that say what
// to do where it cannot. Lanes share their port, and so would not notice another host on it.
import { createSocket } from 'node:dgram';
import { createServer, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type Endpoint, endpointText, isLoopback } from './endpoint.ts';
import { StartFault } from './start-fault.ts';
import { listenText } from './status.ts';

/** The same for the ring's port, over TCP. */
export function claimRingPort(listen: Endpoint): Promise<Endpoint> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      const where = endpointText(listen);
      const sentences: Readonly<Record<string, string>> = {
        EADDRINUSE: `ring address ${where} is taken by another program (perhaps a host that runs already). Stop it, or choose another port with --listen-ring ADDR:PORT.`,
        EADDRNOTAVAIL: `ring address ${where}: this machine has no address ${listen.address}; choose one of its own with --listen-ring ADDR:PORT.`,
      };
      reject(new StartFault(sentences[code ?? ''] ?? `ring address ${where} cannot be bound: ${message}`));
    });
    server.listen({ host: listen.address, port: listen.port, exclusive: true }, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve({ address: listen.address, port }));
    });
  });
}

/** Binds the address alone for a moment: another host on it is found out, which sockets that share a port would not. */
export function claimSipPort(listen: Endpoint): Promise<Endpoint> {
  const socket = createSocket(isIPv6(listen.address) ? 'udp6' : 'udp4');
  return new Promise((resolve, reject) => {
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      reject(new StartFault(bindSentence(listen, error.code ?? 'EUNKNOWN', error.message)));
    });
    socket.bind({ address: listen.address, port: listen.port, exclusive: true }, () => {
      const { port } = socket.address();
      socket.close(() => resolve({ address: listen.address, port }));
    });
  });
}

export function bindSentence(listen: Endpoint, code: string, sentence: string): string {
  const where = listenText(listen);
  if (code === 'EADDRINUSE') {
    return `${where} is taken by another program (perhaps a host that runs already; \`chordial status\` tells). Stop it, or choose another port with --listen udp:ADDR:PORT.`;
  }
  if (code === 'EADDRNOTAVAIL')
    return `${where}: this machine has no address ${listen.address}; choose one of its own with --listen udp:ADDR:PORT.`;
  if (code === 'EACCES')
    return `${where}: not permitted (${code}); ports below 1024 need more rights, choose another with --listen udp:ADDR:PORT.`;
  return `${where} cannot be bound: ${sentence} (${code})`;
}

/** Addresses that stand for this host in a SIP URI. */
export function aliasesOf(address: string): string[] {
  const bracketed = (text: string) => (isIPv6(text) ? `[${text}]` : text);
  if (address !== '0.0.0.0' && address !== '::')
    return [bracketed(address), ...(isLoopback(address) ? ['localhost'] : [])];
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const family = isIPv6(address) ? 'IPv6' : 'IPv4';
  return ['localhost', ...all.filter((each) => each.family === family).map((each) => bracketed(each.address))];
}
