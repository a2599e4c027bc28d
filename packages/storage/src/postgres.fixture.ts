// A real PostgreSQL server in a folder of its own, for tests: no network, a socket in the folder, a password. Where the programs are missing the
// tests say so and skip; with CHORDIAL_REQUIRE_TOOLS=1 they fail.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

const debianPlace = '/usr/lib/postgresql';
/** The server refuses to run as root: then it runs as this user. */
const userOfServer = 'nobody';
export const password = 'tops3cret';

/** The folder of `initdb` and `postgres`; undefined, with a line that says so, where there is none. */
export function postgresPrograms(): string | undefined {
  const versions = existsSync(debianPlace) ? readdirSync(debianPlace).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(debianPlace, version, 'bin')),
    ...(process.env.PATH ?? '').split(':'),
  ];
  const found = folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
  if (found !== undefined) return found;
  const sentence = 'skipped: the PostgreSQL engine: initdb and postgres are not installed (Debian package postgresql)';
  if (process.env.CHORDIAL_REQUIRE_TOOLS === '1') throw new Error(sentence);
  console.log(sentence);
  return undefined;
}

export class PostgresServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'chordial-postgres-'));
  readonly #programs: string;
  #process: ChildProcess | undefined;

  constructor(programs: string) {
    this.#programs = programs;
    const passwordFile = join(this.folder, 'password');
    writeFileSync(passwordFile, password);
    if (process.getuid!() === 0) {
      const id = (flag: string) => Number(spawnSync('id', [flag, userOfServer]).stdout.toString());
      for (const path of [this.folder, passwordFile]) chownSync(path, id('-u'), id('-g'));
    }
    const options = [
      '-D',
      join(this.folder, 'data'),
      '-U',
      'chordial',
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
    ];
    const [program, ...args] = this.#command('initdb', [...options, '--no-sync', '--encoding=UTF8', '--locale=C']);
    const made = spawnSync(program!, args);
    if (made.status !== 0) throw new Error(made.stderr.toString());
  }

  url(database = 'postgres'): string {
    return `postgres://chordial:${password}@/${database}?host=${this.folder}`;
  }

  async start(): Promise<void> {
    const options = ['-D', join(this.folder, 'data'), '-k', this.folder, '-c', 'listen_addresses='];
    const [program, ...args] = this.#command('postgres', options);
    this.#process = spawn(program!, args, { stdio: 'ignore' });
    for (;;) {
      const client = new pg.Client(this.url());
      client.on('error', () => {});
      const isUp = await client.connect().then(
        () => true,
        () => false,
      );
      await client.end().catch(() => {});
      if (isUp) return;
      if (this.#process.exitCode !== null) throw new Error(`postgres ended with ${this.#process.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** As a crash: no time to say anything. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGINT');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20 });
  }

  /** Runs SQL beside the store. */
  async run(statement: string, database = 'postgres'): Promise<pg.QueryResult> {
    const client = new pg.Client(this.url(database));
    await client.connect();
    try {
      return await client.query(statement);
    } finally {
      await client.end();
    }
  }

  #command(program: string, args: readonly string[]): string[] {
    const path = join(this.#programs, program);
    const asUser = ['setpriv', `--reuid=${userOfServer}`, '--regid=nogroup', '--clear-groups'];
    return process.getuid!() === 0 ? [...asUser, path, ...args] : [path, ...args];
  }

  async #end(signal: 'SIGKILL' | 'SIGINT'): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await ended;
  }
}
