// Owns rendezvous hashing (highest random weight, logarithmic method): no table, shares exact in the mean, and a change of
// the set or of a weight moves only the keys it must.
import { unitPoint } from "./fnv.ts";
import type { Hashed } from "./ring.ts";

/** Index of the eligible endpoint with the highest score for the key, or -1. */
export const pickRendezvous = (
  endpoints: readonly Hashed[],
  key: string,
  isEligible: (index: number) => boolean,
): number => {
  let best = -1;
  let highest = Number.NEGATIVE_INFINITY;
  endpoints.forEach(({ id, weight }, index) => {
    if (weight <= 0 || !isEligible(index)) return;
    // Half a step off zero, of which there is no logarithm.
    const score = -weight / Math.log(unitPoint(`${id} ${key}`) + 2 ** -33);
    if (score <= highest) return;
    best = index;
    highest = score;
  });
  return best;
};
