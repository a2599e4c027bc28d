// What Prometheus is shown: chosen names only, whatever clients send; and every row of the table has a figure behind it.
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ChordialHost, startChordial } from './host.ts';
import { actorMetrics, laneMetrics, storageMetrics } from './metric-table.ts';
import { renderMetrics } from './metrics.ts';
import { readOptions } from './options.ts';
import type { HostStatus } from './status.ts';

let host: ChordialHost;
const data = mkdtempSync(join(tmpdir(), 'chordial-metrics-'));
beforeAll(async () => {
  const options = readOptions({ listen: 'udp:127.0.0.1:0', control: 'off', lanes: '2', peers: '4', data }, {});
  host = await startChordial(options);
}, 30_000);
afterAll(async () => {
  await host.stop();
  rmSync(data, { recursive: true, force: true });
});

const requestText = (method: string): string =>
  [
    `${method} sip:example.com SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bK${method.length}${method};rport`,
    'Max-Forwards: 70',
    'From: <sip:alice@example.com>;tag=f1',
    'To: <sip:alice@example.com>',
    `Call-ID: ${method}@127.0.0.1`,
    `CSeq: 1 ${method}`,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');

/** Sends a request of each method and waits for as many answers. */
async function exchange(methods: readonly string[]): Promise<void> {
  const socket = createSocket('udp4');
  let answers = 0;
  socket.on('message', () => {
    answers++;
  });
  for (const method of methods) socket.send(requestText(method), host.listen.port, '127.0.0.1');
  await expect.poll(() => answers, { timeout: 10_000 }).toBe(methods.length);
  socket.close();
}

const sumOf = (text: string, start: string): number =>
  text
    .split('\n')
    .filter((line) => line.startsWith(start))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);

test('methods that clients make up are neither names nor labels, and break no scrape', async () => {
  await exchange(['REGISTER', 'OPTIONS', 'a-b', 'a.b', '__proto__', ...Array.from({ length: 40 }, (_, i) => `X${i}`)]);
  const { text } = await renderMetrics(await host.status());
  const methods = new Set([...text.matchAll(/method="([^"]*)"/g)].map(([, method]) => method));
  expect(methods).toEqual(new Set(['REGISTER', 'OPTIONS', 'other']));
  const other = [...text.matchAll(/^chordial_requests_total\{.*method="other".*\} (\d+)$/gm)];
  expect(other.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(43);
  expect(sumOf(text, 'chordial_dispatcher_answers_total{')).toBe(44);
  const chosen = new Set(['chordial_uptime_seconds', 'chordial_peers', 'chordial_hosts', 'chordial_ring_members']);
  for (const { name } of [...laneMetrics, ...actorMetrics, ...storageMetrics]) chosen.add(name);
  expect(new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name))).toEqual(chosen);
});

test('a row of the table reads a figure that its actor shows', async () => {
  const { totals } = await host.status();
  for (const { actor, field, label } of actorMetrics) {
    const names = Object.keys(totals[actor] ?? {});
    expect([
      field,
      names.some((name) => (label === undefined ? name === field : name.startsWith(`${field}.`))),
    ]).toEqual([field, true]);
  }
});

test('names are unique, and counters and only counters end in _total', () => {
  const all = [...laneMetrics, ...actorMetrics];
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  for (const { name, kind } of all) {
    expect(name).toMatch(/^chordial_[a-z_]+$/);
    expect([name, name.endsWith('_total')]).toEqual([name, kind === 'counter']);
  }
});

test('counters are shown by lane, what is counted now is summed; a label that is not allowed is left out', async () => {
  const status = await host.status();
  const lanes = status.lanes.map((report, lane) => {
    const dispatcher = {
      served: lane + 1,
      'methods.INVITE': 5,
      'methods.evil"} 1': 7,
      'answered.404': 2,
      'answered.x': 3,
    };
    return { ...report, lane, totals: { dispatcher, location: { usersCount: 10 } } };
  });
  const totals: HostStatus['totals'] = { location: { usersCount: 20 } };
  const { text } = await renderMetrics({ ...status, lanes, totals });
  expect(text).toMatch(/^chordial_users 20$/m);
  expect(text).toMatch(/^chordial_dispatcher_served_total\{lane="0"\} 1$/m);
  expect(text).toMatch(/^chordial_dispatcher_served_total\{lane="1"\} 2$/m);
  expect(text).toMatch(/^chordial_requests_total\{lane="1",method="INVITE"\} 5$/m);
  expect(text).toMatch(/^chordial_dispatcher_answers_total\{lane="0",status="404"\} 2$/m);
  expect(text).not.toMatch(/evil|status="x"/);
});
