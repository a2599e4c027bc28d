// Disk: a script of requests, each sent when the one before was answered; every answer is reported with its content.
import type { Address, Behaviour, LaneProgram, Outbox, Typed } from '@chordial/actor';
import type { DiskEvent, DiskRequest } from '@chordial/actor/protocol';

interface Config {
  readonly disk: Address<DiskRequest>;
  readonly gateway: Address<Typed>;
}
interface State extends Config {
  readonly self: Address<DiskEvent>;
  answered: number;
}

const octets = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
/** The content stands within a larger array, as everywhere. */
const write = (type: 'append-file' | 'replace-file', file: string, text: string) => ({
  type,
  file,
  bytes: octets(`<<${text}>>`),
  start: 2,
  end: 2 + text.length,
});
const read = (file: string, offset = 0, bytesMax = 1_000) => ({ type: 'read-file' as const, file, offset, bytesMax });

const script = [
  read('log'),
  write('append-file', 'log', 'one '),
  write('append-file', 'log', 'two '),
  read('log'),
  read('log', 4, 2),
  read('log', 100),
  write('replace-file', 'log', 'new'),
  read('log'),
  write('append-file', 'log', 'er'),
  read('log'),
  write('append-file', '../log', 'outside'),
];

function next(state: State, out: Outbox): void {
  const request = script[state.answered];
  if (request === undefined) {
    // Two at once: they are carried out in the order in which they were sent.
    if (state.answered > script.length) return;
    for (const letter of ['a', 'b', 'c']) ask(state, out, write('append-file', 'pair', letter));
    ask(state, out, read('pair'));
    return;
  }
  ask(state, out, request);
}

function ask(state: State, out: Outbox, request: (typeof script)[number]): void {
  out.send(state.disk, { ...request, replyTo: state.self, correlation: state.answered } as DiskRequest);
}

const writer: Behaviour<State, DiskEvent, Config> = {
  name: 'writer',
  mailbox: { messagesMax: 100, overflow: 'drop-newest' },
  init(config, { self }, out) {
    const state = { ...config, self, answered: 0 };
    next(state, out);
    return state;
  },
  step(state, { message }, out) {
    const { type } = message;
    if (type === 'file-read') {
      const text = String.fromCharCode(...message.bytes.subarray(message.start, message.end));
      out.send(state.gateway, { type: 'answer', what: `read '${text}'` } as Typed);
    } else {
      out.send(state.gateway, { type: 'answer', what: type === 'disk-failed' ? message.code : 'done' } as Typed);
    }
    state.answered++;
    next(state, out);
  },
};

const program: LaneProgram<undefined> = ({ spawn, ports: { disk, gateway } }) => {
  spawn(writer, { disk, gateway });
};
export default program;
