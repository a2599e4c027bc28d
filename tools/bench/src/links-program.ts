// The lane that bench:links runs on both hosts: an actor that keeps balls or blocks under way to its like on the other host, and throws back or
// acknowledges what comes. The whole way is measured: actor, codec, TLS, codec, actor, and back.
import type { Address, Behaviour, LaneSetup, Outbox, Typed } from '@chordial/actor';
import { largeBytes, largeWindow, smallBytes } from './links-way.ts';

export const benchAt = 16;

interface Run {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}
interface Asked {
  readonly replyTo?: Address<Typed>;
  readonly correlation?: number;
}
export type LinkBenchMessage =
  | (Asked & {
      readonly type: 'play';
      readonly host: number;
      readonly what: 'ball' | 'block';
      readonly outstanding: number;
      readonly seconds: number;
    })
  | (Asked & { readonly type: 'open'; readonly host: number; readonly port: number; readonly fingerprint: string })
  | (Run & { readonly type: 'ball' })
  | (Run & { readonly type: 'ball-back' })
  | (Run & { readonly type: 'block' })
  | { readonly type: 'block-taken' };

interface State {
  readonly setup: LaneSetup<unknown>;
  asked: Asked;
  what: 'ball' | 'block';
  startedAt: number;
  endsAt: number;
  count: number;
  underWay: number;
}

const small = { bytes: new Uint8Array(smallBytes).fill(1), start: 0, end: smallBytes };
const large = { bytes: new Uint8Array(largeBytes).fill(1), start: 0, end: largeBytes };

function throwOne({ what }: State, to: Address<LinkBenchMessage>, out: Outbox): void {
  if (what === 'ball') out.send(to, { type: 'ball', ...small });
  else out.send(to, { type: 'block', ...large });
}

function onBack(state: State, now: number, from: Address<LinkBenchMessage>, out: Outbox): void {
  state.count++;
  if (now < state.endsAt) throwOne(state, from, out);
  else if (--state.underWay === 0) {
    const perSecond = (state.count * 1_000) / (now - state.startedAt);
    out.send(state.asked.replyTo!, { type: 'played', correlation: state.asked.correlation, perSecond } as Typed);
  }
}

const bench: Behaviour<State, LinkBenchMessage, LaneSetup<unknown>> = {
  name: 'links-bench',
  mailbox: { messagesMax: 100_000, overflow: 'drop-newest' },
  words: {
    play: [1, 'host', 'what', 'outstanding', 'seconds', 'replyTo', 'correlation'],
    open: [2, 'host', 'port', 'fingerprint', 'replyTo', 'correlation'],
    ball: [3, 'bytes', 'start', 'end'],
    'ball-back': [4, 'bytes', 'start', 'end'],
    block: [5, 'bytes', 'start', 'end'],
    'block-taken': [6],
  },
  init: (setup) => ({ setup, asked: {}, what: 'ball', startedAt: 0, endsAt: 0, count: 0, underWay: 0 }),
  step(state, { message, now, from }, out) {
    switch (message.type) {
      case 'ball':
        out.send(from as Address<LinkBenchMessage>, { ...message, type: 'ball-back' });
        return;
      case 'block':
        out.send(from as Address<LinkBenchMessage>, { type: 'block-taken' });
        return;
      case 'ball-back':
      case 'block-taken':
        onBack(state, now, from as Address<LinkBenchMessage>, out);
        return;
      case 'open':
        out.send(state.setup.ports.hosts, { ...message, type: 'route-host', address: '127.0.0.1', via: 0 });
        out.send(message.replyTo!, { type: 'opened', correlation: message.correlation } as Typed);
        return;
      case 'play': {
        const { what, outstanding, seconds } = message;
        Object.assign(state, { asked: message, what, count: 0, underWay: outstanding });
        state.startedAt = now;
        state.endsAt = now + seconds * 1_000;
        const to = state.setup.wellKnown<LinkBenchMessage>(0, benchAt, message.host);
        for (let i = 0; i < Math.min(outstanding, what === 'ball' ? outstanding : largeWindow); i++) {
          throwOne(state, to, out);
        }
        return;
      }
      default:
        message satisfies never;
    }
  },
};

export default function layOut(setup: LaneSetup<unknown>): void {
  setup.spawn(bench, setup, benchAt);
}
