// Owns the counts of one series: how they add up, and their form in a row.
import { emptyHistogram } from "../../mesh/algorithms/histogram/histogram.ts";
import { merge } from "../../mesh/algorithms/histogram/merge.ts";
import type { SeriesDelta } from "../../mesh/contract/telemetry.ts";

/** What of a series adds up. */
export type Counts = Pick<SeriesDelta, "retries" | "outcomes" | "durations">;

export const noCounts = (): Counts => ({
  retries: 0,
  outcomes: new Map(),
  durations: emptyHistogram(),
});

export function addCounts(a: Counts, b: Counts): Counts {
  const outcomes = new Map(a.outcomes);
  for (const [outcome, count] of b.outcomes)
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count);
  return { retries: a.retries + b.retries, outcomes, durations: merge(a.durations, b.durations) };
}

/** JSON without names, since there are many rows. */
export const writeCounts = ({ retries, outcomes, durations }: Counts): string => {
  const { scale, zero, sum, counts } = durations;
  return JSON.stringify([retries, [...outcomes], scale, zero, sum, [...counts]] satisfies Row);
};

type Row = [
  retries: number,
  outcomes: [string, number][],
  scale: number,
  zero: number,
  sum: number,
  buckets: [number, number][],
];

export function readCounts(text: string): Counts {
  const [retries, outcomes, scale, zero, sum, buckets] = JSON.parse(text) as Row;
  return {
    retries,
    outcomes: new Map(outcomes),
    durations: { scale, zero, sum, counts: new Map(buckets) },
  };
}
