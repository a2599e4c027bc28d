// The way to drive a window where node:ffi or Linux is not there: node:dgram, one datagram per call.
import { createSocket, type Socket } from 'node:dgram';
import type { LoadSockets } from './load-sockets.ts';
import { slotBytes, type Window } from './window.ts';

const overdueEveryMs = 50;

function connected(address: string, port: number): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1_024 * 1_024 });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.connect(port, address, () => {
      // From now on an error is a datagram that came back refused: lost, and found again by the retransmission.
      socket.removeAllListeners('error').on('error', () => {});
      resolve(socket);
    });
  });
}

export async function dgramSockets(address: string, port: number, socketsCount: number): Promise<LoadSockets> {
  const sockets = await Promise.all(Array.from({ length: socketsCount }, () => connected(address, port)));

  function drive(window: Window, slotsCount: number, onTick: (nowMs: number) => boolean): Promise<void> {
    const send = (slot: number) => {
      const start = slot * slotBytes;
      // The octets are copied: the slot may be written anew before the system has taken them.
      sockets[window.socketOf(slot)]!.send(Buffer.from(window.bytes.slice(start, start + window.requestBytes)));
    };
    const next = (slot: number) => {
      if (window.prepare(slot, performance.now())) send(slot);
    };
    return new Promise((resolve) => {
      for (const socket of sockets) {
        socket.on('message', (bytes) => {
          const now = performance.now();
          const slot = window.settle(bytes, 0, bytes.length, now);
          if (!onTick(now)) end();
          else if (slot >= 0) next(slot);
        });
      }
      const timer = setInterval(() => {
        const now = performance.now();
        if (onTick(now)) window.overdue(now, send, next);
        else end();
      }, overdueEveryMs);
      function end(): void {
        clearInterval(timer);
        for (const socket of sockets) socket.removeAllListeners('message');
        resolve();
      }
      for (let slot = 0; slot < slotsCount; slot++) next(slot);
    });
  }

  return {
    kind: 'node:dgram',
    ports: sockets.map((socket) => socket.address().port),
    drive,
    close: () => {
      for (const socket of sockets) socket.close();
    },
  };
}
