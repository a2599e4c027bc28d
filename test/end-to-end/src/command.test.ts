// The command as a user meets it: help, start, questions, a clear error for everything that does not fit, and a drained stop.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Phone } from './phone.ts';
import { freeTcpPort, type RunningHost, runChordial, startRunningHost } from './running-host.ts';

describe('a running host', () => {
  let host: RunningHost;
  let phone: Phone;
  beforeAll(async () => {
    host = await startRunningHost(['--peers', '16', '--lanes', '2', '--domain', 'Example.COM,example.org.']);
    phone = await Phone.open(host.sipPort);
  });
  afterAll(async () => {
    phone.close();
    await host.end('SIGKILL');
  });
  const ask = async (...parameters: string[]) => {
    const { code, stdout, stderr } = await runChordial([...parameters, '--control', host.control, '--json']);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    return JSON.parse(stdout);
  };

  test('says where it listens and what to try next', () => {
    expect(host.output()).toContain(`udp:127.0.0.1:${host.sipPort}`);
    expect(host.output()).toContain('16 peers on 2 lanes');
    expect(host.output()).toContain('npx chordial lookup sip:alice@example.com');
  });

  test('ring shows every peer once, and shares that add up to the whole', async () => {
    const ring = await ask('ring');
    expect(ring.members).toHaveLength(16);
    expect(new Set(ring.members.map((member: { key: string }) => member.key)).size).toBe(16);
    expect(ring.members.map((member: { key: string }) => member.key)).toEqual(
      ring.members.map((member: { key: string }) => member.key).toSorted(),
    );
    const sum = ring.members.reduce((total: number, member: { share: number }) => total + member.share, 0);
    expect(sum).toBeCloseTo(1, 9);
    const { stdout } = await runChordial(['ring', '--control', host.control]);
    expect(stdout).toContain('16 peers; the busiest owns');
  });

  test('a registered phone is found at its owner, under each name of the service', async () => {
    expect((await phone.register('alice', 1)).statusCode).toBe(200);
    const found = await ask('lookup', 'sip:alice@example.com');
    expect(found.aor).toBe('alice@example.com');
    expect(found.bindings).toMatchObject([{ contact: `sip:alice@127.0.0.1:${phone.port}`, q: 1 }]);
    expect(found.bindings[0].expiresInSeconds).toBeGreaterThan(590);
    expect(found.route.at(-1)).toBe(found.owner.key);
    const ring = await ask('ring');
    const owner = ring.members.find((member: { key: string }) => member.key >= found.key) ?? ring.members[0];
    expect(found.owner).toMatchObject({ key: owner.key, lane: owner.lane });
    for (const name of [`127.0.0.1:${host.sipPort}`, 'EXAMPLE.com.', 'example.org']) {
      expect(await ask('lookup', `sip:alice@${name}`)).toMatchObject({ key: found.key, bindings: [{ q: 1 }] });
    }
    const { stdout } = await runChordial(['lookup', 'sip:alice@example.com', '--control', host.control]);
    expect(stdout).toContain(`contact sip:alice@127.0.0.1:${phone.port}`);
  });

  test('users of both lanes are served through one port, and all appear in status', async () => {
    const users = Array.from({ length: 40 }, (_, i) => `user${i}`);
    const answers = await Promise.all(users.map((user) => phone.register(user, 1)));
    expect(answers.map((answer) => answer.statusCode)).toEqual(users.map(() => 200));
    const ownerOf = async (user: string) => {
      const found = await fetch(`http://${host.control}/api/lookup?uri=sip:${user}@example.com`);
      return ((await found.json()) as { owner: { lane: number } }).owner.lane;
    };
    const owners = await Promise.all(users.map(ownerOf));
    expect(new Set(owners)).toEqual(new Set([0, 1]));
    // A peer keeps nobody in memory for some seconds after it got its range; who comes again after that is counted.
    let cseq = 2;
    const usersCount = async (): Promise<number> => {
      await Promise.all(users.map((user) => phone.register(user, cseq)));
      cseq++;
      return (await ask('status')).totals.location.usersCount;
    };
    await expect.poll(usersCount, { timeout: 15_000, interval: 1_000 }).toBeGreaterThanOrEqual(40);
    const status = await ask('status');
    expect(status.lanes.map((lane: { phase: string }) => lane.phase)).toEqual(['up', 'up']);
    const { stdout } = await runChordial(['status', '--control', host.control]);
    expect(stdout).toContain('16 peers, one-hop routing');
  });

  test('the control interface: health, metrics, errors', async () => {
    const get = (path: string) => fetch(`http://${host.control}${path}`);
    expect(await (await get('/healthz')).json()).toMatchObject({ healthy: true });
    const metrics = await (await get('/metrics')).text();
    expect(metrics).toMatch(/^# TYPE chordial_peers gauge$/m);
    expect(metrics).toMatch(/^chordial_peers 16$/m);
    expect(metrics).toMatch(/^chordial_lane_datagrams_received_total\{lane="[01]"\} \d+$/m);
    expect(metrics).toMatch(/^chordial_users \d+$/m);
    expect((await get('/api/lookup')).status).toBe(400);
    expect((await get('/api/lookup?uri=nonsense')).status).toBe(400);
    expect((await get('/nowhere')).status).toBe(404);
  });

  test('a question that makes no sense is answered with what would', async () => {
    const { code, stderr } = await runChordial(['lookup', 'sip:alice@elsewhere.example', '--control', host.control]);
    expect(code).toBe(1);
    expect(stderr).toBe(
      "chordial: 'elsewhere.example' is not served here; this host serves example.com, example.org\n",
    );
  });

  test('a second host on the same port is a clear error', async () => {
    const { code, stderr } = await runChordial(['up', '--listen', `udp:127.0.0.1:${host.sipPort}`, '--control', 'off']);
    expect(code).toBe(1);
    expect(stderr).toContain(`udp:127.0.0.1:${host.sipPort} is taken by another program`);
  });
});

describe('starting and stopping', () => {
  test('the very first request after "up" is served, whichever lane owns its user', async () => {
    const host = await startRunningHost(['--peers', '64', '--lanes', '2']);
    const phone = await Phone.open(host.sipPort);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => phone.register(`first${i}`, 1)));
    phone.close();
    await host.end('SIGTERM');
    expect(answers.map((answer) => answer.statusCode)).toEqual(answers.map(() => 200));
  });

  test('many peers: all users are served, at the latest when they come back after a 503', {
    timeout: 30_000,
  }, async () => {
    const host = await startRunningHost(['--peers', '40000', '--lanes', '2', '--json']);
    const phone = await Phone.open(host.sipPort);
    // RFC 3261 21.5.4: overload may be told. So many peers look after their neighbours fill the links of a busy machine at times.
    const comeBack = async (user: string) => {
      for (let cseq = 1; ; cseq++) {
        const answer = await phone.register(user, cseq);
        if (answer.statusCode !== 503 || cseq === 10) return answer;
        expect(answer.text).toMatch(/\r\nRetry-After: \d\r\n/);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    };
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => comeBack(`many${i}`)));
    phone.close();
    await host.end('SIGTERM');
    expect(answers.map((answer) => answer.statusCode)).toEqual(answers.map(() => 200));
    const events = host
      .output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events[0]).toMatchObject({ event: 'starting', peers: 40_000, lanes: 2 });
  });

  test('a lane without peers serves too, with finger routing by a peer of another lane', async () => {
    const host = await startRunningHost(['--peers', '1', '--lanes', '2', '--routing', 'fingers']);
    const phones = await Promise.all(Array.from({ length: 8 }, () => Phone.open(host.sipPort)));
    const answers = await Promise.all(phones.map((phone, i) => phone.register(`alone${i}`, 1)));
    for (const phone of phones) phone.close();
    await host.end('SIGTERM');
    expect(host.output()).toContain('1 peer on 2 lanes');
    expect(answers.map((answer) => answer.statusCode)).toEqual(answers.map(() => 200));
  });

  test('SIGTERM drains: what was sent before is answered, and the process ends with 0', async () => {
    const host = await startRunningHost(['--peers', '8', '--lanes', '2']);
    const phone = await Phone.open(host.sipPort);
    const answers = Promise.all(Array.from({ length: 200 }, (_, i) => phone.register(`drain${i}`, 1)));
    const settled = await answers;
    const { code, stdout } = await host.end('SIGTERM');
    phone.close();
    expect(settled.every((answer) => answer.statusCode === 200)).toBe(true);
    expect(code).toBe(0);
    expect(stdout).toContain('Draining');
    expect(stdout).toContain('Stopped.');
  });

  test('more lanes than cores, and more than peers', async () => {
    for (const [lanes, peers] of [
      ['8', '64'],
      ['5', '2'],
    ] as const) {
      const host = await startRunningHost(['--lanes', lanes, '--peers', peers]);
      const phone = await Phone.open(host.sipPort);
      const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => phone.register(`user${i}`, 1)));
      expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
      phone.close();
      await host.end('SIGTERM');
    }
  });

  test('a port that another program holds', async () => {
    const other = createSocket('udp4');
    await new Promise<void>((resolve) => other.bind(0, '127.0.0.1', resolve));
    const listen = `udp:127.0.0.1:${other.address().port}`;
    const { code, stderr } = await runChordial(['up', '--listen', listen, '--control', 'off', '--lanes', '2']);
    other.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`${listen} is taken by another program`);
  });

  test('a control address that another program holds', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const { code, stderr } = await runChordial([
      'up',
      '--listen',
      'udp:127.0.0.1:0',
      '--control',
      `127.0.0.1:${port}`,
      '--lanes',
      '1',
    ]);
    other.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`control interface 127.0.0.1:${port} is taken`);
  });

  test('an address this machine does not have', async () => {
    const { code, stderr } = await runChordial([
      'up',
      '--listen',
      'udp:203.0.113.7:5060',
      '--control',
      'off',
      '--lanes',
      '1',
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('this machine has no address 203.0.113.7');
  });

  test('options that do not fit are named, all at once', async () => {
    const { code, stderr } = await runChordial(['up', '--peers', 'many'], { CHORDIAL_LANES: '0' });
    expect(code).toBe(1);
    expect(stderr).toContain('--peers: read "many", expected a whole number from 1 to 50000');
    expect(stderr).toContain('CHORDIAL_LANES: read "0", expected auto, or a whole number from 1 to 64');
  });

  test('no host to ask', async () => {
    const { code, stderr } = await runChordial(['status', '--control', `127.0.0.1:${await freeTcpPort()}`]);
    expect(code).toBe(1);
    expect(stderr).toContain('Start one with `chordial up`');
  });

  test.each([
    ['--help'],
    ['up', '--help'],
    ['status', '--help'],
    ['ring', '--help'],
    ['lookup', '--help'],
    ['leave', '--help'],
    ...['get', 'put', 'delete', 'scan', 'repair', 'backup', 'restore'].map((name) => [name, '--help']),
  ])('%j', async (...parameters) => {
    const { code, stdout } = await runChordial(parameters);
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: chordial');
    if (parameters[0] !== '--help') expect(stdout).toMatch(/Examples?:/);
  });
});
