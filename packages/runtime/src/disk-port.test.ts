// The disk port in a temporary directory: what was acknowledged is there, in order and whole, and what failed is told by name.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nobody } from '@chordial/actor';
import type { DiskEvent, DiskRequest } from '@chordial/actor/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDiskPort } from './disk-port.ts';
import { collectEvents, listener, noOutbox } from './events.fixture.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chordial-disk-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function start(where = directory) {
  const seen = collectEvents<DiskEvent>();
  const port = createDiskPort(seen.inlet, where);
  let correlationNext = 1;
  const request = (message: DiskRequest) => port.behaviour.step(undefined, { now: 0, from: nobody, message }, noOutbox);
  async function answer(correlation: number): Promise<DiskEvent> {
    return expect
      .poll(() => seen.events.find((event) => event.correlation === correlation))
      .toBeDefined()
      .then(() => seen.events.find((event) => event.correlation === correlation)!);
  }
  const put = (type: 'append-file' | 'replace-file', file: string, text: string) => {
    const bytes = Buffer.from(`<<${text}>>`);
    const correlation = correlationNext++;
    request({ type, replyTo: listener, correlation, file, bytes, start: 2, end: bytes.length - 2 });
    // Lent only for the turn: the port must not look at them again.
    bytes.fill('!');
    return answer(correlation);
  };
  const read = (file: string, offset = 0, bytesMax = 1_000) => {
    const correlation = correlationNext++;
    request({ type: 'read-file', replyTo: listener, correlation, file, offset, bytesMax });
    return answer(correlation);
  };
  return { ...seen, port, put, read };
}

const textIn = (event: DiskEvent) => (event.type === 'file-read' ? Buffer.from(event.bytes).toString() : event.type);
const inDirectory = (file: string) => readFileSync(join(directory, file), 'utf8');

test('appends are in the file when they are acknowledged, in the order of asking', async () => {
  const { put, read } = start();
  const done = await Promise.all(Array.from({ length: 50 }, (_, n) => put('append-file', 'log', `${n};`)));
  expect(done.every(({ type }) => type === 'disk-done')).toBe(true);
  const text = Array.from({ length: 50 }, (_, n) => `${n};`).join('');
  expect(inDirectory('log')).toBe(text);
  expect(textIn(await read('log'))).toBe(text);
});

test('a read sees the append asked before it, from its offset, at most its bytes', async () => {
  const { put, read } = start();
  const appended = put('append-file', 'log', '0123456789');
  const [some, rest, beyond] = await Promise.all([read('log', 2, 3), read('log', 8), read('log', 99)]);
  expect([some, rest, beyond].map(textIn)).toEqual(['234', '89', '']);
  expect((await appended).type).toBe('disk-done');
});

test('a replacement is whole: a reader sees the old or the new, and nothing else stays behind', async () => {
  const { put } = start();
  const old = 'a'.repeat(100_000);
  const young = 'b'.repeat(50_000);
  await put('replace-file', 'snapshot', old);
  let replaced = false;
  const writing = put('replace-file', 'snapshot', young).then(() => {
    replaced = true;
  });
  while (!replaced) {
    expect([old, young]).toContain(inDirectory('snapshot'));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await writing;
  expect([inDirectory('snapshot') === young, readdirSync(directory)]).toEqual([true, ['snapshot']]);
});

test('replacing a file leaves one of a similar name alone', async () => {
  const { put } = start();
  await put('append-file', 'log.new', 'mine');
  await put('replace-file', 'log', 'yours');
  expect([inDirectory('log.new'), inDirectory('log')]).toEqual(['mine', 'yours']);
});

test('a file that does not exist reads as empty', async () => {
  expect(await start().read('nothing')).toMatchObject({ type: 'file-read', start: 0, end: 0 });
});

test('a directory that does not exist, and no directory at all, are ENOENT', async () => {
  const { put } = start(join(directory, 'missing'));
  for (const type of ['append-file', 'replace-file'] as const) {
    expect(await put(type, 'log', 'x')).toMatchObject({ type: 'disk-failed', code: 'ENOENT' });
  }
  const port = collectEvents<DiskEvent>();
  const bare = createDiskPort(port.inlet, undefined);
  const message: DiskRequest = {
    type: 'read-file',
    replyTo: listener,
    correlation: 1,
    file: 'a',
    offset: 0,
    bytesMax: 1,
  };
  bare.behaviour.step(undefined, { now: 0, from: nobody, message }, noOutbox);
  expect(port.events).toMatchObject([{ type: 'disk-failed', code: 'ENOENT', correlation: 1 }]);
});

test('a failed request does not stop the next one for the same file', async () => {
  const { put, read } = start();
  const { mkdirSync } = await import('node:fs');
  mkdirSync(join(directory, 'log'));
  const failed = put('append-file', 'log', 'x');
  expect(await failed).toMatchObject({ type: 'disk-failed', code: 'EISDIR' });
  rmSync(join(directory, 'log'), { recursive: true });
  expect((await put('append-file', 'log', 'y')).type).toBe('disk-done');
  expect(textIn(await read('log'))).toBe('y');
});

test.for(['../outside', 'a/b', '.hidden', '', 'x'.repeat(129), 'snapshot~', 'nul\0'])(
  'the name %j is refused',
  async (file) => {
    expect(await start().put('append-file', file, 'x')).toMatchObject({ type: 'disk-failed', code: 'EINVAL' });
    expect(readdirSync(directory)).toEqual([]);
  },
);

test.for([
  [-1, 10],
  [0, -1],
  [Number.NaN, 10],
] as const)('a read from %d of %d bytes is refused', async ([offset, bytesMax]) => {
  expect(await start().read('log', offset, bytesMax)).toMatchObject({ type: 'disk-failed', code: 'EINVAL' });
});

test('more requests than the limit fail with EBUSY, and the others are carried out', async () => {
  const { put, port } = start();
  const answers = await Promise.all(Array.from({ length: 1_030 }, () => put('append-file', 'log', 'x')));
  const busy = answers.filter((event) => event.type === 'disk-failed' && event.code === 'EBUSY');
  expect([busy.length, inDirectory('log').length, port.underWayCount()]).toEqual([6, 1_024, 0]);
});
