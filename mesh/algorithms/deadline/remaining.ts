// Owns the arithmetic of deadlines: a child never outlives its parent.

/** The instant a child call must end: its parent's, or `ownMs` from now if sooner. `ownMs` 0 is no limit of its own. */
export const childDeadline = (parentDeadlineMs: number, nowMs: number, ownMs: number): number =>
  ownMs > 0 ? Math.min(parentDeadlineMs, nowMs + ownMs) : parentDeadlineMs;

/** Milliseconds a child call may take, at least 0; Infinity where neither parent nor own limit bounds it. */
export const remaining = (parentDeadlineMs: number, nowMs: number, ownMs: number): number =>
  Math.max(0, childDeadline(parentDeadlineMs, nowMs, ownMs) - nowMs);
