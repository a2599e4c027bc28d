// A host with real threads: order and no loss between lanes, lanes that die in every way and come back while others go on, and
// an end that comes in time. Awaits events and states; asserts no time but that everything ends.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { makeAddress, type Typed } from '@chordial/actor';
import { afterEach, describe, expect, test } from 'vitest';
import { type Host, type HostEvent, type HostOptions, startHost } from './host.ts';
import { type TrialConfig, type TrialMessage, trialAt } from './trial-program.ts';

const program = new URL('./trial-program.ts', import.meta.url).href;
const hosts: Host[] = [];
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

async function start(options: Partial<HostOptions> & { readonly config?: TrialConfig } = {}) {
  const events: HostEvent[] = [];
  const reports: { lane: number; message: Typed & { restarted?: boolean } }[] = [];
  const host = await startHost({
    program,
    config: {},
    lanesCount: 2,
    onEvent: (event) => events.push(event),
    onReport: (lane, message) => reports.push({ lane, message }),
    ...options,
  });
  hosts.push(host);
  const at = (lane: number) => makeAddress<Typed>(0, lane, trialAt);
  const ask = (lane: number, message: TrialMessage, timeoutMs = 30_000) => host.ask(lane, at(lane), message, timeoutMs);
  const stateOf = (lane: number) => ask(lane, { type: 'tell-state' });
  /** Orders that get no answer: the question only brings them in. */
  const tell = (lane: number, message: TrialMessage) => void ask(lane, message, 100).catch(() => {});
  const heard = (kind: HostEvent['kind'], lane: number, count = 1) =>
    expect
      .poll(() => events.filter((event) => event.kind === kind && event.lane === lane).length)
      .toBeGreaterThanOrEqual(count);
  const replaced = async (lane: number) => {
    await heard('lane-up', lane, 2);
    await expect
      .poll(() => reports.filter((report) => report.lane === lane && report.message.type === 'laid-out'))
      .toMatchObject([{ message: { restarted: false } }, { message: { restarted: true } }]);
    await expect.poll(() => stateOf(lane).then(({ type }) => type, String)).toBe('state-told');
  };
  return { host, events, reports, ask, tell, stateOf, heard, replaced };
}

test('200,000 messages between two lanes arrive whole, in order and once, in both directions', async () => {
  const { ask, stateOf, host } = await start();
  const count = 100_000;
  await Promise.all([
    ask(0, { type: 'send-numbered', lane: 1, count }),
    ask(1, { type: 'send-numbered', lane: 0, count }),
  ]);
  for (const lane of [0, 1]) {
    expect(await stateOf(lane)).toMatchObject({ receivedCount: count, firstFault: '', refusedCount: 0 });
  }
  const pictures = await host.inspect();
  expect(pictures.map(({ lane, phase, links }) => [lane, phase, links.refused, links.unknown])).toEqual([
    [0, 'up', 0, 0],
    [1, 'up', 0, 0],
  ]);
  expect(pictures[0]!.totals.trial).toMatchObject({ receivedCount: count });
});

test('idle lanes wake each other: questions that pass through all lanes are answered', async () => {
  const { tell, stateOf, host } = await start({ lanesCount: 3 });
  tell(0, { type: 'chase', n: 0 });
  await expect
    .poll(async () => ((await stateOf(2)) as unknown as { chasedCount: number }).chasedCount)
    .toBeGreaterThan(1_000);
  await host.stop();
  await expect(host.ask(0, makeAddress(0, 0, trialAt), { type: 'tell-state' })).rejects.toThrow();
});

describe('a lane that dies is replaced, and the others lose nothing', () => {
  test.for(['killed', 'exit', 'reject', 'throw-later', 'spin'] as const)('%s', async (how) => {
    const { host, ask, tell, stateOf, heard, replaced, events } = await start({
      lanesCount: 3,
      // A busy machine may hold up a healthy lane, and what is sent to a slow one is refused.
      lagMsMax: how === 'spin' ? 1_500 : 30_000,
      stallMsMax: how === 'spin' ? 3_000 : 60_000,
    });
    const count = 100_000;
    const traffic = Promise.all([
      ask(0, { type: 'send-numbered', lane: 2, count }),
      ask(2, { type: 'send-numbered', lane: 0, count }),
    ]);
    // So that its first life has been told of before it ends.
    await stateOf(1);
    if (how === 'killed') host.killLane(1);
    else tell(1, { type: 'die', how });
    await heard('lane-down', 1);
    await replaced(1);
    await traffic;
    for (const lane of [0, 2]) expect(await stateOf(lane)).toMatchObject({ receivedCount: count, firstFault: '' });
    const kinds = events.filter(({ lane }) => lane === 1).map(({ kind }) => kind);
    if (how === 'spin') expect(kinds).toEqual(['lane-up', 'lane-slow', 'lane-down', 'lane-up']);
    const down = events.find(({ kind }) => kind === 'lane-down')!;
    const said = {
      killed: 'killed',
      exit: 'exited with code',
      reject: 'promise',
      'throw-later': 'callback',
      spin: 'silent',
    };
    expect(down.sentence).toContain(said[how]);
    // The new lane has both ends of its links.
    await ask(1, { type: 'send-numbered', lane: 0, count: 1_000 });
    await ask(2, { type: 'send-numbered', lane: 1, count: 1_000 });
    expect(await stateOf(1)).toMatchObject({ receivedCount: 1_000, firstFault: '' });
  });

  test('also in the middle of its own traffic, again and again', async () => {
    const { host, ask, heard, stateOf } = await start();
    for (let death = 1; death <= 4; death++) {
      void ask(1, { type: 'send-numbered', lane: 0, count: 10_000_000 }).catch(() => {});
      void ask(0, { type: 'send-numbered', lane: 1, count: 10_000_000 }).catch(() => {});
      await expect.poll(async () => (await host.inspect()).every(({ links }) => links.received > 1_000)).toBe(true);
      host.killLane(1);
      await heard('lane-up', 1, death + 1);
    }
    // The ring went on: no record was torn, or lane 0 would have ended too.
    await heard('lane-up', 0);
    await expect.poll(() => stateOf(1).then(({ type }) => type, String)).toBe('state-told');
    expect(await host.inspect()).toHaveLength(2);
  });
});

test('a slow lane gets nothing: what is sent to it comes back at once to those who want to hear it', async () => {
  const { host, tell, stateOf, heard } = await start({ lagMsMax: 400, stallMsMax: 60_000 });
  tell(1, { type: 'die', how: 'spin' });
  await heard('lane-slow', 1);
  expect(host.phaseOf(1)).toBe('slow');
  tell(0, { type: 'chase', n: 0 });
  await expect.poll(() => stateOf(0)).toMatchObject({ chasedCount: 1, refusedCount: 1 });
  await host.stop();
});

test('an actor that throws is reported and restarted; its lane and the others go on', async () => {
  const { tell, stateOf, heard, events, host } = await start();
  tell(0, { type: 'die', how: 'throw' });
  await heard('actor-failed', 0);
  expect(events.find(({ kind }) => kind === 'actor-failed')!.sentence).toMatch(
    /^trial failed \(restart\).*told to fail/s,
  );
  await expect.poll(() => stateOf(0).then(({ type }) => type, String)).toBe('state-told');
  expect(host.phaseOf(0)).toBe('up');
});

test('a root actor that fails too often ends its lane, which is replaced', async () => {
  const { tell, heard, replaced, events } = await start();
  for (let failure = 1; failure <= 11; failure++) {
    // An actor that restarts hears nothing, so tell it until it has failed again.
    await expect
      .poll(() => {
        tell(1, { type: 'die', how: 'throw' });
        return events.filter(({ kind }) => kind === 'actor-failed').length;
      })
      .toBeGreaterThanOrEqual(failure);
  }
  await heard('lane-down', 1);
  await replaced(1);
});

describe('a host does not start', () => {
  const attempt = (options: Partial<HostOptions>) =>
    startHost({ program, config: {}, lanesCount: 2, ...options }).then(
      () => 'started',
      (failure: Error) => failure.message,
    );

  test('when its program throws, and says why', async () => {
    expect(await attempt({ config: { throwsFrom: 1 } })).toBe('lane 1 did not start: lane 1 was told to fail at start');
    expect(await attempt({ config: { throwsFrom: 0 } })).toMatch(/did not start: lane . was told to fail at start/);
  });

  test('when its program is not there, and names it', async () => {
    expect(await attempt({ program: new URL('./no-such-program.ts', import.meta.url).href })).toMatch(
      /no-such-program/,
    );
  });

  test('when its program is no program', async () => {
    expect(await attempt({ program: new URL('./clock.ts', import.meta.url).href })).toMatch(/default export/);
  });

  test.for([0, -1, 1.5, 65, Number.NaN])('with %d lanes', async (lanesCount) => {
    expect(await attempt({ lanesCount })).toMatch(/1 to 64 lanes/);
  });
});

describe('a host stops', () => {
  test('under load, and with a lane that hangs, and when asked twice', async () => {
    const { host, ask, tell } = await start({ lanesCount: 3 });
    void ask(0, { type: 'send-numbered', lane: 1, count: 1e9 }).catch(() => {});
    tell(0, { type: 'chase', n: 0 });
    tell(2, { type: 'die', how: 'spin' });
    await Promise.all([host.stop(), host.stop()]);
    expect(await host.inspect(100)).toEqual([]);
  });

  test.for([
    ['that ran', '{}'],
    ['that did not start', '{ throwsFrom: 1 }'],
  ] as const)('and leaves nothing that keeps the process alive: one %s', async ([_, config]) => {
    const script = `
      import { startHost } from '@chordial/runtime';
      const options = { program: '${program}', config: ${config}, lanesCount: 2 };
      const host = await startHost(options).catch((failure) => console.log(failure.message));
      await host?.stop();
      console.log('the end');`;
    const flags = ['--conditions=@chordial/source', '--input-type=module', '-e', script];
    const cwd = new URL('..', import.meta.url);
    const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd, timeout: 30_000 });
    expect(stdout).toMatch(/the end\n$/);
  });

  test('while a lane is being replaced', async () => {
    const { host, heard } = await start();
    host.killLane(1);
    await heard('lane-down', 1);
    await host.stop();
    expect(await host.inspect(100)).toEqual([]);
  });
});

test('listeners that throw harm no lane', async () => {
  const ups: number[] = [];
  const { host, stateOf } = await start({
    onReport: () => {
      throw new Error('the listener failed');
    },
    onEvent: ({ kind, lane }) => {
      if (kind === 'lane-up') ups.push(lane);
    },
  });
  expect([(await stateOf(0)).type, (await stateOf(1)).type]).toEqual(['state-told', 'state-told']);
  expect([host.phaseOf(0), ups.length]).toEqual(['up', 2]);
});
