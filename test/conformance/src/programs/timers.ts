// Timers: order, clearing, never early, and none of an earlier life after a restart.
import type { Address, Behaviour, LaneProgram, TimerId, Typed } from '@chordial/actor';

interface Due {
  readonly type: 'due';
  readonly name: string;
  readonly at: number;
}
interface Config {
  readonly gateway: Address<Typed>;
}
interface State extends Config {
  readonly fired: string[];
  early: number;
  cleared: TimerId;
}
type Message = Due | { readonly type: 'clear-due' } | { readonly type: 'report-due' };

const clock: Behaviour<State, Message, Config> = {
  name: 'clock',
  mailbox: { messagesMax: 100, overflow: 'drop-newest' },
  init(config, { now }, out) {
    const set = (delayMs: number, name: string): TimerId =>
      out.setTimer(delayMs, { type: 'due', name, at: now + delayMs } as Typed);
    set(90, 'ninety');
    set(30, 'thirty');
    set(60, 'sixty');
    set(0, 'zero');
    set(30, 'thirty again');
    const cleared = set(120, 'cleared');
    out.setTimer(45, { type: 'clear-due' });
    out.setTimer(250, { type: 'report-due' });
    return { ...config, fired: [], early: 0, cleared };
  },
  step(state, { message, now }, out) {
    if (message.type === 'due') {
      state.fired.push(message.name);
      if (now < message.at) state.early++;
    } else if (message.type === 'clear-due') out.clearTimer(state.cleared);
    else out.send(state.gateway, { type: 'fired', fired: state.fired, early: state.early } as Typed);
  },
};

interface PhoenixMessage {
  readonly type: 'stale-due' | 'fail-due' | 'report-due';
}

/** Sets a timer, fails before it is due, and reports from its second life what reached it. */
const phoenix: Behaviour<{ readonly heard: string[]; readonly gateway: Address<Typed> }, PhoenixMessage, Config> = {
  name: 'phoenix',
  mailbox: { messagesMax: 100, overflow: 'drop-newest' },
  init({ gateway }, { self, now }, out) {
    // Each life has its own seed but the same address; the first is recognised by what it has not yet reported.
    out.send(gateway, { type: 'phoenix-born', self, now } as Typed);
    out.setTimer(40, { type: 'fail-due' });
    out.setTimer(100, { type: 'stale-due' });
    return { heard: [], gateway };
  },
  step(state, { message }, out) {
    if (message.type === 'fail-due') throw new Error('fails on purpose');
    state.heard.push(message.type);
    out.send(state.gateway, { type: 'phoenix-heard', heard: state.heard } as Typed);
  },
};

const program: LaneProgram<undefined> = ({ spawn, ports: { gateway } }) => {
  spawn(clock, { gateway });
  spawn(phoenix, { gateway });
};
export default program;
