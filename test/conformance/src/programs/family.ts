// A parent, its child and its grandchild: who stops with whom, who hears of it, and that the stopped hear nothing more.
import type { Address, Behaviour, LaneProgram, Outbox, Typed } from '@chordial/actor';
import type { ChildStopped, SystemEvent } from '@chordial/actor/protocol';

interface Config {
  readonly name: string;
  readonly gateway: Address<Typed>;
}
interface Poke {
  readonly type: 'poke';
  readonly by: string;
}
type MemberMessage = Poke | { readonly type: 'leave' };

function report(gateway: Address<Typed>, out: Outbox, what: string): void {
  out.send(gateway, { type: 'heard', what } as Typed);
}

const grandchild: Behaviour<Config, MemberMessage, Config> = {
  name: 'grandchild',
  mailbox: { messagesMax: 100, overflow: 'drop-newest' },
  init: (config, { self }, out) => {
    report(config.gateway, out, `${config.name} born`);
    out.send(config.gateway, { type: 'address', name: config.name, address: self } as Typed);
    return config;
  },
  step({ name, gateway }, { message }, out) {
    if (message.type === 'poke') report(gateway, out, `${name} poked by ${message.by}`);
  },
};

const child: Behaviour<Config, MemberMessage, Config> = {
  name: 'child',
  mailbox: { messagesMax: 100, overflow: 'drop-newest' },
  init(config, birth, out) {
    const { gateway, name } = config;
    report(gateway, out, `${name} born`);
    out.send(gateway, { type: 'address', name, address: birth.self } as Typed);
    out.spawn(grandchild, { gateway, name: `${name}'s child` });
    return config;
  },
  step({ name, gateway }, { message }, out) {
    if (message.type === 'poke') report(gateway, out, `${name} poked by ${message.by}`);
    else out.stop();
  },
};

interface ParentState {
  readonly gateway: Address<Typed>;
  readonly first: Address<MemberMessage>;
  readonly second: Address<MemberMessage>;
}
type ParentMessage = SystemEvent | { readonly type: 'go' };

const parent: Behaviour<ParentState, ParentMessage, { readonly gateway: Address<Typed> }> = {
  name: 'parent',
  mailbox: { messagesMax: 100, overflow: 'drop-newest' },
  hearsSystem: true,
  init({ gateway }, _, out) {
    const first = out.spawn(child, { gateway, name: 'first' });
    const second = out.spawn(child, { gateway, name: 'second' });
    out.setTimer(20, { type: 'go' });
    return { gateway, first, second };
  },
  step({ gateway, first, second }, { message }, out) {
    if (message.type === 'go') {
      out.send(first, { type: 'poke', by: 'parent' });
      out.send(second, { type: 'leave' });
      // Sent before the leaving one stops, so it is still in its mailbox then.
      out.send(second, { type: 'poke', by: 'parent, too late' });
      return;
    }
    const { child: stopped } = message as ChildStopped;
    report(gateway, out, stopped === (second as Address<never>) ? 'second stopped' : 'first stopped');
    if (stopped === (second as Address<never>)) {
      out.stop(first as Address<never>);
      out.send(first, { type: 'poke', by: 'parent, after its end' });
    }
  },
};

const program: LaneProgram<undefined> = ({ spawn, ports: { gateway } }) => {
  spawn(parent, { gateway });
};
export default program;
