// The ring port against strangers, on real sockets: everyone who may not come in is refused with a line that says why, and nothing is kept.

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { frameOf, kindHello } from './host-frames.ts';
import { exporterOf, type Hello, ringId, versionsSpoken, writeHello } from './host-greeting.ts';
import { introduce } from './introduction.ts';
import {
  actorOf,
  closeEnds,
  type EndOptions,
  identities,
  parcel,
  ringName,
  startEnd,
  token,
} from './ring-end.fixture.ts';

const sockets: Socket[] = [];
afterEach(() => {
  closeEnds();
  for (const socket of sockets.splice(0)) socket.destroy();
});

const quiet = <S extends Socket>(socket: S): S => {
  socket.on('error', () => {});
  sockets.push(socket);
  return socket;
};

const dialTls = (port: number, options: object = {}) =>
  quiet(connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options }));

const asHost = (n: number) => ({ cert: identities[n]!.certificate, key: identities[n]!.privateKey });

/** Sends a hello as host 1, changed as wanted, and whatever frame is made of it. */
async function greet(port: number, change: Partial<Hello> = {}, frame = (body: Buffer) => frameOf(kindHello, body)) {
  const socket = dialTls(port, asHost(0));
  await once(socket, 'secureConnect');
  const now = Date.now();
  const hello = { versions: versionsSpoken, ring: ringId(ringName), host: 1, lane: 0, life: now, openedAt: now };
  const body = writeHello({ ...hello, address: '127.0.0.1', port: 9, ...change }, token, exporterOf(socket));
  socket.write(frame(body));
  return socket;
}

describe('a stranger is refused, with a line that says why', () => {
  test.for<[string, RegExp, (port: number) => TLSSocket | Socket | Promise<TLSSocket>]>([
    [
      'plain TCP',
      /does not speak TLS 1.3 \(ERR_SSL/,
      (port) =>
        quiet(connect(port, '127.0.0.1')).on('connect', function (this: Socket) {
          this.write('REGISTER sip:example.com SIP/2.0\r\n\r\n');
        }),
    ],
    [
      'TLS 1.2',
      /does not speak TLS 1.3 \(ERR_SSL_UNSUPPORTED_PROTOCOL/,
      (port) => dialTls(port, { maxVersion: 'TLSv1.2', ...asHost(0) }),
    ],
    ['silence', /said nothing for 3000 ms|does not speak/, (port) => quiet(connect(port, '127.0.0.1'))],
    ['silence after TLS', /said no hello for 3000 ms/, (port) => dialTls(port, asHost(0))],
    [
      'a greeting of another protocol',
      /a frame of 542393671 bytes/,
      (port) =>
        dialTls(port, asHost(0)).on('secureConnect', function (this: Socket) {
          this.write('GET / HTTP/1.1\r\n\r\n');
        }),
    ],
    [
      'a frame that is no hello',
      /first frame is no hello/,
      (port) => greet(port, {}, () => frameOf(4, Buffer.alloc(40))),
    ],
    [
      'a frame larger than a hello',
      /a frame of 2002 bytes, where 2 to 1024/,
      (port) => greet(port, {}, () => frameOf(kindHello, Buffer.alloc(2_000))),
    ],
    ['a hello cut short', /no hello/, (port) => greet(port, {}, (body) => frameOf(kindHello, body.subarray(0, 60)))],
    [
      'no certificate',
      /key is not the one.*wrong-key/,
      (port) => {
        const socket = dialTls(port);
        socket.on('secureConnect', () => {
          const hello = { versions: versionsSpoken, ring: ringId(ringName), host: 1, lane: 0, life: 1, openedAt: 1 };
          socket.write(
            frameOf(kindHello, writeHello({ ...hello, address: '127.0.0.1', port: 9 }, token, exporterOf(socket))),
          );
        });
        return socket;
      },
    ],
    [
      'a proof of another connection',
      /wrong-token/,
      (port) =>
        greet(port, {}, (body) => {
          body[body.length - 1]! ^= 1;
          return frameOf(kindHello, body);
        }),
    ],
    ['an address that is none', /wrong-host/, (port) => greet(port, { address: 'localhost' })],
    ['the number of the host it calls', /wrong-host/, (port) => greet(port, { host: 2 })],
  ])('%s', async ([_, line, call]) => {
    const b = await startEnd({ host: 2 });
    await b.listening();
    const before = b.refused.length;
    const socket = await call(b.self.port);
    socket.resume();
    await expect.poll(() => b.refused.filter((sentence) => line.test(sentence)).length).toBeGreaterThan(0);
    await expect.poll(() => socket.destroyed || socket.readyState === 'closed').toBe(true);
    expect(b.refused.length).toBeGreaterThan(before);
    expect([b.links.report().linksIn, b.events, b.got]).toEqual([0, [], []]);
    expect(b.send(actorOf(1), parcel(1))).toEqual([false]);
  });

  test('but those that say nothing do not keep others out: the slowest make room', async () => {
    const b = await startEnd({ host: 2 });
    await b.listening();
    const silent = Array.from({ length: 80 }, () => quiet(connect(b.self.port, '127.0.0.1')));
    for (const socket of silent) socket.resume();
    const open = () => silent.filter((socket) => !socket.destroyed && socket.readyState === 'open').length;
    await expect.poll(() => b.refused.some((sentence) => /slowest of 64 callers/.test(sentence))).toBe(true);
    await greet(b.self.port);
    await expect.poll(() => b.links.report().linksIn).toBe(1);
    await expect.poll(open).toBe(0);
    // Far more were refused than lines written.
    expect(b.refused.length).toBeLessThan(40);
  });
});

describe('a host is refused, and both sides say why', () => {
  test.for<[string, Partial<EndOptions>, string]>([
    ['another token', { token: 'another token of some length' }, 'wrong-token'],
    ['another ring', { ringName: 'other' }, 'wrong-ring'],
    ['no common version', { versions: { min: 2, max: 3 } }, 'wrong-version'],
    ['another key under a known number', { identity: 3 }, 'wrong-key'],
  ])('%s', async ([_, change, code]) => {
    const [honest, known] = await Promise.all([startEnd({ host: 2 }), startEnd({ host: 1 })]);
    honest.route(known);
    const caller = await startEnd({ host: 1, ...change });
    caller.route(honest);
    caller.send(actorOf(2), parcel(1));
    await caller.heard('host-unlinked');
    expect(caller.events).toMatchObject([{ type: 'host-unlinked', host: 2, code }]);
    expect(caller.refused.join()).toContain(code);
    expect(honest.refused.join()).toContain(code);
    expect([honest.got, honest.links.report().linksIn]).toEqual([[], 0]);
  });

  test('one that answers under the number of another, before it hears a proof', async () => {
    const [caller, real] = await Promise.all([startEnd({ host: 1 }), startEnd({ host: 2 })]);
    const other = await startEnd({ host: 2, identity: 3 });
    caller.route({ self: { ...real.self, port: other.self.port } });
    caller.send(actorOf(2), parcel(1));
    await caller.heard('host-unlinked');
    expect(caller.events).toMatchObject([{ host: 2, code: 'wrong-key' }]);
    expect([other.events, other.got]).toEqual([[], []]);
  });

  test('versions that overlap meet at the highest they share', async () => {
    const [older, newer] = await Promise.all([
      startEnd({ host: 1, versions: { min: 1, max: 2 } }),
      startEnd({ host: 2, versions: { min: 2, max: 5 } }),
    ]);
    older.route(newer);
    older.send(actorOf(2), parcel(1));
    await expect.poll(newer.numbers).toEqual([1]);
    newer.send(actorOf(1), parcel(2));
    await expect.poll(older.numbers).toEqual([2]);
  });

  test('a proof relayed by a man in the middle is worth nothing', async () => {
    const [real, caller] = await Promise.all([startEnd({ host: 2 }), startEnd({ host: 1 })]);
    // He has keys of his own and passes the bytes on, from one TLS connection to the other.
    const middle = createTlsServer({ ...asHost(3), requestCert: true, rejectUnauthorized: false }, (inner) => {
      const outer = dialTls(real.self.port, asHost(3));
      quiet(inner).pipe(outer).pipe(inner);
    });
    middle.listen(0, '127.0.0.1');
    await once(middle, 'listening');
    const { port } = middle.address() as { port: number };
    // Not even a caller that knows no key yet falls for it.
    caller.route({ self: { ...real.self, port, fingerprint: '' } });
    caller.send(actorOf(2), parcel(1));
    await caller.heard('host-unlinked');
    expect(caller.events).toMatchObject([{ code: 'wrong-token' }]);
    expect([real.events, real.got]).toEqual([[], []]);
    middle.close();
  });
});

describe('introduce', () => {
  const visit = (port: number, change: object = {}) =>
    introduce({ address: '127.0.0.1', port, ringName, token, identity: identities[3]!, ...change }).then(
      ({ hosts }) => hosts,
      ({ message }: Error) => message,
    );

  test('tells the hosts of the ring, the one that answers first, and leaves nothing behind', async () => {
    const [a, b, c] = await Promise.all([startEnd({ host: 1 }), startEnd({ host: 2 }), startEnd({ host: 3 })]);
    a.route(b);
    a.route(c);
    await a.listening();
    expect(await visit(a.self.port)).toEqual([a.self, b.self, c.self]);
    expect([a.links.report().linksIn, a.events]).toEqual([0, []]);
  });

  test('says what was wrong and what to do', async () => {
    const a = await startEnd({ host: 1, versions: { min: 2, max: 2 } });
    await a.listening();
    expect(await visit(a.self.port)).toMatch(/no version.*bring both to neighbouring releases/);
    expect(await visit(a.self.port, { token: 'x' })).toMatch(/no version/);
    a.close();
    const b = await startEnd({ host: 1 });
    await b.listening();
    expect(await visit(b.self.port, { token: 'x' })).toMatch(/another token; give/);
    expect(await visit(b.self.port, { ringName: 'x' })).toMatch(/another ring than 'x'; give/);
    expect(await visit(b.self.port, { address: 'localhost' })).toMatch(/not an IP address; give/);
    b.close();
    expect(await visit(b.self.port)).toMatch(/nothing listens on .*; start the host/);
  });

  test('and also when what listens there is no ring port, or says nothing', async () => {
    const echo = createServer((socket) => quiet(socket).pipe(socket));
    const mute = createServer((socket) => void quiet(socket));
    for (const server of [echo, mute]) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    const [echoPort, mutePort] = [echo, mute].map((server) => (server.address() as { port: number }).port);
    expect(await visit(echoPort!)).toMatch(/is not a ring port .*TLS 1.3.*; give the port of --listen-ring/);
    expect(await visit(mutePort!, { timeoutMs: 100 })).toMatch(/did not answer within 100 ms; see/);
    for (const server of [echo, mute]) server.close();
  });
});
