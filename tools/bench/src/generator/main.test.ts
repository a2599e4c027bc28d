// The generator as a process against a small server in the test, which loses some requests.
import { createSocket, type Socket } from 'node:dgram';
import { afterEach, expect, it } from 'vitest';
import { runLoad } from '../load.ts';
import type { LoadResult } from './main.ts';
import { cseqMin } from './request-template.ts';

let server: Socket | undefined;
afterEach(() => {
  server?.close();
  server = undefined;
});

/** Answers with a status; the first request of every `loseEvery` is lost once. */
async function serve(status: string, loseEvery = Number.POSITIVE_INFINITY) {
  const socket = createSocket('udp4');
  server = socket;
  const lost = new Set<string>();
  const users = new Set<string>();
  const ports = new Set<number>();
  let count = 0;
  socket.on('message', (bytes, remote) => {
    const text = bytes.toString('latin1');
    const via = /^Via: .*$/m.exec(text)![0];
    if (++count % loseEvery === 0 && !lost.has(via)) {
      lost.add(via);
      return;
    }
    users.add(/^To: .*$/m.exec(text)![0]);
    ports.add(remote.port);
    socket.send(`SIP/2.0 ${status}\r\n${via}\r\n\r\n`, remote.port, remote.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const target = { name: 'the test', port: socket.address().port, pids: [process.pid], cseq: cseqMin };
  return { target, lost, users, ports };
}

const load = { method: 'REGISTER', users: 100, requests: 100, window: 16 } as const;

it.each(['batched', 'dgram'])('sends each user once, again what was lost, over several ports (%s)', async (kind) => {
  process.env.CHORDIAL_BENCH_SOCKETS = kind;
  const { target, lost, users, ports } = await serve('200 OK', 30);
  const result: LoadResult = await runLoad(target, { ...load, sockets: 4 });
  expect(result).toMatchObject({ answered: 100, refused: 0, unanswered: 0, retransmitted: lost.size });
  expect(lost.size).toBeGreaterThan(0);
  expect(users.size).toBe(100);
  expect([...ports].toSorted()).toEqual(result.ports.toSorted());
  expect(target.cseq).toBe(cseqMin + 100);
  expect(result.longestUs).toBeGreaterThanOrEqual(500_000);
});

it('makes a refused request a failure of the run', async () => {
  const { target } = await serve('503 Service Unavailable');
  await expect(runLoad(target, load)).rejects.toThrow('SIP/2.0 503 Service Unavailable');
});
