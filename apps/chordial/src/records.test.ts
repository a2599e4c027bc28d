// The questions of operators about records, asked of a host alone as the control interface is asked.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { controlRoutes } from './control-server.ts';
import { type ChordialHost, startChordial } from './host.ts';
import { readOptions } from './options.ts';
import { recordText, scanText } from './record-questions.ts';
import type { RecordsScanned } from './record-scan.ts';
import type { RecordShown } from './records.ts';
import type { RepairStatus } from './repair-status.ts';
import { repairText } from './repair-text.ts';

const data = mkdtempSync(join(tmpdir(), 'chordial-records-'));
let host: ChordialHost;
let routes: Hono;
beforeAll(async () => {
  host = await startChordial(
    readOptions({ listen: 'udp:127.0.0.1:0', control: 'off', lanes: '2', peers: '8', data }, {}),
  );
  routes = controlRoutes(host);
}, 30_000);
afterAll(async () => {
  await host.stop();
  rmSync(data, { recursive: true, force: true });
});

async function ask<T>(path: string): Promise<T> {
  return (await routes.request(path)).json() as Promise<T>;
}
async function send(method: string, path: string, body: object, type = 'application/json') {
  const text = JSON.stringify(body);
  const headers = { 'content-type': type, 'content-length': String(text.length) };
  const answer = await routes.request(path, { method, headers, body: text });
  return { status: answer.status, ...((await answer.json()) as { error?: string; context?: string }) };
}
const get = (name: string, table = 'records') => ask<RecordShown>(`/api/record?table=${table}&name=${name}`);
const put = (name: string, value: string, more: object = {}) =>
  send('PUT', '/api/record', { table: 'records', name, value, ...more });

describe('a record', () => {
  test('is kept, shown with its copies, replaced and removed', async () => {
    expect(await put('colour', 'blue', { ttlSeconds: 60 })).toMatchObject({ status: 200 });
    const shown = await get('colour');
    expect(shown).toMatchObject({ table: 'records', siblings: [{ value: 'blue' }], copies: [{ state: 'equal' }] });
    expect(recordText(shown)).toMatch(/value +blue {2}\(expires in \d+ s\)\n +copy +host 0: equal/);
    await put('colour', 'red', { context: '' });
    const several = await get('colour');
    expect(several.siblings).toHaveLength(2);
    expect(recordText(several)).toContain('put with this context to replace them');
    await put('colour', 'green', { context: several.context });
    expect((await get('colour')).siblings.map(({ value }) => value)).toEqual(['green']);
    await send('DELETE', '/api/record', { table: 'records', name: 'colour' });
    const gone = await get('colour');
    expect(gone.siblings).toEqual([]);
    expect(recordText(gone)).toContain('no record');
  });

  test('of an ordered table is changed only where it is as expected', async () => {
    const change = (value: string, context: string) => put('lock', value, { table: 'ordered', context });
    const first = await change('mine', '');
    expect(first.status).toBe(200);
    expect(await change('yours', '')).toMatchObject({
      status: 503,
      error: expect.stringContaining('Nothing was changed'),
    });
    expect((await change('yours', first.context!)).status).toBe(200);
    expect((await get('lock', 'ordered')).siblings.map(({ value }) => value)).toEqual(['yours']);
  });

  test('a question that makes no sense is answered with what would', async () => {
    const errors = [
      await put('x', 'y', { table: 'bindings' }),
      await put('x', 'y', { table: 'colours' }),
      await put('', 'y'),
      await put('x', 'y', { ttlSeconds: -1 }),
      await send('PUT', '/api/record', { table: 'records', name: 'x' }),
      await send('PUT', '/api/record', { table: 'records', name: 'x', value: 'y' }, 'text/plain'),
    ];
    expect(errors.map(({ status, error }) => [status, error])).toEqual([
      [400, expect.stringContaining('written by REGISTER')],
      [400, expect.stringContaining('expected one of bindings, records, ordered')],
      [400, expect.stringContaining('1 to 512 characters')],
      [400, expect.stringContaining('ttlSeconds')],
      [400, expect.stringContaining('needs a value')],
      [415, expect.stringContaining('application/json')],
    ]);
  });
});

test('a scan shows what the store holds, page by page to its end', async () => {
  const names = Array.from({ length: 25 }, (_, i) => `page${i}`);
  for (const name of names) await put(name, 'x'.repeat(100));
  const found: string[] = [];
  let after = '';
  do {
    const page = await ask<RecordsScanned>(`/api/records?table=records&limit=10${after}`);
    expect(page.records.length).toBeLessThanOrEqual(10);
    found.push(...page.records.map(({ name }) => name));
    expect(scanText(page)).toMatch(/page\d+ +0 +never +x{60}\.\.\. \(100 characters\)/);
    after = page.next === undefined ? '' : `&after=${page.next}`;
  } while (after !== '');
  expect(found.filter((name) => name.startsWith('page')).toSorted()).toEqual(names.toSorted());
  for (const query of ['table=no', 'limit=0', 'limit=x', 'after=x', 'host=77']) {
    expect(await routes.request(`/api/records?${query}`)).toMatchObject({ status: 400 });
  }
});

test('the state of the copies and of the store', async () => {
  const status = await ask<RepairStatus>('/api/repair');
  expect(status).toMatchObject({ drift: 0, silentLanes: [], store: { engine: 'sqlite', trouble: '' } });
  expect(status.lanes).toHaveLength(2);
  const text = repairText(status);
  expect(text).toContain('All copies are where they should be: drift 0.');
  expect(text).toContain(`sqlite ${join(data, 'records.sqlite')}: `);
  expect(repairText({ ...status, store: undefined, replica: undefined })).toContain('does not answer');
  expect(repairText({ ...status, drift: 2 })).toContain('2 ranges drift');
});

test('a backup is restored into what is there: what is newer stays', async () => {
  const { records } = host;
  const file = join(data, 'backup');
  await put('kept', 'old');
  expect((await records.backUp(file)).recordsCount).toBeGreaterThan(25);
  await put('kept', 'new');
  await send('DELETE', '/api/record', { table: 'records', name: 'page0' });
  await records.restore(file);
  expect((await get('kept')).siblings.map(({ value }) => value)).toEqual(['new']);
  // Its tombstone is newer than what the backup has.
  expect((await get('page0')).siblings).toEqual([]);
  writeFileSync(join(data, 'other'), 'not a backup');
  for (const wrong of ['other', 'nothing'])
    await expect(records.restore(join(data, wrong))).rejects.toThrow(/take another copy|cannot be read/);
});
