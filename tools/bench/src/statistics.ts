// Figures over rounds: the middle and the ends, because these machines change speed from one minute to the next.

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new Error('no figures to summarize');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle]!;
  const median = sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)! };
}

/** One ratio per round, of figures measured next to each other. */
export function ratiosOf(above: readonly number[], below: readonly number[]): number[] {
  if (above.length !== below.length) throw new Error(`rounds differ: ${above.length} and ${below.length}`);
  return above.map((value, round) => value / below[round]!);
}

export interface Distribution {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Quantiles by nearest rank: each is one of the values. */
export function distributionOf(values: readonly number[]): Distribution {
  if (values.length === 0) throw new Error('no figures to summarize');
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, p50: at(0.5), p99: at(0.99), max: sorted.at(-1)! };
}
