// Owns events that know nothing of each other: the gaps between them, and how many fall into a step where calls are
// counted instead of drawn one by one.
import type { Random } from "./core/random.ts";

/** A draw with the mean in all: exact below 30, else by the normal law. */
export const poisson = (random: Random, mean: number): number => {
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const floor = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > floor; product *= random()) count += 1;
  return count;
};

const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** A waiting time with the given mean: the gaps of calls that know nothing of each other. */
export const exponential = (random: Random, mean: number): number => -Math.log(1 - random()) * mean;
