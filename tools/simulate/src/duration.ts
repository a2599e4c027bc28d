// Durations as people write them: 500ms, 30s, 10m, 1h, 2d.

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const shape = /^(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h|d)$/;

/** Milliseconds, or undefined when the text is not a duration. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit] = shape.exec(text.trim()) ?? [];
  const ms = Math.round(Number(amount) * (unitsMs[unit ?? ''] ?? Number.NaN));
  return ms > 0 ? ms : undefined;
}

/** The largest unit that leaves a number of at least 1, with at most one decimal: `1.5h`. */
export function formatDuration(ms: number): string {
  const [unit, unitMs] = Object.entries(unitsMs).findLast(([, size]) => ms >= size) ?? ['ms', 1];
  return `${Number((ms / unitMs).toFixed(1))}${unit}`;
}
