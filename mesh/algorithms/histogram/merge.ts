// Adding up exponential histograms: exact in counts, at the resolution of the coarser one.
import { MOST_BUCKETS, type Histogram, type HistogramData } from "./histogram.ts";

/** The sum of both; its scale is the lower of the two, and lower still where the span would pass MOST_BUCKETS. */
export function merge(a: HistogramData, b: HistogramData): Histogram {
  const scale = Math.min(a.scale, b.scale);
  const merged: Histogram = {
    scale,
    zero: a.zero + b.zero,
    sum: a.sum + b.sum,
    counts: new Map(),
  };
  pour(a, merged);
  pour(b, merged);
  return fitted(merged);
}

/** The same counts at a scale that is `by` lower: 2^by buckets become one. */
export function downscale(histogram: HistogramData, by: number): Histogram {
  const { scale, zero, sum } = histogram;
  const coarse: Histogram = { scale: scale - by, zero, sum, counts: new Map() };
  pour(histogram, coarse);
  return coarse;
}

/** How many values were counted. */
export function countOf({ zero, counts }: HistogramData): number {
  let count = zero;
  for (const more of counts.values()) count += more;
  return count;
}

function pour(from: HistogramData, into: Histogram): void {
  const shift = from.scale - into.scale;
  for (const [index, count] of from.counts) {
    const at = Math.floor(index / 2 ** shift);
    into.counts.set(at, (into.counts.get(at) ?? 0) + count);
  }
}

function fitted(histogram: Histogram): Histogram {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const index of histogram.counts.keys()) {
    least = Math.min(least, index);
    most = Math.max(most, index);
  }
  let by = 0;
  while (Math.floor(most / 2 ** by) - Math.floor(least / 2 ** by) >= MOST_BUCKETS) by += 1;
  return by === 0 ? histogram : downscale(histogram, by);
}
