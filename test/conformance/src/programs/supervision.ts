// A child that always fails: restarted with doubling back-off, given up after three failures, and then its supervisor fails too
// and starts again with a new child.
import type { Address, Behaviour, LaneProgram, Typed } from '@chordial/actor';
import type { SystemEvent } from '@chordial/actor/protocol';

interface Config {
  readonly gateway: Address<Typed>;
}

const failing: Behaviour<Config, { readonly type: 'fail-due' }, Config> = {
  name: 'failing',
  mailbox: { messagesMax: 10, overflow: 'drop-newest' },
  init(config, { now, self, seed }, out) {
    out.send(config.gateway, { type: 'child-born', now, self, seed } as Typed);
    out.setTimer(5, { type: 'fail-due' });
    return config;
  },
  step({ gateway }, { now }, out) {
    out.send(gateway, { type: 'child-fails', now } as Typed);
    throw new Error('fails on purpose');
  },
};

const supervisor: Behaviour<Config, SystemEvent, Config> = {
  name: 'supervisor',
  mailbox: { messagesMax: 10, overflow: 'drop-newest' },
  supervision: { backoffMsMin: 40, backoffMsMax: 1_000, restartsMax: 2, withinMs: 60_000 },
  init(config, { now }, out) {
    out.send(config.gateway, { type: 'supervisor-born', now } as Typed);
    out.spawn(failing, config);
    return config;
  },
  step() {},
};

const program: LaneProgram<undefined> = ({ spawn, ports: { gateway } }) => {
  spawn(supervisor, { gateway });
};
export default program;
