// Base-2 exponential histograms (OpenTelemetry data model, "ExponentialHistogram"): mergeable, of bounded size, and
// exact to a known ratio. Values are milliseconds here, but nothing below knows that.

/** Buckets per doubling are 2^SCALE = 32: the middle of a bucket is at most 1.1 % away from any value in it. */
export const SCALE = 5;
/** The widest span of bucket indexes a histogram keeps; a merge that spans more halves its resolution. */
export const MOST_BUCKETS = 1024;
/** Smaller values count as zero, larger ones as this: at SCALE what lies between needs 960 buckets. */
const LEAST = 2 ** -10;
const MOST = 2 ** 20;

/** Counts by bucket: index i holds values above base^i and up to base^(i+1), base being 2^(2^-scale). */
export interface Histogram {
  readonly scale: number;
  zero: number;
  sum: number;
  readonly counts: Map<number, number>;
}

/** As it is read, stored and sent. */
export interface HistogramData {
  readonly scale: number;
  readonly zero: number;
  readonly sum: number;
  readonly counts: ReadonlyMap<number, number>;
}

export const emptyHistogram = (scale: number = SCALE): Histogram => ({
  scale,
  zero: 0,
  sum: 0,
  counts: new Map(),
});

/** Counts a value, in place; below zero or not a number counts as zero. */
export function observeValue(histogram: Histogram, value: number): void {
  if (!(value >= LEAST)) {
    histogram.zero += 1;
    return;
  }
  const { scale, counts } = histogram;
  const index = Math.ceil(Math.log2(Math.min(value, MOST)) * 2 ** scale) - 1;
  histogram.sum += value;
  counts.set(index, (counts.get(index) ?? 0) + 1);
}
