// A lane in memory for tests and benches: real registrars and location services under the real kernel, a clock set by hand, a store that
// keeps records at once, and a stand-in for the transaction layer that peeks at a request, sends it up, and keeps the answers.
import { type Address, type Behaviour, nobody, type Typed } from '@chordial/actor';
import { type DueTimer, LaneKernel } from '@chordial/actor/shell';
import { defaultLocationConfig, type LocationConfig, location } from '@chordial/location';
import { defaultRegistrarLimits, type RegistrarConfig } from '@chordial/registrar';
import { registrar } from '@chordial/registrar/behaviour';
import type { RegistrarMessage } from '@chordial/registrar/protocol';
import { Peek, peek } from '@chordial/sip-parser';
import type { RequestReceived, Respond } from '@chordial/sip-transaction/protocol';
import { recordStore } from './record-store.ts';

export interface PeerOptions {
  readonly registrar?: Partial<RegistrarConfig>;
  readonly location?: Partial<LocationConfig>;
  /** Stands in for the location service when it shall misbehave. */
  readonly locationBehaviour?: Behaviour<unknown, Typed, unknown>;
}

const flow = { transport: 'udp', address: '192.0.2.4', port: 5060 } as const;

export class RegistrarLane {
  readonly answers: Respond[] = [];
  answersCount = 0;
  now = 0;
  readonly failures: unknown[] = [];
  readonly #kernel: LaneKernel;
  readonly #timers = new Map<number, { readonly at: number; readonly due: DueTimer }>();
  readonly #transactions: Address<Respond>;
  readonly #store: LocationConfig['store'];
  #timerNext = 1;
  #transactionNext = 1;

  /** With `checks` invariants are asked for after every step and answers are kept; a bench only counts them. */
  constructor(checks = true) {
    this.#kernel = new LaneKernel(0, 0, 1, {
      post: () => false,
      setTimer: (delayMs, due) => {
        this.#timers.set(this.#timerNext, { at: this.now + delayMs, due });
        return this.#timerNext++;
      },
      clearTimer: (timer) => this.#timers.delete(timer),
      actorFailed: (_actor, _name, failure) => this.failures.push(failure),
      laneFailed: (failure) => this.failures.push(failure),
      ...(checks && {
        stepped: (cell: { behaviour: Behaviour<unknown, Typed, unknown>; state: unknown }) => {
          const broken = cell.behaviour.invariants?.(cell.state);
          if (broken !== undefined) this.failures.push(new Error(`${cell.behaviour.name}: ${broken}`));
        },
      }),
    });
    const transactions: Behaviour<null, Respond, null> = {
      name: 'transactions',
      init: () => null,
      step: (_state, received) => {
        this.answersCount++;
        if (checks) this.answers.push(received.message);
      },
      mailbox: { messagesMax: 100_000, overflow: 'drop-newest' },
    };
    this.#transactions = this.#kernel.spawnRoot(transactions, null);
    this.#store = this.#kernel.spawnRoot(recordStore, checks) as unknown as LocationConfig['store'];
  }

  /** Starts the two actors of one peer; returns its registrar. */
  addPeer(options: PeerOptions = {}): Address<RegistrarMessage> {
    const locationAddress =
      options.locationBehaviour === undefined
        ? this.#kernel.spawnRoot(location, { ...defaultLocationConfig, store: this.#store, ...options.location })
        : this.#kernel.spawnRoot(options.locationBehaviour, undefined);
    return this.#kernel.spawnRoot(registrar, {
      ...defaultRegistrarLimits,
      supportedOptions: [],
      location: locationAddress,
      ...options.registrar,
    });
  }

  /** Delivers what a transaction would send up for these octets; `into` lets a bench reuse one Peek. */
  deliver(to: Address<RegistrarMessage>, bytes: Uint8Array, into: Peek = new Peek()): void {
    if (!peek(bytes, 0, bytes.length, into)) throw new Error(`not a request: ${into.error}`);
    this.deliverPeeked(to, into);
  }

  deliverPeeked(to: Address<RegistrarMessage>, peeked: Peek): void {
    const request: RequestReceived = {
      type: 'request-received',
      transaction: this.#transactionNext++,
      peek: peeked,
      aor: peeked.aorOf(peeked.method === 'REGISTER' ? 'to' : 'request-uri'),
      flow,
      replyTo: this.#transactions,
      bytes: peeked.bytes,
      start: peeked.start,
      end: peeked.end,
    };
    this.#kernel.deliver(to as number as Address<Typed>, nobody, request);
  }

  /** Delivers any message, and handles what follows from it. */
  tell(to: Address<RegistrarMessage>, message: RegistrarMessage): void {
    this.#kernel.deliver(to as number as Address<Typed>, nobody, message);
    this.run();
  }

  /** Handles everything that waits. */
  run(): void {
    this.#kernel.now = this.now;
    while (this.#kernel.run(1_000) > 0);
    if (this.failures.length > 0) throw this.failures[0];
  }

  /** Sends one request and returns its answer; undefined when none came yet. */
  ask(to: Address<RegistrarMessage>, text: string): Respond | undefined {
    this.answers.length = 0;
    this.deliver(to, new TextEncoder().encode(text));
    this.run();
    return this.answers[0];
  }

  /** Lets time pass and fires what becomes due. */
  advance(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(([, timer]) => timer.at <= until).sort((a, b) => a[1].at - b[1].at);
      if (next === undefined) break;
      this.#timers.delete(next[0]);
      this.now = next[1].at;
      this.#kernel.fire(next[1].due);
      this.run();
    }
    this.now = until;
  }

  get timersCount(): number {
    return this.#timers.size;
  }
}

export interface RequestOptions {
  readonly method?: string;
  readonly uri?: string;
  readonly to?: string;
  readonly callId?: string;
  readonly cseq?: number;
  /** Further header lines, without CRLF. */
  readonly lines?: readonly string[];
}

/** A request of a phone of sip:alice@example.com. */
export function requestText(options: RequestOptions = {}): string {
  const { method = 'REGISTER', uri = 'sip:example.com', to = '<sip:alice@example.com>', lines = [] } = options;
  const { callId = '843817637684230@998sdasdh09', cseq = 1 } = options;
  return [
    `${method} ${uri} SIP/2.0`,
    'Via: SIP/2.0/UDP 192.0.2.4:5060;branch=z9hG4bKnashds7;rport',
    'Max-Forwards: 70',
    `To: ${to}`,
    'From: Alice <sip:alice@example.com>;tag=456248',
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    ...lines,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}
