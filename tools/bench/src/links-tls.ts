// The floor under every link: one TLS 1.3 connection of node:tls with length-prefixed frames, one write per chunk that was read. A small frame is sent
// back, a large one is answered by a small one.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { closedLoop, type LinkWay, largeBytes, largeWindow, smallBytes } from './links-way.ts';

/** Calls `take` with the length of each whole frame. */
function frames(socket: TLSSocket, take: (bodyBytes: number) => void, chunkEnded = (): void => {}): void {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let need = 4;
  socket.on('data', (chunk: Buffer) => {
    rest.push(chunk);
    restBytes += chunk.length;
    if (restBytes < need) return;
    const bytes = rest.length === 1 ? chunk : Buffer.concat(rest);
    let at = 0;
    need = 4;
    while (bytes.length - at >= 4) {
      const length = bytes.readUInt32LE(at);
      if (bytes.length - at < 4 + length) {
        need = 4 + length;
        break;
      }
      take(length);
      at += 4 + length;
    }
    rest = at === bytes.length ? [] : [bytes.subarray(at)];
    restBytes = bytes.length - at;
    chunkEnded();
  });
}

function frame(bodyBytes: number): Buffer {
  const bytes = Buffer.alloc(4 + bodyBytes, 1);
  bytes.writeUInt32LE(bodyBytes);
  return bytes;
}

export const tlsWay: LinkWay = {
  name: 'raw TLS',
  async serve({ certificate: cert, privateKey: key }) {
    const options = { cert, key, minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: false } as const;
    const server = createServer(options, (socket) => {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      const answer = frame(smallBytes);
      let staged: Buffer[] = [];
      frames(
        socket,
        () => staged.push(answer),
        () => {
          if (staged.length > 0) socket.write(staged.length === 1 ? answer : Buffer.concat(staged));
          staged = [];
        },
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { port: (server.address() as AddressInfo).port };
  },
  async call(port, { certificate: cert, privateKey: key }) {
    const socket = connect({ host: '127.0.0.1', port, cert, key, minVersion: 'TLSv1.3', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    socket.setNoDelay(true);
    const waiting: (() => void)[] = [];
    let staged: Buffer[] = [];
    let inChunk = false;
    const flush = (): void => {
      if (staged.length > 0) socket.write(staged.length === 1 ? staged[0]! : Buffer.concat(staged));
      staged = [];
    };
    frames(
      socket,
      () => {
        inChunk = true;
        waiting.shift()!();
      },
      () => {
        inChunk = false;
        flush();
      },
    );
    const sender = (bytes: Buffer) => (answered: () => void) => {
      waiting.push(answered);
      staged.push(bytes);
      if (!inChunk) flush();
    };
    return {
      roundTrips: (outstanding, seconds) => closedLoop(outstanding, seconds, sender(frame(smallBytes))),
      bytes: async (seconds) => (await closedLoop(largeWindow, seconds, sender(frame(largeBytes)))) * largeBytes,
      close: async () => void socket.destroy(),
    };
  },
};
