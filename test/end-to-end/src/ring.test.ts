// Three hosts on loopback, as an operator runs them: they form one ring, any of them serves any user, one is killed and comes back, one
// leaves, all are restarted in turn without a refused request, and whoever does not belong is told why.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Phone } from './phone.ts';
import { RingOfHosts, type RingSeat } from './ring-of-hosts.ts';
import { command, freeTcpPort, runChordial, startProgram } from './running-host.ts';

const peersCount = 24;
const rightMsMax = 20_000;
const ring = new RingOfHosts(['--peers', String(peersCount), '--lanes', '2']);
let seats: [RingSeat, RingSeat, RingSeat];

interface Found {
  readonly owner: { readonly key: string; readonly host: number };
  readonly bindings: readonly { readonly contact: string }[];
}
interface Picture {
  readonly hosts: readonly {
    readonly host: number;
    readonly phase: string;
    readonly isSelf: boolean;
    readonly peersCount: number;
  }[];
}
const lookup = async (seat: RingSeat, user: string): Promise<Found> => {
  const answer = await fetch(`http://127.0.0.1:${seat.controlPort}/api/lookup?uri=sip:${user}@example.com`);
  return (await answer.json()) as Found;
};
/** The same contact wherever it is sent from, so that a user has one binding. */
const linesOf = (user: string): string[] => [`Contact: <sip:${user}@127.0.0.1:5099>`, 'Expires: 600'];
const users = Array.from({ length: 30 }, (_, i) => `user${i}`);
const numberOf = async (seat: RingSeat): Promise<number> =>
  (await ring.askJson<Picture>(seat, 'ring')).hosts.find(({ isSelf }) => isSelf)!.host;

beforeAll(async () => {
  const address = '127.0.0.1';
  const first = await ring.addSeat({ address });
  const second = await ring.addSeat({ address });
  const third = await ring.addSeat({ address });
  seats = [first, second, third];
  await ring.start(first);
  await Promise.all([ring.start(second, [first]), ring.start(third, [first])]);
  await ring.untilRight(seats, 3, 3 * peersCount, rightMsMax);
}, 60_000);
afterAll(() => ring.close());

/** Registers all users, each at the next host in turn. */
async function registerAll(cseq: number): Promise<void> {
  const phones = await Promise.all(seats.map(({ sipPort }) => Phone.open(sipPort)));
  const answers = await Promise.all(
    users.map((user, i) => phones[i % phones.length]!.register(user, cseq, linesOf(user))),
  );
  for (const phone of phones) phone.close();
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(users.map(() => 200));
}

describe('three hosts', { timeout: 60_000 }, () => {
  test('form one ring: all show the same hosts and the same owners, and peers are spread', async () => {
    await registerAll(1);
    const pictures = await Promise.all(seats.map((seat) => ring.askJson<Picture>(seat, 'ring')));
    const hosts = pictures.map((picture) => picture.hosts.map(({ host, phase, peersCount: n }) => [host, phase, n]));
    expect(new Set(hosts.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(hosts[0]!.map(([, phase, n]) => [phase, n])).toEqual(new Array(3).fill(['alive', peersCount]));
    for (const user of users.slice(0, 10)) {
      const found = await Promise.all(seats.map((seat) => lookup(seat, user)));
      expect(new Set(found.map(({ owner }) => owner.key)).size).toBe(1);
      for (const { bindings } of found) expect(bindings).toHaveLength(1);
    }
    const shown = await ring.askJson<Found>(seats[2], 'lookup', 'sip:user0@example.com');
    expect(shown).toMatchObject({ owner: (await lookup(seats[0], 'user0')).owner, bindings: [{ q: 1 }] });
    const owners = await Promise.all(users.map((user) => lookup(seats[0], user)));
    expect(new Set(owners.map(({ owner }) => owner.host)).size).toBe(3);
  });

  test('status and the table tell of the ring; the picture is drawn', async () => {
    const status = await ring.ask(seats[1], 'status');
    expect(status.stdout).toMatch(
      new RegExp(
        `ring chordial: host \\d+ at ${seats[1].ring}; 3 hosts alive; ${peersCount} of ${3 * peersCount} members are here`,
      ),
    );
    const file = join(seats[1].data, 'ring.svg');
    const table = await ring.ask(seats[1], 'ring', '--svg', file);
    for (const { ring: address } of seats) expect(table.stdout).toContain(address);
    const svg = readFileSync(file, 'utf8');
    expect([...svg.matchAll(/<path /g)]).toHaveLength(3);
    const metrics = await (await fetch(`http://127.0.0.1:${seats[1].controlPort}/metrics`)).text();
    expect(metrics).toMatch(/^chordial_hosts\{phase="alive"\} 3$/m);
    expect(metrics).toMatch(/^chordial_lane_host_links\{lane="0"\} [1-9]/m);
  });

  test('the token is shown nowhere, and only its owner reads the key of a host', async () => {
    const token = readFileSync(ring.tokenFile, 'utf8').trim();
    const shown = [
      ...[...ring.running.values()].map((host) => host.output()),
      (await ring.ask(seats[0], 'status', '--json')).stdout,
      await (await fetch(`http://127.0.0.1:${seats[0].controlPort}/metrics`)).text(),
    ];
    expect(shown.join('\n')).not.toContain(token);
    expect(statSync(join(seats[0].data, 'identity.json')).mode & 0o777).toBe(0o600);
  });

  test('one is killed: the others close the ring and serve every user; it comes back with its number and its places', async () => {
    const [first, second, third] = seats;
    const number = await numberOf(third);
    await ring.end(third, 'SIGKILL');
    const tookMs = await ring.untilRight([first, second], 2, 2 * peersCount, rightMsMax);
    console.log(`ring --check passed ${(tookMs / 1_000).toFixed(1)} s after kill -9`);
    const phone = await Phone.open(second.sipPort);
    const answers = await Promise.all(users.map((user) => phone.register(user, 100, linesOf(user))));
    phone.close();
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(users.map(() => 200));
    await ring.start(third, [first]);
    await ring.untilRight(seats, 3, 3 * peersCount, rightMsMax);
    expect(await numberOf(third)).toBe(number);
    await registerAll(200);
  });

  test('the founder is killed and comes back without --join: it joins the hosts it knew instead of founding anew', async () => {
    const [first, second, third] = seats;
    await ring.end(first, 'SIGKILL');
    await ring.untilRight([second, third], 2, 2 * peersCount, rightMsMax);
    await ring.start(first);
    await ring.untilRight(seats, 3, 3 * peersCount, rightMsMax);
    await registerAll(300);
  });

  test('one leaves: data first, so no binding is lost; then the process ends with 0', async () => {
    const [first, second, third] = seats;
    await registerAll(400);
    const { code, stdout, stderr } = await ring.ask(second, 'leave');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain(`${peersCount} of ${peersCount} peers have left`);
    expect(stdout).toContain('The host has left the ring and stops.');
    const ended = await ring.end(second, 'SIGCONT');
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain('Stopped.');
    await ring.untilRight([first, third], 2, 2 * peersCount, rightMsMax);
    const found = await Promise.all(users.map((user, i) => lookup(i % 2 === 0 ? first : third, user)));
    expect(found.map(({ bindings }) => bindings.length)).toEqual(users.map(() => 1));
    await ring.start(second, [third]);
    await ring.untilRight(seats, 3, 3 * peersCount, rightMsMax);
  });
});

test('a rolling restart of all hosts refuses no request and forgets no user', { timeout: 120_000 }, async () => {
  await registerAll(500);
  const statusCodes = new Map<number, number>();
  let unanswered = 0;
  let served = 0;
  let isOn = true;
  const bySeat = new Map<RingSeat, Phone>();
  for (const seat of seats) bySeat.set(seat, await Phone.open(seat.sipPort));
  // As a phone with three addresses of its service: who is silent is left for the next one, as RFC 3263 4.3 asks.
  const load = users.slice(0, 12).map(async (user, offset) => {
    for (let cseq = 501, turn = offset; isOn; cseq++) {
      const answer = await firstAnswer(turn, user, cseq);
      if (answer === undefined) unanswered++;
      else statusCodes.set(answer.statusCode, (statusCodes.get(answer.statusCode) ?? 0) + 1);
      if (answer?.statusCode === 200) served++;
      turn++;
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  });
  async function firstAnswer(turn: number, user: string, cseq: number) {
    for (let i = 0; i < seats.length; i++) {
      const phone = bySeat.get(seats[(turn + i) % seats.length]!)!;
      const answer = await phone.register(user, cseq * 10 + i, linesOf(user), 2).catch(() => undefined);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }
  for (const seat of seats) {
    const others = seats.filter((other) => other !== seat);
    const before = served;
    const ended = await ring.end(seat, 'SIGTERM');
    expect(ended.stdout).toContain('Left the ring.');
    expect(ended.code).toBe(0);
    await ring.untilRight(others, 2, 2 * peersCount, rightMsMax);
    await ring.start(seat, others);
    await ring.untilRight(seats, 3, 3 * peersCount, rightMsMax);
    expect(served).toBeGreaterThan(before);
  }
  isOn = false;
  await Promise.all(load);
  for (const phone of bySeat.values()) phone.close();
  console.log(`rolling restart of 3 hosts: ${served} requests served, ${unanswered} unanswered`);
  expect([...statusCodes.keys()]).toEqual([200]);
  expect(unanswered).toBe(0);
  const found = await Promise.all(users.map((user) => lookup(seats[0], user)));
  expect(found.filter(({ bindings }) => bindings.length === 0)).toEqual([]);
});

describe('whoever does not belong is refused with a sentence', { timeout: 30_000 }, () => {
  const stranger = (parameters: readonly string[], environment: NodeJS.ProcessEnv = {}) =>
    runChordial(
      [
        'up',
        '--listen',
        'udp:127.0.0.1:0',
        '--control',
        'off',
        '--lanes',
        '1',
        '--listen-ring',
        '127.0.0.1:0',
        ...parameters,
      ],
      environment,
    );

  test('another token', async () => {
    const { code, stderr } = await stranger(['--join', seats[0].ring], {
      CHORDIAL_TOKEN: 'not-the-token-of-this-ring',
    });
    expect(code).toBe(1);
    expect(stderr).toBe(
      `chordial: the host at ${seats[0].ring} has another token; give the one that its ring was started with\n`,
    );
    expect(ring.running.get(seats[0])!.output()).not.toContain('not-the-token');
  });

  test('another ring', async () => {
    const parameters = ['--join', seats[0].ring, '--token-file', ring.tokenFile, '--ring-name', 'elsewhere'];
    const { code, stderr } = await stranger(parameters);
    expect(code).toBe(1);
    expect(stderr).toContain(`the host at ${seats[0].ring} belongs to another ring than 'elsewhere'`);
  });

  test('a ring address that is taken', async () => {
    const { code, stderr } = await stranger(['--listen-ring', seats[0].ring, '--token-file', ring.tokenFile]);
    expect(code).toBe(1);
    expect(stderr).toContain(`ring address ${seats[0].ring} is taken by another program`);
  });

  test('leaving a ring of one', async () => {
    const alone = new RingOfHosts(['--peers', '17', '--lanes', '1']);
    try {
      const seat = await alone.addSeat({ address: '127.0.0.1' });
      await alone.start(seat);
      const { code, stderr } = await alone.ask(seat, 'leave');
      expect(code).toBe(1);
      expect(stderr).toContain('this host is the only one of its ring');
      const { stdout } = await alone.end(seat, 'SIGTERM');
      expect(stdout).not.toContain('Leaving');
    } finally {
      await alone.close();
    }
  });
});

test('a host whose ring is not there yet says so, and stops when it is told to', { timeout: 30_000 }, async () => {
  const nobody = `127.0.0.1:${await freeTcpPort()}`;
  const child = startProgram(undefined, [
    ...[command, 'up', '--listen', 'udp:127.0.0.1:0', '--control', 'off', '--lanes', '1'],
    ...['--listen-ring', '127.0.0.1:0', '--join', nobody, '--token-file', ring.tokenFile],
  ]);
  let output = '';
  child.stdout?.on('data', (text: Buffer) => {
    output += text.toString();
  });
  await expect.poll(() => output, { timeout: 20_000 }).toContain(`nothing listens on ${nobody}`);
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});
