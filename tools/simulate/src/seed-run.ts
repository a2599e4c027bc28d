// Runs the seeds of a scenario on several worker threads and adds up what they report.
import { Worker } from 'node:worker_threads';
import { type Assignment, type SeedFailure, stopSlot, type WorkerReport } from './assignment.ts';

export interface Progress {
  seedsDone: number;
  steps: number;
  virtualMs: number;
  /** What the scenario counts, added up. */
  readonly figures: Record<string, number>;
  /** Failures seen; `failures` follows when they are shrunk. */
  failed: number;
  readonly failures: SeedFailure[];
}

export type SeedRunOptions = Omit<Assignment, 'shared'> & { readonly workersCount: number };

/** Resolves when all seeds were run, or one failed and was shrunk; rejects when a worker breaks. */
export async function runSeeds(options: SeedRunOptions, progress: Progress): Promise<void> {
  const { workersCount, ...rest } = options;
  const shared = new SharedArrayBuffer(8);
  const assignment: Assignment = { ...rest, shared };
  const count = Math.max(1, Math.min(workersCount, options.seedsCount));
  const workers = Array.from({ length: count }, () => startWorker(assignment, progress));
  try {
    await Promise.all(workers);
  } finally {
    Atomics.store(new Int32Array(shared), stopSlot, 1);
  }
  progress.failures.sort((a, b) => a.seed - b.seed);
}

function startWorker(assignment: Assignment, progress: Progress): Promise<void> {
  const worker = new Worker(new URL('./seed-worker.ts', import.meta.url), {
    workerData: assignment,
    execArgv: ['--conditions=@chordial/source', '--disable-warning=ExperimentalWarning'],
  });
  worker.on('message', (report: WorkerReport) => {
    if (report.kind === 'failure') {
      progress.failures.push(report.failure);
      return;
    }
    progress.seedsDone++;
    progress.steps += report.steps;
    progress.virtualMs += report.virtualMs;
    for (const [name, count] of Object.entries(report.figures))
      progress.figures[name] = (progress.figures[name] ?? 0) + count;
    if (report.failed) progress.failed++;
  });
  return new Promise((resolve, reject) => {
    worker.on('error', reject);
    worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with code ${code}`))));
  });
}
