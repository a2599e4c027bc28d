// A server under test: started on a core of its own where the machine has taskset and two cores, stopped at the end, whatever
// happens in between.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const stopMsMax = 5_000;

export interface StartOptions {
  /** Core that the process is bound to, when the machine can. */
  readonly core?: number | undefined;
}

export interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  /** The last it said on standard error, for when it fails. */
  readonly complaints: () => string;
  stop(): Promise<void>;
}

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Why processes cannot be bound to cores, or undefined when they can. */
export const pinningFault: string | undefined =
  availableParallelism() < 2 ? 'this machine has one core' : hasTaskset() ? undefined : 'taskset is not installed';

// So that a benchmark that is told to stop runs its exit handlers, which stop the servers.
for (const [signal, code] of [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const) {
  process.once(signal, () => process.exit(code));
}

export function start(command: readonly string[], { core }: StartOptions = {}): Started {
  const pinned = core !== undefined && pinningFault === undefined;
  const [file, ...words] = pinned ? ['taskset', '-c', String(core), ...command] : command;
  const child = spawn(file!, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (bytes: Buffer) => {
    complaints = `${complaints}${bytes.toString()}`.slice(-4_000);
  });
  const ended = once(child, 'exit').catch(() => {});
  // SIGTERM, which servers with children of their own pass on to them.
  const onExit = () => child.kill('SIGTERM');
  process.once('exit', onExit);
  if (child.pid === undefined) throw new Error(`${file} could not be started`);
  return {
    child,
    pid: child.pid,
    complaints: () => complaints.trim(),
    stop: async () => {
      process.off('exit', onExit);
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const late = new AbortController();
      await Promise.race([ended, sleep(stopMsMax, undefined, { signal: late.signal }).catch(() => {})]);
      late.abort();
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
}
