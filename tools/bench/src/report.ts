// What a benchmark shows: facts about the machine, tables, bars that are reached or missed, and the same as JSON.
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import type { Spread } from './statistics.ts';

export interface Bar {
  readonly name: string;
  readonly figure: number;
  readonly atLeast?: number;
  readonly below?: number;
  readonly unit: string;
}

export const machineFacts = () => ({
  cores: availableParallelism(),
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  memoryGb: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  kernel: release(),
});

export function printHeading(title: string, ...notes: readonly string[]): void {
  const { cores, processor, memoryGb, node, kernel } = machineFacts();
  console.log(`${title}\n  ${cores} cores (${processor}), ${memoryGb} GB, Node ${node}, Linux ${kernel}`);
  for (const note of notes) console.log(`  ${note}`);
}

/** Columns as wide as their widest cell; the first to the left, the others to the right. */
export function tableText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('   ');
  return all.map((row) => `  ${line(row).trimEnd()}`).join('\n');
}

const wholeNumbers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
export const whole = (value: number): string => wholeNumbers.format(value);
export const fixed = (value: number | undefined, digits: number): string =>
  value === undefined ? '-' : value.toFixed(digits);
export const spreadText = ({ median, min, max }: Spread, show: (value: number) => string): string =>
  `${show(median)} (${show(min)}-${show(max)})`;

export const isReached = ({ figure, atLeast, below }: Bar): boolean =>
  (atLeast === undefined || figure >= atLeast) && (below === undefined || figure < below);

export function barText(bar: Bar): string {
  const wanted = bar.atLeast === undefined ? `below ${bar.below}` : `at least ${bar.atLeast}`;
  return `  ${isReached(bar) ? 'PASS' : 'FAIL'}  ${bar.name}: ${bar.figure.toFixed(2)} ${bar.unit} (${wanted})`;
}

/** Prints the bars, writes the file, and with `strict` makes a missed bar the exit code. */
export function conclude(
  bars: readonly Bar[],
  figures: object,
  { json, strict }: { json?: string | undefined; strict?: boolean | undefined },
): void {
  if (bars.length > 0) console.log(`\n${bars.map(barText).join('\n')}`);
  const judged = bars.map((bar) => ({ ...bar, reached: isReached(bar) }));
  if (json !== undefined) {
    const document = { machine: machineFacts(), finishedAt: new Date().toISOString(), ...figures, bars: judged };
    writeFileSync(json, `${JSON.stringify(document, null, 2)}\n`);
  }
  if (strict === true && judged.some(({ reached }) => !reached)) process.exitCode = 1;
}
