// A failure as people read it: what broke, the shortest history found, and the command that repeats it.
import { formatFault, formatLine } from '@chordial/simulator';
import type { SeedFailure } from './assignment.ts';
import { formatDuration } from './duration.ts';

const linesShownMax = 25;

export function describeFailure(scenario: string, durationMs: number, failure: SeedFailure): string {
  const { seed, first, shrunk, shown } = failure;
  const { plan, clientsCount, durationMs: shortMs } = shown.input;
  const violation = shown.violation ?? first.violation;
  const before = `${first.input.plan.length} faults, ${first.input.clientsCount} clients, ${formatDuration(first.violation?.at ?? 0)}`;
  return [
    `seed ${seed} broke a rule: ${violation?.sentence}`,
    `  at ${((violation?.at ?? 0) / 1_000).toFixed(3)} s in ${violation?.where}`,
    `shortest history found (${shrunk.runs} runs): ${plan.length} faults, ${clientsCount} clients, ${formatDuration(shortMs)} (was ${before})`,
    ...plan.map((fault) => `  ${formatFault(fault)}`),
    `its last steps (ms, host/lane, actor, message):`,
    ...shown.lines.slice(-linesShownMax).map(formatLine),
    `repeat: npx nx run simulate -- --scenario ${scenario} --seeds 1 --first-seed ${seed} --time ${exactly(durationMs)}`,
  ].join('\n');
}

/** A duration that reads back as exactly this. */
const exactly = (ms: number): string => (ms % 1_000 === 0 ? formatWhole(ms / 1_000) : `${ms}ms`);
const formatWhole = (seconds: number): string =>
  seconds % 3_600 === 0 ? `${seconds / 3_600}h` : seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
