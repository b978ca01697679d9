import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  emptyHistogram,
  MOST_BUCKETS,
  observeValue,
  type Histogram,
  type HistogramData,
} from "../../../mesh/algorithms/histogram/histogram.ts";
import { countOf, downscale, merge } from "../../../mesh/algorithms/histogram/merge.ts";
import { cumulative, quantile } from "../../../mesh/algorithms/histogram/quantile.ts";
import { holds } from "../property.ts";

const durations = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 30_000 }),
    fc.double({ min: 2 ** -10, max: 2 ** 20, noNaN: true }),
  ),
  { maxLength: 60 },
);
const scales = fc.integer({ min: 0, max: 8 });
/** Any that could arrive, of any scale and span. */
const histograms = fc
  .tuple(
    scales,
    fc.nat(50),
    fc.array(fc.tuple(fc.integer({ min: -6000, max: 6000 }), fc.integer({ min: 1, max: 9 })), {
      maxLength: 12,
    }),
  )
  .map(([scale, zero, buckets]): HistogramData => ({
    scale,
    zero,
    sum: zero,
    counts: new Map(buckets),
  }));

const recorded = (values: readonly number[]): Histogram => {
  const histogram = emptyHistogram();
  for (const value of values) observeValue(histogram, value);
  return histogram;
};
const plain = ({ scale, zero, counts }: HistogramData) => ({
  scale,
  zero,
  counts: [...counts].toSorted(([a], [b]) => a - b),
});
const ranked = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(share * values.length)) - 1] ?? 0;

describe("exponential histogram", () => {
  it("merges in any order and any grouping to the same", () => {
    holds(
      fc.property(histograms, histograms, histograms, (a, b, c) => {
        expect(plain(merge(a, b))).toEqual(plain(merge(b, a)));
        expect(plain(merge(merge(a, b), c))).toEqual(plain(merge(a, merge(b, c))));
        expect(countOf(merge(a, b))).toBe(countOf(a) + countOf(b));
      }),
      0.2,
    );
  });

  it("merged is as if all had been recorded in one", () => {
    holds(
      fc.property(durations, durations, (a, b) => {
        const both = merge(recorded(a), recorded(b));
        expect(plain(both)).toEqual(plain(recorded([...a, ...b])));
        expect(both.sum).toBeCloseTo(recorded(a).sum + recorded(b).sum, 3);
      }),
      0.2,
    );
  });

  it("keeps its size, whatever it is given", () => {
    holds(
      fc.property(histograms, histograms, (a, b) => {
        const indexes = [...merge(a, b).counts.keys()];
        if (indexes.length === 0) return;
        expect(Math.max(...indexes) - Math.min(...indexes)).toBeLessThan(MOST_BUCKETS);
      }),
      0.2,
    );
    const odd = recorded([Number.NaN, -1, Number.POSITIVE_INFINITY, 2 ** 60, 2 ** -60, 0]);
    expect(odd.zero).toBe(4);
    expect([...odd.counts]).toEqual([[20 * 32 - 1, 2]]);
  });

  it("gives quantiles within 2.5 % of the value of that rank", () => {
    holds(
      fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const given = quantile(recorded(values), share);
        const exact = ranked(values, share);
        if (values.length === 0) expect(given).toBeNull();
        else expect(Math.abs((given ?? -1) - exact)).toBeLessThanOrEqual(exact * 0.025);
      }),
    );
  });

  it("holds the values of a bucket between its bounds, as OpenTelemetry has them", () => {
    // base^index < value <= base^(index + 1)
    expect([...recorded([1, 2, 4, 8]).counts.keys()]).toEqual([-1, 31, 63, 95]);
    expect([...recorded([1.0001, 2.0001]).counts.keys()]).toEqual([0, 32]);
    expect([...downscale(recorded([1, 2, 4, 8]), 5).counts.keys()]).toEqual([-1, 0, 1, 2]);
  });

  it("counts cumulatively as the values do, but for those next to a bound", () => {
    holds(
      fc.property(durations, fc.integer({ min: 1, max: 20_000 }), (values, bound) => {
        const [count = -1] = cumulative(recorded(values), [bound]);
        const within = (factor: number) => values.filter((value) => value <= bound * factor).length;
        expect(count).toBeGreaterThanOrEqual(within(1));
        expect(count).toBeLessThanOrEqual(within(1.025));
      }),
      0.5,
    );
    expect(cumulative(recorded([0, 5, 10, 10, 700]), [5, 10, 100, 1000])).toEqual([2, 4, 4, 5]);
  });
});
