// A PostgreSQL server of our own for bench:replication, in a folder of its own and without a network: durable as it comes, with room for its log
// so that it need not stop for checkpoints.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { cpuSeconds, familyOf } from './process-figures.ts';

const debianPlace = '/usr/lib/postgresql';
/** The server refuses to run as root: then it runs as this user. */
const userOfServer = 'nobody';
const startMsMax = 60_000;
const settings = ['listen_addresses=', 'shared_buffers=512MB', 'max_wal_size=4GB', 'max_connections=100'];
export const settingsText = settings.slice(1, 3).join(', ');

export interface PostgresServer {
  readonly version: string;
  url(): string;
  /** Of all its processes so far. */
  readonly cpuUs: () => number;
  stop(): Promise<void>;
}

/** The folder of `initdb` and `postgres`, or undefined where they are not installed. */
function programs(): string | undefined {
  const versions = existsSync(debianPlace) ? readdirSync(debianPlace).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(debianPlace, version, 'bin')),
    ...(process.env.PATH ?? '').split(':'),
  ];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

export async function startPostgres(parent: string): Promise<PostgresServer | undefined> {
  const place = programs();
  if (place === undefined) return undefined;
  const folder = join(parent, 'postgres');
  const data = join(folder, 'data');
  mkdirSync(folder);
  const isRoot = process.getuid!() === 0;
  if (isRoot) {
    const id = (flag: string) => Number(spawnSync('id', [flag, userOfServer]).stdout.toString());
    chownSync(folder, id('-u'), id('-g'));
  }
  const command = (program: string, args: readonly string[]): [string, string[]] => {
    const path = join(place, program);
    const asUser = [`--reuid=${userOfServer}`, '--regid=nogroup', '--clear-groups'];
    return isRoot ? ['setpriv', [...asUser, path, ...args]] : [path, [...args]];
  };
  const made = spawnSync(
    ...command('initdb', ['-D', data, '-U', 'chordial', '--auth=trust', '--encoding=UTF8', '--locale=C']),
  );
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr.toString()}`);
  const options = ['-D', data, '-k', folder, ...settings.flatMap((setting) => ['-c', setting])];
  const child = spawn(...command('postgres', options), { stdio: 'ignore' });
  const onExit = (): void => void child.kill('SIGQUIT');
  process.once('exit', onExit);
  const url = (): string => `postgres://chordial@/postgres?host=${folder}`;
  const version = await versionOf(child, url());
  return {
    version,
    url,
    cpuUs: () => cpuSeconds(familyOf(child.pid!)) * 1e6,
    stop: async () => {
      process.off('exit', onExit);
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGINT');
      await ended;
    },
  };
}

/** Asks until the server answers. */
async function versionOf(child: ChildProcess, url: string): Promise<string> {
  const until = performance.now() + startMsMax;
  while (performance.now() < until) {
    if (child.exitCode !== null) throw new Error(`postgres ended with ${child.exitCode}`);
    const client = new pg.Client(url);
    client.on('error', () => {});
    try {
      await client.connect();
      const { rows } = await client.query<{ server_version: string }>('show server_version');
      return rows[0]!.server_version;
    } catch {
      await sleep(100);
    } finally {
      await client.end().catch(() => {});
    }
  }
  throw new Error(`postgres did not answer within ${startMsMax / 1_000} s`);
}
