// The lane program that the tests of the host run: one actor per lane that sends numbered messages with a window, checks those it
// gets, and dies in every way that an actor can.
import type { Address, Behaviour, LaneSetup, Outbox, Received, Typed } from '@chordial/actor';
import { type HostsEvent, type HostsRequest, hostsWords } from '@chordial/actor/protocol';

export const trialAt = 16;
const windowCount = 1_000;

export interface TrialConfig {
  /** The lane whose program throws at start; those after it too. */
  readonly throwsFrom?: number;
}

export interface Numbered {
  readonly type: 'numbered';
  readonly n: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}
interface Asked {
  readonly replyTo: Address<Typed>;
  readonly correlation: number;
}
export type TrialMessage =
  | Numbered
  | { readonly type: 'numbered-received'; readonly n: number }
  | (Partial<Asked> & {
      readonly type: 'send-numbered';
      readonly lane: number;
      readonly count: number;
      readonly host?: number;
    })
  | (Partial<Asked> & { readonly type: 'tell-hosts-port'; readonly request: HostsRequest })
  | HostsEvent
  | (Partial<Asked> & { readonly type: 'tell-state' })
  | { readonly type: 'chase'; readonly n: number }
  | (Partial<Asked> & { readonly type: 'die'; readonly how: 'spin' | 'throw' | 'reject' | 'throw-later' | 'exit' })
  | ({ readonly type: 'state-told'; readonly correlation?: number } & ReturnType<typeof picture>)
  | { readonly type: 'message-refused' };

interface Trial {
  readonly setup: LaneSetup<TrialConfig>;
  readonly self: Address<TrialMessage>;
  toSend: {
    readonly to: Address<TrialMessage>;
    readonly count: number;
    next: number;
    acknowledged: number;
    asked: Partial<Asked>;
  };
  receivedCount: number;
  firstFault: string;
  refusedCount: number;
  chasedCount: number;
}

const bytes = new Uint8Array(700);

function sendWindow({ toSend }: Trial, out: Outbox): void {
  const { to } = toSend;
  while (toSend.next < toSend.count && toSend.next < toSend.acknowledged + windowCount) {
    const n = toSend.next++;
    bytes.fill(n & 255);
    out.send(to, { type: 'numbered', n, bytes, start: 0, end: n % bytes.length });
  }
}

function onNumbered(state: Trial, { from, message }: Received<TrialMessage>, out: Outbox): void {
  const { n, bytes: view, start, end } = message as Numbered;
  const whole = end - start === n % bytes.length && view.subarray(start, end).every((byte) => byte === (n & 255));
  if (n !== state.receivedCount || !whole) state.firstFault ||= `${n} came in place ${state.receivedCount}`;
  state.receivedCount++;
  if (n % 100 === 99) out.send(from as Address<TrialMessage>, { type: 'numbered-received', n });
}

function onNumberedReceived(state: Trial, n: number, out: Outbox): void {
  const { toSend } = state;
  toSend.acknowledged = n + 1;
  sendWindow(state, out);
  const { replyTo, correlation } = toSend.asked;
  if (n + 1 === toSend.count && replyTo !== undefined) {
    out.send(replyTo, { type: 'numbered-sent', correlation } as Typed);
  }
}

function die(how: 'spin' | 'throw' | 'reject' | 'throw-later' | 'exit'): void {
  switch (how) {
    case 'spin':
      for (;;);
    case 'throw':
      throw new Error('this actor was told to fail');
    case 'reject':
      void Promise.reject(new Error('this promise was told to fail'));
      return;
    case 'throw-later':
      setTimeout(() => {
        throw new Error('this callback was told to fail');
      });
      return;
    case 'exit':
      process.exit(3);
      return;
    default:
      how satisfies never;
  }
}

function step(state: Trial, received: Received<TrialMessage>, out: Outbox): void {
  const { message } = received;
  switch (message.type) {
    case 'numbered':
      onNumbered(state, received, out);
      return;
    case 'numbered-received':
      onNumberedReceived(state, message.n, out);
      return;
    case 'send-numbered':
      state.toSend = {
        to: state.setup.wellKnown(message.lane, trialAt, message.host),
        count: message.count,
        next: 0,
        acknowledged: 0,
        asked: message,
      };
      sendWindow(state, out);
      return;
    case 'tell-state':
      out.send(message.replyTo!, { type: 'state-told', correlation: message.correlation, ...picture(state) } as Typed);
      return;
    case 'chase': {
      state.chasedCount++;
      const to = state.setup.wellKnown<TrialMessage>((state.setup.lane + 1) % state.setup.lanesCount, trialAt);
      out.send(to, message);
      return;
    }
    case 'die':
      die(message.how);
      return;
    case 'tell-hosts-port':
      out.send(state.setup.ports.hosts, message.request);
      out.send(message.replyTo!, { type: 'told', correlation: message.correlation } as Typed);
      return;
    case 'host-introduced':
    case 'host-linked':
    case 'host-unlinked':
      out.send(state.setup.ports.gateway, message);
      return;
    case 'state-told':
      return;
    case 'message-refused':
      state.refusedCount++;
      return;
    default:
      message satisfies never;
  }
}

const picture = ({ receivedCount, firstFault, refusedCount, chasedCount }: Trial) => ({
  receivedCount,
  firstFault,
  refusedCount,
  chasedCount,
});

const { 'host-introduced': introduced, 'host-linked': linked, 'host-unlinked': unlinked } = hostsWords;
const hostEvents = { 'host-introduced': introduced, 'host-linked': linked, 'host-unlinked': unlinked };

const trial: Behaviour<Trial, TrialMessage, LaneSetup<TrialConfig>> = {
  name: 'trial',
  mailbox: { messagesMax: 100_000, overflow: 'drop-newest' },
  hearsSystem: true,
  words: {
    numbered: [1, 'n', 'bytes', 'start', 'end'],
    'numbered-received': [2, 'n'],
    'send-numbered': [3, 'lane', 'count', 'replyTo', 'correlation', 'host'],
    'tell-hosts-port': [8, 'request', 'replyTo', 'correlation'],
    ...hostEvents,
    'tell-state': [4, 'replyTo', 'correlation'],
    chase: [5, 'n'],
    die: [6, 'how', 'replyTo', 'correlation'],
    'message-refused': [7],
    'state-told': [9, 'correlation', 'receivedCount', 'firstFault', 'refusedCount', 'chasedCount'],
  },
  init: (setup, { self }) => ({
    setup,
    self,
    toSend: { to: self, count: 0, next: 0, acknowledged: 0, asked: {} },
    receivedCount: 0,
    firstFault: '',
    refusedCount: 0,
    chasedCount: 0,
  }),
  step,
  inspect: picture,
};

export default function layOut(setup: LaneSetup<TrialConfig>): void {
  const { lane, restarted, config, ports } = setup;
  if (lane >= (config.throwsFrom ?? Number.POSITIVE_INFINITY))
    throw new Error(`lane ${lane} was told to fail at start`);
  const self = setup.spawn(trial, setup, trialAt);
  setup.send(ports.hosts, { type: 'watch-hosts', replyTo: self });
  setup.send(ports.gateway, { type: 'laid-out', lane, restarted } as Typed);
}
