// The connection of a store to its PostgreSQL server: opened when it is needed, given up when it fails, opened again after a pause that doubles and is
// jittered by the host's number. While the server is away, jobs are told so at once. No password gets out of here.
import { createRandom, nextFloat } from '@chordial/actor/random';
import pg from 'pg';
import { EngineFailure } from './engine.ts';

const pauseMsMin = 250;
const pauseMsMax = 8_000;
const connectMs = 5_000;
/** A statement that takes longer is taken for a connection that is dead. */
const statementMs = 20_000;

export interface Answered<Row> {
  readonly rows: Row[];
  readonly rowCount: number | null;
}

export class PostgresConnection {
  /** Without the password. */
  readonly place: string;
  readonly #options: pg.ClientConfig;
  readonly #secret: string | undefined;
  readonly #prepare: (client: pg.Client) => Promise<EngineFailure | undefined>;
  readonly #random: ReturnType<typeof createRandom>;
  #client: pg.Client | undefined;
  #pauseMs = 0;
  #openAt = 0;
  #lastFailure: EngineFailure | undefined;
  #isClosed = false;

  /** `prepare` is done on every new connection before anything else. */
  constructor(url: string, host: number, prepare: (client: pg.Client) => Promise<EngineFailure | undefined>) {
    this.#options = {
      connectionString: url,
      connectionTimeoutMillis: connectMs,
      query_timeout: statementMs,
      keepAlive: true,
      application_name: `chordial host ${host}`,
    };
    this.#prepare = prepare;
    this.#random = createRandom(host);
    let place = 'PostgreSQL';
    let secret: string | undefined;
    try {
      const client = new pg.Client(this.#options);
      secret = client.password || undefined;
      place = `postgres://${client.user ?? ''}@${client.host}:${client.port}/${client.database ?? ''}`;
    } catch {
      // It is said when it is opened.
    }
    this.place = `${place} (host ${host})`;
    this.#secret = secret;
  }

  async query<Row>(text: string, values: unknown[] = []): Promise<Answered<Row> | EngineFailure> {
    const client = await this.#opened();
    if (client instanceof EngineFailure) return client;
    try {
      return (await client.query(text, values)) as unknown as Answered<Row>;
    } catch (error) {
      const failure = this.failureOf(error);
      if (failure.code === 'unavailable') this.#drop(client);
      return failure;
    }
  }

  /** Another connection, for work beside the service; its user ends it. */
  async openAnother(): Promise<pg.Client | EngineFailure> {
    let client: pg.Client | undefined;
    try {
      client = new pg.Client({ ...this.#options, application_name: 'chordial export' });
      client.on('error', () => {});
      await client.connect();
      return client;
    } catch (error) {
      void client?.end().catch(() => {});
      return this.failureOf(error);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => {});
  }

  failureOf(error: unknown): EngineFailure {
    const { code = '', message } = error as { code?: string; message: string };
    const said = this.#secret === undefined ? message : message.replaceAll(this.#secret, '***');
    const at = this.place;
    if (code === '53100')
      return new EngineFailure('full', `the disk under ${at} is full: make room; it goes on by itself`);
    if (code === '25006') {
      return new EngineFailure('read-only', `${at} takes no writes (a standby?): connect to its primary (${said})`);
    }
    if (code.startsWith('28')) {
      return new EngineFailure('unavailable', `${at} refuses this user or password: correct --storage (${said})`);
    }
    if (code === '3D000') {
      return new EngineFailure('unavailable', `${at} is not there: make it with createdb (${said})`);
    }
    // Classes of SQLSTATE: 08 connection, 53 resources, 57 shut down or cancelled; without one the network failed.
    const isAway = code === '' || !/^[0-9A-Z]{5}$/.test(code) || /^(08|53|57)/.test(code) || code === 'EPIPE';
    // Without what was said, which changes from try to try: it is the same news.
    return isAway
      ? new EngineFailure('unavailable', `${at} does not answer: see whether it runs and can be reached`)
      : new EngineFailure('failed', `${at}: ${said}`);
  }

  async #opened(): Promise<pg.Client | EngineFailure> {
    if (this.#client !== undefined) return this.#client;
    if (this.#isClosed) return new EngineFailure('unavailable', 'the store is closed');
    if (this.#lastFailure !== undefined && performance.now() < this.#openAt) return this.#lastFailure;
    let client: pg.Client | undefined;
    let failure: EngineFailure | undefined;
    try {
      client = new pg.Client(this.#options);
      const opened = client;
      client.on('error', () => this.#drop(opened));
      client.on('end', () => this.#drop(opened));
      await client.connect();
      failure = await this.#prepare(client);
    } catch (error) {
      failure = this.failureOf(error);
    }
    if (failure === undefined && client !== undefined) {
      this.#client = client;
      this.#pauseMs = 0;
      this.#lastFailure = undefined;
      return client;
    }
    void client?.end().catch(() => {});
    this.#pauseMs = Math.min(pauseMsMax, Math.max(pauseMsMin, this.#pauseMs * 2));
    this.#openAt = performance.now() + this.#pauseMs * (0.5 + nextFloat(this.#random) / 2);
    this.#lastFailure = failure;
    return failure!;
  }

  #drop(client: pg.Client): void {
    if (this.#client === client) this.#client = undefined;
    void client.end().catch(() => {});
  }
}
