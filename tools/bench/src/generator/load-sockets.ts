// What the generator needs of its sockets, and which kind this machine gives.
import { isIPv4 } from 'node:net';
import { batchedSockets } from './batched-loop.ts';
import { dgramSockets } from './dgram-loop.ts';
import { loadCalls, openConnected } from './system-calls.ts';
import type { Window } from './window.ts';

export interface LoadSockets {
  readonly kind: string;
  /** Local ports, one per socket. */
  readonly ports: readonly number[];
  /** Keeps the window's slots busy until `onTick`, called after each batch with the time in ms, returns false. */
  drive(window: Window, slotsCount: number, onTick: (nowMs: number) => boolean): Promise<void>;
  close(): void;
}

export async function openSockets(address: string, port: number, socketsCount: number): Promise<LoadSockets> {
  const calls = isIPv4(address) && process.env.CHORDIAL_BENCH_SOCKETS !== 'dgram' ? await loadCalls() : undefined;
  if (calls === undefined) return dgramSockets(address, port, socketsCount);
  const opened = Array.from({ length: socketsCount }, () => openConnected(calls, address, port));
  const usable = opened.filter((each) => each !== undefined);
  if (usable.length === socketsCount) return batchedSockets(calls, usable);
  for (const { fd } of usable) calls.close(fd);
  throw new Error(`only ${usable.length} of ${socketsCount} sockets to ${address}:${port} could be opened`);
}
