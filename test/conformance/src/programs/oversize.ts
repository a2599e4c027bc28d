// What is too long for a link between lanes goes back to its sender, and what follows arrives.
import type { Address, Behaviour, LaneProgram, Typed } from '@chordial/actor';
import type { ByteView, MessageRefused } from '@chordial/actor/protocol';

interface Parcel extends ByteView {
  readonly type: 'parcel';
}

const receiverAt = 16;
/** A link takes messages up to 128 KiB. */
const sizes = [200_000, 10] as const;

const receiver: Behaviour<Address<Typed>, Parcel, Address<Typed>> = {
  name: 'receiver',
  mailbox: { messagesMax: 100, overflow: 'drop-newest' },
  words: { parcel: [1, 'bytes', 'start', 'end'] },
  init: (gateway) => gateway,
  step: (gateway, { message }, out) =>
    out.send(gateway, { type: 'arrived', size: message.end - message.start } as Typed),
};

interface SenderConfig {
  readonly gateway: Address<Typed>;
  readonly to: Address<Parcel>;
}

const sender: Behaviour<SenderConfig, MessageRefused | { readonly type: 'go' }, SenderConfig> = {
  name: 'sender',
  mailbox: { messagesMax: 100, overflow: 'drop-newest' },
  hearsSystem: true,
  init(config, _, out) {
    out.setTimer(0, { type: 'go' });
    return config;
  },
  step({ gateway, to }, { message }, out) {
    if (message.type === 'go') {
      for (const end of sizes) out.send(to, { type: 'parcel', bytes: new Uint8Array(end), start: 0, end });
      return;
    }
    const { end } = message.message as Parcel;
    out.send(gateway, { type: 'refused', size: end, isAddressed: message.to === (to as Address<never>) } as Typed);
  },
};

const program: LaneProgram<undefined> = ({ lane, spawn, wellKnown, ports: { gateway } }) => {
  spawn(receiver, gateway, receiverAt);
  if (lane === 0) spawn(sender, { gateway, to: wellKnown<Parcel>(1, receiverAt) });
};
export default program;
