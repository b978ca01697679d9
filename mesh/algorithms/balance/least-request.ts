// Owns the weights of least request where endpoints are unequal (Envoy): load takes away from an endpoint's share.

/** `weight / (inFlight + 1) ^ bias`; a bias of 0 looks at weights alone, 1 is the usual one. */
export const leastRequestWeight = (weight: number, inFlight: number, bias: number): number =>
  weight / (inFlight + 1) ** bias;
