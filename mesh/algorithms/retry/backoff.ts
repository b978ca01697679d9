// Owns how long to wait before a retry: full jitter, so that callers who failed together do not return together.

/** Milliseconds before retry number `retry` (0 is the first): uniform in [0, min(cap, base * 2^retry)). */
export const backoffMs = (
  baseMs: number,
  capMs: number,
  retry: number,
  random: () => number,
): number => random() * Math.min(capMs, baseMs * 2 ** retry);
