// Senders on every lane send numbered messages to one receiver, at most a window of them unacknowledged; the receiver reports
// what came out of order or did not come.
import type { Address, Behaviour, LaneProgram, Outbox, Typed } from '@chordial/actor';

interface Config {
  readonly perSender: number;
}
interface Numbered {
  readonly type: 'numbered';
  readonly sender: number;
  readonly number: number;
  readonly replyTo: Address<Taken>;
}
interface Taken {
  readonly type: 'taken';
  readonly count: number;
}

const receiverAt = 16;
const window = 256;
const acknowledgeEvery = 64;

interface ReceiverConfig extends Config {
  readonly sendersCount: number;
  readonly gateway: Address<Typed>;
}
interface ReceiverState extends ReceiverConfig {
  /** The number expected next, by sender. */
  readonly next: number[];
  outOfOrder: number;
}

const receiver: Behaviour<ReceiverState, Numbered, ReceiverConfig> = {
  name: 'receiver',
  mailbox: { messagesMax: 100_000, overflow: 'drop-newest' },
  words: { numbered: [1, 'sender', 'number', 'replyTo'] },
  init: (config) => ({ ...config, next: new Array(config.sendersCount).fill(0), outOfOrder: 0 }),
  step(state, { message: { sender, number, replyTo } }, out) {
    if (number !== state.next[sender]) state.outOfOrder++;
    state.next[sender] = number + 1;
    if (state.next[sender]! % acknowledgeEvery === 0) out.send(replyTo, { type: 'taken', count: acknowledgeEvery });
    if (state.next.every((next) => next === state.perSender)) {
      out.send(state.gateway, { type: 'all-received', outOfOrder: state.outOfOrder, next: state.next } as Typed);
    }
  },
};

interface SenderConfig extends Config {
  readonly sender: number;
  readonly to: Address<Numbered>;
}
interface SenderState extends SenderConfig {
  readonly self: Address<SenderMessage>;
  sent: number;
  credit: number;
}
type SenderMessage = Taken | { readonly type: 'begin' };

function sendMore(state: SenderState, out: Outbox): void {
  for (; state.credit > 0 && state.sent < state.perSender; state.credit--) {
    const { sender, self: replyTo } = state;
    out.send(state.to, { type: 'numbered', sender, number: state.sent++, replyTo });
  }
}

const sender: Behaviour<SenderState, SenderMessage, SenderConfig> = {
  name: 'sender',
  mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
  words: { taken: [1, 'count'], begin: [2] },
  init(config, { self }, out) {
    out.setTimer(0, { type: 'begin' });
    return { ...config, self, sent: 0, credit: window };
  },
  step(state, { message }, out) {
    if (message.type === 'taken') state.credit += message.count;
    sendMore(state, out);
  },
};

/** Two senders on each lane; the receiver lives on lane 0. */
const program: LaneProgram<Config> = ({ config: { perSender }, lane, lanesCount, spawn, wellKnown, ports }) => {
  // On every lane, because a lane knows the words of the behaviours that it runs; the one on lane 0 is used.
  spawn(receiver, { perSender, sendersCount: lanesCount * 2, gateway: ports.gateway }, receiverAt);
  const to = wellKnown<Numbered>(0, receiverAt);
  for (const half of [0, 1]) spawn(sender, { perSender, sender: lane * 2 + half, to });
};
export default program;
