// One suite for both shells: what an actor may rely on, whichever runs it.
import { makeAddress, type Typed } from '@chordial/actor';
import { afterEach, describe, expect, it } from 'vitest';
import { sampleBytes, sampleData, viewSizes } from './programs/parcel-samples.ts';
import { type ProgramName, programs } from './programs.ts';
import { runtimeShell } from './runtime-shell.ts';
import { ofType, type Report, type RunningHost } from './shell.ts';
import { simulatedShell } from './simulated-shell.ts';

describe.each([simulatedShell, runtimeShell])('$name', (shell) => {
  let host: RunningHost | undefined;
  const start = async (program: ProgramName, config: unknown, lanesCount: number): Promise<RunningHost> => {
    host = await shell.start(programs[program], config, lanesCount);
    return host;
  };
  afterEach(async () => {
    await host?.stop();
    host = undefined;
  });
  const has =
    (type: string, count = 1) =>
    (reports: readonly Report[]) =>
      ofType(reports, type).length >= count;

  it.each([1, 2, 3])('keeps the order between any two actors and loses nothing, on %i lanes', async (lanesCount) => {
    const perSender = 5_000;
    const { reports, until } = await start('order', { perSender }, lanesCount);
    await until(has('all-received'));
    const next = new Array(lanesCount * 2).fill(perSender);
    expect(ofType(reports, 'all-received')).toEqual([{ type: 'all-received', outOfOrder: 0, next }]);
  });

  it('treats a full mailbox by its rule', async () => {
    const { reports, until } = await start('overflow', undefined, 1);
    await until((all) => has('seen', 3)(all) && has('refused')(all));
    const seen = new Map(ofType(reports, 'seen').map((report) => [report.rule, report.seen]));
    expect(seen.get('drop-newest')).toEqual([0, 1, 2, 3, 4]);
    expect(seen.get('drop-oldest')).toEqual([15, 16, 17, 18, 19]);
    expect(seen.get('refuse')).toEqual([0, 1, 2, 3, 4]);
    expect(ofType(reports, 'refused')[0]!.refused).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  });

  it('fires timers in order, never early, not when cleared, and not in a later life', async () => {
    const { reports, until, settle } = await start('timers', undefined, 1);
    await until((all) => has('fired')(all) && has('phoenix-born', 3)(all));
    expect(ofType(reports, 'fired')[0]).toMatchObject({
      fired: ['zero', 'thirty', 'thirty again', 'sixty', 'ninety'],
      early: 0,
    });
    await settle(200);
    // Each life ends 40 ms after its birth, the timer it leaves behind would come 60 ms later.
    expect(ofType(reports, 'phoenix-heard')).toEqual([]);
    const selves = new Set(ofType(reports, 'phoenix-born').map(({ self }) => self));
    expect(selves.size).toBe(1);
  });

  it('stops families together and tells the parent', async () => {
    const { reports, until, settle } = await start('family', undefined, 1);
    await until((all) => ofType(all, 'heard').some(({ what }) => what === 'first stopped'));
    await settle(50);
    expect(ofType(reports, 'heard').map(({ what }) => what)).toEqual([
      'first born',
      "first's child born",
      'second born',
      "second's child born",
      'first poked by parent',
      'second stopped',
      'first stopped',
    ]);
  });

  it('restarts what fails with back-off, then gives up and lets the supervisor fail', async () => {
    const { reports, until } = await start('supervision', undefined, 1);
    await until((all) => has('supervisor-born', 2)(all) && has('child-born', 4)(all));
    const births = ofType(reports, 'child-born');
    const failures = ofType(reports, 'child-fails');
    const pause = (life: number): number => (births[life]!.now as number) - (failures[life - 1]!.now as number);
    expect(pause(1)).toBeGreaterThanOrEqual(40);
    expect(pause(2)).toBeGreaterThanOrEqual(80);
    expect(births[0]!.self).toBe(births[2]!.self);
    expect(births[3]!.self).not.toBe(births[0]!.self);
    expect(new Set(births.slice(0, 4).map(({ seed }) => seed)).size).toBe(4);
    const order = reports.map(({ message }) => message.type).filter((type) => type !== 'child-fails');
    expect(order.slice(0, 6)).toEqual([
      'supervisor-born',
      'child-born',
      'child-born',
      'child-born',
      'supervisor-born',
      'child-born',
    ]);
  });

  it.each([1, 2])('carries every kind of data and byte views of every size, on %i lanes', async (lanesCount) => {
    const { reports, until } = await start('parcels', undefined, lanesCount);
    await until((all) => has('data-arrived', sampleData.length)(all) && has('parcel-arrived', viewSizes.length)(all));
    const data = ofType(reports, 'data-arrived');
    sampleData.forEach((sample, number) => {
      expect(plain(data[number])).toEqual({ type: 'data-arrived', number, one: sample, other: { nested: [sample] } });
    });
    const parcels = ofType(reports, 'parcel-arrived');
    viewSizes.forEach((size, number) => {
      expect(parcels[number]!.number).toBe(number);
      expect(Buffer.compare(parcels[number]!.content as Uint8Array, sampleBytes(size))).toBe(0);
    });
  });

  it('gives back what is too long for a link', async () => {
    const { reports, until } = await start('oversize', undefined, 2);
    await until((all) => has('refused')(all) && has('arrived')(all));
    expect(ofType(reports, 'refused')).toEqual([{ type: 'refused', size: 200_000, isAddressed: true }]);
    expect(ofType(reports, 'arrived').map(({ size }) => size)).toEqual([10]);
  });

  it('echoes udp on all lanes of a shared port, and refuses a second bind', async () => {
    const lanesCount = 2;
    const socketsCount = 40;
    const { reports, until, ask } = await start('udp', { socketsCount, perSocket: 5 }, lanesCount);
    await until((all) => has('client-done', socketsCount)(all) && has('bind-refused')(all));
    expect(ofType(reports, 'client-done').map(({ garbled }) => garbled)).toEqual(new Array(socketsCount).fill(0));
    expect(ofType(reports, 'bind-refused')[0]).toMatchObject({ socket: 0, code: 'EADDRINUSE' });
    const counts = await Promise.all(
      [0, 1].map((lane) => ask(lane, makeAddress<Typed>(0, lane, 16), { type: 'count-echoes' })),
    );
    const echoed = counts.map((told) => (told as unknown as { count: number }).count);
    expect(Math.min(...echoed)).toBeGreaterThan(0);
    expect(echoed[0]! + echoed[1]!).toBe(socketsCount * 5);
  });

  it('speaks tcp: echo, back-pressure, limits, closing, nobody there', async () => {
    const { reports, until } = await start('tcp', undefined, 1);
    await until((all) => has('hermit-closed')(all) && has('client-closed', 3)(all) && has('server-closed', 3)(all));
    expect(ofType(reports, 'client-heard').map(({ text }) => text)).toEqual(['hello, world']);
    expect(ofType(reports, 'client-opened').every(({ correlated }) => correlated === 77)).toBe(true);
    const byRole = (type: string) => new Map(ofType(reports, type).map((report) => [report.role, report]));
    const clients = byRole('client-closed');
    const servers = byRole('server-closed');
    expect(clients.get('echo')).toMatchObject({ isOwn: true, correlated: 77, code: '' });
    expect(servers.get('echo')).toMatchObject({ code: '', received: 12 });
    expect(clients.get('late reader')).toMatchObject({ code: '' });
    expect(servers.get('late reader')).toMatchObject({ code: '', received: 600_000, whilePaused: 0 });
    expect(clients.get('never reader')).toMatchObject({ isOwn: true, code: 'ENOBUFS' });
    expect(ofType(reports, 'hermit-closed')[0]).toMatchObject({ connection: 0, correlated: 5, code: 'ECONNREFUSED' });
  });

  it('appends, reads and replaces files', async () => {
    const { reports, until } = await start('disk', undefined, 1);
    await until(has('answer', 15));
    expect(ofType(reports, 'answer').map(({ what }) => what)).toEqual([
      "read ''",
      'done',
      'done',
      "read 'one two '",
      "read 'tw'",
      "read ''",
      'done',
      "read 'new'",
      'done',
      "read 'newer'",
      'EINVAL',
      'done',
      'done',
      'done',
      "read 'abc'",
    ]);
  });

  it('replaces a lane that dies while the others go on', async () => {
    const { reports, until, ask, killLane } = await start('lane-death', undefined, 3);
    const counterOf = (lane: number) => makeAddress<Typed>(0, lane, 16);
    const ticksOf = async (from: number, lane: number) => {
      const answer = await ask(from, counterOf(from), { type: 'ask-lane', lane } as Typed);
      return answer as Typed & { lane: number; ticks: number; restarted: boolean };
    };
    await until(has('lane-started', 3));
    expect(await ticksOf(0, 2)).toMatchObject({ lane: 2, restarted: false });
    const before = [await ticksOf(0, 0), await ticksOf(2, 2)];
    killLane(1);
    await until(has('lane-started', 4));
    expect(reports.filter(({ message }) => message.type === 'lane-started').at(-1)).toEqual({
      lane: 1,
      message: { type: 'lane-started', restarted: true },
    });
    expect(await ticksOf(0, 1)).toMatchObject({ lane: 1, restarted: true });
    expect(await ticksOf(1, 2)).toMatchObject({ lane: 2, restarted: false });
    for (const [index, lane] of [0, 2].entries()) {
      const after = await ticksOf(lane, lane);
      expect(after.restarted).toBe(false);
      expect(after.ticks).toBeGreaterThan(before[index]!.ticks);
    }
  });
});

/** Node's Buffers and our arrays are the same data. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, plain(entry)]));
}
