// The fast way to drive a window: one loop that never returns to Node's, waiting in poll(2) and moving batches. It costs about as
// much per request as a generator in C, most of it in the kernel.

import type { LoadSockets } from './load-sockets.ts';
import { Batch, batchMax, type Calls } from './system-calls.ts';
import type { Window } from './window.ts';

const receiveBytes = 2_048;
const pollMs = 50;
const overdueEveryMs = 50;
const MSG_DONTWAIT = 0x40;
const POLLIN = 1;

/** Opened sockets of a load, and the loop over them. */
export function batchedSockets(calls: Calls, opened: readonly { fd: number; port: number }[]): LoadSockets {
  const incoming = new Uint8Array(batchMax * receiveBytes);
  const receiving = new Batch(calls, incoming, receiveBytes, receiveBytes);
  // struct pollfd, 8 bytes: 0 fd i32, 4 events i16, 6 revents i16
  const polled = new Int32Array(opened.length * 2);
  for (const [i, { fd }] of opened.entries()) polled.set([fd, POLLIN], i * 2);
  const polledCount = BigInt(opened.length);
  const polledAt = calls.pointerTo(polled.buffer);

  function drive(window: Window, slotsCount: number, onTick: (nowMs: number) => boolean): void {
    const sending = new Batch(calls, window.bytes, window.requestBytes);
    const free: number[][] = opened.map(() => []);
    const again: number[] = [];

    function send(socket: number, slots: readonly number[]): void {
      for (let from = 0; from < slots.length; from += batchMax) {
        const count = Math.min(batchMax, slots.length - from);
        for (let i = 0; i < count; i++) sending.point(i, slots[from + i]!);
        // What the kernel does not take is lost, and found again by the retransmission.
        calls.sendmmsg(opened[socket]!.fd, sending.pointer, count, MSG_DONTWAIT);
      }
    }

    function refill(socket: number): void {
      const slots = free[socket]!;
      if (slots.length === 0) return;
      const now = performance.now();
      const ready = slots.filter((slot) => window.prepare(slot, now));
      send(socket, ready);
      slots.length = 0;
    }

    function receive(socket: number): void {
      const count = calls.recvmmsg(opened[socket]!.fd, receiving.pointer, batchMax, MSG_DONTWAIT, 0n);
      const now = performance.now();
      for (let i = 0; i < count; i++) {
        const start = i * receiveBytes;
        const slot = window.settle(incoming, start, start + receiving.lengthOf(i), now);
        if (slot >= 0) free[socket]!.push(slot);
      }
    }

    for (let slot = 0; slot < slotsCount; slot++) free[window.socketOf(slot)]!.push(slot);
    let overdueAt = 0;
    for (;;) {
      const now = performance.now();
      if (!onTick(now)) return;
      if (now >= overdueAt) {
        overdueAt = now + overdueEveryMs;
        window.overdue(
          now,
          (slot) => again.push(slot),
          (slot) => free[window.socketOf(slot)]!.push(slot),
        );
        for (const slot of again) send(window.socketOf(slot), [slot]);
        again.length = 0;
      }
      for (let socket = 0; socket < opened.length; socket++) refill(socket);
      calls.poll(polledAt, polledCount, pollMs);
      for (let socket = 0; socket < opened.length; socket++) {
        if (polled[socket * 2 + 1]! >>> 16 !== 0) receive(socket);
      }
    }
  }

  return {
    kind: 'recvmmsg/sendmmsg',
    ports: opened.map(({ port }) => port),
    drive: async (window, slotsCount, onTick) => drive(window, slotsCount, onTick),
    close: () => {
      for (const { fd } of opened) calls.close(fd);
    },
  };
}
