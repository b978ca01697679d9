// Owns the shares of localities (Envoy: locality-weighted balancing): a weight each, scaled by how much of it is healthy.
import { OVERPROVISIONING, type Level } from "./priority.ts";

/** One locality: its weight, and its health. */
export interface Locality extends Level {
  readonly weight: number;
}

/** Shares of the calls, 0 to 1; all 0 where nothing is healthy. */
export const localityShares = (
  localities: readonly Locality[],
  factor: number = OVERPROVISIONING,
): number[] => {
  const effective = localities.map(({ weight, healthy, total }) =>
    total > 0 ? weight * Math.min(1, (factor * healthy) / total) : 0,
  );
  const sum = effective.reduce((all, one) => all + one, 0);
  return effective.map((one) => (sum > 0 ? one / sum : 0));
};
