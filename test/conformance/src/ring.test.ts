// One suite for both shells: what messages between hosts may rely on.
import { makeAddress, type Typed } from '@chordial/actor';
import { afterEach, describe, expect, it } from 'vitest';
import { nodeAt } from './programs/ring-node.ts';
import { programs } from './programs.ts';
import { runtimeShell } from './runtime-shell.ts';
import { ofType, type Report, type RunningRing } from './shell.ts';
import { simulatedShell } from './simulated-shell.ts';

const numbers = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);

describe.each([simulatedShell, runtimeShell])('$name', (shell) => {
  let ring: RunningRing | undefined;
  afterEach(async () => {
    await ring?.stop();
    ring = undefined;
  });

  /** Hosts 1 to `hostsCount`, and what a test says to them. */
  async function start(hostsCount: number, lanesCount = 1) {
    ring = await shell.startRing(programs['ring-node'], hostsCount, lanesCount);
    const { members, until, settle } = ring;
    await until(() => members.every(({ reports }) => ofType(reports, 'node-born').length === lanesCount));
    const tell = async (host: number, lane: number, message: object): Promise<void> => {
      await members[host - 1]!.ask(lane, makeAddress<Typed>(host, lane, nodeAt), message as Typed);
    };
    return {
      members,
      until,
      settle,
      route: async (
        from: number,
        host: number,
        { via = 0, life = 0, fingerprint = undefined as string | undefined, saysAtOnce = false } = {},
      ) => {
        const message = { type: 'route-to', host, via, life, fingerprint, isUnreachable: via !== 0, saysAtOnce };
        for (let lane = 0; lane < lanesCount; lane++) await tell(from, lane, message);
      },
      forget: (from: number, host: number) => tell(from, 0, { type: 'forget-it', host }),
      send: (
        from: number,
        host: number,
        first: number,
        count: number,
        { lane = 0, size = 10, isEchoed = false, fromLane = 0 } = {},
      ) => tell(from, fromLane, { type: 'send-notes', host, lane, first, count, size, isEchoed }),
      reportsOf: (host: number, type: string): Report['message'][] => ofType(members[host - 1]!.reports, type),
      heard: (host: number): unknown[] => ofType(members[host - 1]!.reports, 'heard').map(({ number }) => number),
      refused: (host: number): unknown[] => ofType(members[host - 1]!.reports, 'refused').map(({ number }) => number),
    };
  }

  it.each([1, 2])('carries messages to another host and back, whole and in order, on %i lanes', async (lanesCount) => {
    const { route, send, until, reportsOf } = await start(2, lanesCount);
    await route(1, 2);
    const perWay = 500;
    const ways = lanesCount ** 2;
    for (let part = 0; part < perWay; part += 100) {
      for (let way = 0; way < ways; way++) {
        const [fromLane, lane] = [way % lanesCount, Math.floor(way / lanesCount)];
        await send(1, 2, way * perWay + part, 100, { fromLane, lane, size: way * 900, isEchoed: true });
      }
    }
    // Host 2 was told of no way back: it answers to whoever was introduced.
    await until(() => [1, 2].every((host) => reportsOf(host, 'heard').length === perWay * ways));
    for (const host of [1, 2]) {
      const notes = reportsOf(host, 'heard') as unknown as { number: number; isWhole: boolean; size: number }[];
      expect(notes.filter(({ isWhole }) => !isWhole)).toEqual([]);
      for (let way = 0; way < ways; way++) {
        const ofWay = notes.filter(({ number }) => Math.floor(number / perWay) === way);
        expect(ofWay.map(({ number }) => number)).toEqual(numbers(way * perWay, perWay));
        expect(new Set(ofWay.map(({ size }) => size))).toEqual(new Set([way * 900]));
      }
    }
  });

  it('tells when a link opens, and of a host that comes without being known', async () => {
    const { route, send, until, reportsOf, heard } = await start(2);
    await route(1, 2);
    await send(1, 2, 0, 1);
    // Reports come to the test by a way of their own, later than the message may.
    await until(() => heard(2).length === 1 && reportsOf(2, 'host-introduced').length === 1);
    await until(() => reportsOf(1, 'host-linked').length > 0);
    expect(reportsOf(1, 'host-linked')).toEqual([{ type: 'host-linked', host: 2 }]);
    const [introduced] = reportsOf(2, 'host-introduced');
    expect(introduced).toMatchObject({ host: 1 });
    // As good as a route: the answer finds its way.
    await send(2, 1, 7, 1);
    await until(() => heard(1).length === 1 && reportsOf(2, 'host-linked').length > 0);
    expect(reportsOf(2, 'host-linked')).toEqual([{ type: 'host-linked', host: 1 }]);
    expect(reportsOf(1, 'host-introduced')).toEqual([]);
  });

  it('refuses without a route, after forget-host, and what is too long', async () => {
    const { route, forget, send, until, heard, refused } = await start(2);
    await send(1, 2, 0, 3);
    await until(() => refused(1).length === 3);
    await route(1, 2);
    await send(1, 2, 3, 1, { size: 200_000 });
    await send(1, 2, 4, 1, { size: 100_000 });
    await until(() => heard(2).length === 1 && refused(1).length === 4);
    await forget(1, 2);
    await send(1, 2, 5, 1);
    await until(() => refused(1).length === 5);
    expect(refused(1)).toEqual([0, 1, 2, 3, 5]);
    expect(heard(2)).toEqual([4]);
  });

  it('takes a route for what is said from the next turn on, not for the rest of the step that tells it', async () => {
    const { route, until, settle, heard, refused } = await start(2);
    await route(1, 2, { saysAtOnce: true });
    await until(() => heard(2).length === 1 && refused(1).length === 1);
    await settle(200);
    expect(refused(1)).toEqual([0]);
    expect(heard(2)).toEqual([1]);
  });

  it('refuses a host with another key', async () => {
    const { route, send, until, settle, reportsOf, heard } = await start(2);
    await route(1, 2, { fingerprint: 'x'.repeat(43) });
    await send(1, 2, 0, 1);
    await until(() => reportsOf(1, 'host-unlinked').length > 0);
    expect(reportsOf(1, 'host-unlinked')[0]).toMatchObject({ host: 2, code: 'wrong-key' });
    await settle(200);
    expect(heard(2)).toEqual([]);
    expect(reportsOf(1, 'host-linked')).toEqual([]);
  });

  it('tells of a host that died, and its next life hears nothing that was sent to the one before', async () => {
    const { members, route, send, until, settle, reportsOf, heard } = await start(2);
    await route(1, 2);
    await send(1, 2, 0, 5);
    await until(() => heard(2).length === 5);
    await members[1]!.kill();
    await until(() => reportsOf(1, 'host-unlinked').length > 0);
    await send(1, 2, 5, 5);
    await settle(300);
    await members[1]!.start();
    await until(() => reportsOf(2, 'node-born').length === 2);
    // A link that is known to be down refuses for a time; it opens again for something to send.
    for (let number = 10; reportsOf(1, 'host-linked').length < 2 && number < 60; number++) {
      await send(1, 2, number, 1);
      await settle(100);
    }
    await send(1, 2, 60, 1);
    await until(() => heard(2).includes(60));
    const later = heard(2).slice(5) as number[];
    expect(Math.min(...later)).toBeGreaterThanOrEqual(10);
    expect(later).toEqual(later.toSorted((a, b) => a - b));
    expect(new Set(later).size).toBe(later.length);
    expect(reportsOf(1, 'host-unlinked').every(({ code }) => typeof code === 'string' && code !== '')).toBe(true);
  });

  it('leaves a link once when a later life is heard of than that which it was opened to, and loses nothing then', async () => {
    const { route, send, until, settle, reportsOf, heard } = await start(2, 2);
    const codes = (): unknown[] => reportsOf(1, 'host-unlinked').map(({ code }) => code);
    // Lives that no process of the test has reached: as far as they say, the links lead to the first of them.
    const [life, lifeAfter] = [2 ** 42, 2 ** 42 + 1_000];
    await route(1, 2, { life });
    for (const fromLane of [0, 1]) await send(1, 2, fromLane, 1, { fromLane });
    await until(() => reportsOf(1, 'host-linked').length === 2 && heard(2).length === 2);
    await route(1, 2, { life: lifeAfter });
    for (const fromLane of [0, 1]) await send(1, 2, 10 * (fromLane + 1), 5, { fromLane });
    await until(() => reportsOf(1, 'host-linked').length === 4 && heard(2).length === 12);
    expect(codes()).toEqual(['former-life', 'former-life']);
    for (const again of [lifeAfter, life, 0]) await route(1, 2, { life: again });
    await send(1, 2, 30, 5);
    await until(() => heard(2).length === 17);
    await settle(200);
    expect(codes()).toHaveLength(2);
    expect(reportsOf(1, 'host-linked')).toHaveLength(4);
    expect(reportsOf(1, 'refused')).toEqual([]);
  });

  it('keeps a link to a process that began after the life that was known', async () => {
    const { route, send, until, settle, reportsOf, heard } = await start(2);
    await route(1, 2, { life: 1 });
    await send(1, 2, 0, 1);
    await until(() => reportsOf(1, 'host-linked').length === 1 && heard(2).length === 1);
    await route(1, 2, { life: 2 ** 42 });
    await send(1, 2, 1, 1);
    await until(() => heard(2).length === 2);
    await settle(200);
    expect(reportsOf(1, 'host-unlinked')).toEqual([]);
  });

  it('passes messages on once, by the host that the route names', async () => {
    const { route, send, until, settle, heard, reportsOf } = await start(3);
    await route(3, 2);
    await route(1, 3);
    await route(1, 2, { via: 3 });
    await send(1, 2, 0, 100);
    await until(() => heard(2).length === 100);
    expect(heard(2)).toEqual(numbers(0, 100));
    // Beside the relay the direct way is tried; the simulator's network knows no ports, so only there it is found.
    expect(reportsOf(1, 'host-linked')).toContainEqual({ type: 'host-linked', host: 3 });
    expect(reportsOf(1, 'host-unlinked')).toEqual([]);
    // Now the relay would need a relay itself.
    await route(3, 2, { via: 1 });
    await send(1, 2, 100, 10);
    await settle(300);
    expect(heard(2)).toHaveLength(100);
  });
});
