// What a transport adds to each datagram: steps a second up (datagram to message) and down (message to datagram), called
// directly, so that neither the kernel nor a socket is in it; and stateless answers a second.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Address, makeAddress, type Outbox } from '@chordial/actor';
import { Peek, peek } from '@chordial/sip-parser';
import { StatelessResponder, sipTransport } from '@chordial/sip-transport';
import type { SipTransportMessage } from '@chordial/sip-transport/protocol';

const HELP = `Steps a second of the UDP transport, up and down, and stateless answers a second.

  npx nx bench sip-transport
  npx nx bench sip-transport --seconds 2 --json sip-transport.json

  --seconds S   seconds for each figure (default 1)
  --json FILE   also write the figures to FILE
  --help        this text
`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '1' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const text =
  'OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.15:5060;branch=z9hG4bK-1;rport\r\nMax-Forwards: 70\r\n' +
  'From: <sip:a@example.com>;tag=f\r\nTo: <sip:example.com>\r\nCall-ID: c@192.0.2.15\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n';
const bytes = new Uint8Array(Buffer.from(text, 'latin1'));
const view = { bytes, start: 0, end: bytes.length };
const flow = { transport: 'udp', address: '192.0.2.15', port: 5060 } as const;

/** Calls `once` for about `seconds` and returns calls a second. */
function rate(seconds: number, once: (i: number) => void): number {
  let count = 0;
  const start = performance.now();
  let ms = 0;
  while (ms < seconds * 1_000) {
    for (let i = 0; i < 10_000; i++) once(count + i);
    count += 10_000;
    ms = performance.now() - start;
  }
  return Math.round(count / (ms / 1_000));
}

function main(): void {
  let sentCount = 0;
  const out: Outbox = {
    send: () => {
      sentCount++;
    },
    setTimer: () => 1,
    clearTimer: () => undefined,
    spawn: () => makeAddress(0, 0, 41),
    stop: () => undefined,
  };
  const address = <M>(index: number): Address<M> => makeAddress<M>(0, 0, index);
  const state = sipTransport.init(
    {
      listen: { address: '127.0.0.1', port: 5060, shared: true },
      udp: address(33),
      dispatcher: address(34),
      owner: address(35),
      siblings: [address(36)],
      handOverBacklogMin: 64,
    },
    { self: address(40), now: 0, seed: 1 },
    out,
  );
  const from = address<never>(33);
  const step = (message: SipTransportMessage): void => sipTransport.step(state, { now: 1, from, message }, out);
  step({ type: 'udp-bound', socket: 1, address: '127.0.0.1', port: 5060 });
  const responder = new StatelessResponder(7, 'Chordial');
  const request = new Peek();
  if (!peek(bytes, 0, bytes.length, request)) throw new Error('the request of the benchmark is broken');
  const kinds: readonly (readonly [string, (i: number) => void])[] = [
    [
      'up',
      () => step({ type: 'datagram-received', socket: 1, address: '192.0.2.15', port: 5060, backlog: 0, ...view }),
    ],
    [
      'handed over',
      () => step({ type: 'datagram-received', socket: 1, address: '192.0.2.15', port: 5060, backlog: 99, ...view }),
    ],
    ['down', () => step({ type: 'send-message', flow, ...view })],
    [
      'answer',
      (i) => responder.answer(Math.floor(i / 64), request, flow, 503, 'Service Unavailable', 'Retry-After: 1\r\n'),
    ],
  ];
  for (const [, once] of kinds) rate(0.2, once);
  const results = kinds.map(([kind, once]) => ({ kind, perSecond: rate(Number(values.seconds), once) }));
  if (sentCount === 0) throw new Error('the transport sent nothing');
  console.log('step            a second    ns/step');
  for (const { kind, perSecond } of results) {
    console.log(`${kind.padEnd(12)} ${String(perSecond).padStart(11)} ${(1e9 / perSecond).toFixed(0).padStart(10)}`);
  }
  if (values.json === undefined) return;
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
  writeFileSync(values.json, `${JSON.stringify({ machine, results }, undefined, 2)}\n`);
}

if (values.help) process.stdout.write(HELP);
else main();
