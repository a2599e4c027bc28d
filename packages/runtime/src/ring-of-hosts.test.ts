// Whole hosts in one process, each with its own number and threads: messages between any two actors arrive whole, in order and once; a host that
// stops is missed and found again; strangers leave a line.

import { makeAddress, type Typed } from '@chordial/actor';
import type { HostsEvent, HostsRequest } from '@chordial/actor/protocol';
import { afterEach, expect, test } from 'vitest';
import { type Host, type HostEvent, type HostOptions, startHost } from './host.ts';
import { introduce } from './introduction.ts';
import { identities, ringName, token } from './ring-end.fixture.ts';
import { type TrialMessage, trialAt } from './trial-program.ts';

const program = new URL('./trial-program.ts', import.meta.url).href;
const hosts: Host[] = [];
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

async function start(number: number, options: Partial<HostOptions> = {}, port = 0) {
  const events: HostEvent[] = [];
  const links: HostsEvent[] = [];
  const identity = identities[number - 1]!;
  const listen = { address: '127.0.0.1', port };
  const host = await startHost({
    program,
    config: {},
    lanesCount: 2,
    host: number,
    ring: { ringName, token, identity, listen },
    lagMsMax: 30_000,
    stallMsMax: 60_000,
    onEvent: (event) => events.push(event),
    onReport: (_, message) => message.type !== 'laid-out' && links.push(message as HostsEvent),
    ...options,
  });
  hosts.push(host);
  const ask = (lane: number, message: TrialMessage, timeoutMs = 40_000) =>
    host.ask(lane, makeAddress<Typed>(number, lane, trialAt), message, timeoutMs);
  const self = { host: number, ...listen, ...host.ringEndpoint, fingerprint: identity.fingerprint };
  const tell = (request: HostsRequest) =>
    Promise.all([0, 1].map((lane) => ask(lane, { type: 'tell-hosts-port', request })));
  const route = (to: { readonly self: typeof self }, via = 0) => tell({ type: 'route-host', ...to.self, via });
  const stateOf = (lane: number) => ask(lane, { type: 'tell-state' });
  const heard = (type: HostsEvent['type'], other: number) =>
    expect.poll(() => links.filter((event) => event.type === type && event.host === other).length).toBeGreaterThan(0);
  return { host, events, links, ask, self, route, tell, stateOf, heard };
}

test('100,000 messages each way between two hosts arrive whole, in order and once', async () => {
  const [a, b] = await Promise.all([start(1), start(2)]);
  await a.route(b);
  const count = 100_000;
  await Promise.all([
    a.ask(0, { type: 'send-numbered', host: 2, lane: 1, count }),
    a.ask(1, { type: 'send-numbered', host: 2, lane: 0, count }),
  ]);
  // b was never told of a: both its lanes know the way back since a called one of them.
  await b.ask(0, { type: 'send-numbered', host: 1, lane: 1, count });
  for (const state of [await b.stateOf(0), await b.stateOf(1), await a.stateOf(1)]) {
    expect(state).toMatchObject({ receivedCount: count, firstFault: '', refusedCount: 0 });
  }
  const [reports, others] = [await a.host.inspect(), await b.host.inspect()];
  const sum = (all: typeof reports, name: 'sent' | 'received' | 'refused' | 'lost' | 'unknown' | 'writes') =>
    all.reduce((total, report) => total + report.hosts[name], 0);
  expect(sum(others, 'received')).toBe(sum(reports, 'sent'));
  expect(sum(reports, 'received')).toBe(sum(others, 'sent'));
  for (const name of ['refused', 'lost', 'unknown'] as const) expect(sum(reports, name) + sum(others, name)).toBe(0);
  expect(sum(reports, 'writes')).toBeLessThan(sum(reports, 'sent') / 10);
});

test('an actor of another host answers a question that came through the gateway', async () => {
  const [a, b] = await Promise.all([start(1), start(2)]);
  await a.route(b);
  const state = await a.host.ask(0, makeAddress<Typed>(2, 1, trialAt), { type: 'tell-state' }, 20_000);
  expect(state).toMatchObject({ type: 'state-told', receivedCount: 0 });
});

test('a host that stops is missed, and found again when it is started anew', async () => {
  const [a, b] = await Promise.all([start(1), start(2)]);
  await a.route(b);
  await a.ask(0, { type: 'send-numbered', host: 2, lane: 0, count: 1_000 });
  await b.host.stop();
  await a.heard('host-unlinked', 2);
  const again = await start(2, {}, b.self.port);
  await expect
    .poll(() =>
      a.ask(0, { type: 'send-numbered', host: 2, lane: 1, count: 1_000 }, 500).then(({ type }) => type, String),
    )
    .toBe('numbered-sent');
  expect(await again.stateOf(1)).toMatchObject({ firstFault: expect.any(String) });
});

test('of three hosts one passes on between the others', async () => {
  const [a, b, c] = await Promise.all([start(1), start(2), start(3)]);
  await Promise.all([a.route(b), b.route(c), b.route(a), c.route(b)]);
  await Promise.all([a.route(c, 2), c.route(a, 2)]);
  await a.ask(0, { type: 'send-numbered', host: 3, lane: 1, count: 20_000 });
  expect(await c.stateOf(1)).toMatchObject({ receivedCount: 20_000, firstFault: '' });
  const relayed = (await b.host.inspect()).reduce((sum, { hosts: { relayed } }) => sum + relayed, 0);
  expect(relayed).toBe(20_000 + 200);
});

test('a lane that dies takes its links with it, and the one that replaces it is reached', async () => {
  const [a, b] = await Promise.all([start(1), start(2)]);
  await a.route(b);
  await a.ask(0, { type: 'send-numbered', host: 2, lane: 1, count: 1_000 });
  b.host.killLane(0);
  b.host.killLane(1);
  await expect.poll(() => b.events.filter(({ kind }) => kind === 'lane-up').length).toBe(4);
  await expect
    .poll(() =>
      a.ask(0, { type: 'send-numbered', host: 2, lane: 1, count: 1_000 }, 500).then(({ type }) => type, String),
    )
    .toBe('numbered-sent');
});

test('without a ring the port says so, and what is sent elsewhere comes back', async () => {
  const identity = identities[1]!;
  const alone = await startHost({
    program,
    config: {},
    lanesCount: 1,
    onReport: (_, message) => heard.push(message),
  });
  hosts.push(alone);
  const heard: Typed[] = [];
  const at = makeAddress<Typed>(0, 0, trialAt);
  const route = {
    type: 'route-host',
    host: 2,
    address: '127.0.0.1',
    port: 9,
    fingerprint: identity.fingerprint,
    via: 0,
  };
  await alone.ask(0, at, { type: 'tell-hosts-port', request: route } as Typed);
  await expect
    .poll(() => heard)
    .toContainEqual(expect.objectContaining({ type: 'host-unlinked', host: 2, code: 'no-ring' }));
  await alone.ask(0, at, { type: 'send-numbered', host: 2, lane: 0, count: 1 } as Typed, 100).catch(() => {});
  expect(await alone.ask(0, at, { type: 'tell-state' })).toMatchObject({ refusedCount: 1 });
  expect(alone.ringEndpoint).toBeUndefined();
});

test('a stranger leaves a line in the log of the host, a joiner learns who is there', async () => {
  const [a, b] = await Promise.all([start(1), start(2)]);
  await a.route(b);
  const visit = { ...a.self, ringName, token, identity: identities[3]! };
  expect((await introduce(visit)).hosts).toEqual([a.self, b.self]);
  await expect(introduce({ ...visit, token: 'guessed' })).rejects.toThrow(/another token/);
  await expect
    .poll(() => a.events.some(({ kind, sentence }) => kind === 'link-refused' && /wrong-token/.test(sentence)))
    .toBe(true);
});

test('a host whose ring port is taken, or whose ring is not whole, does not start', async () => {
  const a = await start(1);
  await expect(start(2, {}, a.self.port)).rejects.toThrow(/EADDRINUSE/);
  await expect(start(2, { host: 0 })).rejects.toThrow(/within 1..65535/);
});
