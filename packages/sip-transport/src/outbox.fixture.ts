// An outbox for tests that keeps what a step sends.
import type { Address, Outbox, Typed } from '@chordial/actor';
import type { UdpEvent } from '@chordial/actor/protocol';
import { createRandom, nextBelow } from '@chordial/actor/random';
import { Peek, peek } from '@chordial/sip-parser';
import type { HandOverDatagram, SipTransportEvent, SipTransportMessage, SipTransportState } from './protocol.ts';
import { initTransport, type SipTransportConfig, type State, stepTransport } from './transport.ts';

export interface Sent {
  readonly to: number;
  readonly message: Typed & Readonly<Record<string, unknown>>;
}

export class OutboxRecorder implements Outbox {
  sent: Sent[] = [];
  send<M>(to: Address<M>, message: NoInfer<M>): void {
    this.sent.push({ to, message: message as Sent['message'] });
  }
  setTimer(): number {
    return 1;
  }
  clearTimer(): void {}
  spawn(): never {
    throw new Error('a transport has no children');
  }
  stop(): void {}
}

export const UDP = 1;
export const DISPATCHER = 2;
export const OWNER = 3;
export const SIBLINGS = [11, 12];

/** A transport alone, with recorded effects. */
export class TestTransport {
  readonly out = new OutboxRecorder();
  readonly state: State;

  constructor(options: Partial<SipTransportConfig> = {}, bound: UdpEvent | 'unbound' = defaultBound) {
    const config: SipTransportConfig = {
      listen: { address: '127.0.0.1', port: 5060, shared: true },
      udp: UDP as SipTransportConfig['udp'],
      dispatcher: DISPATCHER as Address<SipTransportEvent>,
      owner: OWNER as Address<SipTransportState>,
      siblings: SIBLINGS as Address<HandOverDatagram>[],
      handOverBacklogMin: 8,
      ...options,
    };
    this.state = initTransport(config, { self: 9 as Address<SipTransportMessage>, now: 0, seed: 1 }, this.out);
    if (bound !== 'unbound') this.step(bound);
  }

  /** Takes one step and returns what it sent. */
  step(message: Parameters<typeof stepTransport>[1]['message']): Sent[] {
    this.out.sent = [];
    stepTransport(this.state, { now: 1, from: 0 as Address<never>, message }, this.out);
    return this.out.sent;
  }

  receive(text: string, options: { address?: string; port?: number; backlog?: number } = {}): Sent[] {
    const bytes = new Uint8Array(Buffer.from(text, 'latin1'));
    const { address = '192.0.2.4', port = 5060, backlog = 0 } = options;
    return this.step({
      type: 'datagram-received',
      socket: 4,
      address,
      port,
      bytes,
      start: 0,
      end: bytes.length,
      backlog,
    });
  }
}

const defaultBound: UdpEvent = { type: 'udp-bound', socket: 4, address: '127.0.0.1', port: 5060 };

export function peekOf(text: string): Peek {
  const bytes = new Uint8Array(Buffer.from(text, 'latin1'));
  const out = new Peek();
  peek(bytes, 0, bytes.length, out);
  return out;
}

export const optionsWithVia = (via: string): string =>
  `OPTIONS sip:example.com SIP/2.0\r\nVia: ${via}\r\nFrom: <sip:a@example.com>;tag=f\r\nTo: <sip:example.com>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`;

/** Repeatable octets that mean nothing. */
export function noise(seed: number, length: number): string {
  const random = createRandom(seed);
  return Array.from({ length }, () => String.fromCharCode(nextBelow(random, 256))).join('');
}
