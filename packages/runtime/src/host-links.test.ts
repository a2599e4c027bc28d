// One lane's links on real sockets: what arrives and in which order, what is refused before it is decoded, bounds, batches, relays, breaks.

import { readdirSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { makeAddress, type Typed } from '@chordial/actor';
import { afterEach, describe, expect, test } from 'vitest';
import { queueBytesMax } from './host-link.ts';
import { actorOf, closeEnds, parcel, startEnd } from './ring-end.fixture.ts';

afterEach(closeEnds);

const pair = async () => {
  const [a, b] = await Promise.all([startEnd({ host: 1 }), startEnd({ host: 2 })]);
  a.route(b);
  return { a, b };
};

test('messages arrive whole and in order, also those that waited for the link, and the other host is introduced', async () => {
  const { a, b } = await pair();
  expect(a.send(actorOf(2), parcel(1), parcel(2), parcel(3, 100_000))).toEqual([true, true, true]);
  await a.heard('host-linked');
  a.send(actorOf(2), ...Array.from({ length: 500 }, (_, i) => parcel(i + 4, i * 10)));
  await expect.poll(() => b.got.length).toBe(503);
  expect(b.numbers()).toEqual(Array.from({ length: 503 }, (_, i) => i + 1));
  for (const { message, to, from } of b.got) {
    const { n, bytes, start, end } = message as ReturnType<typeof parcel>;
    expect([to, from, end - start]).toEqual([actorOf(2), a.from, n < 3 ? 40 : n === 3 ? 100_000 : (n - 4) * 10]);
    expect(bytes.subarray(start, end).every((byte) => byte === n % 256)).toBe(true);
  }
  expect(b.events).toEqual([{ type: 'host-introduced', ...a.self }]);
  // And back, by the route that the introduction gave.
  expect(b.send(actorOf(1), parcel(7))).toEqual([true]);
  await expect.poll(a.numbers).toEqual([7]);
});

test('all that is sent in a turn leaves in one write', async () => {
  const { a, b } = await pair();
  a.send(actorOf(2), parcel(0));
  await expect.poll(() => b.got.length).toBe(1);
  const before = a.links.report().writes;
  a.send(actorOf(2), ...Array.from({ length: 1_000 }, (_, n) => parcel(n)));
  await expect.poll(() => b.got.length).toBe(1_001);
  expect(a.links.report().writes - before).toBe(1);
  expect(a.links.report()).toMatchObject({ linksUp: 1, sent: 1_001, refused: 0, lost: 0 });
  expect(b.links.report()).toMatchObject({ linksIn: 1, received: 1_001 });
});

test('without a route, or with a message too long for a frame, post says no', async () => {
  const { a } = await pair();
  expect(a.send(actorOf(3), parcel(1))).toEqual([false]);
  expect(a.send(actorOf(2), parcel(1, 200_000))).toEqual([false]);
  a.links.forget({ type: 'forget-host', host: 2 });
  expect(a.send(actorOf(2), parcel(1))).toEqual([false]);
  expect(a.links.report()).toMatchObject({ sent: 0, refused: 3 });
});

test('the queue of a link is bounded, whether it is still being opened or its reader is behind', async () => {
  const { a, b } = await pair();
  const fill = () => {
    let count = 0;
    while (a.send(actorOf(2), parcel(count, 60_000))[0]) count++;
    return count;
  };
  const waiting = fill();
  expect(waiting * 60_000).toBeLessThanOrEqual(queueBytesMax);
  expect(waiting * 60_000).toBeGreaterThan(queueBytesMax / 2);
  await expect.poll(() => b.got.length).toBe(waiting);
  // A lane with too much to do stops reading; then everything between fills up, and the sender is told.
  b.state.waitingCount = 1_000_000;
  let sent = 0;
  await expect
    .poll(() => {
      const more = fill();
      sent += more;
      return more;
    })
    .toBe(0);
  expect(b.got.length - waiting).toBeLessThan(sent);
  b.state.waitingCount = 0;
  b.links.endTurns();
  await expect.poll(() => b.got.length).toBe(waiting + sent);
  expect(a.links.report().lost).toBe(0);
});

describe('what a host with the token may not say', () => {
  test.for([
    ['to the ports of the shell', makeAddress<Typed>(2, 0, 4)],
    ['to a lane that is not there', makeAddress<Typed>(2, 3, 16)],
  ] as const)('%s', async ([_, to]) => {
    const { a, b } = await pair();
    a.send(to, parcel(1));
    a.send(actorOf(2), parcel(2));
    await expect.poll(b.numbers).toEqual([2]);
    expect(b.links.report()).toMatchObject({ received: 1, refused: 1 });
  });

  test('in the name of another: the connection ends, with a line', async () => {
    const { a, b } = await pair();
    a.links.post(actorOf(2), makeAddress<never>(3, 0, 16), parcel(1));
    a.links.flush();
    await a.heard('host-unlinked');
    expect([b.got, b.refused]).toEqual([
      [],
      ['host 1 (127.0.0.1) was refused: it sent a message in the name of host 3'],
    ]);
  });
});

test('a message for another lane goes on to it as it came', async () => {
  const [a, b] = await Promise.all([startEnd({ host: 1 }), startEnd({ host: 2, lanesCount: 2 })]);
  a.route(b);
  a.send(actorOf(2, 1), parcel(1));
  await expect.poll(() => b.forwarded).toEqual([actorOf(2, 1)]);
  // The other lane hears of the new host first.
  expect(b.got.map(({ message }) => message)).toEqual([{ type: 'host-introduced', ...a.self }]);
});

test('while the direct way is cut, a third host passes messages on, once', async () => {
  const [a, b, c] = await Promise.all([startEnd({ host: 1 }), startEnd({ host: 2 }), startEnd({ host: 3 })]);
  a.route(b);
  a.route(c, 2);
  b.route(c);
  expect(a.send(actorOf(3), ...[1, 2, 3].map((n) => parcel(n)))).toEqual([true, true, true]);
  await expect.poll(c.numbers).toEqual([1, 2, 3]);
  expect(c.got.map(({ from }) => from)).toEqual([a.from, a.from, a.from]);
  expect(b.links.report()).toMatchObject({ relayed: 3, received: 0 });
  // A relay that has no direct way itself drops: a message is never passed on twice.
  b.route(c, 1);
  a.send(actorOf(3), parcel(4));
  await expect.poll(() => b.links.report().refused).toBe(1);
  // The direct way is there again.
  a.route(c);
  a.send(actorOf(3), parcel(5));
  await expect.poll(c.numbers).toEqual([1, 2, 3, 5]);
});

test('beside a relay the direct link is opened, and host-linked tells that it is up; until then nothing is lost', async () => {
  const [a, b, c] = await Promise.all([startEnd({ host: 1 }), startEnd({ host: 2 }), startEnd({ host: 3 })]);
  const away = await startEnd({ host: 4 });
  away.close();
  // Where host 3 is said to be, nothing listens.
  const unreachable = { self: { ...c.self, port: away.self.port } };
  const told = (type: string) => a.events.filter((event) => event.type === type && event.host === 3).length;
  a.route(b);
  b.route(c);
  for (let n = 0; n < 10; n++) {
    a.route(unreachable, 2);
    expect(a.send(actorOf(3), parcel(n))).toEqual([true]);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  await expect.poll(() => c.got.length).toBe(10);
  expect([told('host-linked'), told('host-unlinked')]).toEqual([0, 0]);
  a.route(c, 2);
  await expect.poll(() => told('host-linked')).toBe(1);
  // Told once more, as the watcher may have missed it.
  a.route(c, 2);
  expect(told('host-linked')).toBe(2);
  a.send(actorOf(3), parcel(10));
  await expect.poll(() => b.links.report().relayed).toBe(11);
  a.route(c);
  a.send(actorOf(3), parcel(11));
  await expect.poll(() => c.got.length).toBe(12);
  expect(b.links.report().relayed).toBe(11);
});

test('a relay needs a route of its own', async () => {
  const { a } = await pair();
  const c = await startEnd({ host: 3 });
  a.route(c, 4);
  expect(a.send(actorOf(3), parcel(1))).toEqual([false]);
});

describe('a link that breaks', () => {
  test('is told of, and opens again for the next message', async () => {
    const { a, b } = await pair();
    a.send(actorOf(2), parcel(1));
    await expect.poll(b.numbers).toEqual([1]);
    b.close();
    await a.heard('host-unlinked');
    const again = await startEnd({ host: 2, port: b.self.port });
    await expect.poll(() => a.send(actorOf(2), parcel(3)).length && again.got.length).toBeGreaterThan(0);
    expect(new Set(again.numbers())).toEqual(new Set([3]));
    expect(a.events.filter(({ type }) => type === 'host-linked')).toHaveLength(2);
  });

  test('names the reason, and what waited is counted as lost', async () => {
    const { a, b } = await pair();
    b.close();
    await expect.poll(() => a.send(actorOf(2), parcel(1)).concat(a.events.length > 0)).toContain(true);
    await a.heard('host-unlinked');
    const event = a.events.find(({ type }) => type === 'host-unlinked');
    expect(event).toMatchObject({ host: 2, code: 'ECONNREFUSED' });
    expect(a.links.report()).toMatchObject({ lost: a.links.report().sent, linksUp: 0 });
  });

  test('that answers again after a silence is told to be there again', async () => {
    const { a, b } = await pair();
    const passed: Socket[] = [];
    const cable = createServer((near) => {
      const far = connect(b.self.port, '127.0.0.1');
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) passed.push(socket.on('error', () => {}));
    });
    await new Promise<void>((resolve) => cable.listen(0, '127.0.0.1', resolve));
    a.route({ self: { ...b.self, port: (cable.address() as { port: number }).port } });
    a.send(actorOf(2), parcel(1));
    await expect.poll(b.numbers).toEqual([1]);
    const [near, far] = passed as [Socket, Socket];
    far.unpipe().pause();
    await a.heard('host-unlinked');
    expect(a.events.at(-1)).toMatchObject({ code: 'silent' });
    far.pipe(near);
    await a.heard('host-linked', 2);
    expect(a.events.map(({ type }) => type)).toEqual(['host-linked', 'host-unlinked', 'host-linked']);
    cable.close();
    for (const socket of passed) socket.destroy();
  });

  test('because the network goes silent is noticed by a ping without an answer', async () => {
    const { a, b } = await pair();
    // A cable that is cut: connections stay, and nothing passes any more.
    const passed: Socket[] = [];
    const cable = createServer((near) => {
      const far = connect(b.self.port, '127.0.0.1');
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) {
        socket.on('error', () => {});
        passed.push(socket);
      }
    });
    await new Promise<void>((resolve) => cable.listen(0, '127.0.0.1', resolve));
    a.route({ self: { ...b.self, port: (cable.address() as { port: number }).port } });
    a.send(actorOf(2), parcel(1));
    await expect.poll(b.numbers).toEqual([1]);
    for (const socket of passed) socket.unpipe().pause();
    // Told early, so that another way is looked for; given up later.
    await a.heard('host-unlinked');
    expect(a.events.at(-1)).toMatchObject({ type: 'host-unlinked', host: 2, code: 'silent' });
    expect(a.links.report().linksUp).toBe(1);
    await a.heard('host-unlinked', 2);
    expect(a.events.at(-1)).toMatchObject({ type: 'host-unlinked', host: 2, code: 'ETIMEDOUT' });
    expect(a.links.report().linksUp).toBe(0);
    // And what the far end still holds is given up there too.
    for (const socket of passed) socket.destroy();
    await expect.poll(() => b.links.report().linksIn).toBe(0);
    cable.close();
  });

  test('because its process was replaced is noticed when the new one calls, before another message is lost', async () => {
    const { a, b } = await pair();
    a.send(actorOf(2), parcel(1));
    await expect.poll(b.numbers).toEqual([1]);
    // The old process is still there, but a later life of the same host calls from elsewhere.
    const later = await startEnd({ host: 2, life: Date.now() + 1_000_000 });
    later.route(a);
    later.send(actorOf(1), parcel(9));
    await expect.poll(a.numbers).toEqual([9]);
    await a.heard('host-unlinked');
    expect(a.send(actorOf(2), parcel(2))[0] || a.events.length > 0).toBe(true);
    await expect.poll(() => a.send(actorOf(2), parcel(3)).length && later.got.length).toBeGreaterThan(0);
    expect(b.numbers()).toEqual([1]);
  });

  test('in silence, when its process lost its power, is left when the next life is heard of, and nothing sent from then on is lost', async () => {
    const [life, lifeAfter] = [1_000, 2_000];
    const [a, b] = await Promise.all([startEnd({ host: 1 }), startEnd({ host: 2, life })]);
    const passed: Socket[] = [];
    const cable = createServer((near) => {
      const far = connect(b.self.port, '127.0.0.1');
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) passed.push(socket.on('error', () => {}));
    });
    await new Promise<void>((resolve) => cable.listen(0, '127.0.0.1', resolve));
    a.route({ self: { ...b.self, port: (cable.address() as { port: number }).port } }, 0, life + 10);
    a.send(actorOf(2), parcel(1));
    await expect.poll(b.numbers).toEqual([1]);
    for (const socket of passed) socket.unpipe().pause();
    const later = await startEnd({ host: 2, life: lifeAfter });
    // The first of these waits while the news come, as within a turn.
    expect(a.links.post(actorOf(2), a.from, parcel(2))).toBe(true);
    a.route(later, 0, lifeAfter + 10);
    expect(a.send(actorOf(2), parcel(3), parcel(4))).toEqual([true, true]);
    await expect.poll(later.numbers).toEqual([2, 3, 4]);
    const events = () => a.events.map((event) => (event.type === 'host-unlinked' ? event.code : event.type));
    expect(events()).toEqual(['host-linked', 'former-life', 'host-linked']);
    // Heard again, or of an earlier life, it is no news.
    a.route(later, 0, lifeAfter + 10);
    a.route(later, 0, life + 10);
    a.route(later);
    a.send(actorOf(2), parcel(5));
    await expect.poll(later.numbers).toEqual([2, 3, 4, 5]);
    expect(events()).toHaveLength(3);
    expect(a.links.report()).toMatchObject({ linksUp: 1, lost: 0, refused: 0 });
    cable.close();
    for (const socket of passed) socket.destroy();
  });

  test('and was opened to the next life before that is heard of stays', async () => {
    const [a, b] = await Promise.all([startEnd({ host: 1 }), startEnd({ host: 2, life: 2_000 })]);
    a.route(b, 0, 1_010);
    a.send(actorOf(2), parcel(1));
    await expect.poll(b.numbers).toEqual([1]);
    a.route(b, 0, 2_010);
    a.send(actorOf(2), parcel(2));
    await expect.poll(b.numbers).toEqual([1, 2]);
    expect(a.events.map(({ type }) => type)).toEqual(['host-linked']);
  });

  test('while it is being opened to a life that is gone is opened anew, with what waits for it', async () => {
    const a = await startEnd({ host: 1 });
    const calls: Socket[] = [];
    // It takes the call, as a host that loses its power then, and says no more.
    const silent = createServer((socket) => calls.push(socket.on('error', () => {})));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const later = await startEnd({ host: 2, life: 2_000 });
    a.route({ self: { ...later.self, port: (silent.address() as { port: number }).port } }, 0, 1_010);
    a.send(actorOf(2), parcel(1), parcel(2));
    await expect.poll(() => calls.length).toBe(1);
    a.route(later, 0, 2_010);
    a.send(actorOf(2), parcel(3));
    await expect.poll(later.numbers).toEqual([1, 2, 3]);
    expect(a.events.map(({ type }) => type)).toEqual(['host-linked']);
    silent.close();
    for (const socket of calls) socket.destroy();
  });
});

test('a link from a later life of a host ends those of its former ones, of whichever lane', async () => {
  const a = await startEnd({ host: 1 });
  const start = (lane: number, life: number) => startEnd({ host: 2, lane, lanesCount: 2, life });
  const former = await Promise.all([start(0, 1_000), start(1, 1_000)]);
  const link = async (end: (typeof former)[number], n: number) => {
    end.route(a);
    end.send(actorOf(1), parcel(n));
    await expect.poll(() => a.numbers().includes(n)).toBe(true);
  };
  await Promise.all(former.map((end, n) => link(end, n)));
  expect(a.links.report().linksIn).toBe(2);
  const later = await start(0, 2_000);
  await link(later, 2);
  await expect.poll(() => a.links.report().linksIn).toBe(1);
  await link(await start(1, 2_000), 3);
  later.send(actorOf(1), parcel(4));
  await expect.poll(() => a.numbers().includes(4)).toBe(true);
  expect(a.links.report().linksIn).toBe(2);
});

test('a hundred connections that come and go leave no descriptor', async () => {
  const descriptors = () => readdirSync('/proc/self/fd').length;
  const { a, b } = await pair();
  a.send(actorOf(2), parcel(0));
  await expect.poll(b.numbers).toEqual([0]);
  const before = descriptors();
  for (let n = 1; n <= 100; n++) {
    a.links.forget({ type: 'forget-host', host: 2 });
    a.route(b);
    await expect
      .poll(
        () => {
          a.send(actorOf(2), parcel(n));
          return b.got.length;
        },
        { interval: 1 },
      )
      .toBeGreaterThan(n);
    b.got.length = n + 1;
  }
  await expect.poll(descriptors).toBeLessThanOrEqual(before + 2);
});
