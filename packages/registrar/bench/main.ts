// REGISTER a second through registrar and location service under the real kernel, 100,000 users on 64 peers of one thread:
// refreshes in random order, with the octets peeked beforehand and with the peek in the measure.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createRandom, nextBelow } from '@chordial/actor/random';
import { RegistrarLane, type RequestOptions } from './registrar-lane.ts';
import { RequestStore, Turn } from './request-store.ts';

type Peers = ReturnType<RegistrarLane['addPeer']>[];

const HELP = `REGISTER a second through registrar and location service.

  npx nx bench registrar
  npx nx bench registrar --users 10000 --rounds 3 --json registrar.json

  --users N     users who refresh (default 100000)
  --peers N     peers they are spread over (default 64)
  --rounds N    rounds of every kind of request, in turns (default 5)
  --seconds S   seconds per kind and round (default 1)
  --json FILE   also write the figures to FILE
  --help        this text
`;

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '100000' },
    peers: { type: 'string', default: '64' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

type Kind = 'plain' | 'parsed' | 'query' | 'options';
const kinds: readonly Kind[] = ['plain', 'parsed', 'query', 'options'];
const meanings: Record<Kind, string> = {
  plain: 'REGISTER, usual Contact',
  parsed: 'REGISTER, Contact with +sip.instance',
  query: 'REGISTER without Contact',
  options: 'OPTIONS to a user',
};

const usersCount = Number(values.users);
function requestOf(kind: Kind, user: number): RequestOptions {
  const name = `user${user}`;
  const address = `<sip:${name}@10.${(user >> 16) & 255}.${(user >> 8) & 255}.${user & 255}:5060>`;
  const contact = kind === 'parsed' ? `${address};+sip.instance="<urn:uuid:${user}>";reg-id=1` : address;
  const common = ['User-Agent: Softphone/3.2', 'Allow: INVITE, ACK, CANCEL, OPTIONS, BYE', 'Supported: path, outbound'];
  return {
    method: kind === 'options' ? 'OPTIONS' : 'REGISTER',
    uri: kind === 'options' ? `sip:${name}@example.com` : 'sip:example.com',
    to: `<sip:${name}@example.com>`,
    lines: kind === 'query' || kind === 'options' ? common : [`Contact: ${contact};expires=3600`, ...common],
    callId: `843817637684230-${user}@998sdasdh09`,
  };
}

/** A turn takes a handful of datagrams, as a socket gives them. */
const turnCount = 16;
const turn = new Turn(turnCount);
const random = createRandom(1);
let cseqNext = 1;

/** Microseconds per request: the service alone, and with the peek. */
function measure(lane: RegistrarLane, peers: Peers, store: RequestStore, seconds: number) {
  const users = new Int32Array(turnCount);
  let count = 0;
  let peekMs = 0;
  let serveMs = 0;
  while (peekMs + serveMs < seconds * 1000) {
    for (let slot = 0; slot < turnCount; slot++) {
      users[slot] = nextBelow(random, usersCount);
      turn.fill(slot, store, users[slot]!, cseqNext++);
    }
    const start = performance.now();
    turn.peekAll();
    const peeked = performance.now();
    for (let slot = 0; slot < turnCount; slot++) {
      lane.deliverPeeked(peers[users[slot]! % peers.length]!, turn.peeks[slot]!);
    }
    lane.run();
    peekMs += peeked - start;
    serveMs += performance.now() - peeked;
    count += turnCount;
    if (count % 1_024 === 0) lane.now += 1;
  }
  return { serveUs: (serveMs * 1000) / count, withPeekUs: ((peekMs + serveMs) * 1000) / count };
}

const median = (figures: readonly number[]): number => figures.toSorted((a, b) => a - b)[figures.length >> 1]!;

function main(): void {
  const stores = {
    plain: new RequestStore(usersCount, (user) => requestOf('plain', user)),
    parsed: new RequestStore(usersCount, (user) => requestOf('parsed', user)),
    query: new RequestStore(usersCount, (user) => requestOf('query', user)),
    options: new RequestStore(usersCount, (user) => requestOf('options', user)),
  };
  const before = heapBytes();
  const lane = new RegistrarLane(false);
  const peers = Array.from({ length: Number(values.peers) }, () => lane.addPeer());
  const single = new Turn(1);
  for (let user = 0; user < usersCount; user++) {
    single.fill(0, stores.plain, user, 0);
    single.peekAll();
    lane.deliverPeeked(peers[user % peers.length]!, single.peeks[0]!);
    lane.run();
  }
  const bytesPerUser = (heapBytes() - before) / usersCount;
  const rounds: Record<Kind, { serveUs: number; withPeekUs: number }[]> = {
    plain: [],
    parsed: [],
    query: [],
    options: [],
  };
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const kind of kinds) rounds[kind].push(measure(lane, peers, stores[kind], Number(values.seconds)));
  }
  console.log(`${usersCount} users, ${peers.length} peers, ${bytesPerUser.toFixed(0)} bytes per user`);
  console.log('request                                us served  us with peek  requests/s with peek');
  const results = kinds.map((kind) => {
    const serveUs = median(rounds[kind].map((figure) => figure.serveUs));
    const withPeekUs = median(rounds[kind].map((figure) => figure.withPeekUs));
    const perSecond = Math.round(1e6 / withPeekUs);
    console.log(
      `${meanings[kind].padEnd(38)} ${serveUs.toFixed(2).padStart(9)} ${withPeekUs.toFixed(2).padStart(13)} ${String(perSecond).padStart(21)}`,
    );
    return { request: meanings[kind], serveUs, withPeekUs, perSecond };
  });
  if (values.json !== undefined) {
    const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
    writeFileSync(values.json, `${JSON.stringify({ machine, usersCount, bytesPerUser, results }, undefined, 2)}\n`);
  }
}

if (values.help) process.stdout.write(HELP);
else main();
