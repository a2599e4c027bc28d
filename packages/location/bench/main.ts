// What the location service costs: changes a second with 1,000, 100,000 and 1,000,000 users spread over 64 peers of one
// thread, bytes per user, and bytes per idle peer, without a store and with one that answers at once. Steps are called directly, so
// the kernel's share is not in it.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { makeAddress, type Outbox } from '@chordial/actor';
import { createRandom, nextBelow } from '@chordial/actor/random';
import { defaultLocationConfig, location } from '@chordial/location';
import type { ChangeBindings, LocationMessage, LocationReply } from '@chordial/location/protocol';
import type { CoordinatorMessage, GetRecord, PutRecord } from '@chordial/replication/protocol';
import { Recorder } from './recorder.ts';

const HELP = `Binding changes a second and bytes per user of the location service.

  npx nx bench location
  npx nx bench location --users 1000,100000 --seconds 1 --json location.json

  --users LIST  numbers of users (default 1000,100000,1000000)
  --peers N     location services they are spread over (default 64)
  --seconds S   seconds of refreshes per number of users (default 2)
  --json FILE   also write the figures to FILE
  --help        this text
`;

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '1000,100000,1000000' },
    peers: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '2' },
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

const replyTo = makeAddress<LocationReply>(0, 0, 99);

/** A text of its own, not a view of a larger one, as it comes from a parser. */
const fresh = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');

function changeOf(user: number, cseq: number, userAgent: string): ChangeBindings {
  const contact = fresh(`sip:user${user}@10.${(user >> 16) & 255}.${(user >> 8) & 255}.${user & 255}:5060`);
  return {
    type: 'change-bindings',
    aor: fresh(`user${user}@example.com`),
    callId: fresh(`843817637684230-${user}@998sdasdh09`),
    cseq,
    userAgent,
    changes: [{ contact, contactKey: contact, instance: '', regId: 0, q: 1000, expiresMs: 3_600_000 }],
    replyTo,
    correlation: cseq,
  };
}

const store = makeAddress<CoordinatorMessage>(0, 0, 21);
const startPeers = (count: number, hasStore: boolean) =>
  Array.from(
    { length: count },
    () => new Recorder(location, { ...defaultLocationConfig, ...(hasStore ? { store } : {}) }, false),
  );
type Peer = ReturnType<typeof startPeers>[number];

let writesCount = 1_700_000_000_000;

/** Until the asker has its answer. The store knows nobody, and keeps everything at once. */
function serve(peer: Peer, message: LocationMessage): void {
  let [sent] = peer.tell(message);
  while (sent !== undefined && sent.type !== 'bindings-listed') {
    const { correlation } = sent as GetRecord | PutRecord;
    [sent] =
      sent.type === 'get-record'
        ? peer.tell({ type: 'record-got', correlation, siblings: [], context: '' })
        : peer.tell({ type: 'record-put', correlation, context: fresh(`g1.${(writesCount++).toString(36)}`) });
  }
}

interface Figures {
  readonly store: string;
  readonly usersCount: number;
  readonly addsPerSecond: number;
  readonly refreshesPerSecond: number;
  readonly bytesPerUser: number;
}

function measure(usersCount: number, peersCount: number, seconds: number, hasStore: boolean): Figures {
  const before = heapBytes();
  const peers = startPeers(peersCount, hasStore);
  const addStart = performance.now();
  for (let user = 0; user < usersCount; user++) serve(peers[user % peersCount]!, changeOf(user, 1, 'Softphone/3.2'));
  const addMs = performance.now() - addStart;
  for (const peer of peers) peer.sent = [];
  const bytesPerUser = (heapBytes() - before) / usersCount;

  // Messages are made beforehand, a batch at a time, so that only the steps are timed.
  const random = createRandom(1);
  let cseq = 2;
  let count = 0;
  let ms = 0;
  while (ms < seconds * 1000) {
    const batch = Array.from({ length: 10_000 }, () =>
      changeOf(nextBelow(random, usersCount), cseq++, 'Softphone/3.2'),
    );
    const users = batch.map((message) => Number.parseInt(message.aor.slice(4), 10));
    const start = performance.now();
    for (let i = 0; i < batch.length; i++) {
      const peer = peers[users[i]! % peersCount]!;
      peer.now += 1;
      serve(peer, batch[i]!);
    }
    ms += performance.now() - start;
    count += batch.length;
  }
  return {
    store: hasStore ? 'at once' : 'none',
    usersCount,
    addsPerSecond: usersCount / (addMs / 1000),
    refreshesPerSecond: count / (ms / 1000),
    bytesPerUser,
  };
}

function bytesPerIdlePeer(): number {
  const before = heapBytes();
  const birth = { self: makeAddress<LocationMessage>(0, 0, 40), now: 0, seed: 1 };
  const peers = Array.from({ length: 50_000 }, () => location.init(defaultLocationConfig, birth, noEffects));
  return (heapBytes() - before) / peers.length;
}
const noEffects: Outbox = {
  send: () => undefined,
  setTimer: () => 1,
  clearTimer: () => undefined,
  spawn: () => makeAddress(0, 0, 41),
  stop: () => undefined,
};

function main(): void {
  const idleBytes = bytesPerIdlePeer();
  const peersCount = Number(values.peers);
  const usersCounts = values.users.split(',').map(Number);
  for (const hasStore of [false, true]) measure(1_000, peersCount, 0.5, hasStore); // lets the compiler finish first
  console.log('  store     users     adds/s  refreshes/s   us/refresh  bytes/user');
  const cases = usersCounts.flatMap((usersCount) => [false, true].map((hasStore) => ({ usersCount, hasStore })));
  const results = cases.map(({ usersCount, hasStore }) => {
    const figures = measure(usersCount, peersCount, Number(values.seconds), hasStore);
    const { addsPerSecond, refreshesPerSecond, bytesPerUser } = figures;
    const row = [usersCount, Math.round(addsPerSecond), Math.round(refreshesPerSecond)];
    console.log(
      `${figures.store.padStart(7)} ${String(row[0]).padStart(9)} ${String(row[1]).padStart(10)} ${String(row[2]).padStart(12)} ${(1e6 / refreshesPerSecond).toFixed(2).padStart(12)} ${bytesPerUser.toFixed(0).padStart(11)}`,
    );
    return figures;
  });
  console.log(`an idle peer: ${idleBytes.toFixed(0)} bytes of state`);
  if (values.json !== undefined) {
    const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
    writeFileSync(values.json, `${JSON.stringify({ machine, peersCount, idleBytes, results }, undefined, 2)}\n`);
  }
}

if (values.help) process.stdout.write(HELP);
else main();
