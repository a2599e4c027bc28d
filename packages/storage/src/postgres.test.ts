// The PostgreSQL engine on a real server: the conformance suite, a server that dies and comes back, hosts that share a database, and no password
// anywhere.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ringKeyFromText } from '@chordial/ring-key';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { storeConformance } from './conformance.fixture.ts';
import { EngineFailure } from './engine.ts';
import { PostgresServer, password, postgresPrograms } from './postgres.fixture.ts';
import { PostgresEngine } from './postgres-engine.ts';
import type { StorageEvent } from './protocol.ts';
import { get, nameOf, put, putAll, record } from './records.fixture.ts';
import { StoreLane } from './store-lane.fixture.ts';
import { storeLimits, storePort } from './store-port.ts';

const programs = postgresPrograms();

describe.skipIf(programs === undefined)('postgres', () => {
  let server: PostgresServer;
  const engines = new Map<StoreLane, PostgresEngine>();
  let hostNext = 1;

  beforeAll(async () => {
    server = new PostgresServer(programs!);
    await server.start();
  }, 120_000);
  afterAll(async () => {
    await server.stop();
    server.remove();
  });

  function start(lane: StoreLane, host: number, options: { readonly jobsMax?: number } = {}): void {
    const engine = new PostgresEngine({ url: server.url(), host });
    engines.set(lane, engine);
    const { startedAt, owner } = lane;
    const deliver: NonNullable<Parameters<typeof storePort.init>[0]['deliver']> = (to, message) =>
      lane.deliver(to, message);
    lane.store = lane.spawn(storePort, { engine, startedAt, owner, deliver, ...storeLimits, ...options });
  }
  async function stop(lane: StoreLane): Promise<void> {
    await engines.get(lane)?.close();
    engines.delete(lane);
  }
  function newLane(host = hostNext++): StoreLane {
    const lane = new StoreLane();
    start(lane, host);
    return lane;
  }
  const valueIn = (event: StorageEvent) =>
    event.type === 'records-read' ? event.records.map((found) => found?.value) : event;
  /** Asks until the answer is no failure. */
  async function insist(lane: StoreLane, asked: Parameters<StoreLane['ask']>[0]): Promise<StorageEvent> {
    for (;;) {
      const event = await lane.ask(asked);
      if (event.type !== 'storage-failed') return event;
      expect(event.code).toBe('unavailable');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  storeConformance({
    name: 'conformance',
    isDurable: true,
    newPlace: () => `${hostNext++} ${mkdtempSync(join(tmpdir(), 'chordial-store-'))}`,
    start: (lane, place, options) => start(lane, Number(place.split(' ')[0]), options),
    stop,
    exportName: (place, name) => join(place.split(' ')[1]!, name),
    removePlace: (place) => rmSync(place.split(' ')[1]!, { recursive: true }),
  });

  test('a server that is killed is told as unavailable; when it is back, all that was acknowledged is there', async () => {
    const lane = newLane();
    const acknowledged: string[] = [];
    for (let i = 0; i < 50; i++) {
      const one = record(`user${i}`);
      if ((await lane.ask(put(one))).type === 'records-written') acknowledged.push(one.name);
    }
    const writing = Promise.all(Array.from({ length: 200 }, (_, i) => lane.begin(put(record(`late${i}`))).event));
    lane.turn();
    await server.kill();
    const answers = await lane.until(writing);
    answers.forEach((event, i) => {
      if (event.type === 'records-written') acknowledged.push(`late${i}`);
      else expect(event).toMatchObject({ type: 'storage-failed', code: 'unavailable' });
    });
    expect(await lane.ask(put(record('away')))).toMatchObject({ type: 'storage-failed', code: 'unavailable' });
    expect(lane.news).toEqual([expect.stringContaining('does not answer')]);
    await server.start();
    expect(await insist(lane, put(record('back')))).toMatchObject({ type: 'records-written' });
    const names = acknowledged.map((name) => nameOf(record(name)));
    expect(valueIn(await lane.ask(get(...names)))).toEqual(acknowledged.map((name) => `value of ${name}`));
    expect(lane.news.at(-1)).toContain('works again');
    const described = await lane.ask({ type: 'describe-store' });
    const counted = await server.run(`select count(*) from chordial_records where host = ${hostNext - 1}`);
    expect(described).toMatchObject({ engine: 'postgres', recordsCount: Number(counted.rows[0].count), trouble: '' });
    await stop(lane);
  }, 120_000);

  test('hosts share a database, each with its own records; two of one number do not', async () => {
    const [one, two] = [newLane(), newLane()];
    const alice = record('alice');
    await one.ask(put(alice));
    await two.ask(put({ ...alice, value: 'of the other host' }));
    expect(valueIn(await one.ask(get(nameOf(alice))))).toEqual([alice.value]);
    await two.ask({ type: 'delete-range', from: alice.key, to: alice.key, table: 0 });
    expect(valueIn(await one.ask(get(nameOf(alice))))).toEqual([alice.value]);
    const same = newLane(hostNext - 1);
    expect(await same.ask(get(nameOf(alice)))).toMatchObject({
      type: 'storage-failed',
      code: 'unavailable',
      sentence: expect.stringContaining('another process'),
    });
    await stop(two);
    expect(await insist(same, put(alice))).toMatchObject({ type: 'records-written' });
    await Promise.all([stop(one), stop(same)]);
  });

  test('no password is in what it says, and a wrong one is told for what it is', async () => {
    const wrong = new PostgresEngine({ url: server.url().replace(password, 'wr0ngw0rd'), host: 900 });
    const nowhere = new PostgresEngine({ url: server.url('nowhere'), host: 901 });
    const unreachable = new PostgresEngine({ url: `postgres://u:${password}@127.0.0.1:1/db`, host: 902 });
    const broken = new PostgresEngine({ url: `postgres://u:${password}@[::bad/db`, host: 903 });
    const said: string[] = [];
    for (const engine of [wrong, nowhere, unreachable, broken]) {
      const opened = await engine.open();
      expect(opened).toBeInstanceOf(EngineFailure);
      said.push((opened as EngineFailure).sentence, engine.place);
      await engine.close();
    }
    expect(said[0]).toContain('refuses this user or password');
    expect(said[2]).toContain('createdb');
    expect(said.join()).not.toMatch(new RegExp(`${password}|wr0ngw0rd`));
  });

  test('a record that was changed beside the store is damaged, and served to nobody', async () => {
    const lane = newLane();
    const [alice, bob] = [record('alice'), record('bob')];
    await lane.ask(putAll([alice, bob]));
    await server.run(`update chordial_records set value = 'forged' where host = ${hostNext - 1} and name = 'alice'`);
    const names = [nameOf(alice), nameOf(bob)];
    expect(await lane.ask(get(...names))).toMatchObject({ records: [undefined, bob], damaged: [names[0]] });
    const from = ringKeyFromText('x');
    const page = await lane.ask({ type: 'scan-range', from, to: from, table: 0, after: undefined, recordsMax: 10 });
    expect(page).toMatchObject({ records: [bob], damaged: [names[0]] });
    expect(lane.news).toEqual(Array(2).fill(expect.stringContaining('wrong checksum')));
    await lane.ask(put(alice));
    expect(valueIn(await lane.ask(get(...names)))).toEqual([alice.value, bob.value]);
    await stop(lane);
  });

  test('a database that takes no writes is read-only, and reads go on', async () => {
    const lane = newLane();
    await lane.ask(put(record('alice')));
    await server.run('alter database postgres set default_transaction_read_only = on');
    await server.run(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'chordial host%'",
    );
    // The connection is found broken by the first job, and made again by a later one.
    for (let code = ''; code !== 'read-only'; ) {
      const event = await lane.ask(put(record('bob')));
      code = event.type === 'storage-failed' ? event.code : event.type;
      expect(['unavailable', 'read-only']).toContain(code);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(valueIn(await lane.ask(get(nameOf(record('alice')))))).toEqual(['value of alice']);
    await server.run('begin read write; alter database postgres reset default_transaction_read_only; commit');
    await stop(lane);
  });

  test('a schema of a newer release is left alone', async () => {
    await server.run('create database newer');
    const url = server.url('newer');
    const first = new PostgresEngine({ url, host: 1 });
    expect(await first.open()).toEqual([]);
    await first.close();
    await server.run('update chordial_schema set version = 99', 'newer');
    const second = new PostgresEngine({ url, host: 1 });
    expect(await second.open()).toMatchObject({ code: 'failed', sentence: expect.stringContaining('newer release') });
    await second.close();
  });
});
