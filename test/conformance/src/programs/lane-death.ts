// A counter on each lane that ticks on its own and forwards what it is asked to the lane it is asked to, for the case of a
// lane that dies while others go on.
import type { Address, Behaviour, LaneProgram, Typed } from '@chordial/actor';

interface AskLane {
  readonly type: 'ask-lane';
  readonly lane: number;
  readonly replyTo: Address<LaneTold>;
  readonly correlation: number;
}
interface LaneTold {
  readonly type: 'lane-told';
  readonly correlation: number;
  readonly lane: number;
  readonly ticks: number;
  readonly restarted: boolean;
}
type CounterMessage = AskLane | { readonly type: 'tick-due' };

interface Config {
  readonly lane: number;
  readonly restarted: boolean;
  readonly siblings: readonly Address<AskLane>[];
}
interface State extends Config {
  ticks: number;
}

const counterAt = 16;
const tickMs = 10;

const counter: Behaviour<State, CounterMessage, Config> = {
  name: 'counter',
  mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
  words: { 'ask-lane': [1, 'lane', 'replyTo', 'correlation'], 'tick-due': [2] },
  init(config, _, out) {
    out.setTimer(tickMs, { type: 'tick-due' });
    return { ...config, ticks: 0 };
  },
  step(state, { message }, out) {
    if (message.type === 'tick-due') {
      state.ticks++;
      out.setTimer(tickMs, { type: 'tick-due' });
      return;
    }
    const { lane, ticks, restarted } = state;
    const { correlation, replyTo } = message;
    if (message.lane !== lane) out.send(state.siblings[message.lane]!, message);
    else out.send(replyTo, { type: 'lane-told', correlation, lane, ticks, restarted });
  },
};

/** Answers cross lanes to the gateway that asked; these words make them known on every lane. */
const answerWords: Behaviour<undefined, LaneTold, undefined> = {
  name: 'answer-words',
  mailbox: { messagesMax: 1, overflow: 'drop-newest' },
  words: { 'lane-told': [1, 'correlation', 'lane', 'ticks', 'restarted'] },
  init: () => undefined,
  step: () => {},
};

const program: LaneProgram<undefined> = ({ lane, lanesCount, restarted, ports, spawn, send, wellKnown }) => {
  const siblings = Array.from({ length: lanesCount }, (_, other) => wellKnown<AskLane>(other, counterAt));
  spawn(counter, { lane, restarted, siblings }, counterAt);
  spawn(answerWords, undefined);
  send(ports.gateway, { type: 'lane-started', restarted } as Typed);
};
export default program;
