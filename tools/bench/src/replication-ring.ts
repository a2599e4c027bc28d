// The hosts of bench:replication as their parent sees them: one or three processes that it starts, waits for until their ring is whole, and loads
// all at once.
import { type ChildProcess, fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createIdentity } from '@chordial/runtime';
import type { LoadKind } from './replication-load.ts';
import type { Answer, LoadFigures, Order, RingState, ServerOrder } from './replication-server.ts';

/** What a load measured, over all hosts of a ring or of another store. */
export interface Measured {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of all server processes, client excluded where it is another process. */
  readonly cpuUs: number;
  /** Records in a group of the store, which is one commit where it writes, on average. */
  readonly group: number;
  /** By a host that was asked for too much. */
  readonly refusedCount: number;
}
export interface Load {
  readonly kind: LoadKind;
  readonly fromUser?: number;
  readonly toUser: number;
  /** Of all hosts together. */
  readonly window: number;
  readonly seconds: number;
}

const wholeMsMax = 300_000;
const askEveryMs = 200;
/** Asked for to see whether all of the ring is owned. */
const trialUsers = 3_000;
const address = '127.0.0.1';

class ServerProcess {
  readonly #child: ChildProcess;
  #complaints = '';
  readonly #ended: Promise<unknown>;
  readonly #onExit = (): void => void this.#child.kill('SIGKILL');

  constructor() {
    this.#child = fork(fileURLToPath(new URL('./replication-server.ts', import.meta.url)), {
      execArgv: [...process.execArgv, '--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr!.on('data', (bytes: Buffer) => {
      this.#complaints = `${this.#complaints}${bytes.toString()}`.slice(-4_000);
    });
    this.#ended = once(this.#child, 'exit');
    process.once('exit', this.#onExit);
  }

  async ask<Type extends Answer['type']>(order: Order, type: Type): Promise<Extract<Answer, { type: Type }>> {
    this.#child.send(order);
    const ended = this.#ended.then((): [Answer] => [{ type: 'failed', sentence: 'the process ended' }]);
    const [answer] = (await Promise.race([once(this.#child, 'message'), ended])) as [Answer];
    if (answer.type === type) return answer as Extract<Answer, { type: Type }>;
    const sentence = answer.type === 'failed' ? answer.sentence : `it said ${answer.type}`;
    throw new Error(`a host of the benchmark: ${sentence}\n${this.#complaints.trim()}`);
  }

  async state(): Promise<RingState> {
    return (await this.ask({ type: 'state' }, 'state')).state;
  }

  async stop(): Promise<void> {
    process.off('exit', this.#onExit);
    if (this.#child.connected) this.#child.disconnect();
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await this.#ended;
    clearTimeout(late);
  }
}

export class HostRing {
  readonly name: string;
  readonly #servers: readonly ServerProcess[];
  #refusedCount = 0;

  private constructor(name: string, servers: readonly ServerProcess[]) {
    this.name = name;
    this.#servers = servers;
  }

  /** Starts that many hosts with directories below `folder`, and waits for their ring. */
  static async start(hostsCount: number, peersEach: number, folder: string): Promise<HostRing> {
    const servers = Array.from({ length: hostsCount }, () => new ServerProcess());
    const ring = new HostRing(hostsCount === 1 ? 'one host' : `${hostsCount} hosts`, servers);
    try {
      const seeds = [];
      for (const [i, server] of servers.entries()) {
        const host = hostsCount === 1 ? 0 : i + 1;
        const order = await orderOf(host, peersEach, join(folder, `host-${i + 1}`), [...seeds]);
        if (order.ring !== undefined) {
          seeds.push({ host, address, port: order.ring.port, fingerprint: order.ring.identity.fingerprint });
        }
        await server.ask({ type: 'start', order }, 'done');
      }
      await ring.#becomeWhole(peersEach);
    } catch (failure) {
      await ring.stop();
      throw failure;
    }
    return ring;
  }

  /** All peers are in the ring, as every host sees it, each with its range and the group of that, and whoever is asked for a user owns it. */
  async #becomeWhole(peersEach: number): Promise<void> {
    const hosts = this.#servers.length;
    const until = performance.now() + wholeMsMax;
    const peers = peersEach * hosts;
    const isWhole = (state: RingState): boolean =>
      state.membersCount === peers && state.hostsCount === hosts && state.unsettledCount === 0;
    for (;;) {
      const states = await this.states();
      const rangesCount = states.reduce((sum, state) => sum + state.rangesCount, 0);
      if (rangesCount === peers && states.every(isWhole) && (await this.#isOwned())) return;
      if (performance.now() > until) throw new Error(`the ring is not whole in time: ${JSON.stringify(states)}`);
      await sleep(askEveryMs);
    }
  }

  async #isOwned(): Promise<boolean> {
    const runs = await this.#run({ kind: 'get', toUser: trialUsers, window: 30, seconds: 0 });
    return runs.every(({ refusedCount }) => refusedCount === 0);
  }

  states(): Promise<RingState[]> {
    return Promise.all(this.#servers.map((server) => server.state()));
  }

  /** The hosts at once, each with the users that it owns. Throws when a value is missing whose put was acknowledged. */
  async load(load: Load): Promise<Measured> {
    const runs = await this.#run(load);
    const measured = measuredOf(runs);
    this.#refusedCount += measured.refusedCount;
    const missingCount = runs.reduce((sum, run) => sum + run.missingCount, 0);
    // What was refused may be missing; nothing else.
    if (missingCount > 0 && this.#refusedCount === 0) throw new Error(`${missingCount} gets found no value`);
    if (missingCount > 0) process.stderr.write(`  ${missingCount} gets found no value: some puts were refused\n`);
    const severalCount = runs.reduce((sum, run) => sum + run.severalCount, 0);
    if (severalCount > 0) process.stderr.write(`  ${severalCount} gets found more than one value\n`);
    return measured;
  }

  /** Of all loads so far, fills among them. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  async #run({ kind, fromUser = 0, toUser, window, seconds }: Load): Promise<LoadFigures[]> {
    const servers = this.#servers.slice(0, window);
    const each = Math.round(window / servers.length);
    const load = { type: 'run-load', kind, fromUser, toUser, window: each, seconds } as const;
    const answers = await Promise.all(servers.map((server) => server.ask({ type: 'load', load }, 'load')));
    return answers.map(({ figures }) => figures);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.stop()));
  }
}

function measuredOf(runs: readonly LoadFigures[]): Measured {
  const sum = (figure: (run: LoadFigures) => number): number => runs.reduce((all, run) => all + figure(run), 0);
  const count = Math.max(
    1,
    sum((run) => run.count),
  );
  const groups = Math.max(
    1,
    sum((run) => run.storeGroups),
  );
  for (const { refusedCount, sentence } of runs) {
    if (refusedCount > 0) process.stderr.write(`  ${refusedCount} requests were refused: ${sentence}\n`);
  }
  return {
    perSecond: sum((run) => (run.count * 1_000) / Math.max(1e-3, run.ms)),
    p50Ms: sum((run) => run.p50Ms * run.count) / count,
    p99Ms: Math.max(...runs.map((run) => run.p99Ms)),
    cpuUs: sum((run) => run.cpuUs) / count,
    group: sum((run) => run.storeJobs) / groups,
    refusedCount: sum((run) => run.refusedCount),
  };
}

async function orderOf(
  host: number,
  peersCount: number,
  folder: string,
  seeds: NonNullable<ServerOrder['ring']>['seeds'],
): Promise<ServerOrder> {
  mkdirSync(folder, { recursive: true });
  const ring = host === 0 ? undefined : { identity: await createIdentity(), port: await freeTcpPort(), seeds };
  return { host, peersCount, folder, sipPort: await freeUdpPort(), founds: seeds.length === 0, ring };
}

async function freeTcpPort(): Promise<number> {
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, address);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}
