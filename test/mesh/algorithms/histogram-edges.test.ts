// Histograms at the borders of their buckets, and merges that have to become coarser.
import { describe, expect, it } from "vitest";
import {
  type HistogramData,
  MOST_BUCKETS,
  SCALE,
  emptyHistogram,
  observeValue,
} from "../../../mesh/algorithms/histogram/histogram.ts";
import { countOf, downscale, merge } from "../../../mesh/algorithms/histogram/merge.ts";
import { cumulative, quantile } from "../../../mesh/algorithms/histogram/quantile.ts";

const of = (counts: readonly [number, number][], rest: Partial<HistogramData> = {}) => ({
  scale: 0,
  zero: 0,
  sum: 0,
  counts: new Map(counts),
  ...rest,
});

it("a value counts from 2^-10 on, up to 2^20, with its own sum", () => {
  const histogram = emptyHistogram();
  expect(histogram).toEqual({ scale: SCALE, zero: 0, sum: 0, counts: new Map() });
  for (const value of [2 ** -10, 2 ** -10, 2 ** 20, 2 ** 21]) observeValue(histogram, value);
  expect(histogram).toMatchObject({ zero: 0, sum: 2 ** -9 + 2 ** 20 + 2 ** 21 });
  expect([...histogram.counts]).toEqual([
    [-321, 2],
    [639, 2],
  ]);
  observeValue(histogram, 2 ** -10 - 2 ** -40);
  expect(histogram).toMatchObject({ zero: 1, sum: 2 ** -9 + 2 ** 20 + 2 ** 21 });
});

describe("a merge", () => {
  it("adds zeros, sums and counts at the coarser scale", () => {
    const fine = of(
      [
        [-3, 1],
        [-1, 2],
        [4, 3],
        [5, 4],
      ],
      { scale: 1, zero: 2, sum: 10 },
    );
    const coarse = of([[2, 5]], { zero: 1, sum: 7 });
    const merged = {
      ...of([
        [-2, 1],
        [-1, 2],
        [2, 12],
      ]),
      zero: 3,
      sum: 17,
    };
    expect(merge(fine, coarse)).toEqual(merged);
    expect(merge(coarse, fine)).toEqual(merged);
    expect(countOf(merge(fine, coarse))).toBe(18);
  });

  it("stays as fine as its span allows, and becomes no coarser than that", () => {
    const span = (width: number) => merge(of([[0, 1]]), of([[width, 1]]));
    expect(span(MOST_BUCKETS - 1).scale).toBe(0);
    expect(span(MOST_BUCKETS)).toEqual(
      of(
        [
          [0, 1],
          [512, 1],
        ],
        { scale: -1 },
      ),
    );
    expect(span(2 * MOST_BUCKETS).scale).toBe(-2);
    expect(merge(of([]), of([]))).toEqual(of([]));
  });

  it("keeps zeros and sum when it becomes coarser", () => {
    const coarse = downscale(
      of(
        [
          [0, 1],
          [3, 2],
        ],
        { scale: 3, zero: 4, sum: 5 },
      ),
      2,
    );
    expect(coarse).toEqual(of([[0, 3]], { scale: 1, zero: 4, sum: 5 }));
  });
});

describe("a quantile", () => {
  const four = of(
    [
      [1, 1],
      [0, 1],
      [3, 1],
    ],
    { zero: 1 },
  );
  it.each([
    [0, 0],
    [0.25, 0],
    [0.26, 2 ** 0.5],
    [0.5, 2 ** 0.5],
    [0.75, 2 ** 1.5],
    [0.76, 2 ** 3.5],
    [1, 2 ** 3.5],
    [2, 2 ** 3.5],
    [-1, 0],
  ])("of share %d is the middle of its rank's bucket", (share, value) => {
    expect(quantile(four, share)).toBe(value);
  });

  it("of one value is that value, of none is none", () => {
    expect(quantile(of([[5, 1]], { scale: 1 }), 0)).toBe(2 ** 2.75);
    expect(quantile(of([]), 0.5)).toBeNull();
  });
});

it("cumulative counts hold a bucket from the bound that it lies above", () => {
  // Buckets above 1, 2 and 8.
  const histogram = of(
    [
      [3, 4],
      [0, 1],
      [1, 2],
    ],
    { zero: 1 },
  );
  expect(cumulative(histogram, [0, 1, 1.5, 2, 2.1, 4, 8, 8.1, 100])).toEqual([
    1, 1, 2, 2, 4, 4, 4, 8, 8,
  ]);
  expect(cumulative(histogram, [])).toEqual([]);
  expect(cumulative(of([[2, 1]], { scale: 1 }), [2, 2.1])).toEqual([0, 1]);
});
