// What stands beside the hosts in bench:replication: a plain SQLite file and one PostgreSQL server with the same records, the same durability, and
// no copies anywhere else.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ringKeyFromText } from '@chordial/ring-key';
import pg from 'pg';
import { LatencyHistogram } from './generator/latency-histogram.ts';
import { userName, valueCharacters } from './replication-load.ts';
import type { PostgresServer } from './replication-postgres.ts';
import type { Measured } from './replication-ring.ts';

/** One store under load; all measure for about `seconds`. */
export interface Beside {
  readonly name: string;
  fill(): Promise<void>;
  /** Puts, `group` in a transaction, by some clients at a time; undefined where it has no use of so many. */
  puts(group: number, clients: number, seconds: number): Promise<Measured> | undefined;
  gets(seconds: number): Promise<Measured>;
  bytes(): Promise<number>;
  close(): Promise<void>;
}

const fillGroup = 2_000;
/** Connections to PostgreSQL. */
export const clientsMax = 64;

/** Goes around the users; values differ from put to put. */
class Walk {
  readonly #from: number;
  readonly #to: number;
  #next: number;
  #serial = 1_000_000_000;

  constructor(from: number, to: number) {
    this.#from = from;
    this.#to = to;
    this.#next = from;
  }

  key(): Buffer {
    return Buffer.from(ringKeyFromText(this.name()), 'hex');
  }

  name(): string {
    const name = userName(this.#next++);
    if (this.#next === this.#to) this.#next = this.#from;
    return name;
  }

  value(): string {
    return `${this.#serial++}`.padEnd(valueCharacters, 'v');
  }
}

interface Tally {
  readonly latencies: LatencyHistogram;
  count: number;
}

async function measured(group: number, cpuUs: () => number, run: (tally: Tally) => Promise<void>): Promise<Measured> {
  const tally = { latencies: new LatencyHistogram(), count: 0 };
  const cpuBefore = cpuUs();
  const startedAt = performance.now();
  await run(tally);
  const ms = performance.now() - startedAt;
  const quantile = (share: number): number => (tally.latencies.quantile(share) ?? 0) / 1_000;
  return {
    perSecond: (tally.count * 1_000) / ms,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    cpuUs: (cpuUs() - cpuBefore) / tally.count,
    group,
    refusedCount: 0,
  };
}

async function timed(tally: Tally, count: number, work: () => unknown): Promise<void> {
  const startedAt = performance.now();
  await work();
  tally.latencies.add((performance.now() - startedAt) * 1_000);
  tally.count += count;
}

const ownCpuUs = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** In this process, as such a file is used: no messages, no other thread. */
export function plainSqlite(folder: string, usersCount: number): Beside {
  const file = join(folder, 'plain.sqlite');
  const database = new DatabaseSync(file);
  database.exec(`
    pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -64000;
    create table records (key blob primary key, name text not null, version text not null, value text not null, expires integer not null)
      without rowid`);
  const put = database.prepare('insert or replace into records values (?, ?, ?, ?, ?)');
  const get = database.prepare('select name, version, value, expires from records where key = ?');
  const walk = new Walk(0, usersCount);
  const putNext = (): void => {
    const name = walk.name();
    put.run(Buffer.from(ringKeyFromText(name), 'hex'), name, '1z.1|1z.1', walk.value(), 0);
  };
  const putMany = (count: number): void => {
    if (count > 1) database.exec('begin immediate');
    for (let i = 0; i < count; i++) putNext();
    if (count > 1) database.exec('commit');
  };
  const until = (seconds: number, count: number, work: () => void) =>
    measured(count, ownCpuUs, async (tally) => {
      const endsAt = performance.now() + seconds * 1_000;
      while (performance.now() < endsAt) await timed(tally, count, work);
    });
  return {
    name: 'plain SQLite file',
    fill: async () => {
      for (let done = 0; done < usersCount; done += fillGroup) putMany(Math.min(fillGroup, usersCount - done));
    },
    puts: (group, clients, seconds) => (clients > 1 ? undefined : until(seconds, group, () => putMany(group))),
    gets: (seconds) => until(seconds, 1, () => get.get(walk.key())),
    bytes: async () => statSync(file).size + (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0),
    close: async () => database.close(),
  };
}

const upsertOne = {
  name: 'upsert-one',
  text: `insert into records values ($1, $2, $3, $4, $5) on conflict (key) do update set name = excluded.name,
    version = excluded.version, value = excluded.value, expires = excluded.expires`,
};
const upsertMany = {
  name: 'upsert-many',
  text: `insert into records select * from unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::bigint[])
    on conflict (key) do update set name = excluded.name, version = excluded.version, value = excluded.value, expires = excluded.expires`,
};
const selectOne = { name: 'select-one', text: 'select name, version, value, expires from records where key = $1' };

export async function onePostgres(server: PostgresServer, usersCount: number): Promise<Beside> {
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client(server.url());
    await client.connect();
    return client;
  };
  const clients = await Promise.all(Array.from({ length: clientsMax }, connect));
  const first = clients[0]!;
  await first.query(`create table records
    (key bytea primary key, name text not null, version text not null, value text not null, expires bigint not null)`);

  /** Users of one connection, so that two of them never wait for each other's rows. */
  const walkOf = (i: number, count: number): Walk =>
    new Walk(Math.floor((usersCount * i) / count), Math.floor((usersCount * (i + 1)) / count));
  const putMany = (client: pg.Client, walk: Walk, count: number): Promise<unknown> => {
    const names = Array.from({ length: count }, () => walk.name());
    const keys = names.map((name) => Buffer.from(ringKeyFromText(name), 'hex'));
    const versions = names.map(() => '1z.1|1z.1');
    const values = names.map(() => walk.value());
    return client.query({ ...upsertMany, values: [keys, names, versions, values, names.map(() => 0)] });
  };
  const putOne = (client: pg.Client, walk: Walk): Promise<unknown> => {
    const name = walk.name();
    const key = Buffer.from(ringKeyFromText(name), 'hex');
    return client.query({ ...upsertOne, values: [key, name, '1z.1|1z.1', walk.value(), 0] });
  };
  const all = (
    underWay: number,
    seconds: number,
    count: number,
    work: (client: pg.Client, walk: Walk) => Promise<unknown>,
  ) =>
    measured(count, server.cpuUs, async (tally) => {
      const endsAt = performance.now() + seconds * 1_000;
      const one = async (client: pg.Client, i: number): Promise<void> => {
        const walk = walkOf(i, underWay);
        while (performance.now() < endsAt) await timed(tally, count, () => work(client, walk));
      };
      await Promise.all(clients.slice(0, underWay).map(one));
    });
  return {
    name: 'one PostgreSQL',
    fill: async () => {
      const walk = new Walk(0, usersCount);
      for (let done = 0; done < usersCount; done += fillGroup) {
        await putMany(first, walk, Math.min(fillGroup, usersCount - done));
      }
    },
    puts: (group, clients, seconds) =>
      group === 1
        ? all(clients, seconds, 1, putOne)
        : all(clients, seconds, group, (client, walk) => putMany(client, walk, group)),
    gets: (seconds) =>
      all(clientsMax, seconds, 1, (client, walk) => client.query({ ...selectOne, values: [walk.key()] })),
    bytes: async () => {
      const { rows } = await first.query<{ bytes: string }>(`select pg_total_relation_size('records') as bytes`);
      return Number(rows[0]!.bytes);
    },
    close: async () => {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}
