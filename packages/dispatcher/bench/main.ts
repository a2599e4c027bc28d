// What the front of a lane costs: messages a second through transport, dispatcher, transaction and kernel, in one thread, for
// new REGISTERs of many users, their retransmissions, and OPTIONS to the server. Sockets and the registrar are not in it.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { DatagramReceived } from '@chordial/actor/protocol';
import { BenchLane } from './lane.ts';

const HELP = `Messages a second through transport, dispatcher and transaction of one lane.

  npx nx bench dispatcher
  npx nx bench dispatcher --seconds 5 --json dispatcher.json

  --peers N     peers on the ring (default 64)
  --users N     users that register (default 100000)
  --seconds S   seconds for each kind of message (default 3)
  --batch N     datagrams in one turn (default 64)
  --json FILE   also write the figures to FILE
  --help        this text
`;

const { values } = parseArgs({
  options: {
    peers: { type: 'string', default: '64' },
    users: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '3' },
    batch: { type: 'string', default: '64' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

type Kind = 'REGISTER' | 'retransmission' | 'OPTIONS';

function requestText(kind: Kind, user: number, branch: number): string {
  const name = `user${String(user).padStart(6, '0')}`;
  const method = kind === 'OPTIONS' ? 'OPTIONS' : 'REGISTER';
  return [
    `${method} sip:example.com SIP/2.0`,
    `Via: SIP/2.0/UDP 192.0.2.15:5060;branch=z9hG4bK-${String(branch).padStart(9, '0')};rport`,
    'Max-Forwards: 70',
    `From: "${name}" <sip:${name}@example.com>;tag=a73kszlfl`,
    `To: "${name}" <sip:${name}@example.com>`,
    `Call-ID: ${branch}-84381763768@192.0.2.15`,
    `CSeq: 1826 ${method}`,
    `Contact: <sip:${name}@192.0.2.15:5060;transport=udp>;expires=3600`,
    'User-Agent: Bench Phone',
    'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS',
    'Supported: path',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}

function datagramOf(text: string): DatagramReceived {
  const bytes = new Uint8Array(Buffer.from(text, 'latin1'));
  const place = { socket: 1, address: '192.0.2.15', port: 5060, backlog: 0 };
  return { type: 'datagram-received', ...place, bytes, start: 0, end: bytes.length };
}

function measure(kind: Kind, seconds: number): { kind: Kind; perSecond: number; microseconds: number } {
  const usersCount = Number(values.users);
  const batchSize = Number(values.batch);
  const lane = new BenchLane(Number(values.peers));
  let branch = 0;
  let now = 1_000;
  let ms = 0;
  let count = 0;
  // Messages are made beforehand, some turns at a time, so that only their handling is timed.
  while (ms < seconds * 1_000) {
    const turns = Array.from({ length: 100 }, () =>
      Array.from({ length: batchSize }, () => {
        const fresh = kind === 'retransmission' && branch >= 10_000 ? branch % 10_000 : branch;
        branch++;
        return datagramOf(requestText(kind, fresh % usersCount, fresh));
      }),
    );
    const sentBefore = lane.sentCount;
    const start = performance.now();
    for (const turn of turns) {
      now++;
      lane.turn(now, turn);
    }
    ms += performance.now() - start;
    const asked = turns.length * batchSize;
    if (lane.sentCount - sentBefore !== asked)
      throw new Error(`${asked} requests had ${lane.sentCount - sentBefore} answers`);
    count += asked;
  }
  return { kind, perSecond: Math.round(count / (ms / 1_000)), microseconds: (1_000 * ms) / count };
}

function main(): void {
  const seconds = Number(values.seconds);
  const kinds: readonly Kind[] = ['REGISTER', 'retransmission', 'OPTIONS'];
  for (const kind of kinds) measure(kind, 0.5); // lets the compiler finish first
  console.log('kind            messages/s   us/message');
  const results = kinds.map((kind) => {
    const figures = measure(kind, seconds);
    const { perSecond, microseconds } = figures;
    console.log(`${kind.padEnd(15)} ${String(perSecond).padStart(10)} ${microseconds.toFixed(2).padStart(12)}`);
    return figures;
  });
  if (values.json === undefined) return;
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
  writeFileSync(values.json, `${JSON.stringify({ machine, options: values, results }, undefined, 2)}\n`);
}

if (values.help) process.stdout.write(HELP);
else main();
