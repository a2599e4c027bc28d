// The system calls of the generator through node:ffi (Linux, 64 bits): connected udp sockets, poll(2), and recvmmsg(2) and
// sendmmsg(2), which move a batch of datagrams at a time.
import { slotBytes } from './window.ts';

type Call = (...values: (number | bigint)[]) => number;
export interface Calls {
  readonly socket: Call;
  readonly connect: Call;
  readonly bind: Call;
  readonly getsockname: Call;
  readonly setsockopt: Call;
  readonly close: Call;
  readonly poll: Call;
  readonly recvmmsg: Call;
  readonly sendmmsg: Call;
  readonly pointerTo: (memory: ArrayBufferLike) => bigint;
}

/** Undefined where this machine or this Node has none of them. */
export async function loadCalls(): Promise<Calls | undefined> {
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64')) return undefined;
  try {
    const ffi = await import('node:ffi');
    const batch = ['i32', 'pointer', 'u32', 'i32'] as const;
    const name = ['i32', 'pointer', 'u32'] as const;
    const { functions } = ffi.dlopen(null, {
      socket: { arguments: ['i32', 'i32', 'i32'], return: 'i32' },
      connect: { arguments: name, return: 'i32' },
      bind: { arguments: name, return: 'i32' },
      getsockname: { arguments: ['i32', 'pointer', 'pointer'], return: 'i32' },
      setsockopt: { arguments: ['i32', 'i32', 'i32', 'pointer', 'u32'], return: 'i32' },
      close: { arguments: ['i32'], return: 'i32' },
      poll: { arguments: ['pointer', 'u64', 'i32'], return: 'i32' },
      recvmmsg: { arguments: [...batch, 'pointer'], return: 'i32' },
      sendmmsg: { arguments: batch, return: 'i32' },
    });
    const pointerTo = (memory: ArrayBufferLike) => ffi.getRawPointer(memory as ArrayBuffer);
    return { ...(functions as unknown as Omit<Calls, 'pointerTo'>), pointerTo };
  } catch {
    return undefined;
  }
}

const AF_INET = 2;
const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0o4000 | 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const receiveBufferBytes = 4 * 1_024 * 1_024;

/** A socket of its own port, connected to the server: its descriptor and local port, or undefined when the system refuses. */
export function openConnected(calls: Calls, address: string, port: number): { fd: number; port: number } | undefined {
  const fd = calls.socket(AF_INET, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0);
  if (fd < 0) return undefined;
  const name = new Uint8Array(16);
  const view = new DataView(name.buffer);
  const pointer = calls.pointerTo(name.buffer);
  view.setInt32(0, receiveBufferBytes, true);
  calls.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, pointer, 4);
  name.fill(0);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port);
  address.split('.').forEach((part, i) => {
    name[4 + i] = Number(part);
  });
  if (calls.connect(fd, pointer, 16) !== 0) {
    calls.close(fd);
    return undefined;
  }
  const length = new Uint32Array([16]);
  calls.getsockname(fd, pointer, calls.pointerTo(length.buffer));
  return { fd, port: view.getUint16(2) };
}

export const batchMax = 64;
const messageBytes = 64;

/**
 * Headers for one sendmmsg or recvmmsg over slots of equal size in one memory.
 *
 *   struct mmsghdr, 64 bytes:  0 name*  8 namelen u32  16 iov*  24 iovlen u64  32 control*  40 controllen u64  48 flags  56 len u32
 */
export class Batch {
  readonly pointer: bigint;
  readonly #headers = new Uint32Array((batchMax * messageBytes) / 4);
  /** One iovec per slot (base, length as two halves each), made once. */
  readonly #vectors: Uint32Array;
  readonly #vectorsAt: number;

  constructor(calls: Calls, memory: Uint8Array, slotLength: number, stride = slotBytes) {
    const slotsCount = Math.floor(memory.length / stride);
    const memoryAt = Number(calls.pointerTo(memory.buffer)) + memory.byteOffset;
    this.#vectors = new Uint32Array(slotsCount * 4);
    for (let slot = 0; slot < slotsCount; slot++) {
      const at = memoryAt + slot * stride;
      this.#vectors.set([at, at / 2 ** 32, slotLength, 0], slot * 4);
    }
    this.#vectorsAt = Number(calls.pointerTo(this.#vectors.buffer));
    this.pointer = calls.pointerTo(this.#headers.buffer);
    for (let i = 0; i < batchMax; i++) {
      this.point(i, i % slotsCount);
      this.#headers[i * 16 + 6] = 1;
    }
  }

  /** The message at a place of the batch is that of a slot. */
  point(place: number, slot: number): void {
    const at = this.#vectorsAt + slot * 16;
    this.#headers[place * 16 + 4] = at;
    this.#headers[place * 16 + 5] = at / 2 ** 32;
  }

  lengthOf(place: number): number {
    return this.#headers[place * 16 + 14]!;
  }
}
