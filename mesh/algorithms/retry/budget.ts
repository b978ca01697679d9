// Owns the retry budget: retries are a share of successes, so that they cannot multiply an outage.
// No floor on purpose: a floor per isolate would grow with the number of isolates.

/** The state of one destination in one isolate, changed in place. */
export interface RetryBudget {
  tokens: number;
}

/** Share of a retry that a success earns. */
export const BUDGET_RATIO = 0.2;
/** Most tokens that are kept. */
export const BUDGET_CAP = 3;

/** What a new budget holds: 1 in good weather (the published bootstrap bit), else 0. */
export const openingTokens = (isGoodWeather: boolean): number => (isGoodWeather ? 1 : 0);

/** A success earns `ratio` of a retry, up to `cap`. */
export const earnRetry = (
  budget: RetryBudget,
  ratio: number = BUDGET_RATIO,
  cap: number = BUDGET_CAP,
): void => {
  budget.tokens = Math.min(cap, budget.tokens + ratio);
};

/** Takes one token; false, and nothing taken, when there is none. Sums of 0.2 count as what they mean. */
export const spendRetry = (budget: RetryBudget): boolean => {
  if (budget.tokens < 1 - 1e-9) return false;
  budget.tokens = Math.max(0, budget.tokens - 1);
  return true;
};
