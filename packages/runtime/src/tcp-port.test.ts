// The tcp port over loopback: opening, order, half a conversation each way, refusal, back-pressure, and ends of every kind.

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { nobody } from '@chordial/actor';
import type { TcpEvent, TcpRequest } from '@chordial/actor/protocol';
import { afterEach, expect, test } from 'vitest';
import { collectEvents, listener, noOutbox } from './events.fixture.ts';
import { createTcpPort } from './tcp-port.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function start() {
  const seen = collectEvents<TcpEvent>();
  const port = createTcpPort(seen.inlet);
  cleanups.push(() => port.close());
  const request = (message: TcpRequest) => port.behaviour.step(undefined, { now: 0, from: nobody, message }, noOutbox);
  const write = (connection: number, text: string) => {
    const bytes = Buffer.from(`<<${text}>>`);
    request({ type: 'write-tcp', connection, bytes, start: 2, end: bytes.length - 2 });
  };
  const listen = async (address = '127.0.0.1', number = 0) => {
    request({ type: 'listen-tcp', replyTo: listener, address, port: number, shared: false });
    return seen.first('tcp-listening');
  };
  const textSoFar = () =>
    seen.events
      .flatMap((event) => (event.type === 'bytes-received' ? [Buffer.from(event.bytes).toString()] : []))
      .join('');
  return { ...seen, port, request, write, listen, textSoFar };
}

function dial(port: number): Socket {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  cleanups.push(() => socket.destroy());
  return socket;
}

test('two ports talk: opened on both ends, bytes in order, closed on both ends', async () => {
  const server = start();
  const client = start();
  const { port } = await server.listen();
  client.request({ type: 'connect-tcp', replyTo: listener, correlation: 7, address: '127.0.0.1', port });
  const [here, there] = [await client.first('tcp-opened'), await server.first('tcp-opened')];
  expect([here.correlation, here.address, here.port, there.correlation]).toEqual([7, '127.0.0.1', port, 0]);
  for (let n = 0; n < 100; n++) client.write(here.connection, `line ${n}\n`);
  const lines = Array.from({ length: 100 }, (_, n) => `line ${n}\n`).join('');
  await expect.poll(server.textSoFar).toBe(lines);
  server.write(there.connection, 'bye');
  server.request({ type: 'close-tcp', connection: there.connection });
  const closed = await client.first('tcp-closed');
  expect([client.textSoFar(), closed.connection, closed.correlation, closed.code]).toEqual([
    'bye',
    here.connection,
    7,
    '',
  ]);
  expect((await server.first('tcp-closed')).connection).toBe(there.connection);
  // Words to a connection that is gone are ignored.
  client.write(here.connection, 'too late');
  client.request({ type: 'close-tcp', connection: here.connection });
  client.request({ type: 'read-tcp', connection: here.connection, reading: true });
});

test('a refused connection is closed with connection 0, its correlation and the name of the error', async () => {
  const { port } = await start().listen();
  for (const cleanup of cleanups.splice(0)) cleanup();
  const { request, first } = start();
  request({ type: 'connect-tcp', replyTo: listener, correlation: 9, address: '127.0.0.1', port });
  const closed = await first('tcp-closed');
  expect([closed.connection, closed.correlation, closed.code]).toEqual([0, 9, 'ECONNREFUSED']);
  expect(closed.sentence).toContain(String(port));
});

test('a taken port and an address of another machine are told by name', async () => {
  const { port } = await start().listen();
  for (const [address, number, code] of [
    ['127.0.0.1', port, 'EADDRINUSE'],
    ['192.0.2.1', 5_060, 'EADDRNOTAVAIL'],
    ['localhost', 5_060, 'EINVAL'],
    ['127.0.0.1', 70_000, 'EINVAL'],
  ] as const) {
    const { request, first } = start();
    request({ type: 'listen-tcp', replyTo: listener, address, port: number, shared: false });
    const closed = await first('tcp-closed');
    expect([closed.connection, closed.code]).toEqual([0, code]);
  }
  const { request, first } = start();
  request({ type: 'connect-tcp', replyTo: listener, correlation: 1, address: '127.0.0.1', port: 0 });
  expect((await first('tcp-closed')).code).toBe('EINVAL');
});

test('a connection whose peer does not read is closed and reported, never buffered on', async () => {
  const { listen, first, request, write } = start();
  const { port } = await listen();
  const peer = dial(port);
  peer.pause();
  const { connection } = await first('tcp-opened');
  const block = 'x'.repeat(256 * 1_024);
  const timer = setInterval(() => write(connection, block), 1);
  const closed = await first('tcp-closed');
  clearInterval(timer);
  expect([closed.connection, closed.code]).toEqual([connection, 'ENOBUFS']);
  request({ type: 'read-tcp', connection, reading: false });
});

test('reading stops on request, and goes on without a loss', async () => {
  const { listen, first, request, textSoFar } = start();
  const { port } = await listen();
  const peer = dial(port);
  const { connection } = await first('tcp-opened');
  request({ type: 'read-tcp', connection, reading: false });
  // More than the kernel's buffers hold: the peer can only finish once reading goes on.
  const text = 'y'.repeat(32 * 1_024 * 1_024);
  let finished = false;
  peer.end(text, () => {
    finished = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(finished).toBe(false);
  const before = textSoFar().length;
  request({ type: 'read-tcp', connection, reading: true });
  await first('tcp-closed');
  expect([textSoFar().length > before, textSoFar() === text, finished]).toEqual([true, true, true]);
});

test('a connection that we close is cut although its peer never ends', async () => {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    cleanups.push(() => socket.destroy());
  });
  const { request, first, write } = start();
  const { port } = server.address() as { port: number };
  request({ type: 'connect-tcp', replyTo: listener, correlation: 3, address: '127.0.0.1', port });
  const { connection } = await first('tcp-opened');
  write(connection, 'last words');
  request({ type: 'close-tcp', connection });
  expect((await first('tcp-closed')).connection).toBe(connection);
});

test('a reset is told by name', async () => {
  const { listen, first } = start();
  const { port } = await listen();
  const peer = dial(port);
  await first('tcp-opened');
  peer.resetAndDestroy();
  expect((await first('tcp-closed')).code).toBe('ECONNRESET');
});

test('a closed listener takes no more connections, and those it took live on', async () => {
  const { listen, first, request, textSoFar } = start();
  const { port, connection } = await listen();
  const peer = dial(port);
  await first('tcp-opened');
  request({ type: 'close-tcp', connection });
  const late = dial(port);
  const [error] = (await once(late, 'error').catch((failure) => [failure])) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
  peer.write('still here');
  await expect.poll(textSoFar).toBe('still here');
});
