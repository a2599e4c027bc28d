// Runs the `chordial` command as a user does, in a process of its own, for tests that talk to it from outside.
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

export const command = fileURLToPath(new URL('../../../apps/chordial/bin/chordial.js', import.meta.url));
const startMsMax = 60_000;
/** Without what a terminal or nx says of colours, of which Node warns on standard error when both are there. */
const { NO_COLOR: _, FORCE_COLOR: __, ...environmentPlain } = process.env;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export function run(
  program: string,
  parameters: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<Finished> {
  const child = spawn(program, parameters, {
    env: { ...environmentPlain, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return finished(child);
}

/** Runs `chordial ...` to its end. */
export const runChordial = (parameters: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Finished> =>
  run(process.execPath, [command, ...parameters], environment);

export interface RunningHost {
  readonly pid: number;
  readonly sipPort: number;
  /** `ADDR:PORT` for `--control`. */
  readonly control: string;
  /** What `chordial up` printed so far. */
  output(): string;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<Finished>;
}

/** Where a host runs: in this network, on loopback, or in a network namespace with an address of its own. */
export interface Place {
  readonly address: string;
  readonly namespace?: string;
  readonly sipPort?: number;
  /** The control interface; loopback of the namespace where it has one. */
  readonly controlPort?: number;
}

const inPlace = (namespace: string | undefined, parameters: readonly string[]): [string, readonly string[]] =>
  namespace === undefined
    ? [process.execPath, parameters]
    : ['ip', ['netns', 'exec', namespace, process.execPath, ...parameters]];

/** Runs `chordial ...` to its end, in a network namespace. */
export function runChordialIn(namespace: string | undefined, parameters: readonly string[]): Promise<Finished> {
  const [program, all] = inPlace(namespace, [command, ...parameters]);
  return run(program, all);
}

/** Starts a Node program in a network namespace. */
export function startProgram(namespace: string | undefined, parameters: readonly string[]): ChildProcess {
  const [program, all] = inPlace(namespace, parameters);
  return spawn(program, all, { env: environmentPlain, stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Starts `chordial up` on free ports of the loopback interface, or in its place, and waits until it says that it is up. */
export async function startRunningHost(
  parameters: readonly string[] = [],
  place: Place = { address: '127.0.0.1' },
): Promise<RunningHost> {
  const sipPort = place.sipPort ?? (await freeUdpPort());
  const control = `127.0.0.1:${place.controlPort ?? (await freeTcpPort())}`;
  const [program, all] = inPlace(place.namespace, [
    command,
    'up',
    '--listen',
    `udp:${place.address}:${sipPort}`,
    '--control',
    control,
    ...parameters,
  ]);
  const child = spawn(program, all, { env: environmentPlain, stdio: ['ignore', 'pipe', 'pipe'] });
  const end = finished(child);
  let output = '';
  child.stdout?.on('data', (text: string) => {
    output += text;
  });
  const deadline = Date.now() + startMsMax;
  while (!output.includes('Chordial is up')) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`chordial up did not start: ${JSON.stringify(await end)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    pid: child.pid!,
    sipPort,
    control,
    output: () => output,
    end: (signal) => {
      child.kill(signal);
      return end;
    },
  };
}

function finished(child: ChildProcess): Promise<Finished> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

export function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

export function freeTcpPort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
