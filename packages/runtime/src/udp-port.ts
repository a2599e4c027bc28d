// The udp port of a lane: an actor like others to those who send to it, but one that holds real sockets. Words in
// `@chordial/actor/protocol`.
import type { Address, Behaviour, Received, Typed } from '@chordial/actor';
import type { UdpEvent, UdpRequest } from '@chordial/actor/protocol';
import { BatchedSocket, canBatch, loadCalls } from './batched-socket.ts';
import { DgramSocket } from './dgram-socket.ts';
import { addressFault, type UdpSocket, type UdpSocketCounts, type UdpSocketEvents } from './udp-socket.ts';

/** How ports bring events of the outside world into a lane. */
export interface Inlet {
  /** Queues a message; it is handled in the next turn. */
  deliver(to: Address<Typed>, message: Typed): void;
  /** Runs a turn now; false when messages still wait after it. */
  turn(): boolean;
  /** Runs a turn soon, for events that come singly. */
  turnSoon(): void;
}

export interface UdpPort {
  readonly behaviour: Behaviour<undefined, UdpRequest, undefined>;
  flush(): void;
  /** From now on datagrams are read and ignored; sending goes on. */
  stopReading(): void;
  close(): void;
  counts(): UdpSocketCounts;
}

const calls = await loadCalls();

export function createUdpPort(inlet: Inlet, batching: boolean): UdpPort {
  const sockets = new Map<number, UdpSocket>();
  const closedCounts: UdpSocketCounts = { received: 0, sent: 0, calls: 0, dropped: 0 };
  let socketNext = 1;
  let reading = true;

  function bind(request: Extract<UdpRequest, { type: 'bind-udp' }>): void {
    const id = socketNext++;
    const owner = request.replyTo as Address<UdpEvent> as Address<Typed>;
    const tell = (event: UdpEvent) => {
      inlet.deliver(owner, event);
      inlet.turnSoon();
    };
    const fault = addressFault(request.address, request.port, 0);
    if (fault !== undefined) {
      tell({ type: 'udp-failed', socket: 0, code: 'EINVAL', sentence: fault });
      return;
    }
    let bound = false;
    const batched = batching && calls !== undefined && canBatch(request) ? calls : undefined;
    const events: UdpSocketEvents = {
      bound: (address, port) => {
        bound = true;
        tell({ type: 'udp-bound', socket: id, address, port });
      },
      failed: (code, sentence) => {
        if (!bound) sockets.delete(id);
        tell({ type: 'udp-failed', socket: bound ? id : 0, code, sentence });
      },
      received: (bytes, start, end, address, port, backlog) => {
        if (!reading) return;
        inlet.deliver(owner, {
          type: 'datagram-received',
          socket: id,
          bytes,
          start,
          end,
          address,
          port,
          backlog,
        } as UdpEvent);
      },
      batchEnded: () => {
        if (batched !== undefined) return inlet.turn();
        inlet.turnSoon();
        return true;
      },
    };
    sockets.set(
      id,
      batched === undefined ? new DgramSocket(request, events) : new BatchedSocket(batched, request, events),
    );
  }

  function step(_: undefined, { message }: Received<UdpRequest>): void {
    switch (message.type) {
      case 'send-datagram':
        sockets.get(message.socket)?.send(message.bytes, message.start, message.end, message.address, message.port);
        return;
      case 'bind-udp':
        bind(message);
        return;
      case 'close-udp':
        closeSocket(message.socket);
        return;
      default:
        message satisfies never;
    }
  }

  function closeSocket(id: number): void {
    const socket = sockets.get(id);
    if (socket === undefined) return;
    socket.close();
    sockets.delete(id);
    addCounts(closedCounts, socket.counts);
  }

  return {
    behaviour: {
      name: 'udp-port',
      mailbox: { messagesMax: 262_144, overflow: 'drop-newest' },
      init: () => undefined,
      step,
    },
    flush: () => {
      for (const socket of sockets.values()) socket.flush();
    },
    stopReading: () => {
      reading = false;
    },
    close: () => {
      for (const id of [...sockets.keys()]) closeSocket(id);
    },
    counts: () => {
      const sum = { ...closedCounts };
      for (const socket of sockets.values()) addCounts(sum, socket.counts);
      return sum;
    },
  };
}

function addCounts(sum: UdpSocketCounts, counts: UdpSocketCounts): void {
  sum.received += counts.received;
  sum.sent += counts.sent;
  sum.calls += counts.calls;
  sum.dropped += counts.dropped;
}
