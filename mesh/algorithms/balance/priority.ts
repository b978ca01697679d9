// Owns which priority takes a call, and when health is looked at no more (Envoy: priority levels, panic threshold).

/** Healthy endpoints of one priority, of all it has. */
export interface Level {
  readonly healthy: number;
  readonly total: number;
}

export interface LevelLoad {
  /** Share of the calls, 0 to 1. */
  readonly share: number;
  /** Too few are healthy to tell: all endpoints of the level take calls. */
  readonly isPanic: boolean;
}

/** A level carries more than its health says: 1.4 stands for 72 % healthy being enough. */
export const OVERPROVISIONING = 1.4;
/** Percent. */
export const PANIC_THRESHOLD = 50;

/**
 * Shares of priorities, the first preferred. A level takes `1.4 × healthy/total` of the calls at most, what is left goes
 * to the next; where all together cannot take all, shares are scaled up and a level below the threshold panics.
 */
export const priorityLoads = (
  levels: readonly Level[],
  threshold: number = PANIC_THRESHOLD,
  factor: number = OVERPROVISIONING,
): LevelLoad[] => {
  const healths = levels.map(({ healthy, total }) =>
    total > 0 ? Math.min(1, (factor * healthy) / total) : 0,
  );
  const sum = healths.reduce((all, health) => all + health, 0);
  const whole = Math.min(1, sum);
  let left = 1;
  return levels.map(({ healthy, total }, index) => {
    const isPanic = sum < 1 && 100 * healthy < threshold * total;
    // With nothing healthy anywhere the first level that has endpoints takes all, in panic.
    const wanted = whole > 0 ? (healths[index] ?? 0) / whole : total > 0 ? 1 : 0;
    const share = Math.min(left, wanted);
    left -= share;
    return { share, isPanic };
  });
};

/** Index of the level that a point in [0, 1) falls into, or -1 where none has a share. */
export const pickLevel = (loads: readonly LevelLoad[], point: number): number => {
  let sum = 0;
  let last = -1;
  for (const [index, { share }] of loads.entries()) {
    if (share <= 0) continue;
    sum += share;
    last = index;
    if (point < sum) return index;
  }
  return last;
};
