// How long to wait for an answer: the smoothed round trip and four times its deviation, within limits (RFC 6298 2). Every probe has its
// own correlation, so a sample is never ambiguous (Karn).
import { timeoutMsMax, timeoutMsMin } from './limits.ts';

const samplesTogetherMin = 8;

export interface Estimator {
  /** 0 before the first sample. */
  samples: number;
  smoothedMs: number;
  deviationMs: number;
}

export const createEstimator = (): Estimator => ({ samples: 0, smoothedMs: 0, deviationMs: 0 });

export function noteRoundTrip(estimator: Estimator, ms: number): void {
  if (estimator.samples === 0) {
    estimator.smoothedMs = ms;
    estimator.deviationMs = ms / 2;
  } else {
    estimator.deviationMs += (Math.abs(estimator.smoothedMs - ms) - estimator.deviationMs) / 4;
    estimator.smoothedMs += (ms - estimator.smoothedMs) / 8;
  }
  estimator.samples++;
}

/**
 * Milliseconds within [300, 1000]. A way without a sample takes after all ways together, since in a large ring each single one is tried
 * rarely; the longest before there are a few samples.
 */
export function timeoutMs(way: Estimator, allWays: Estimator = way): number {
  const { samples, smoothedMs, deviationMs } = way.samples > 0 ? way : allWays;
  if (samples === 0 || (way.samples === 0 && samples < samplesTogetherMin)) return timeoutMsMax;
  return Math.min(timeoutMsMax, Math.max(timeoutMsMin, smoothedMs + 4 * deviationMs));
}
