// Who may use the interface for operators: requests as a browser, another machine and an operator make them, against a real server.
import { existsSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { request, type Server } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { isAddressed, placeFault } from './control-guard.ts';
import { serveControl } from './control-server.ts';
import type { ChordialHost } from './host.ts';

let server: Server | undefined;
afterEach(() => void server?.close());

const written: string[] = [];
const desk = {
  backUp: async (file: string) => {
    written.push(file);
    return { file, recordsCount: 0, leftOutCount: 0, tooOldCount: 0, skippedCount: 0 };
  },
};

async function ask(
  method: string,
  path: string,
  host: string,
  address = '127.0.0.1',
  body: object | undefined = undefined,
): Promise<{ status: number; text: string }> {
  const { port } = server!.address() as AddressInfo;
  const text = body === undefined ? '' : JSON.stringify(body);
  const headers = { host, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  return new Promise((resolve, reject) => {
    const asking = request({ host: address, port, method, path, headers }, (response) => {
      let all = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        all += piece;
      });
      response.on('end', () => resolve({ status: response.statusCode!, text: all }));
    });
    asking.on('error', reject).end(text);
  });
}

async function start(data: string, address = '127.0.0.1'): Promise<void> {
  const host = { records: desk, options: { data }, health: () => ({ healthy: true, sentence: '' }) };
  server = await serveControl(host as unknown as ChordialHost, { address, port: 0 });
}

test('a name that is no address is refused, as DNS rebinding brings one; monitoring may use any', async () => {
  await start('/nowhere');
  const refused = await ask('POST', '/api/backup', 'evil.example:8060', '127.0.0.1', { file: '/tmp/x' });
  expect(refused).toMatchObject({ status: 403, text: expect.stringContaining('evil.example') });
  expect(written).toEqual([]);
  expect(await ask('GET', '/healthz', 'host-1.example:8060')).toMatchObject({ status: 200 });
  expect(await ask('POST', '/api/backup', 'localhost:8060', '127.0.0.1', { file: '/tmp/x' })).toMatchObject({
    status: 200,
  });
  expect(written.splice(0)).toEqual(['/tmp/x']);
});

test('backup and restore are refused from other machines', async () => {
  const other = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ internal, address }) => !internal && isIP(address) === 4);
  if (other === undefined) return;
  await start('/nowhere', '0.0.0.0');
  for (const path of ['/api/backup', '/api/restore']) {
    const refused = await ask('POST', path, `${other.address}:8060`, other.address, { file: '/tmp/x' });
    expect(refused).toMatchObject({ status: 403, text: expect.stringContaining('files of this machine') });
  }
  expect(written).toEqual([]);
});

test('a backup into --data is refused, whatever way leads there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chordial-guard-'));
  const data = join(folder, 'data');
  mkdirSync(data);
  symlinkSync(data, join(folder, 'link'));
  await start(data);
  for (const file of [join(data, 'records.sqlite'), join(folder, 'link', 'x'), join(data, 'new', '..', 'x'), data]) {
    const refused = await ask('POST', '/api/backup', '127.0.0.1:1', '127.0.0.1', { file });
    expect(refused).toMatchObject({ status: 400, text: expect.stringContaining('--data') });
  }
  expect(existsSync(join(data, 'x'))).toBe(false);
  expect(written).toEqual([]);
  expect(placeFault(join(folder, 'database'), data)).toBeUndefined();
  expect(placeFault(join(folder, 'x'), undefined)).toBeUndefined();
});

test.each([
  ['127.0.0.1', true],
  ['127.0.0.1:8060', true],
  ['[::1]:8060', true],
  ['[::1]', true],
  ['LocalHost:1', true],
  ['10.0.0.1:80', true],
  ['evil.example', false],
  ['127.0.0.1.evil.example:8060', false],
  ['localhost.evil.example', false],
  ['[evil]:1', false],
  ['', false],
  ['::1', false],
])('host %j: %j', (host, isWell) => expect(isAddressed(host)).toBe(isWell));
