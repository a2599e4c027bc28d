// Runs the load generator as a process of its own and takes its figures.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { LoadResult } from './generator/main.ts';
import type { Method } from './generator/request-template.ts';
import { pinningFault } from './server-process.ts';

const generator = fileURLToPath(new URL('./generator/main.ts', import.meta.url));
const run = promisify(execFile);

export interface Target {
  readonly name: string;
  readonly port: number;
  readonly pids: readonly number[];
  /** Per server: a user's CSeq only ever grows. */
  cseq: number;
}

export interface LoadOptions {
  readonly method: Method;
  readonly users: number;
  readonly seconds?: number;
  readonly requests?: number;
  readonly sockets?: number;
  readonly window?: number;
  readonly core?: number | undefined;
}

/** Throws when a request was refused or not answered: such figures compare nothing. */
export async function runLoad(target: Target, options: LoadOptions): Promise<LoadResult> {
  const { core, ...figures } = options;
  const flags = Object.entries(figures).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const watch = ['--watch', target.pids.join(','), '--first-cseq', String(target.cseq), '--port', String(target.port)];
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', generator, ...watch, ...flags];
  const [file, ...words] =
    core !== undefined && pinningFault === undefined ? ['taskset', '-c', String(core), ...command] : command;
  const { stdout } = await run(file!, words);
  const result = JSON.parse(stdout) as LoadResult;
  target.cseq = result.cseqNext;
  if (result.refused > 0 || result.unanswered > 0 || result.answered === 0) {
    throw new Error(
      `${target.name}, ${options.method}: ${result.answered} answered, ${result.refused} of them not with 2xx ` +
        `(${result.refusal ?? 'none'}), ${result.unanswered} never answered`,
    );
  }
  return result;
}

/** Above this share of time without their cores, figures say more about the neighbours than about server and generator. */
export const disturbedShare = 0.2;
const triesMax = 4;

export interface QuietResult extends LoadResult {
  /** How often it was measured, this one included; the least disturbed counts. */
  readonly tries: number;
}

/** Measures again, a few times, while other programs keep the server or the generator from its core. */
export async function runQuietLoad(target: Target, options: LoadOptions): Promise<QuietResult> {
  let best: LoadResult | undefined;
  for (let tries = 1; ; tries++) {
    const result = await runLoad(target, options);
    if (best === undefined || waitedShare(result) < waitedShare(best)) best = result;
    if (tries === triesMax || waitedShare(best) <= disturbedShare) return { ...best, tries };
  }
}

const waitedShare = ({ serverWaitedShare = 0, generatorWaitedShare = 0 }: LoadResult): number =>
  Math.max(serverWaitedShare, generatorWaitedShare);
