// The udp port with real sockets on loopback: both kinds of socket say the same events in the same cases.

import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { nobody } from '@chordial/actor';
import type { UdpEvent, UdpRequest } from '@chordial/actor/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { loadCalls } from './batched-socket.ts';
import { collectEvents, listener, noOutbox } from './events.fixture.ts';
import { createUdpPort, type UdpPort } from './udp-port.ts';

const canBatch = (await loadCalls()) !== undefined;
if (!canBatch) console.log('skipped: batched sockets, because node:ffi or recvmmsg is missing here');
const hasIPv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));
if (!hasIPv6) console.log('skipped: udp over IPv6, because this machine has no ::1');

const open: UdpPort[] = [];
afterEach(() => {
  for (const port of open.splice(0)) port.close();
});

function start(batching: boolean) {
  const seen = collectEvents<UdpEvent>();
  const port = createUdpPort(seen.inlet, batching);
  open.push(port);
  const request = (message: UdpRequest) => port.behaviour.step(undefined, { now: 0, from: nobody, message }, noOutbox);
  const bind = (address: string, portNumber = 0, shared = false) =>
    request({ type: 'bind-udp', replyTo: listener, address, port: portNumber, shared });
  const send = (socket: number, text: string, address: string, portNumber: number) => {
    const bytes = Buffer.from(`<<${text}>>`);
    request({ type: 'send-datagram', socket, address, port: portNumber, bytes, start: 2, end: bytes.length - 2 });
  };
  return { ...seen, port, request, bind, send };
}

const textOf = ({ bytes }: { bytes: Uint8Array }) => Buffer.from(bytes).toString();

describe.for(canBatch ? [true, false] : [false])('batching: %s', (batching) => {
  test('binds where the system chooses, sends, and hears the answer', async () => {
    const one = start(batching);
    const other = start(batching);
    one.bind('127.0.0.1');
    other.bind('127.0.0.1');
    const [here, there] = [await one.first('udp-bound'), await other.first('udp-bound')];
    expect(here.address).toBe('127.0.0.1');
    one.send(here.socket, 'hello', '127.0.0.1', there.port);
    one.port.flush();
    const heard = await other.first('datagram-received');
    expect([textOf(heard), heard.address, heard.port, heard.socket]).toEqual([
      'hello',
      '127.0.0.1',
      here.port,
      there.socket,
    ]);
    other.send(there.socket, 'hello yourself', heard.address, heard.port);
    other.port.flush();
    expect(textOf(await one.first('datagram-received'))).toBe('hello yourself');
    expect(one.port.counts()).toMatchObject({ received: 1, sent: 1, dropped: 0 });
  });

  test('hears a burst of different lengths whole and in order, the empty and the largest among them', async () => {
    const { bind, first, all } = start(batching);
    bind('127.0.0.1');
    const { port } = await first('udp-bound');
    const lengths = [0, 1, 65_507, 500, ...Array.from({ length: 150 }, (_, i) => i * 3)];
    const generator = createSocket('udp4');
    for (const [n, length] of lengths.entries()) generator.send(Buffer.alloc(length, n), port, '127.0.0.1');
    const heard = await all('datagram-received', lengths.length);
    generator.close();
    expect(heard.map(({ start: from, end }) => end - from)).toEqual(lengths);
    for (const [n, { bytes }] of heard.entries()) expect(bytes.every((byte) => byte === n)).toBe(true);
  });

  test('sends more than one batch holds', async () => {
    const { bind, first, send, port } = start(batching);
    bind('127.0.0.1');
    const { socket } = await first('udp-bound');
    const other = start(batching);
    other.bind('127.0.0.1');
    const there = await other.first('udp-bound');
    for (let n = 0; n < 200; n++) send(socket, `datagram ${n}`, '127.0.0.1', there.port);
    port.flush();
    const heard = await other.all('datagram-received', 200);
    expect(heard.map(textOf)).toEqual(Array.from({ length: 200 }, (_, n) => `datagram ${n}`));
  });

  test.for([
    ['alone', false, false],
    ['against a shared one', true, false],
    ['shared against one alone', false, true],
  ] as const)('a taken port is EADDRINUSE: %s', async ([_, sharedFirst, sharedSecond]) => {
    const one = start(batching);
    one.bind('127.0.0.1', 0, sharedFirst);
    const { port } = await one.first('udp-bound');
    const other = start(batching);
    other.bind('127.0.0.1', port, sharedSecond);
    const failed = await other.first('udp-failed');
    expect([failed.socket, failed.code]).toEqual([0, 'EADDRINUSE']);
    expect(failed.sentence).toContain(String(port));
    other.bind('127.0.0.1');
    expect((await other.first('udp-bound')).port).not.toBe(port);
  });

  test('two shared sockets have one port', async () => {
    const one = start(batching);
    const other = start(!batching && canBatch);
    one.bind('127.0.0.1', 0, true);
    const { port } = await one.first('udp-bound');
    other.bind('127.0.0.1', port, true);
    expect((await other.first('udp-bound')).port).toBe(port);
  });

  test('an address that is not of this machine is EADDRNOTAVAIL, not a taken port', async () => {
    const { bind, first } = start(batching);
    bind('192.0.2.1', 5_060);
    const failed = await first('udp-failed');
    expect([failed.code, failed.sentence.includes('192.0.2.1')]).toEqual(['EADDRNOTAVAIL', true]);
  });

  test.for([
    ['localhost', 5_060, 'not an IP address'],
    ['127.0.0.1', 70_000, 'not a port'],
    ['127.0.0.1', -1, 'not a port'],
    ['127.0.0.1', Number.NaN, 'not a port'],
  ] as const)('%s port %s is refused with a sentence', async ([address, port, part]) => {
    const { bind, first } = start(batching);
    bind(address, port);
    const failed = await first('udp-failed');
    expect([failed.code, failed.sentence]).toEqual(['EINVAL', expect.stringContaining(part)]);
  });

  test('what cannot be sent is dropped and counted, and the rest of the batch goes', async () => {
    const { bind, first, send, port, request } = start(batching);
    bind('127.0.0.1');
    const { socket } = await first('udp-bound');
    const other = start(batching);
    other.bind('127.0.0.1');
    const there = await other.first('udp-bound');
    for (const portBad of [0, -5, 65_536, 1.5, Number.NaN]) send(socket, 'x', '127.0.0.1', portBad);
    for (const addressBad of ['example.org', '::1', '', '1.2.3']) send(socket, 'x', addressBad, 5_060);
    const long = Buffer.alloc(65_508);
    request({ type: 'send-datagram', socket, address: '127.0.0.1', port: 9, bytes: long, start: 0, end: long.length });
    // Not reachable from a socket that is bound to loopback: the kernel refuses it in the middle of the batch.
    send(socket, 'before', '127.0.0.1', there.port);
    send(socket, 'x', '192.0.2.1', 5_060);
    send(socket, 'after', '127.0.0.1', there.port);
    send(77, 'no such socket', '127.0.0.1', there.port);
    port.flush();
    expect((await other.all('datagram-received', 2)).map(textOf)).toEqual(['before', 'after']);
    await expect.poll(() => port.counts()).toMatchObject({ sent: 2, dropped: 11 });
  });

  test('a closed socket is silent, its port free and its counts kept', async () => {
    const { bind, first, all, send, port, request } = start(batching);
    bind('127.0.0.1');
    const { socket, port: number } = await first('udp-bound');
    send(socket, 'last', '127.0.0.1', number);
    port.flush();
    await first('datagram-received');
    request({ type: 'close-udp', socket });
    send(socket, 'too late', '127.0.0.1', number);
    port.flush();
    await expect
      .poll(async () => {
        const again = start(batching);
        again.bind('127.0.0.1', number);
        return (await Promise.race([again.first('udp-bound'), again.first('udp-failed')])).type;
      })
      .toBe('udp-bound');
    expect(port.counts()).toMatchObject({ received: 1, sent: 1, dropped: 0 });
    bind('127.0.0.1');
    expect((await all('udp-bound', 2))[1]!.socket).not.toBe(socket);
  });

  test('after stopReading nothing is heard, and sending goes on', async () => {
    const { bind, first, send, port, events } = start(batching);
    bind('127.0.0.1');
    const { socket, port: number } = await first('udp-bound');
    port.stopReading();
    const other = start(batching);
    other.bind('127.0.0.1');
    const there = await other.first('udp-bound');
    other.send(there.socket, 'unheard', '127.0.0.1', number);
    other.port.flush();
    send(socket, 'still here', '127.0.0.1', there.port);
    port.flush();
    expect(textOf(await other.first('datagram-received'))).toBe('still here');
    await expect.poll(() => port.counts().received).toBe(1);
    expect(events.map(({ type }) => type)).toEqual(['udp-bound']);
  });

  test.skipIf(!hasIPv6)('IPv6 is served', async () => {
    const { bind, first, send, port } = start(batching);
    bind('::1');
    const { socket, address, port: number } = await first('udp-bound');
    expect(address).toBe('::1');
    send(socket, 'to myself', '::1', number);
    port.flush();
    const heard = await first('datagram-received');
    expect([textOf(heard), heard.address]).toEqual(['to myself', '::1']);
  });
});
