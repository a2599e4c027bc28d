// One worker thread: takes seeds until there are none, runs each, and shrinks what fails.
import { parentPort, workerData } from 'node:worker_threads';
import { simulateSeeds } from '@chordial/simulator';
import { scenarios } from '@chordial/test-simulation';
import { type Assignment, nextSlot, stopSlot, virtualMsOf, type WorkerReport } from './assignment.ts';

const { scenario: name, firstSeed, seedsCount, durationMs, shrinkRuns, shared } = workerData as Assignment;
const slots = new Int32Array(shared);
const scenario = scenarios.find((candidate) => candidate.name === name)!;
const report = (message: WorkerReport): void => parentPort!.postMessage(message);

while (Atomics.load(slots, stopSlot) === 0) {
  const index = Atomics.add(slots, nextSlot, 1);
  if (index >= seedsCount) break;
  const { failures } = simulateSeeds(scenario, {
    firstSeed: firstSeed + index,
    seedsCount: 1,
    durationMs,
    shrinkRuns,
    onSeed: (result) => {
      const { figures, input, steps } = result;
      const { seed } = input;
      const failed = result.violation !== undefined;
      // The others need not begin another seed while this one is shrunk.
      if (failed) Atomics.store(slots, stopSlot, 1);
      report({ kind: 'seed', seed, steps, virtualMs: virtualMsOf(result), figures, failed });
    },
  });
  for (const failure of failures) report({ kind: 'failure', failure });
}
