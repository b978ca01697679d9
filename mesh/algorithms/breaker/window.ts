// Owns counts over the last moments: two half windows, so that what is read covers between a half and the whole of it.

/** The state of one window, changed in place; the second three are those of the half before. */
export interface CountWindow {
  startMs: number;
  ok: number;
  failed: number;
  slow: number;
  wasOk: number;
  wasFailed: number;
  wasSlow: number;
}

/** What a window holds; `slow` are some of both. */
export interface Counts {
  readonly ok: number;
  readonly failed: number;
  readonly slow: number;
}

export const emptyWindow = (): CountWindow => ({
  startMs: 0,
  ok: 0,
  failed: 0,
  slow: 0,
  wasOk: 0,
  wasFailed: 0,
  wasSlow: 0,
});

/** Moves a window of `windowMs` on to now. */
export const roll = (window: CountWindow, windowMs: number, nowMs: number): void => {
  const sinceMs = nowMs - window.startMs;
  if (sinceMs < windowMs / 2) return;
  const isNext = sinceMs < windowMs;
  window.wasOk = isNext ? window.ok : 0;
  window.wasFailed = isNext ? window.failed : 0;
  window.wasSlow = isNext ? window.slow : 0;
  window.ok = 0;
  window.failed = 0;
  window.slow = 0;
  window.startMs = isNext ? window.startMs + windowMs / 2 : nowMs;
};

/** Counts into a window that was moved on to now. */
export const addCounts = (window: CountWindow, { ok, failed, slow }: Counts): void => {
  window.ok += ok;
  window.failed += failed;
  window.slow += slow;
};

/** What a window holds, moved on to now. */
export const countsOf = (window: CountWindow): Counts => ({
  ok: window.ok + window.wasOk,
  failed: window.failed + window.wasFailed,
  slow: window.slow + window.wasSlow,
});
