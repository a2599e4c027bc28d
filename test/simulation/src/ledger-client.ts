// A client of the ping-pong ledger: counts upwards, one at a time, and asks again with doubling pauses until it hears the answer.
import type { Address, Behaviour, LaneProgram, Outbox, TimerId } from '@chordial/actor';
import type { UdpEvent, UdpRequest } from '@chordial/actor/protocol';
import { readRecord, recordBytes, writeRecord } from './ledger-protocol.ts';
import { ledgerPort } from './ledger-server.ts';

/** What the scenario sees of a client. */
export interface ClientLog {
  acknowledged: number;
}

export interface ClientConfig {
  readonly client: number;
  readonly server: string;
  readonly everyMs: number;
  readonly log: ClientLog;
}

interface ClientState extends ClientConfig {
  readonly udp: Address<UdpRequest>;
  socket: number;
  count: number;
  retryMs: number;
  timer: TimerId;
}
type ClientMessage = UdpEvent | { readonly type: 'ask-due' };

const retryMsMin = 100;
const retryMsMax = 2_000;

const client: Behaviour<ClientState, ClientMessage, ClientConfig & { readonly udp: Address<UdpRequest> }> = {
  name: 'client',
  mailbox: { messagesMax: 100, overflow: 'drop-newest' },
  init(config, { self }, out) {
    out.send(config.udp, { type: 'bind-udp', replyTo: self, address: '0.0.0.0', port: 0, shared: false });
    return { ...config, socket: 0, count: 1, retryMs: retryMsMin, timer: 0 };
  },
  step(state, { message }, out) {
    switch (message.type) {
      case 'udp-bound':
        state.socket = message.socket;
        ask(state, out);
        return;
      case 'ask-due':
        ask(state, out);
        return;
      case 'datagram-received':
        if (message.end - message.start === recordBytes) onPong(state, readRecord(message.bytes, message.start), out);
        return;
      case 'udp-failed':
        return;
      default:
        message satisfies never;
    }
  },
};

function ask(state: ClientState, out: Outbox): void {
  const bytes = writeRecord(state.client, state.count);
  const { socket, server: address } = state;
  out.send(state.udp, { type: 'send-datagram', socket, address, port: ledgerPort, bytes, start: 0, end: bytes.length });
  state.timer = out.setTimer(state.retryMs, { type: 'ask-due' });
  state.retryMs = Math.min(state.retryMs * 2, retryMsMax);
}

function onPong(state: ClientState, pong: { readonly client: number; readonly count: number }, out: Outbox): void {
  if (pong.client !== state.client || pong.count !== state.count) return;
  state.log.acknowledged++;
  state.count++;
  state.retryMs = retryMsMin;
  out.clearTimer(state.timer);
  state.timer = out.setTimer(state.everyMs, { type: 'ask-due' });
}

export const ledgerClient: LaneProgram<ClientConfig> = ({ spawn, ports, config }) => {
  spawn(client, { ...config, udp: ports.udp });
};
