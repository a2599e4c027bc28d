// What crosses lanes arrives as it was sent: every kind of data that words may carry, byte views within larger arrays, small and
// large.
import type { Address, Behaviour, LaneProgram, Typed } from '@chordial/actor';
import type { ByteView } from '@chordial/actor/protocol';
import { sampleBytes, sampleData, viewSizes } from './parcel-samples.ts';

interface Data {
  readonly type: 'data';
  readonly number: number;
  readonly one: unknown;
  readonly other: unknown;
}
interface Parcel extends ByteView {
  readonly type: 'parcel';
  readonly number: number;
}
type Message = Data | Parcel;

const receiverAt = 16;

const receiver: Behaviour<Address<Typed>, Message, Address<Typed>> = {
  name: 'receiver',
  mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
  words: { data: [1, 'number', 'one', 'other'], parcel: [2, 'number', 'bytes', 'start', 'end'] },
  init: (gateway) => gateway,
  step(gateway, { message }, out) {
    if (message.type === 'data') {
      out.send(gateway, { ...message, type: 'data-arrived' } as Typed);
      return;
    }
    const { number, bytes, start, end } = message;
    out.send(gateway, { type: 'parcel-arrived', number, content: bytes.slice(start, end) } as Typed);
  },
};

const sender: Behaviour<Address<Message>, { readonly type: 'go' }, Address<Message>> = {
  name: 'sender',
  mailbox: { messagesMax: 10, overflow: 'drop-newest' },
  words: { go: [1] },
  init(to, _, out) {
    out.setTimer(0, { type: 'go' });
    return to;
  },
  step(to, _, out) {
    sampleData.forEach((sample, number) => {
      out.send(to, { type: 'data', number, one: sample, other: { nested: [sample] } });
    });
    viewSizes.forEach((size, number) => {
      const bytes = new Uint8Array(size + 30);
      bytes.set(sampleBytes(size), 13);
      out.send(to, { type: 'parcel', number, bytes, start: 13, end: 13 + size });
    });
  },
};

const program: LaneProgram<undefined> = ({ lane, lanesCount, spawn, wellKnown, ports }) => {
  spawn(receiver, ports.gateway, receiverAt);
  if (lane === 0) spawn(sender, wellKnown<Message>(lanesCount - 1, receiverAt));
};
export default program;
