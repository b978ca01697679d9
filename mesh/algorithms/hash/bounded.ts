// Owns the bound of consistent hashing with bounded loads (Mirrokni et al. 2016): no endpoint takes more than a factor of
// the mean, and what it cannot take goes where its keys would go next.

/** Whether an endpoint of a share of all weights may take one more call; `factor` is above 1. */
export const isWithinBound = (
  inFlight: number,
  allInFlight: number,
  share: number,
  factor: number,
): boolean => inFlight < Math.ceil(factor * share * (allInFlight + 1));
