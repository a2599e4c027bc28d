// What the location service costs: changes a second with 1,000, 100,000 and 1,000,000 users spread over 64 peers of one
// thread, bytes per user, and bytes per idle peer, with a store that answers at once. Steps are called directly, so the kernel's
// share is not in it.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { makeAddress, type Outbox } from '@chordial/actor';
import { createRandom, nextBelow } from '@chordial/actor/random';
import { defaultLocationConfig, location } from '@chordial/location';
import type { ChangeBindings, LocationMessage, LocationReply } from '@chordial/location/protocol';
import type { CoordinatorMessage } from '@chordial/replication/protocol';
import { fresh, InstantStore } from './instant-store.ts';
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
const startPeers = (count: number) =>
  Array.from({ length: count }, () => new Recorder(location, { ...defaultLocationConfig, store }, false));

const records = new InstantStore(false);

interface Figures {
  readonly usersCount: number;
  readonly addsPerSecond: number;
  readonly refreshesPerSecond: number;
  readonly bytesPerUser: number;
}

function measure(usersCount: number, peersCount: number, seconds: number): Figures {
  const before = heapBytes();
  const peers = startPeers(peersCount);
  const addStart = performance.now();
  for (let user = 0; user < usersCount; user++)
    records.serve(peers[user % peersCount]!, changeOf(user, 1, 'Softphone/3.2'));
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
      records.serve(peer, batch[i]!);
    }
    ms += performance.now() - start;
    count += batch.length;
  }
  return {
    usersCount,
    addsPerSecond: usersCount / (addMs / 1000),
    refreshesPerSecond: count / (ms / 1000),
    bytesPerUser,
  };
}

function bytesPerIdlePeer(): number {
  const before = heapBytes();
  const birth = { self: makeAddress<LocationMessage>(0, 0, 40), now: 0, seed: 1 };
  const peers = Array.from({ length: 50_000 }, () =>
    location.init({ ...defaultLocationConfig, store }, birth, noEffects),
  );
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
  measure(1_000, peersCount, 0.5); // lets the compiler finish first
  console.log('    users     adds/s  refreshes/s   us/refresh  bytes/user');
  const results = usersCounts.map((usersCount) => {
    const figures = measure(usersCount, peersCount, Number(values.seconds));
    const { addsPerSecond, refreshesPerSecond, bytesPerUser } = figures;
    const row = [usersCount, Math.round(addsPerSecond), Math.round(refreshesPerSecond)];
    console.log(
      `${String(row[0]).padStart(9)} ${String(row[1]).padStart(10)} ${String(row[2]).padStart(12)} ${(1e6 / refreshesPerSecond).toFixed(2).padStart(12)} ${bytesPerUser.toFixed(0).padStart(11)}`,
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
