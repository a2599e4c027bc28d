// What `chordial up` tells an operator: of a lane that is killed and comes back, and where to reach the host.
import { expect, test } from 'vitest';
import { parseEndpoint } from './endpoint.ts';
import { type ChordialEvent, startChordial } from './host.ts';
import { LaneNews } from './lane-news.ts';
import { readOptions } from './options.ts';
import { greeting } from './up.ts';

test('a start is told by the greeting alone; a lane that ended is told, and that it is up again', async () => {
  const news = new LaneNews();
  const all: ChordialEvent[] = [];
  const told: ChordialEvent[] = [];
  const options = readOptions({ listen: 'udp:127.0.0.1:0', control: 'off', lanes: '2', peers: '4' }, {});
  const host = await startChordial(options, (event) => {
    // Only the lane that is killed: a busy machine may have the other fall behind and come back.
    if (event.lane !== 1 || !['lane-up', 'lane-down'].includes(event.kind)) return;
    all.push(event);
    if (news.isNew(event)) told.push(event);
  });
  try {
    expect(all.map(({ kind }) => kind)).toEqual(['lane-up']);
    expect(told).toEqual([]);
    host.killLane(1);
    await expect.poll(() => all.filter(({ kind }) => kind === 'lane-up').length, { timeout: 20_000 }).toBe(2);
    expect(told.map(({ kind }) => kind)).toEqual(['lane-down', 'lane-up']);
    expect(told.at(-1)?.sentence).toBe('lane 1 is up');
  } finally {
    await host.stop();
  }
}, 30_000);

test('a lane that fell behind is told to be back, once, and the others are not mixed up with it', () => {
  const news = new LaneNews();
  const kinds = [
    ['lane-up', 0],
    ['lane-slow', 0],
    ['lane-up', 1],
    ['lane-up', 0],
    ['lane-up', 0],
    ['actor-failed', 1],
    ['host-failed', 0],
  ] as const;
  expect(kinds.map(([kind, lane]) => news.isNew({ kind, lane }))).toEqual([
    false,
    true,
    false,
    true,
    false,
    true,
    true,
  ]);
});

test.each([
  ['udp:0.0.0.0:5060', '127.0.0.1:5060'],
  ['udp:[::]:5060', '[::1]:5060'],
  ['udp:192.0.2.1:5070', '192.0.2.1:5070'],
])('a host on %s is tried at %s', (listen, target) => {
  const options = readOptions({ listen, control: '0.0.0.0:8060' }, {});
  const text = greeting(
    { options, listen: parseEndpoint(listen.slice(4))!, aliases: [], ringEndpoint: undefined, number: 0 },
    '0.1',
  );
  expect(text).toContain(`sipsak -U -s sip:alice@${target} `);
  expect(text).toContain('http://127.0.0.1:8060/healthz');
  const [, hints] = text.split('Try in another terminal:');
  expect(hints).not.toMatch(/0\.0\.0\.0|\[::\]/);
});
