// Medians, quantiles and the judgement of bars, against naive computation.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyHistogram } from './generator/latency-histogram.ts';
import { barText, isReached, tableText } from './report.ts';
import { distributionOf, ratiosOf, spreadOf } from './statistics.ts';

describe('spreadOf', () => {
  it('gives the middle of an odd and of an even count', () => {
    expect(spreadOf([5, 1, 3])).toEqual({ median: 3, min: 1, max: 5 });
    expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 });
  });

  it('has as many figures above the median as below', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const { median, min, max } = spreadOf(values);
        const half = values.length / 2;
        expect(values.filter((value) => value < median).length).toBeLessThanOrEqual(half);
        expect(values.filter((value) => value > median).length).toBeLessThanOrEqual(half);
        expect([min, max]).toEqual([Math.min(...values), Math.max(...values)]);
      }),
    );
  });

  it('refuses to summarize nothing, and rounds that do not pair', () => {
    expect(() => spreadOf([])).toThrow('no figures');
    expect(() => ratiosOf([1, 2], [1])).toThrow('rounds differ');
    expect(ratiosOf([3, 1], [2, 4])).toEqual([1.5, 0.25]);
  });
});

describe('distributionOf', () => {
  it('gives quantiles by nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(distributionOf(hundred)).toEqual({ mean: 50.5, p50: 50, p99: 99, max: 100 });
    expect(distributionOf([7])).toEqual({ mean: 7, p50: 7, p99: 7, max: 7 });
    expect(() => distributionOf([])).toThrow('no figures');
  });
});

describe('LatencyHistogram', () => {
  it('gives quantiles never too low and at most 1/32 too high', () => {
    const latencies = fc.array(fc.integer({ min: 0, max: 2 ** 26 - 1 }), { minLength: 1 });
    fc.assert(
      fc.property(latencies, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const histogram = new LatencyHistogram();
        for (const value of values) histogram.add(value);
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(share * values.length)) - 1]!;
        const estimate = histogram.quantile(share)!;
        expect(estimate).toBeGreaterThanOrEqual(exact);
        expect(estimate).toBeLessThanOrEqual(exact * (1 + 1 / 32));
      }),
    );
  });

  it('keeps what lies beyond its range in the last bucket, and forgets when cleared', () => {
    const histogram = new LatencyHistogram();
    histogram.add(1e12);
    expect(histogram.quantile(1)).toBe(2 ** 26 - 1);
    histogram.clear();
    expect(histogram.count).toBe(0);
    expect(histogram.quantile(0.5)).toBeUndefined();
  });
});

describe('report', () => {
  it('aligns columns', () => {
    expect(
      tableText(
        ['', 'n'],
        [
          ['one', '1'],
          ['b', '1,000'],
        ],
      ),
    ).toBe('            n\n  one       1\n  b     1,000');
  });

  it('judges both kinds of bar at their edge', () => {
    const bar = { name: 'ratio', figure: 1.5, unit: 'times' };
    expect(isReached({ ...bar, atLeast: 1.5 })).toBe(true);
    expect(isReached({ ...bar, below: 1.5 })).toBe(false);
    expect(barText({ ...bar, atLeast: 2 })).toBe('  FAIL  ratio: 1.50 times (at least 2)');
  });
});
