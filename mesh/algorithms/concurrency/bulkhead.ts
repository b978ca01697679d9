// Owns the count of calls in flight against a bound; per isolate, a guard of its memory and not an edge-wide limit.

/** The state of one bulkhead, changed in place. */
export interface Bulkhead {
  inFlight: number;
}

/** Takes a place; false, and nothing taken, when `maxInFlight` are in. */
export const enter = (bulkhead: Bulkhead, maxInFlight: number): boolean => {
  if (bulkhead.inFlight >= maxInFlight) return false;
  bulkhead.inFlight += 1;
  return true;
};

/** Gives the place back; once per `enter` that was true. */
export const leave = (bulkhead: Bulkhead): void => {
  bulkhead.inFlight = Math.max(0, bulkhead.inFlight - 1);
};
