// What the benchmark's lanes run: an actor that echoes datagrams, one that streams messages to its partner on the other lane, plays
// ping-pong with it, or sets timers, as it is asked.
import type { Address, Behaviour, LaneSetup, Outbox, Typed } from '@chordial/actor';
import type { DatagramReceived, UdpBound, UdpFailed } from '@chordial/actor/protocol';

export const benchAt = 16;
const windowCount = 2_000;
const acknowledgeEvery = 250;

interface Asked {
  readonly replyTo: Address<Typed>;
  readonly correlation: number;
}
export type BenchMessage =
  | (Partial<Asked> & { readonly type: 'stream'; readonly count: number; readonly viewBytes: number })
  | { readonly type: 'small'; readonly n: number; readonly key: string; readonly last: boolean }
  | (ByteRun & { readonly type: 'large'; readonly n: number; readonly last: boolean })
  | { readonly type: 'taken'; readonly n: number }
  | (Partial<Asked> & { readonly type: 'play'; readonly count: number })
  | { readonly type: 'ball'; readonly sentAt: number }
  | { readonly type: 'ball-back'; readonly sentAt: number }
  | (Partial<Asked> & { readonly type: 'set-timers'; readonly count: number })
  | { readonly type: 'timer-due' }
  | (Partial<Asked> & { readonly type: 'tell-port' })
  | UdpBound
  | UdpFailed
  | DatagramReceived;
interface ByteRun {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

interface Bench {
  readonly setup: LaneSetup<unknown>;
  readonly partner: Address<BenchMessage>;
  asked: Partial<Asked>;
  count: number;
  next: number;
  taken: number;
  view: Uint8Array;
  readonly roundTripsUs: number[];
  port: number;
}

const answer = ({ asked }: Bench, out: Outbox, fields: object): void =>
  out.send(asked.replyTo!, { type: 'answer', correlation: asked.correlation, ...fields } as Typed);

function sendWindow(state: Bench, out: Outbox): void {
  const { partner, view, count } = state;
  while (state.next < count && state.next < state.taken + windowCount) {
    const n = state.next++;
    const last = n === count - 1;
    if (view.length === 0) out.send(partner, { type: 'small', n, key: 'a-key-of-twenty-char', last });
    else out.send(partner, { type: 'large', n, last, bytes: view, start: 0, end: view.length });
  }
}

function begin(state: Bench, message: Partial<Asked> & { readonly count: number }): void {
  state.asked = message;
  state.count = message.count;
  state.next = 0;
  state.taken = 0;
}

const bench: Behaviour<Bench, BenchMessage, LaneSetup<unknown>> = {
  name: 'bench',
  mailbox: { messagesMax: 1_000_000, overflow: 'drop-newest' },
  words: {
    stream: [1, 'count', 'viewBytes', 'replyTo', 'correlation'],
    small: [2, 'n', 'key', 'last'],
    large: [3, 'n', 'last', 'bytes', 'start', 'end'],
    taken: [4, 'n'],
    play: [5, 'count', 'replyTo', 'correlation'],
    ball: [6, 'sentAt'],
    'ball-back': [7, 'sentAt'],
    'set-timers': [8, 'count', 'replyTo', 'correlation'],
    'timer-due': [9],
    'tell-port': [10, 'replyTo', 'correlation'],
    'udp-bound': [11, 'socket', 'address', 'port'],
    'udp-failed': [12, 'socket', 'code', 'sentence'],
    'datagram-received': [13, 'socket', 'bytes', 'start', 'end', 'address', 'port', 'backlog'],
  },
  init(setup, { self }, out) {
    if (setup.lane === 0) {
      out.send(setup.ports.udp, { type: 'bind-udp', replyTo: self, address: '127.0.0.1', port: 0, shared: false });
    }
    return {
      setup,
      partner: setup.wellKnown<BenchMessage>((setup.lane + 1) % setup.lanesCount, benchAt),
      asked: {},
      count: 0,
      next: 0,
      taken: 0,
      view: new Uint8Array(0),
      roundTripsUs: [],
      port: 0,
    };
  },
  step(state, { message, from }, out) {
    switch (message.type) {
      case 'datagram-received': {
        const { socket, address, port, bytes, start, end } = message;
        out.send(state.setup.ports.udp, { type: 'send-datagram', socket, address, port, bytes, start, end });
        return;
      }
      case 'small':
      case 'large':
        if (message.n % acknowledgeEvery === acknowledgeEvery - 1 || message.last) {
          out.send(from as Address<BenchMessage>, { type: 'taken', n: message.n });
        }
        return;
      case 'taken':
        state.taken = message.n + 1;
        sendWindow(state, out);
        if (state.taken === state.count) answer(state, out, {});
        return;
      case 'ball':
        out.send(from as Address<BenchMessage>, { type: 'ball-back', sentAt: message.sentAt });
        return;
      case 'ball-back':
        // A benchmark may read the clock: `received.now` stands still within a turn.
        state.roundTripsUs.push((performance.now() - message.sentAt) * 1_000);
        if (state.roundTripsUs.length < state.count)
          out.send(state.partner, { type: 'ball', sentAt: performance.now() });
        else answer(state, out, { roundTripsUs: state.roundTripsUs });
        return;
      case 'play':
        begin(state, message);
        state.roundTripsUs.length = 0;
        out.send(state.partner, { type: 'ball', sentAt: performance.now() });
        return;
      case 'stream':
        begin(state, message);
        state.view = new Uint8Array(message.viewBytes);
        sendWindow(state, out);
        return;
      case 'set-timers':
        begin(state, message);
        for (let n = 0; n < message.count; n++) out.setTimer(n % 500, { type: 'timer-due' });
        return;
      case 'timer-due':
        if (++state.next === state.count) answer(state, out, {});
        return;
      case 'tell-port':
        state.asked = message;
        answer(state, out, { port: state.port });
        return;
      case 'udp-bound':
        state.port = message.port;
        return;
      case 'udp-failed':
        throw new Error(message.sentence);
      default:
        message satisfies never;
    }
  },
};

export default function layOut(setup: LaneSetup<unknown>): void {
  setup.spawn(bench, setup, benchAt);
}
