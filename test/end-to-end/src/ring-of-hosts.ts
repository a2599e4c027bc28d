// Hosts that form one ring, each a process of its own: started with a token and a data directory, on loopback or in network namespaces, asked
// by the command as an operator does.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeTcpPort, freeUdpPort, type RunningHost, runChordialIn, startRunningHost } from './running-host.ts';

/** Longer than a coordinator gathers changes of the ring. */
const settledTwiceMs = 1_500;

export interface RingSeat {
  readonly name: string;
  readonly address: string;
  readonly namespace: string | undefined;
  readonly sipPort: number;
  readonly controlPort: number;
  readonly ring: string;
  readonly data: string;
}

export interface RepairShown {
  readonly host: number;
  readonly drift: number;
  readonly replica: { readonly sentCount: number; readonly takenCount: number; readonly hintsCount: number };
  readonly store: { readonly place: string; readonly recordsCount: number; readonly trouble: string };
}

interface ScanShown {
  readonly records?: readonly {
    readonly name: string;
    readonly hosts: readonly number[];
    readonly versions: readonly string[];
  }[];
  readonly next?: string;
  readonly error?: string;
}

export interface Seating {
  readonly address: string;
  readonly namespace?: string;
}

export class RingOfHosts {
  readonly seats: RingSeat[] = [];
  readonly running = new Map<RingSeat, RunningHost>();
  readonly tokenFile: string;
  readonly #directory = mkdtempSync(join(tmpdir(), 'chordial-ring-'));
  readonly #parameters: readonly string[];

  /** `parameters` are given to every host. */
  constructor(parameters: readonly string[] = []) {
    this.#parameters = parameters;
    this.tokenFile = join(this.#directory, 'token');
    writeFileSync(this.tokenFile, `only-for-this-test-${process.pid}-${Date.now()}\n`, { mode: 0o600 });
  }

  async addSeat({ address, namespace }: Seating): Promise<RingSeat> {
    const name = `host-${this.seats.length + 1}`;
    // In a namespace every port is free.
    const isOwn = namespace !== undefined;
    const seat: RingSeat = {
      name,
      address,
      namespace,
      sipPort: isOwn ? 5_060 : await freeUdpPort(),
      controlPort: isOwn ? 8_060 : await freeTcpPort(),
      ring: `${address}:${isOwn ? 7_060 : await freeTcpPort()}`,
      data: join(this.#directory, name),
    };
    this.seats.push(seat);
    return seat;
  }

  /** Starts the host of a seat; it founds the ring, or joins at `at`. */
  async start(seat: RingSeat, at: readonly RingSeat[] = [], more: readonly string[] = []): Promise<RunningHost> {
    const joining = at.length === 0 ? [] : ['--join', at.map(({ ring }) => ring).join(',')];
    const host = await startRunningHost(
      [
        ...['--listen-ring', seat.ring, '--token-file', this.tokenFile, '--data', seat.data],
        ...joining,
        ...this.#parameters,
        ...more,
      ],
      {
        address: seat.address,
        sipPort: seat.sipPort,
        controlPort: seat.controlPort,
        ...(seat.namespace === undefined ? {} : { namespace: seat.namespace }),
      },
    );
    this.running.set(seat, host);
    return host;
  }

  async end(seat: RingSeat, signal: NodeJS.Signals) {
    const host = this.running.get(seat)!;
    this.running.delete(seat);
    return host.end(signal);
  }

  /** Runs a command that asks the host of a seat. */
  ask(seat: RingSeat, ...parameters: string[]) {
    return runChordialIn(seat.namespace, [...parameters, '--control', `127.0.0.1:${seat.controlPort}`]);
  }

  async askJson<T>(seat: RingSeat, ...parameters: string[]): Promise<T> {
    const { stdout, stderr } = await this.ask(seat, ...parameters, '--json');
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as T;
  }

  /**
   * Until `chordial ring --check` passes at the host of every seat given, with that many hosts and peers in the ring; resolves with the
   * time it took in ms, and rejects with what was wrong last.
   */
  async untilRight(
    seats: readonly RingSeat[],
    hostsCount: number,
    peersCount: number,
    withinMs: number,
  ): Promise<number> {
    const startedAt = performance.now();
    for (;;) {
      const answers = await Promise.all(seats.map((seat) => this.ask(seat, 'ring', '--check')));
      const expected = `The ring is right: ${peersCount} peers of ${hostsCount} ${hostsCount === 1 ? 'host' : 'hosts'} asked`;
      const wrong = answers.filter(({ code, stdout }) => code !== 0 || !stdout.startsWith(expected));
      const tookMs = performance.now() - startedAt;
      if (wrong.length === 0) return tookMs;
      if (tookMs > withinMs) {
        const last = wrong.map(({ stdout, stderr }) => `${stdout}${stderr}`).join('\n');
        throw new Error(
          `the ring was not right after ${(tookMs / 1_000).toFixed(1)} s; expected ${expected}:\n${last}`,
        );
      }
    }
  }

  /** Until no range of the hosts at these seats drifts, twice within some seconds, as a change is not looked at at once; resolves with the time it took in ms. `onDrift` hears each figure. */
  async untilSettled(
    seats: readonly RingSeat[],
    withinMs: number,
    onDrift: (drift: number, tookMs: number) => void = () => {},
  ): Promise<number> {
    const startedAt = performance.now();
    let settledMs: number | undefined;
    for (;;) {
      const answers = await Promise.all(seats.map((seat) => this.repairOf(seat).catch(() => undefined)));
      const drift = answers.reduce((sum, answer) => sum + (answer?.drift ?? 1), 0);
      const tookMs = performance.now() - startedAt;
      onDrift(drift, tookMs);
      if (drift > 0) settledMs = undefined;
      else if (settledMs === undefined) settledMs = tookMs;
      else if (tookMs >= settledMs + settledTwiceMs) return settledMs;
      if (tookMs > withinMs) throw new Error(`${drift} ranges drift after ${(tookMs / 1_000).toFixed(1)} s`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  /** Records of a table of which fewer hosts than should hold the same copy, as `chordial scan --host all` shows. */
  async scattered(
    seat: RingSeat,
    table: string,
    copiesCount: number,
  ): Promise<{ recordsCount: number; wrong: string[] }> {
    const wrong: string[] = [];
    let recordsCount = 0;
    for (let after = ''; ; ) {
      const query = `table=${table}&host=all&limit=5000${after}`;
      const answer = await fetch(`http://127.0.0.1:${seat.controlPort}/api/records?${query}`);
      const { records, next, error } = (await answer.json()) as ScanShown;
      if (records === undefined) throw new Error(error);
      recordsCount += records.length;
      for (const { name, hosts, versions } of records) {
        const equalMax = Math.max(...versions.map((one) => versions.filter((other) => other === one).length));
        if (equalMax < copiesCount) wrong.push(`${name}: ${equalMax} equal ones on hosts ${hosts.join(' ')}`);
      }
      if (next === undefined) return { recordsCount, wrong };
      after = `&after=${next}`;
    }
  }

  /** As `chordial repair --status` asks, without a process of its own. */
  async repairOf(seat: RingSeat): Promise<RepairShown> {
    const answer = await fetch(`http://127.0.0.1:${seat.controlPort}/api/repair`);
    return (await answer.json()) as RepairShown;
  }

  /** Ends whatever runs, and removes what was written. */
  async close(): Promise<void> {
    await Promise.all([...this.running.keys()].map((seat) => this.end(seat, 'SIGKILL')));
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
