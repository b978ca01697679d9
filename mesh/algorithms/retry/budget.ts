// Owns the retry budget: retries are a share of successes, so that they cannot multiply an outage.
// No floor on purpose: a floor per isolate would grow with the number of isolates.

/** The state of one destination in one isolate, changed in place. */
export interface RetryBudget {
  tokens: number;
  /** It was opened. Absent: false. */
  isOpen?: boolean;
}

/** Share of a retry that a success earns. */
export const BUDGET_RATIO = 0.2;
/** Most tokens that are kept. */
export const BUDGET_CAP = 3;

/**
 * At the first failure: a budget opens with 1 token beside those that were earned, but with 0 where the destination is known
 * to fail by then. So a fresh isolate masks its first blip, and in an outage the many fresh ones add nothing.
 */
export const openBudget = (
  budget: RetryBudget,
  isRough: boolean,
  cap: number = BUDGET_CAP,
): void => {
  if (budget.isOpen !== true && !isRough) budget.tokens = Math.min(cap, budget.tokens + 1);
  budget.isOpen = true;
};

/** A success earns `ratio` of a retry, up to `cap`. */
export const earnRetry = (
  budget: RetryBudget,
  ratio: number = BUDGET_RATIO,
  cap: number = BUDGET_CAP,
): void => {
  budget.tokens = Math.min(cap, budget.tokens + ratio);
};

/** Whether there is a token; sums of 0.2 count as what they mean. */
export const hasToken = ({ tokens }: RetryBudget): boolean => tokens >= 1 - 1e-9;

/** Takes one token; false, and nothing taken, when there is none. */
export const spendRetry = (budget: RetryBudget): boolean => {
  if (!hasToken(budget)) return false;
  budget.tokens = Math.max(0, budget.tokens - 1);
  return true;
};
