// What a transaction costs: requests a second that are matched, remembered, answered and kept for Timer J, and retransmissions
// a second that are answered from what is kept. Steps are called directly; messages are peeked beforehand.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Address, makeAddress, type Outbox } from '@chordial/actor';
import { Peek, peek } from '@chordial/sip-parser';
import { sipTransaction } from '@chordial/sip-transaction';
import type { RequestReceived, ServeRequest, SipTransactionMessage } from '@chordial/sip-transaction/protocol';

const HELP = `Server transactions a second, new ones and retransmissions.

  npx nx bench sip-transaction
  npx nx bench sip-transaction --seconds 2 --json sip-transaction.json

  --seconds S   seconds for each figure (default 2)
  --bytes N     bytes the store may take, a power of two (default 67108864)
  --json FILE   also write the figures to FILE
  --help        this text
`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    bytes: { type: 'string', default: '67108864' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const SERVICE = makeAddress<RequestReceived>(0, 0, 50);
const headerLines = 'Contact: <sip:user@192.0.2.15:5060;transport=udp>;expires=3600\r\n';

function requestOf(branch: number): ServeRequest {
  const text =
    `REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.15:5060;branch=z9hG4bK-${branch};rport\r\n` +
    'Max-Forwards: 70\r\nFrom: "User" <sip:user@example.com>;tag=a73kszlfl\r\nTo: "User" <sip:user@example.com>\r\n' +
    `Call-ID: ${branch}-84381763768@192.0.2.15\r\nCSeq: 1826 REGISTER\r\nContact: <sip:user@192.0.2.15>\r\nContent-Length: 0\r\n\r\n`;
  const bytes = new Uint8Array(Buffer.from(text, 'latin1'));
  const out = new Peek();
  if (!peek(bytes, 0, bytes.length, out)) throw new Error('the request of the benchmark is broken');
  const flow = { transport: 'udp', address: '192.0.2.15', port: 5060 } as const;
  return {
    type: 'serve-request',
    bytes,
    start: 0,
    end: bytes.length,
    peek: out,
    flow,
    aor: out.aorOf('to'),
    service: SERVICE,
  };
}

/** One lane's transactions, and a service that answers as soon as the step is over. */
class Lane {
  sentCount = 0;
  now = 1;
  #transaction = -1;
  readonly #out: Outbox = {
    send: <M>(to: Address<M>, message: NoInfer<M>) => {
      if ((to as number) === (SERVICE as number)) this.#transaction = (message as RequestReceived).transaction;
      else this.sentCount++;
    },
    setTimer: () => 1,
    clearTimer: () => undefined,
    spawn: () => makeAddress(0, 0, 41),
    stop: () => undefined,
  };
  readonly #state = sipTransaction.init(
    { transport: makeAddress(0, 0, 51), secret: 7, bytesMax: Number(values.bytes) },
    { self: makeAddress(0, 0, 40), now: 0, seed: 1 },
    this.#out,
  );

  step(message: SipTransactionMessage): void {
    sipTransaction.step(this.#state, { now: this.now, from: 0 as Address<never>, message }, this.#out);
  }

  request(request: ServeRequest): void {
    this.step(request);
    const transaction = this.#transaction;
    if (transaction === -1) return;
    this.#transaction = -1;
    this.step({ type: 'respond', transaction, statusCode: 200, reason: 'OK', headerLines });
  }

  get inspected(): unknown {
    return sipTransaction.inspect?.(this.#state);
  }
}

const BATCH = 2_000;

function measure(kind: 'new' | 'retransmission', seconds: number): { perSecond: number; inspected: unknown } {
  const lane = new Lane();
  const known = Array.from({ length: BATCH }, (_, i) => requestOf(i));
  for (const request of known) lane.request(request);
  let ms = 0;
  let count = 0;
  while (ms < seconds * 1_000) {
    const batch = kind === 'new' ? Array.from({ length: BATCH }, (_, i) => requestOf(BATCH + count + i)) : known;
    const before = lane.sentCount;
    const start = performance.now();
    for (let i = 0; i < BATCH; i++) {
      if (i % 64 === 0) lane.now++;
      lane.request(batch[i]!);
    }
    ms += performance.now() - start;
    if (lane.sentCount - before !== BATCH) throw new Error(`${BATCH} requests had ${lane.sentCount - before} answers`);
    count += BATCH;
  }
  return { perSecond: Math.round(count / (ms / 1_000)), inspected: lane.inspected };
}

function main(): void {
  const kinds = ['new', 'retransmission'] as const;
  for (const kind of kinds) measure(kind, 0.3);
  console.log('kind             a second   us each');
  const results = kinds.map((kind) => {
    const { perSecond, inspected } = measure(kind, Number(values.seconds));
    console.log(`${kind.padEnd(14)} ${String(perSecond).padStart(10)} ${(1e6 / perSecond).toFixed(2).padStart(9)}`);
    return { kind, perSecond, inspected };
  });
  if (values.json === undefined) return;
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
  writeFileSync(values.json, `${JSON.stringify({ machine, results }, undefined, 2)}\n`);
}

if (values.help) process.stdout.write(HELP);
else main();
