// What an exponential histogram says of its values: quantiles, and classic cumulative buckets.
import type { HistogramData } from "./histogram.ts";
import { countOf } from "./merge.ts";

/** The value of nearest rank, exact to half a bucket (1.1 % at the scale values are recorded at); null of nothing. */
export function quantile(histogram: HistogramData, share: number): number | null {
  const count = countOf(histogram);
  if (count === 0) return null;
  const rank = Math.min(count, Math.max(1, Math.ceil(share * count)));
  let passed = histogram.zero;
  if (rank <= passed) return 0;
  for (const [index, more] of inOrder(histogram)) {
    passed += more;
    if (rank <= passed) return middle(histogram.scale, index);
  }
  return null;
}

/**
 * How many values are at most each bound, bounds ascending. A bucket across a bound counts whole: values up to 2.2 % above
 * it count as within it, and whole numbers below 32 are never taken for another.
 */
export function cumulative(histogram: HistogramData, bounds: readonly number[]): number[] {
  const buckets = inOrder(histogram);
  let [at, passed] = [0, histogram.zero];
  return bounds.map((bound) => {
    for (
      let bucket = buckets[at];
      bucket !== undefined && above(histogram.scale, bucket[0]) < bound;
      bucket = buckets[(at += 1)]
    )
      passed += bucket[1];
    return passed;
  });
}

/** Geometric middle of a bucket. */
const middle = (scale: number, index: number): number => 2 ** ((index + 0.5) * 2 ** -scale);

/** The bound that a bucket's values are above. */
const above = (scale: number, index: number): number => 2 ** (index * 2 ** -scale);

const inOrder = ({ counts }: HistogramData): readonly (readonly [number, number])[] =>
  [...counts].toSorted(([a], [b]) => a - b);
