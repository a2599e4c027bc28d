// Five hosts on loopback that keep their records on disks: under load one is killed, then a second one, one loses its disk, all are killed at
// once. Nothing that was acknowledged is missing afterwards, asked at whichever host, and the copies are where they should be.
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Load, Registrations } from './registrations.ts';
import { RingOfHosts, type RingSeat } from './ring-of-hosts.ts';
import { runChordial, startRunningHost } from './running-host.ts';

const usersCount = Number(process.env.CHORDIAL_TEST_USERS ?? 3_000);
const loadPerSecond = 100;
const peersCount = 20;
const patienceMs = 120_000;
const users = Array.from({ length: usersCount }, (_, i) => `user${i}`);
const ring = new RingOfHosts(['--peers', String(peersCount), '--lanes', '1']);
const seats: RingSeat[] = [];
let registrations: Registrations;
let load: Load;

const portsOf = (some: readonly RingSeat[]): number[] => some.map(({ sipPort }) => sipPort);
const living = (): RingSeat[] => seats.filter((seat) => ring.running.has(seat));

interface Shown {
  readonly owner: { readonly host: number };
  readonly siblings: readonly { readonly value: string; readonly ttlSeconds: number }[];
  readonly context: string;
  readonly copies: readonly { readonly host: number; readonly state: string; readonly sentence: string }[];
}
const get = (seat: RingSeat, name: string, ...more: string[]) => ring.askJson<Shown>(seat, 'get', name, ...more);

/** One byte of a value where it stands, in the table or in the log before it; how many rows were changed. */
function flipByte(file: string, value: string): number {
  const database = new DatabaseSync(file);
  let count = 0;
  const rows = database.prepare('select id, body from log').all() as { id: number; body: Uint8Array }[];
  for (const { id, body } of rows) {
    const at = Buffer.from(body).indexOf(value);
    if (at < 0) continue;
    body[at]! ^= 1;
    count += Number(database.prepare('update log set body = ? where id = ?').run(body, id).changes);
  }
  const flipped = `${String.fromCharCode(value.charCodeAt(0) ^ 1)}${value.slice(1)}`;
  count += Number(database.prepare('update records set value = ? where value = ?').run(flipped, value).changes);
  database.close();
  return count;
}

/** All is acknowledged as it was, wherever it is asked; every copy is where it should be. */
async function untilWhole(what: string): Promise<void> {
  const there = living();
  await ring.untilRight(there, there.length, there.length * peersCount, patienceMs);
  const missingAtOnce = await registrations.missing(portsOf(there));
  const settledMs = await ring.untilSettled(there, patienceMs);
  const missing = await registrations.missing(portsOf(there));
  // The load goes on: a record may be read while it is being written.
  const { wrong } = await ring.scattered(there[0]!, 'bindings', Math.min(3, there.length));
  console.log(
    `${what}: ${registrations.acknowledged.size} acknowledged, ${missingAtOnce.length} missing when the ring was right, ${missing.length} when it had settled ${(settledMs / 1_000).toFixed(1)} s later; ${wrong.length} records with too few or different copies`,
  );
  expect(missing).toEqual([]);
  expect(missingAtOnce).toEqual([]);
  expect(wrong.length).toBeLessThanOrEqual(loadPerSecond);
}

beforeAll(async () => {
  registrations = await Registrations.open();
  for (let i = 0; i < 5; i++) seats.push(await ring.addSeat({ address: '127.0.0.1' }));
  await ring.start(seats[0]!);
  await Promise.all(seats.slice(1).map((seat) => ring.start(seat, [seats[0]!])));
  await ring.untilRight(seats, 5, 5 * peersCount, patienceMs);
}, 2 * patienceMs);
afterAll(async () => {
  await load?.stop();
  registrations?.close();
  await ring.close();
});

describe('five hosts', { timeout: 3 * patienceMs }, () => {
  test('all users register; their records are on three disks', async () => {
    const done = await registrations.registerAll(users, portsOf(seats));
    expect(done.filter(({ statusCode }) => statusCode !== 200)).toEqual([]);
    load = new Load(registrations, users, () => portsOf(living()), loadPerSecond);
    await untilWhole('all have registered');
    const stores = await Promise.all(seats.map((seat) => ring.repairOf(seat)));
    const kept = stores.reduce((sum, { store }) => sum + store.recordsCount, 0);
    expect(kept).toBeGreaterThanOrEqual(3 * usersCount);
    const { copies } = await get(seats[1]!, 'user7@example.com', '--table', 'bindings');
    expect(copies).toHaveLength(3);
  });

  test('one is killed, then a second one: nothing acknowledged is missing', async () => {
    await ring.end(seats[3]!, 'SIGKILL');
    await untilWhole('kill -9 of one');
    await ring.end(seats[4]!, 'SIGKILL');
    await untilWhole('kill -9 of a second one');
  });

  test('one comes back with its disk, the other one without: it is given all it should have', async () => {
    rmSync(seats[4]!.data, { recursive: true, force: true, maxRetries: 5 });
    await Promise.all([ring.start(seats[3]!, [seats[0]!]), ring.start(seats[4]!, [seats[0]!])]);
    await untilWhole('both are back, one with an empty disk');
    const { store } = await ring.repairOf(seats[4]!);
    expect(store.recordsCount).toBeGreaterThan(usersCount / 5);
  });

  test('an operator keeps, reads and removes a record at any host, and sees where its copies are', async () => {
    const { code, stdout } = await ring.ask(seats[0]!, 'put', 'colour', 'blue', '--ttl', '3600');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^Kept by host \d+/)]);
    const shown = await get(seats[1]!, 'colour');
    expect(shown.siblings).toEqual([{ value: 'blue', ttlSeconds: expect.any(Number) }]);
    await expect
      .poll(async () => (await get(seats[2]!, 'colour')).copies.map(({ state }) => state), { timeout: patienceMs })
      .toEqual(['equal', 'equal', 'equal']);
    // Who has not seen the record does not replace it.
    await ring.ask(seats[2]!, 'put', 'colour', 'red', '--context', '');
    const several = await get(seats[3]!, 'colour');
    expect(several.siblings.map(({ value }) => value).toSorted()).toEqual(['blue', 'red']);
    await ring.ask(seats[4]!, 'put', 'colour', 'green', '--context', several.context);
    expect((await get(seats[0]!, 'colour')).siblings.map(({ value }) => value)).toEqual(['green']);
    const all = await ring.ask(seats[0]!, 'scan', '--table', 'records', '--host', 'all');
    expect(all.stdout).toMatch(/records +colour +\d+ \d+ \d+ .*green/);
    await ring.ask(seats[0]!, 'delete', 'colour');
    expect((await get(seats[1]!, 'colour')).siblings).toEqual([]);
  });

  test('the pages of a scan follow each other to the end', async () => {
    const names: string[] = [];
    let after: string[] = [];
    for (;;) {
      const page = await ring.askJson<{ records: { name: string; hosts: number[] }[]; next?: string }>(
        seats[0]!,
        ...['scan', '--table', 'bindings', '--host', 'all', '--limit', '1500', ...after],
      );
      names.push(...page.records.map(({ name }) => name));
      if (page.next === undefined) break;
      after = ['--after', page.next];
    }
    expect(names.toSorted()).toEqual(users.map((user) => `${user}@example.com`).toSorted());
  });

  test('a change of an ordered table is made by one of two that expect the same', async () => {
    const take = (seat: RingSeat, who: string, expected: string) =>
      ring.ask(seat, 'put', 'lock', who, '--table', 'ordered', '--expected', expected);
    const both = await Promise.all([take(seats[0]!, 'first', ''), take(seats[1]!, 'second', '')]);
    expect(both.map(({ code }) => code).toSorted()).toEqual([0, 1]);
    const { siblings, context } = await get(seats[2]!, 'lock', '--table', 'ordered');
    const winner = both[0]!.code === 0 ? 'first' : 'second';
    expect(siblings.map(({ value }) => value)).toEqual([winner]);
    expect((await take(seats[3]!, 'third', context)).code).toBe(0);
    expect((await take(seats[4]!, 'late', context)).stderr).toContain('Nothing was changed');
  });

  test('a record with a flipped byte is healed from another host', async () => {
    await ring.ask(seats[0]!, 'put', 'healed', 'whole');
    await ring.untilSettled(seats, patienceMs);
    const { copies, owner } = await get(seats[0]!, 'healed');
    const stores = await Promise.all(seats.map(async (seat) => ({ seat, host: (await ring.repairOf(seat)).host })));
    const other = copies.find(({ host }) => host !== owner.host)!.host;
    const { seat } = stores.find(({ host }) => host === other)!;
    await ring.end(seat, 'SIGKILL');
    expect(flipByte(join(seat.data, 'records.sqlite'), 'whole')).toBe(1);
    await ring.start(seat, [seats.find((each) => each !== seat)!]);
    await ring.untilRight(seats, 5, 5 * peersCount, patienceMs);
    await expect
      .poll(async () => (await get(seats[0]!, 'healed')).copies.map(({ state }) => state), { timeout: patienceMs })
      .toEqual(['equal', 'equal', 'equal']);
    expect((await get(seat, 'healed')).siblings.map(({ value }) => value)).toEqual(['whole']);
    await untilWhole('a flipped byte');
  });

  test('a backup that is taken under load is restored into a ring of its own', async () => {
    const elsewhere = dirname(seats[0]!.data);
    const file = join(elsewhere, 'backup');
    const { code, stdout, stderr } = await ring.ask(seats[0]!, 'backup', file);
    expect([code, stderr]).toEqual([0, '']);
    const counted = Number(/^(\d+) records in /.exec(stdout)?.[1]);
    expect(counted).toBeGreaterThan(usersCount / 2);
    const fresh = await startRunningHost(['--lanes', '1', '--peers', '17', '--data', join(elsewhere, 'fresh')]);
    try {
      const ask = (...parameters: string[]) => runChordial([...parameters, '--control', fresh.control]);
      const restored = await ask('restore', file);
      expect(restored.stderr).toBe('');
      const shown = JSON.parse((await ask('scan', '--limit', '10000', '--json')).stdout) as { records: unknown[] };
      expect(shown.records.length).toBe(Number(/^(\d+) records of/.exec(restored.stdout)?.[1]));
      const again = await ask('restore', join(seats[0]!.data, 'identity.json'));
      expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('take another copy')]);
    } finally {
      await fresh.end('SIGTERM');
    }
  });

  test('all are killed at once and started again: nothing acknowledged is missing', async () => {
    await load.stop();
    await Promise.all(seats.map((seat) => ring.end(seat, 'SIGKILL')));
    // Each as its operator starts it every time.
    await Promise.all(seats.map((seat, i) => ring.start(seat, i === 0 ? [] : [seats[0]!])));
    await untilWhole('all were killed');
  });
});
