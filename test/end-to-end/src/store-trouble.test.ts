// A host of three whose disk is full: what it cannot keep is refused with 503, so that nothing is acknowledged that would be lost; it says so
// to operators, and works again when there is room.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Registrations } from './registrations.ts';
import { RingOfHosts, type RingSeat } from './ring-of-hosts.ts';

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('skipped: a full disk: only root can mount a small one');
const peersCount = 20;
const patienceMs = 120_000;
const diskBytes = 24 * 2 ** 20;
const users = Array.from({ length: 300 }, (_, i) => `user${i}`);
const ring = new RingOfHosts(['--peers', String(peersCount), '--lanes', '1']);
const seats: RingSeat[] = [];
let registrations: Registrations;
const ports = (): number[] => seats.map(({ sipPort }) => sipPort);

interface Health {
  readonly status: number;
  readonly healthy: boolean;
  readonly sentence: string;
}
async function healthOf({ controlPort }: RingSeat): Promise<Health> {
  const answer = await fetch(`http://127.0.0.1:${controlPort}/healthz`);
  return { status: answer.status, ...((await answer.json()) as Omit<Health, 'status'>) };
}

/** To the last byte. */
function fill(file: string): void {
  const descriptor = openSync(file, 'w');
  for (let piece = Buffer.alloc(2 ** 20); piece.length > 0; ) {
    try {
      writeSync(descriptor, piece);
    } catch {
      piece = piece.subarray(0, piece.length >> 1);
    }
  }
  closeSync(descriptor);
}

beforeAll(async () => {
  if (!isRoot) return;
  registrations = await Registrations.open();
  for (let i = 0; i < 3; i++) seats.push(await ring.addSeat({ address: '127.0.0.1' }));
  const { data } = seats[2]!;
  mkdirSync(data, { recursive: true });
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'tmpfs', data]);
  if (mounted.status !== 0) throw new Error(mounted.stderr.toString());
  await ring.start(seats[0]!);
  await Promise.all(seats.slice(1).map((seat) => ring.start(seat, [seats[0]!])));
  await ring.untilRight(seats, 3, 3 * peersCount, patienceMs);
}, 2 * patienceMs);
afterAll(async () => {
  registrations?.close();
  const [, , full] = seats;
  const ended = [...ring.running.keys()].map((seat) => ring.end(seat, 'SIGKILL'));
  await Promise.all(ended);
  if (full !== undefined) spawnSync('umount', ['-l', full.data]);
  await ring.close();
});

describe.skipIf(!isRoot)('a disk that gets full', { timeout: 3 * patienceMs }, () => {
  test('refuses what it cannot keep, tells, loses nothing, and works again when there is room', async () => {
    const [first, , full] = seats as [RingSeat, RingSeat, RingSeat];
    const filler = join(full.data, 'filler');
    const began = await registrations.registerAll(users, ports());
    expect(began.filter(({ statusCode }) => statusCode !== 200)).toEqual([]);
    expect(await healthOf(full)).toMatchObject({ status: 200, healthy: true });

    fill(filler);
    // The log of a store may have room for some more.
    const codes = new Map<number, number>();
    await expect
      .poll(
        async () => {
          for (const { statusCode } of await registrations.registerAll(users, ports(), 64, 1))
            codes.set(statusCode, (codes.get(statusCode) ?? 0) + 1);
          return (await healthOf(full)).sentence;
        },
        { timeout: patienceMs },
      )
      .toMatch(/ is full: make room/);
    const { status, healthy, sentence } = await healthOf(full);
    expect([status, healthy]).toEqual([503, false]);
    console.log(`a full disk: ${JSON.stringify(Object.fromEntries(codes))}; /healthz: ${sentence}`);
    // Some answers may come later than this phone waits.
    expect([...codes.keys()].filter((code) => code !== 200 && code !== 503 && code !== 0)).toEqual([]);
    expect(registrations.refusals.length).toBeGreaterThan(0);
    for (const refusal of registrations.refusals) expect(refusal).toMatch(/^Retry-After: \d+/m);
    expect((await ring.ask(full, 'repair', '--status')).code).toBe(1);
    expect((await healthOf(first)).healthy).toBe(true);
    expect(await registrations.missing(ports())).toEqual([]);

    rmSync(filler);
    await expect
      .poll(
        async () => {
          const done = await registrations.registerAll(users, ports(), 64, 1);
          return done.filter(({ statusCode }) => statusCode !== 200).length;
        },
        { timeout: patienceMs },
      )
      .toBe(0);
    await expect.poll(async () => (await healthOf(full)).healthy, { timeout: patienceMs }).toBe(true);
    await ring.untilSettled(seats, patienceMs);
    expect(await registrations.missing(ports())).toEqual([]);
  });
});
