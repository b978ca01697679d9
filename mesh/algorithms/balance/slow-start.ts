// Owns slow start (Envoy): a new endpoint's weight grows over a window.

/** How fast a new endpoint gets its share. */
export interface SlowStart {
  readonly windowMs: number;
  /** 1 is linear, above 1 faster at first. */
  readonly aggression: number;
  /** No share is smaller, 0 to 1. */
  readonly least: number;
}

/** What an endpoint's weight is multiplied by at an age; 1 outside the window. */
export const slowStartFactor = (
  { windowMs, aggression, least }: SlowStart,
  ageMs: number,
): number => {
  if (ageMs < 0) return 1;
  const part = Math.max(ageMs, 1000) / windowMs;
  return Math.min(1, Math.max(least, part ** (1 / aggression)));
};
