// One transaction core for tests, with recorded effects and time that moves when told.
import type { Address, Outbox, Typed } from '@chordial/actor';
import type { MessageRefused } from '@chordial/actor/protocol';
import { Peek, peek } from '@chordial/sip-parser';
import type { Flow, SendMessage } from '@chordial/sip-transport/protocol';
import { transactionInvariants } from './invariants.ts';
import type { RequestReceived, Respond, SipTransactionMessage } from './protocol.ts';
import { initTransaction, type SipTransactionConfig, type State, stepTransaction } from './transaction.ts';

export const TRANSPORT = 1;
export const SERVICE = 2;
export const flowFrom = (port = 5060, address = '192.0.2.4'): Flow => ({ transport: 'udp', address, port });

export interface SentResponse {
  readonly text: string;
  readonly flow: Flow;
  /** As it was sent, for tests that look at it later in the turn. */
  readonly message: SendMessage;
}

export class TestLane implements Outbox {
  readonly state: State;
  requests: RequestReceived[] = [];
  responses: SentResponse[] = [];
  now = 1_000;
  #timers: { at: number; message: Typed }[] = [];

  constructor(config: Partial<SipTransactionConfig> = {}) {
    const birth = { self: 9 as Address<SipTransactionMessage>, now: 0, seed: 42 };
    this.state = initTransaction(
      { transport: TRANSPORT as SipTransactionConfig['transport'], secret: 7, ...config },
      birth,
    );
  }

  send<M>(to: Address<M>, message: NoInfer<M>): void {
    if ((to as number) === SERVICE) this.requests.push(message as RequestReceived);
    else {
      const sent = message as SendMessage;
      this.responses.push({ text: textOf(sent), flow: sent.flow, message: sent });
    }
  }
  setTimer(delayMs: number, message: Typed): number {
    this.#timers.push({ at: this.now + delayMs, message });
    return 1;
  }
  clearTimer(): void {}
  spawn(): never {
    throw new Error('transactions have no children');
  }
  stop(): void {}

  step(message: SipTransactionMessage | MessageRefused): void {
    stepTransaction(this.state, { now: this.now, from: 0 as Address<never>, message }, this);
    const broken = transactionInvariants(this.state);
    if (broken !== undefined) throw new Error(broken);
  }

  /** Hands a request in; returns the transaction it started, or -1 when it started none. */
  request(text: string, flow: Flow = flowFrom()): number {
    const bytes = new Uint8Array(Buffer.from(text, 'latin1'));
    const out = new Peek();
    peek(bytes, 0, bytes.length, out);
    const before = this.requests.length;
    const service = SERVICE as number as Address<RequestReceived>;
    this.step({
      type: 'serve-request',
      bytes,
      start: 0,
      end: bytes.length,
      peek: out,
      flow,
      aor: out.aorOf('to'),
      service,
    });
    return this.requests.length > before ? this.requests.at(-1)!.transaction : -1;
  }

  respond(transaction: number, statusCode = 200, parts: Partial<Respond> = {}): void {
    this.step({ type: 'respond', transaction, statusCode, reason: 'OK', headerLines: '', ...parts });
  }

  advance(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.splice(this.#timers.indexOf(due), 1);
      this.now = due.at;
      this.step(due.message as SipTransactionMessage);
    }
    this.now = until;
  }

  get timersWaiting(): string[] {
    return this.#timers.map(({ message }) => message.type);
  }
}

export const textOf = ({ bytes, start, end }: SendMessage): string =>
  Buffer.from(bytes.subarray(start, end)).toString('latin1');

export interface RequestParts {
  readonly method?: string;
  readonly branch?: string;
  readonly sentBy?: string;
  readonly callId?: string;
  readonly cseq?: number;
  readonly toTag?: string;
  readonly via?: string;
}

export function requestText(parts: RequestParts = {}): string {
  const { method = 'REGISTER', branch = 'z9hG4bKa', sentBy = '192.0.2.4:5060', callId = 'c1', cseq = 1 } = parts;
  const toTag = parts.toTag === undefined ? '' : `;tag=${parts.toTag}`;
  const via = parts.via ?? `SIP/2.0/UDP ${sentBy};branch=${branch}`;
  return `${method} sip:example.com SIP/2.0\r\nVia: ${via}\r\nFrom: <sip:a@example.com>;tag=f\r\nTo: <sip:a@example.com>${toTag}\r\nCall-ID: ${callId}\r\nCSeq: ${cseq} ${method}\r\nContent-Length: 0\r\n\r\n`;
}
